"""An installation of version 0.1 upgrades by starting: nothing that it held is lost."""

import json
import tarfile
from pathlib import Path

import pytest

from facio_site.run.prepared import NEVER_SERVED
from tests import stores
from tests.security import command

HERE = Path(__file__).parent
pytestmark = [pytest.mark.journey, pytest.mark.alike, pytest.mark.sqlite("its file is SQLite's")]
PASSWORD = "correct horse battery staple"
LOOK = """
import json
from django.test import Client
from facio_site.audit.models import AuditEntry
from providers.models import CatalogEntry, Draft, Job, Provider
from routing.models import ConfigVersion, Route
site = Client(headers={"host": "localhost"})
signed_in = site.post("/accounts/login/", {"login": "ada", "password": "PASSWORD"})
paths = ["/", "/providers/", "/providers/openrouter/", "/routing/", "/config/", "/catalog/",
         "/activity/", "/config/versions/1/"]
row = Provider.objects.get(kind="openrouter")
newest = ConfigVersion.objects.order_by("-number").first()
print(json.dumps({
    "sign-in": [signed_in.status_code, signed_in.headers.get("Location")],
    "pages": [site.get(path).status_code for path in paths],
    "key": row.open_secret("api_key").reveal(),
    "headers": row.open_mapping("extra_headers"),
    "works": row.is_working,
    "jobs": [[job.outcome, job.ms] for job in Job.objects.all()],
    "models": [entry.model_id for entry in CatalogEntry.objects.all()],
    "route": list(Route.objects.values_list("slot", "model", "provider")),
    "version": newest.state()["document"]["providers"]["groq"]["apiKey"],
    "actions": sorted({entry.action for entry in AuditEntry.objects.all()} - {"sign-in"}),
}))
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with tarfile.open(HERE / "state.tar.gz") as kept:
        kept.extractall(state, filter="data")
    return state


@pytest.fixture
def upgraded(state: Path) -> Path:
    done = command.run(state, "migrate_site")
    assert done.returncode == 0, done.stderr
    return state


def test_no_command_migrates_by_itself(state: Path) -> None:
    before = stores.tables(state)
    done = command.run(state, "export_config", "-", "--secrets", "keys")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The database is not this version's: run migrate_site.\n"
    assert stores.tables(state) == before


@pytest.mark.long
def test_a_restore_leaves_an_old_backup_as_it_is_and_the_next_start_migrates_it(
    state: Path, tmp_path: Path
) -> None:
    before, copy = stores.tables(state), (state / "db.sqlite3").rename(tmp_path / "copy.sqlite3")
    done = command.run(state, "restore", str(copy))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("It is of an older release: the next start migrates it.\n")
    assert stores.tables(state) == before
    assert command.run(state, "migrate_site").returncode == 0
    told = "SELECT target, changes FROM audit_auditentry WHERE action = 'database.restored'"
    assert stores.rows(state, told) == [("copy.sqlite3", "[]")]


def test_sign_in_keys_jobs_models_routes_and_versions_are_there(upgraded: Path) -> None:
    state = upgraded
    words = ("collectstatic", "--noinput", "--verbosity=0", *NEVER_SERVED)
    assert command.run(state, *words).returncode == 0
    script = LOOK.replace("PASSWORD", PASSWORD)
    done = command.run(state, "shell", "--no-imports", given=script)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "sign-in": [302, "/"],
        "pages": [200] * 8,
        "key": "sk-or-v1-demo-good-of-version-0-1-0123456789",
        "headers": {"X-Team": "blue"},
        "works": True,
        "jobs": [["ok", 212]],
        "models": ["anthropic/claude-opus-4-7", "openai/gpt-5"],
        "route": [["main", "anthropic/claude-opus-4-7", "openrouter"]],
        "version": "gsk_demo-good-of-version-0-1-0123456789",
        "actions": ["config.written", "owner.created", "provider.saved"],
    }


@pytest.mark.long
def test_its_export_holds_every_key(upgraded: Path) -> None:
    done = command.run(upgraded, "export_config", "-", "--secrets", "keys")
    assert done.returncode == 0, done.stderr
    written = json.loads(done.stdout)
    assert written["providers"]["openrouter"]["apiKey"].startswith("sk-or-v1-demo-good-of-version")
    assert written["providers"]["groq"]["extraHeaders"] == {"X-Team": "blue"}
    assert written["agents"]["defaults"]["provider"] == "openrouter"
