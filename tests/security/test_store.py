"""The store: many writers at once, a busy database, edits over each other, backup and restore."""

import importlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client

from facio_site import backup
from facio_site.audit.models import AuditEntry
from providers.models import Provider
from providers.registry import KINDS
from routing.import_preview import plan_with
from routing.models import BaseDocument, Route
from routing.pasted import read_pasted
from routing.state import current
from routing.store import Overtaken, take_in
from tests.routing.config_desk import hand_in, token_of
from tests.security import command

KEY = "sk-or-v1-0123456789abcdef"

WRITER = """
import django; django.setup()
from django.db import transaction
from facio_site.audit import record
from providers.models import Provider
for n in range(40):
    with transaction.atomic():
        row = Provider.objects.get(kind="groq")
        row.values = {**row.values, "count": row.values.get("count", 0) + 1}
        row.save(update_fields=["values"])
        record("provider.saved", actor=None, target=f"%s-{n}")
"""


@pytest.mark.sqlite
@pytest.mark.journey
def test_s77_eight_processes_write_without_one_lock_error(tmp_path: Path) -> None:
    made = command.run(tmp_path, "set_provider", "groq", given='{"apiKey": "gsk_0123456789"}')
    assert made.returncode == 0, made.stderr
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER % number],
            cwd=command.ROOT,
            env=command.environ(tmp_path),
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    errors = [writer.communicate(timeout=90)[1] for writer in writers]
    assert errors == [""] * 8
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        [(values,)] = database.execute("SELECT [values] FROM providers_provider").fetchall()
        [(rows,)] = database.execute(
            "SELECT count(*) FROM audit_auditentry WHERE target GLOB '*-*'"
        ).fetchall()
        [(mode,)] = database.execute("PRAGMA journal_mode").fetchall()
    assert ('"count": 320' in values, rows, mode) == (True, 320, "wal")


@pytest.mark.sqlite
def test_s77_the_options_are_those_that_were_measured() -> None:
    options = django_settings.DATABASES["default"]["OPTIONS"]
    assert (options["transaction_mode"], options["timeout"]) == ("IMMEDIATE", 20)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        assert pragma in options["init_command"]


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_s77_a_busy_database_answers_503_and_nothing_is_saved(site: Client) -> None:
    site.raise_request_exception = False
    connection.cursor().execute("PRAGMA busy_timeout = 100")
    name = connection.settings_dict["NAME"]
    other = sqlite3.connect(name, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        answer = site.post("/providers/openrouter/", {"api_key": KEY, "api_base": ""})
    finally:
        other.close()
        connection.close()
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "Busy just now" in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not Provider.objects.exists()


@pytest.mark.django_db
def test_s77_a_fault_of_ours_is_still_500(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    site.raise_request_exception = False
    for error, status in ((RuntimeError("secret text"), 500), (OperationalError("x"), 503)):

        def fails(*_args: Any, error: Exception = error, **_kwargs: Any) -> None:
            raise error

        monkeypatch.setattr("routing.views.provider_rows", fails)
        answer = site.get("/")
        assert answer.status_code == status
        assert b"secret text" not in answer.content


@pytest.mark.django_db(transaction=True)
def test_s77_no_call_to_a_provider_is_made_inside_a_transaction(
    sims: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from providers import jobs, tasks
    from providers.http.door import Door
    from providers.jobs import Task
    from tests.simulators.entries import demo_key

    row = Provider(kind="openrouter")
    row.put_secret("api_key", demo_key("openrouter"))
    row.store()
    inside: list[bool] = []
    send = Door.send

    def watched(door: Door, request: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return send(door, request)

    monkeypatch.setattr(Door, "send", watched)
    for task, call in (
        (Task.CHECK, tasks.check_provider),
        (Task.FETCH, tasks.refresh_catalog),
    ):
        call(str(jobs.start(row, task, hand_over=False).pk))
    assert len(inside) >= 2
    assert not any(inside)


@pytest.mark.django_db
def test_s78_the_second_to_save_sees_both_versions_of_a_provider(site: Client) -> None:
    row = Provider(kind="openrouter")
    row.put_secret("api_key", KEY)
    row.store()
    theirs = {"api_key": "", "api_base": "https://openrouter.ai/theirs/v1", "version": "1"}
    mine = {"api_key": "", "api_base": "https://openrouter.ai/mine/v1", "version": "1"}
    assert site.post("/providers/openrouter/", theirs).status_code == 302
    answer = site.post("/providers/openrouter/", mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "https://openrouter.ai/mine/v1" in page
    assert "https://openrouter.ai/theirs/v1" in page
    assert Provider.objects.get().api_base == "https://openrouter.ai/theirs/v1"


ROUTES = {f"{slot}-provider": "auto" for slot in ("main", "subagent", "vision", "image", "video")}


@pytest.mark.django_db
def test_s78_the_second_to_save_sees_both_versions_of_a_route(site: Client) -> None:
    seen = {"main-version": "0"}
    theirs = {**ROUTES, **seen, "main-model": "theirs/model"}
    mine = {**ROUTES, **seen, "main-model": "mine/model"}
    assert site.post("/routing/", theirs).status_code == 302
    answer = site.post("/routing/", mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "mine/model" in page
    assert "theirs/model" in page
    assert 'name="main-version" value="1"' in page
    assert Route.objects.get(slot="main").model == "theirs/model"
    again = site.post("/routing/", {**mine, "main-version": "1"})
    assert again.status_code == 302
    assert Route.objects.get(slot="main").model == "mine/model"


@pytest.mark.django_db
def test_s78_a_route_that_only_somebody_else_touched_is_not_put_back(site: Client) -> None:
    site.post("/routing/", {**ROUTES, "main-version": "0", "main-model": "theirs/model"})
    answer = site.post("/routing/", {**ROUTES, "main-version": "0", "vision-model": "mine/eyes"})
    assert answer.status_code == 409
    assert Route.objects.get(slot="main").model == "theirs/model"


@pytest.mark.django_db
def test_s78_the_admin_does_not_overwrite_a_route_either(site: Client) -> None:
    Route(slot="main", model="theirs/model").store()
    path = "/admin/routing/route/main/change/"
    mine = {"model": "mine/model", "provider": "auto", "version": "0"}
    answer = site.post(path, mine)
    assert "theirs/model" in answer.content.decode()
    assert Route.objects.get().model == "theirs/model"
    assert site.post(path, {**mine, "version": "1"}).status_code == 302
    assert (Route.objects.get().model, Route.objects.get().version) == ("mine/model", 2)


@pytest.mark.django_db
def test_s78_a_save_at_the_very_same_moment_is_refused() -> None:
    one, other = Route(slot="main", model="one"), Route(slot="main", model="other")
    assert one.store()
    assert not other.store()
    mine = Route.objects.get()
    assert Route.objects.get().store()
    assert not mine.store()


# The other doors to a route: pin, a finding's fix, imports, the command, the live file


def serve(kind: str = "anthropic") -> Provider:
    row = Provider(kind=kind)
    row.put_secret("api_key", f"key-of-{kind}-0123456789")
    assert row.store()
    return row


def somebody_saves(slot: str = "main", model: str = "claude-theirs") -> None:
    row = Route.objects.filter(slot=slot).first() or Route(slot=slot)
    row.model, row.provider = model, "auto"
    assert row.store()


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def before(monkeypatch: pytest.MonkeyPatch, name: str, act: Any) -> None:
    """Somebody else acts at the very moment in which the function at `name` is called."""
    module, _, attribute = name.rpartition(".")
    original = getattr(importlib.import_module(module), attribute)

    def acts_first(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(name, original)
        act()
        return original(*args, **kwargs)

    monkeypatch.setattr(name, acts_first)


@pytest.mark.django_db
def test_s78_the_page_gives_pin_and_fix_the_version_that_it_shows(site: Client) -> None:
    serve("openrouter")
    somebody_saves(model="some/unknown")
    page = site.get("/routing/").content.decode()
    for path in ("/routing/main/pin/", "/routing/main/fix/"):
        form = page[page.index(f'action="{path}"') :].partition("</form>")[0]
        assert 'name="version" value="1"' in form


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "data"),
    [("pin", {}), ("fix", {"fix": "pin", "value": "openrouter"})],
)
def test_s78_a_click_on_an_old_page_changes_nothing_and_says_so(
    site: Client, path: str, data: dict[str, str]
) -> None:
    serve("openrouter")
    somebody_saves(model="some/unknown")
    somebody_saves(model="other/unknown")
    answer = site.post(f"/routing/main/{path}/", {**data, "version": "1"}, follow=True)
    assert "has changed meanwhile" in told(answer)
    kept = Route.objects.get()
    assert (kept.model, kept.provider, kept.version) == ("other/unknown", "auto", 2)
    site.post(f"/routing/main/{path}/", {**data, "version": "2"})
    assert Route.objects.get().provider == "openrouter"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "data"),
    [("pin", {}), ("fix", {"fix": "pin", "value": "openrouter"})],
)
def test_s78_pin_and_fix_lose_to_a_save_at_the_very_same_moment(
    site: Client, monkeypatch: pytest.MonkeyPatch, path: str, data: dict[str, str]
) -> None:
    serve("openrouter")
    somebody_saves(model="some/unknown")
    entries = AuditEntry.objects.count()
    store = Route.store

    def second(row: Route) -> bool:
        monkeypatch.setattr(Route, "store", store)
        somebody_saves(model="theirs/unknown")
        return store(row)

    monkeypatch.setattr(Route, "store", second)
    answer = site.post(f"/routing/main/{path}/", data, follow=True)
    assert "has changed meanwhile" in told(answer)
    kept = Route.objects.get()
    assert (kept.model, kept.provider) == ("theirs/unknown", "auto")
    assert AuditEntry.objects.count() == entries


@pytest.mark.django_db
def test_s78_a_fix_of_a_provider_loses_to_a_save_at_the_very_same_moment(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Provider(kind="ollama", api_base="http://localhost:11434/v1")
    assert row.store()
    Route(slot="main", model="qwen3:8b", provider="ollama").store()

    def change() -> None:
        theirs = Provider.objects.get()
        theirs.api_base = "http://127.0.0.1:9999/v1"
        assert theirs.store()

    before(monkeypatch, "routing.findings._change_provider", change)
    data = {"fix": "use_docker_host", "value": "http://host.docker.internal:11434/v1"}
    answer = site.post("/routing/main/fix/", data, follow=True)
    assert "has changed meanwhile" in told(answer)
    assert Provider.objects.get().api_base == "http://127.0.0.1:9999/v1"


IMPORTED = {"agents": {"defaults": {"model": "claude-mine"}}}


@pytest.mark.django_db
@pytest.mark.parametrize("slot", ["main", "vision"])
def test_s78_an_import_loses_to_a_save_after_its_preview_was_checked(
    site: Client, monkeypatch: pytest.MonkeyPatch, slot: str
) -> None:
    serve()
    somebody_saves(model="claude-old")
    asked = hand_in(site, IMPORTED)
    path, token = asked.request["PATH_INFO"], token_of(asked.content.decode())
    before(monkeypatch, "routing.import_views.take_in", lambda: somebody_saves(slot))
    answer = site.post(path, {"token": token, "how": "replace"}, follow=True)
    assert "Somebody else saved something meanwhile" in told(answer)
    assert Route.objects.get(slot=slot).model == "claude-theirs"
    assert not AuditEntry.objects.filter(action="config.imported").exists()
    again = site.get(path)
    assert again.status_code == 200
    done = site.post(path, {"token": token_of(again.content.decode()), "how": "replace"})
    assert done.status_code == 302
    assert Route.objects.get(slot="main").model == "claude-mine"


@pytest.mark.django_db
def test_s78_an_import_does_not_take_away_what_somebody_entered_meanwhile(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve()
    asked = hand_in(site, {"providers": {"anthropic": {"apiKey": "sk-ant-api03-typed-0123"}}})
    path, token = asked.request["PATH_INFO"], token_of(asked.content.decode())
    before(monkeypatch, "routing.import_views.take_in", lambda: serve("groq"))
    answer = site.post(path, {"token": token, "how": "replace"}, follow=True)
    assert "Somebody else saved something meanwhile" in told(answer)
    assert Provider.objects.get(kind="groq").is_configured
    assert Provider.objects.get(kind="anthropic").unseal("api_key") == "key-of-anthropic-0123456789"


@pytest.mark.django_db
def test_s78_the_import_command_loses_to_a_save_at_the_very_same_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    somebody_saves(model="claude-old")
    path = tmp_path / "config.json"
    path.write_text(json.dumps(IMPORTED))
    before(monkeypatch, "routing.management.commands.import_config.take_in", somebody_saves)
    with pytest.raises(CommandError, match="Somebody else saved something meanwhile"):
        call_command("import_config", str(path), "--apply")
    assert Route.objects.get().model == "claude-theirs"


@pytest.mark.django_db
def test_s78_the_live_file_is_not_written_from_what_somebody_changed_meanwhile(
    site: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    settings.FACIO_CONFIG_PATH = str(tmp_path / "config.json")
    tmp_path.chmod(0o700)
    serve()
    somebody_saves(model="claude-old")
    token = token_of(site.get("/config/").content.decode())
    before(monkeypatch, "routing.live.write", somebody_saves)
    answer = site.post("/config/write/", {"secrets": "env", "token": token})
    assert answer.status_code == 409
    assert "Somebody else saved something meanwhile" in answer.content.decode()
    assert not (tmp_path / "config.json").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_new", [True, False])
def test_s78_of_eight_writers_to_one_row_one_wins_and_the_others_know(is_new: bool) -> None:
    if not is_new:
        serve()
        somebody_saves()
    together, won = threading.Barrier(8), []

    def write(number: int) -> None:
        route = Route.objects.filter(slot="main").first() or Route(slot="main")
        row = Provider.objects.for_kind("anthropic")
        route.model, row.api_base = f"claude-{number}", f"https://api.anthropic.com/{number}"
        together.wait(20)
        try:
            won.append((number, route.store(), row.store()))
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    routes = [number for number, is_first, _ in won if is_first]
    rows = [number for number, _, is_first in won if is_first]
    assert (len(won), len(routes), len(rows)) == (8, 1, 1)
    assert Route.objects.get().model == f"claude-{routes[0]}"
    assert Provider.objects.get().api_base == f"https://api.anthropic.com/{rows[0]}"


@pytest.mark.django_db(transaction=True)
def test_s78_two_imports_at_once_do_not_mix() -> None:
    together, won = threading.Barrier(2), []

    def take(kind: str) -> None:
        was = current(is_lenient=True)
        document = {"providers": {kind: {"apiKey": "key-0123456789abcdef"}}, "x": {"from": kind}}
        pasted = read_pasted(json.dumps(document).encode(), specs=KINDS)
        plan = plan_with(pasted, was, is_merge=False, consents=None)
        together.wait(20)
        try:
            take_in(plan, was, actor=None, target=kind)
            won.append(kind)
        except Overtaken:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(kind,)) for kind in ("groq", "mistral")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1
    assert [row.kind for row in Provider.objects.all()] == won
    assert json.loads(BaseDocument.text() or "")["x"] == {"from": won[0]}


@pytest.mark.django_db
def test_s78_the_second_in_the_admin_sees_both_versions_of_a_provider(site: Client) -> None:
    row = serve("openrouter")
    path = f"/admin/providers/provider/{row.pk}/change/"
    assert 'name="version" value="1"' in site.get(path).content.decode()
    theirs = {"api_base": "https://openrouter.ai/theirs/v1", "version": "1"}
    mine = {"api_base": "https://openrouter.ai/mine/v1", "version": "1"}
    assert site.post(path, theirs).status_code == 302
    answer = site.post(path, mine)
    page = answer.content.decode()
    assert "Somebody else saved it meanwhile." in page
    assert "https://openrouter.ai/theirs/v1" in page
    assert 'value="https://openrouter.ai/mine/v1"' in page
    assert 'name="version" value="2"' in page
    assert Provider.objects.get().api_base == "https://openrouter.ai/theirs/v1"
    assert site.post(path, {**mine, "version": "2"}).status_code == 302
    assert Provider.objects.get().api_base == "https://openrouter.ai/mine/v1"


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Route, Provider])
def test_s78_the_admin_tells_a_save_at_the_very_same_moment(
    site: Client, monkeypatch: pytest.MonkeyPatch, model: Any
) -> None:
    Route(slot="main", model="theirs/model").store()
    row = serve("openrouter")
    entries = AuditEntry.objects.count()
    monkeypatch.setattr(model, "store", lambda _row: False)
    path, data = "/admin/routing/route/main/change/", {"model": "mine", "provider": "auto"}
    if model is Provider:
        path = f"/admin/providers/provider/{row.pk}/change/"
        data = {"api_base": "https://openrouter.ai/mine/v1"}
    answer = site.post(path, data, follow=True)
    assert told(answer) == "Somebody else saved it meanwhile."
    assert AuditEntry.objects.count() == entries
    assert Route.objects.get().model == "theirs/model"
    assert Provider.objects.get().api_base == ""


@pytest.mark.django_db
def test_s78_who_is_second_to_enter_a_kind_sees_what_the_first_entered(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, "providers.views.facts_of", lambda: serve("openrouter"))
    answer = site.post("/providers/openrouter/", {"api_key": KEY, "api_base": "", "version": "0"})
    assert answer.status_code == 409
    assert "Somebody else saved this provider meanwhile" in answer.content.decode()
    assert Provider.objects.get().unseal("api_key") == "key-of-openrouter-0123456789"


# Backup and restore: the real commands


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("backup") / "state"
    made = command.run(state, "set_provider", "openrouter", given=f'{{"apiKey": "{KEY}"}}')
    assert made.returncode == 0, made.stderr
    with closing(sqlite3.connect(state / "db.sqlite3", isolation_level=None)) as database:
        database.execute(
            "INSERT INTO django_session VALUES ('stolen-session-key', 'data', '2999-01-01')"
        )
    return state


@pytest.fixture
def copy(filled: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.sqlite3"
    done = command.run(filled, "backup", str(path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_backup_is_private_and_holds_neither_key_nor_session(
    filled: Path, copy: Path
) -> None:
    data = copy.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    for secret in (KEY, "stolen-session-key", (filled / "master_keys").read_text().strip()):
        assert secret.encode() not in data
    assert (filled / "secret_key").read_bytes() not in data
    assert [path.name for path in copy.parent.iterdir() if path.name.endswith(".tmp")] == []
    again = command.run(filled, "backup", str(copy))
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_backup_is_restored_on_another_machine_with_the_key_brought_along(
    filled: Path, copy: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    (new / "master_keys").write_text((filled / "master_keys").read_text())
    done = command.run(new, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    exported = command.run(new, "export_config", "-", "--secrets", "keys")
    assert KEY in exported.stdout


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_restore_keeps_what_was_there_and_goes_back_in_time(filled: Path, copy: Path) -> None:
    changed = command.run(filled, "set_provider", "groq", given='{"apiKey": "gsk_0123456789"}')
    assert changed.returncode == 0
    done = command.run(filled, "restore", str(copy))
    assert done.returncode == 0, done.stderr
    config = command.run(filled, "export_config", "-").stdout
    assert ("openrouter" in config, "groq" in config) == (True, False)
    [kept] = filled.glob("db.sqlite3.before-*[0-9]")
    with sqlite3.connect(kept) as database:
        assert database.execute("SELECT count(*) FROM providers_provider").fetchone() == (2,)


@pytest.mark.sqlite
@pytest.mark.journey
def test_s80_a_restore_with_another_master_key_says_so(copy: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert command.run(other, "migrate", "--verbosity=0").returncode == 0
    done = command.run(other, "restore", str(copy))
    assert "not the one of this backup" in done.stderr


@pytest.mark.sqlite
@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 5000])
@pytest.mark.django_db(transaction=True)
def test_s80_what_is_no_backup_changes_nothing(
    content: bytes, tmp_path: Path, settings: Any
) -> None:
    settings.STATE_DIR = tmp_path
    path = tmp_path / "given"
    path.write_bytes(content)
    before = Path(connection.settings_dict["NAME"]).stat()
    with pytest.raises(backup.Refused, match=r"no backup|damaged"):
        backup.restore(path)
    assert Path(connection.settings_dict["NAME"]).stat().st_ino == before.st_ino


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_s80_a_running_site_is_not_restored_over(tmp_path: Path, settings: Any) -> None:
    import fcntl

    settings.STATE_DIR = tmp_path
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with pytest.raises(backup.Refused, match="running"):
            backup.restore(tmp_path / "given")
    finally:
        os.close(folder)


@pytest.mark.django_db
def test_s80_for_postgresql_its_own_tools_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(type(connection._connections["default"]), "vendor", "postgresql")  # type: ignore[attr-defined]
    with pytest.raises(backup.Refused, match="pg_dump"):
        backup.write_backup(tmp_path / "copy")


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_s80_a_backup_is_consistent_while_others_write(tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        from django.db import transaction

        from facio_site.audit import record

        while not stop.is_set():
            with transaction.atomic():
                record("provider.saved", actor=None, target="one")
                record("provider.saved", actor=None, target="two")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            backup.write_backup(tmp_path / str(number))
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        with sqlite3.connect(tmp_path / str(number)) as copied:
            [(rows,)] = copied.execute("SELECT count(*) FROM audit_auditentry").fetchall()
        assert rows % 2 == 0
    assert AuditEntry.objects.count() > 0
