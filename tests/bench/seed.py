"""Fills the site's state before it starts: an owner who is signed in, all kinds set up and tested.

`python -m tests.bench.seed` runs with the site's own environment and prints the session's key.
"""

import sys
import uuid
from datetime import timedelta

import django
from django.conf import settings

MODELS_EACH = 100
TESTS_EACH = 20


def main() -> int:
    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from facio_site.accounts.models import Role, User
    from providers.catalog.fetch import Catalog, CatalogItem
    from providers.catalog.store import replace_catalog
    from providers.forms.patch import form_of
    from providers.kinds import KINDS
    from providers.models import Job, Provider, Task
    from tests.simulators import entries

    call_command("migrate", interactive=False, verbosity=0)
    owner = User.objects.create_user("bench", password=uuid.uuid4().hex, role=Role.OWNER)
    client = Client()
    client.force_login(owner, backend=settings.AUTHENTICATION_BACKENDS[0])
    now = timezone.now()
    items = tuple(
        CatalogItem(model_id=f"demo/model-{n:03d}", context_window=131_072, inputs=("text",))
        for n in range(MODELS_EACH)
    )
    for kind, spec in KINDS.items():
        provider = Provider.for_name(kind)
        if spec.is_oauth:
            provider.store()
            continue
        local = kind in entries.LOCAL
        fields = entries.local_fields(kind) if local else entries.entered(kind)
        form = form_of(provider, fields)
        if not form.is_valid():
            raise SystemExit(f"{kind}: {form.errors.as_text()}")
        form.apply(provider)
        provider.store()
        replace_catalog(provider, Catalog(items=items))
        for number in range(TESTS_EACH):
            ended = now - timedelta(hours=TESTS_EACH - number)
            job = Job.objects.create(
                provider=provider,
                task=Task.CHECK,
                status="done",
                deadline=ended,
                finished_at=ended,
                input_version=provider.version,
                input_digest=provider.fingerprint(),
                outcome="ok",
                key_state="valid",
                http_status=200,
                ms=300 + number,
            )
            Job.objects.filter(pk=job.pk).update(created_at=ended)
        job.record_check()
    sys.stdout.write(f"{client.session.session_key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
