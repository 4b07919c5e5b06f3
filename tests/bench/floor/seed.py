"""Tables, rows and a signed-in user; prints the session's key."""

import sys
from typing import Any

import django

ROWS = 24  # as many as there are kinds of providers


def main() -> int:
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from tests.bench.floor.models import Row

    call_command("migrate", interactive=False, verbosity=0, run_syncdb=True)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["ext", "*-4*"])
    Row.objects.bulk_create(Row(name=f"row {number}") for number in range(1, ROWS + 1))
    client = Client()
    user: Any = User.objects.create_user("bench")
    client.force_login(user)
    sys.stdout.write(f"{client.session.session_key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
