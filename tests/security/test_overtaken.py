"""Edits over each other: whoever saves second is told, at every door, and nothing is lost."""

import importlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from facio_site.audit.models import AuditEntry
from providers.kinds import KINDS
from providers.models import Provider
from routing.config.pasted import read_pasted
from routing.config.plans import plan_with
from routing.models import BaseDocument, Route
from routing.state import current
from routing.state.store import Overtaken, take_in
from tests.desk import KEY, saved
from tests.routing.config.desk import hand_in, token_of

pytestmark = pytest.mark.battery


@pytest.mark.django_db
def test_s78_the_second_to_save_sees_both_versions_of_a_provider(site: Client) -> None:
    saved()
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
    return saved(kind, f"key-of-{kind}-0123456789")


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
    assert "changed in the meantime" in told(answer)
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
    assert "changed in the meantime" in told(answer)
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

    before(monkeypatch, "routing.pages.findings._change_provider", change)
    data = {"fix": "use_docker_host", "value": "http://host.docker.internal:11434/v1"}
    answer = site.post("/routing/main/fix/", data, follow=True)
    assert "changed in the meantime" in told(answer)
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
    before(monkeypatch, "routing.pages.importing.take_in", lambda: somebody_saves(slot))
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
    before(monkeypatch, "routing.pages.importing.take_in", lambda: serve("groq"))
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
    before(monkeypatch, "routing.agents.writing.write", somebody_saves)
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
        row = Provider.for_name("anthropic")
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
    assert "Someone else saved this in the meantime." in page
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
    assert told(answer) == "Someone else saved this in the meantime."
    assert AuditEntry.objects.count() == entries
    assert Route.objects.get().model == "theirs/model"
    assert Provider.objects.get().api_base == ""


@pytest.mark.django_db
def test_s78_who_is_second_to_enter_a_kind_sees_what_the_first_entered(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(monkeypatch, "providers.pages.saving.facts_of", lambda: serve("openrouter"))
    answer = site.post("/providers/openrouter/", {"api_key": KEY, "api_base": "", "version": "0"})
    assert answer.status_code == 409
    assert "Someone else saved this provider in the meantime" in answer.content.decode()
    assert Provider.objects.get().unseal("api_key") == "key-of-openrouter-0123456789"
