"""Django's command line. Every command works on an empty state folder."""

import os
import sys
from io import BytesIO, TextIOWrapper

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")
    os.umask(0o077)  # whatever a command makes is this user's alone
    sys.stdin = sys.stdin or TextIOWrapper(BytesIO())  # it may be closed
    try:
        django.setup()
    except (ImproperlyConfigured, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    from django.db import DatabaseError, InterfaceError

    from facio_site import trouble
    from facio_site.boot import prepare
    from facio_site.schema import Refused, place
    from facio_site.sealing import BadMasterKey

    try:
        prepare(sys.argv)
        execute_from_command_line(sys.argv)
    except BadMasterKey as error:
        sys.stderr.write(f"MASTER_KEYS or MASTER_KEY_FILE: {error}\n")
        sys.exit(1)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(1)
    except (DatabaseError, InterfaceError) as error:
        found = trouble.of_database(error)
        if not found:
            raise
        is_away = found == trouble.AWAY
        told = (
            f"The database at {place()} does not answer, or refuses this site."
            if is_away
            else trouble.SENTENCES[found]
        )
        sys.stderr.write(f"{told}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
