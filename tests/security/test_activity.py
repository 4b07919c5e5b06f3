"""The activity page: its filter, its pages, its export as JSON Lines."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from facio_site.audit import record
from facio_site.audit.models import AuditEntry
from providers.models import Job, Task
from routing.models import Route
from routing.pages import activity
from tests.conftest import signed_in
from tests.desk import KEY, saved
from tests.markup import flat
from tests.routing.config.desk import WHOLE, import_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rows(owner: Any) -> None:
    for number in range(60):
        record("provider.saved", actor=owner, target=f"kind-{number}", fields=["api_key"])
    record("routes.saved", actor=None, target="vision")


def lines(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.getvalue().decode().splitlines()]


def test_s33_the_filter_narrows_what_is_shown(site: Client) -> None:
    page = site.get("/activity/", {"target": "kind-5"}).content.decode()
    assert "kind-59" in page
    assert "kind-41" not in page
    page = site.get("/activity/", {"action": "routes.saved"}).content.decode()
    assert "vision" in page
    assert "kind-59" not in page
    assert "No entries match." in site.get("/activity/?since=2999-01-01").content.decode()


def test_the_next_page_keeps_the_filter(site: Client) -> None:
    page = site.get("/activity/", {"action": "provider.saved"}).content.decode()
    assert "?action=provider.saved&amp;page=2" in page
    second = site.get("/activity/", {"action": "provider.saved", "page": "2"}).content.decode()
    assert re.search(r"kind-3\s", second)


def test_s62_names_that_are_none_of_the_filters_do_nothing(site: Client) -> None:
    page = site.get("/activity/", {"actor__password__startswith": "a", "actor": "'\"<b>"})
    assert page.status_code == 200
    assert b"<b>" not in page.content


def test_s33_the_export_is_one_object_a_line_and_obeys_the_filter(site: Client) -> None:
    answer = site.get("/activity/export/")
    assert answer["Content-Type"].startswith("application/x-ndjson")
    assert answer["Content-Disposition"] == 'attachment; filename="activity.jsonl"'
    everything = lines(answer)
    assert {"kind-0", "kind-59", "vision"} <= {entry["target"] for entry in everything}
    assert everything[-1]["fields"] == ["api_key"]
    some = lines(site.get("/activity/export/", {"target": "kind-5"}))
    assert len(some) == 11


def test_the_export_is_for_owners(editor: Any) -> None:
    client = signed_in(editor)
    assert b"/activity/export/" not in client.get("/activity/").content
    assert client.get("/activity/export/").status_code == 403


# Both values


def told(answer: Any) -> str:
    """What the first row tells of its fields."""
    found = re.search(r'<td class="told">(.*?)</td>', flat(answer), re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_a_saved_provider_tells_both_values_and_of_a_key_that_it_was_changed(site: Client) -> None:
    saved()
    form = {"api_key": "sk-or-v1-another-key-0123", "api_base": "https://openrouter.ai/b/v1"}
    site.post("/providers/openrouter/", {**form, "version": "1"})
    page = told(site.get("/activity/"))
    assert "api_base – → https://openrouter.ai/b/v1" in page
    assert "api_key set → changed" in page
    entry = AuditEntry.objects.get(action="provider.saved", target="openrouter")
    assert KEY[:12] not in repr(entry.as_dict())
    assert "another-key" not in repr(entry.as_dict())


def test_saved_routes_tell_model_and_provider_before_and_after(site: Client) -> None:
    Route(slot="main", model="a/one").store()
    slots = ("main", "subagent", "vision", "image", "video")
    form = {f"{slot}-provider": "auto" for slot in slots}
    site.post("/routing/", {**form, "main-model": "a/two"})
    assert told(site.get("/activity/")) == "main.model a/one → a/two"


def test_s28_an_import_tells_what_is_set_here_and_no_secret(site: Client) -> None:
    import_all(site, WHOLE)
    page = told(site.get("/activity/"))
    assert "agents.defaults.model – → gpt-5" in page
    assert "providers.openai.api_key – → set" in page
    kept = repr(AuditEntry.objects.get(action="config.imported").as_dict())
    for secret in (WHOLE["providers"]["openai"]["api_key"], "tele-gram-token", "company-key-1"):
        assert secret not in kept
    assert "channels" not in kept


def test_an_entry_leads_to_its_version_while_that_is_kept(site: Client) -> None:
    import_all(site, WHOLE)
    import_all(site, {"providers": {}})
    page = flat(site.get("/activity/"))
    assert 'href="/config/versions/1/"> before: version 1 </a>' in page
    assert "upload config.json" in page
    record("config.written", actor=None, target="version 99")
    page = flat(site.get("/activity/"))
    assert "version 99" in page
    assert "/config/versions/99/" not in page


# Tests have a page of their own


def test_tests_stand_apart_from_changes_and_are_found_by_name(site: Client) -> None:
    record("provider.tested", actor=None, target="tested-one")
    assert "tested-one" not in flat(site.get("/activity/"))
    assert "tested-one" in flat(site.get("/activity/", {"action": "provider.tested"}))
    assert any(one["target"] == "tested-one" for one in lines(site.get("/activity/export/")))


def test_tests_are_narrowed_by_provider_task_and_result(site: Client) -> None:
    for kind, outcome in (("openrouter", "ok"), ("groq", "bad_key")):
        row = saved(kind)
        Job.objects.create(
            provider=row,
            task=Task.CHECK,
            status="done",
            outcome=outcome,
            input_version=row.version,
            input_digest=row.fingerprint(),
            deadline=row.updated_at,
        )
    link = 'href="/providers/groq/"'
    assert link in flat(site.get("/activity/tests/"))
    assert link in flat(site.get("/activity/tests/", {"outcome": "bad_key", "task": "check"}))
    for asked in ({"provider": "openrouter"}, {"task": "fetch"}, {"outcome": "ok"}):
        assert link not in flat(site.get("/activity/tests/", asked))
    assert "No entries match." in flat(site.get("/activity/tests/?provider=nobody"))


def test_of_very_many_tests_the_newest_are_told(site: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(activity, "READ_BACK", 2)
    row = saved()
    values = {"provider": row, "task": Task.CHECK, "status": "done", "deadline": row.updated_at}
    values |= {"input_version": row.version, "input_digest": row.fingerprint()}
    for outcome in ("timeout", "ok", "bad_key"):
        Job.objects.create(outcome=outcome, **values)
    page = flat(site.get("/activity/tests/"))
    assert "These are the newest 2." in page
    assert 'value="timeout"' not in page
    assert 'value="timeout" selected' in flat(site.get("/activity/tests/?outcome=timeout"))
