"""Made state.tar.gz, an installation as version 0.1 left it: the database and its two keys.

Run once, in a checkout of that version (commit bec4483), over an empty folder:
`STATE_DIR=FOLDER python manage.py shell --no-imports < make.py`. Everything secret in it was made up
for this test; the keys open nothing else. It is the code of then: it does not run today.
"""

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from facio_site.accounts.models import Role, User
from facio_site.audit import record
from providers.catalog.fetch import Catalog
from providers.catalog.items import CatalogItem
from providers.jobs import Job, Task
from providers.models import Draft, Provider
from routing.config import live
from routing.config.export import Mode
from routing.models import Route
from routing.state import current

owner = User.objects.create_user("ada", password="correct horse battery staple", role=Role.OWNER)
record("owner.created", actor=None, target="ada", result="owner")
for kind, key in {"openrouter": "sk-or-v1-demo-good", "groq": "gsk_demo-good"}.items():
    row = Provider(kind=kind)
    row.put_secret("api_key", f"{key}-of-version-0-1-0123456789")
    row.put_mapping("extra_headers", {"X-Team": "blue"})
    assert row.store()
    record("provider.saved", actor=owner, target=kind, fields=["api_key"])
row = Provider.objects.get(kind="openrouter")
job = Job.objects.create(
    provider=row,
    task=Task.CHECK,
    input_version=row.version,
    input_digest=row.fingerprint(),
    deadline=timezone.now() + timedelta(minutes=1),
    requested_by=owner,
)
job.finish(is_told=True, outcome="ok", key_state="valid", ms=212, rungs=[])
row.refresh_from_db()
names = ("anthropic/claude-opus-4-7", "openai/gpt-5")
row.replace_catalog(Catalog(items=tuple(CatalogItem(model_id=name) for name in names)))
draft = Draft(provider=row, base_version=row.version, created_by=owner)
draft.put_secret("api_key", "sk-or-v1-demo-typed-0123456789")
draft.save()
assert Route(slot="main", model=names[0], provider="openrouter").store()
path = Path(os.environ["STATE_DIR"]) / "agent.json"
settings.FACIO_CONFIG_PATH = str(path)
path.write_text('{"channels": {"mine": true}}')
live.write(live.look(path, current(), Mode.KEYS), actor=owner)
path.unlink()
connection.close()
with sqlite3.connect(settings.DATABASES["default"]["NAME"]) as database:
    database.execute("DELETE FROM cache")
    database.execute("DELETE FROM django_session")
    database.commit()
    database.execute("PRAGMA journal_mode=DELETE")
    database.execute("VACUUM")
