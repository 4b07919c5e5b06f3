"""Pages and partials of providers, without worker and network."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from providers.kinds import KINDS
from providers.models import Draft, Job, Provider, Task
from providers.spec.outcomes import UNTOLD, Outcome
from providers.work import queue
from routing.models import Route
from tests.conftest import signed_in
from tests.desk import HTMX, KEY, saved
from tests.markup import flat

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_page(site: Client, kind: str) -> None:
    answer = site.get(f"/providers/{kind}/")
    assert answer.status_code == 200
    assert KINDS[kind].label in answer.content.decode()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not KINDS[kind].is_oauth])
def test_where_to_get_a_key_stands_under_its_field(site: Client, kind: str) -> None:
    html = site.get(f"/providers/{kind}/").content.decode()
    assert ("Where do I get a key?" in html) == bool(KINDS[kind].console_url)
    key, _where, rest = html.partition("Where do I get a key?")
    assert not rest or key.rpartition('<label for="')[2].startswith("id_api_key")


def test_an_unknown_provider_is_404(site: Client) -> None:
    assert site.get("/providers/nothing/").status_code == 404
    assert site.post("/providers/nothing/check/").status_code == 404


def test_the_list_shows_every_kind(site: Client) -> None:
    html = site.get("/providers/").content.decode()
    for kind in KINDS:
        assert f'data-kind="{kind}"' in html


def test_save_stores_the_key_and_shows_only_its_end(site: Client) -> None:
    answer = site.post("/providers/openrouter/", {"api_key": KEY}, follow=True)
    html = answer.content.decode()
    assert "cdef" in html
    assert KEY not in html
    assert Provider.objects.get(kind="openrouter").is_configured


def test_bad_input_is_422_at_its_field(site: Client) -> None:
    answer = site.post("/providers/custom/", {"api_base": "https://host.example:99999"})
    assert answer.status_code == 422
    assert 'id="id_api_base_error"' in answer.content.decode()


def test_a_key_that_went_with_a_refused_save_is_asked_for_again(site: Client) -> None:
    saved("groq")
    again = "Type this again: it was not kept."
    bad = {"api_base": "ftp://host.example"}
    answer = site.post("/providers/groq/", {"api_key": "gsk_newer12345678", **bad})
    assert f'id="id_api_key_helptext">{again}' in flat(answer)
    assert again not in flat(site.post("/providers/groq/", {"api_key": "", **bad}))
    new = {"name": "", "api_key": "sk-1234567890", "api_base": "https://host.example/v1"}
    assert again in flat(site.post("/providers/new/", new))


def test_inside_htmx_only_the_error_texts_are_replaced(site: Client, queued: list[Job]) -> None:
    answer = site.post("/providers/groq/check/", {"api_key": "gsk_typed and broken"}, headers=HTMX)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_api_key_slot"' in html
    assert "<input" not in html.replace('<input type="hidden"', "")
    assert "gsk_typed" not in html
    assert '<a href="#id_api_key">API key</a>' in html  # the way to the field
    assert not queued


def test_a_test_of_unsaved_values_seals_them_in_a_draft(
    site: Client, queued: list[Job], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"}, headers=HTMX)
    assert answer.status_code == 200
    assert 'data-state="queued"' in answer.content.decode()
    assert answer["HX-Trigger-After-Settle"] == "started"
    provider, draft = Provider.objects.get(kind="groq"), Draft.objects.get()
    assert not provider.is_configured
    assert "gsk_draft1234" not in str(draft.sealed)
    assert [job.draft for job in queued] == [draft]


def test_the_model_of_a_test_holds_no_nul(site: Client, queued: list[Job]) -> None:
    saved()
    site.post("/providers/openrouter/check/", {"test_model": "a\0b"}, headers=HTMX)
    assert Job.objects.get().model_names == ["ab"]


@pytest.mark.parametrize("part", ["check", "catalog"])
def test_one_test_or_fetch_under_way_can_be_cancelled(
    site: Client, queued: list[Job], viewer: Any, part: str
) -> None:
    saved()
    cancel = f"/providers/openrouter/cancel/{part}/"
    assert cancel not in site.get("/providers/openrouter/").content.decode()
    started = site.post(f"/providers/openrouter/{part}/", headers=HTMX).content.decode()
    assert f'hx-post="{cancel}"' in started
    Job.objects.update(rungs=[{"step": "key", "outcome": "running"}])
    assert f'action="{cancel}"' in site.get("/providers/openrouter/").content.decode()
    assert cancel not in signed_in(viewer).get("/providers/openrouter/").content.decode()
    answer = site.post(cancel, headers=HTMX).content.decode()
    assert f'id="{part}" data-state="done"' in answer
    assert 'data-outcome="cancelled"' in answer
    assert "Running" not in answer
    assert Job.objects.get().status == "cancelled"
    assert site.post(cancel).status_code == 302  # nothing runs any more
    cancelled = AuditEntry.objects.filter(action__endswith=".cancelled")
    words = {"check": "Cancelled tests", "catalog": "Cancelled a fetch of models"}
    assert [entry.label for entry in cancelled] == [words[part]]
    assert site.post("/providers/openrouter/cancel/models/").status_code == 404


def test_without_htmx_a_start_leads_back_to_the_page(site: Client, queued: list[Job]) -> None:
    answer = site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"})
    assert answer.status_code == 302
    assert answer["Location"] == "/providers/groq/"
    html = site.get("/providers/groq/").content.decode()
    assert "not saved" in html


def test_without_javascript_a_page_looks_again_while_something_is_under_way(
    site: Client, queued: list[Job]
) -> None:
    """Not as the answer to a form: it would ask the address that was posted to."""
    again = '<noscript> <meta http-equiv="refresh" content="3;url='
    saved()
    paths = {"/providers/": "progress", "/providers/openrouter/": "check"}
    assert not any(again in flat(site.get(path)) for path in paths)
    site.post("/providers/openrouter/check/")
    for path, part in paths.items():
        html = flat(site.get(path))
        assert f'{again}{path}?again=1#{part}"' in html.partition("</head>")[0]
        assert f'{again}{path}?again=#{part}"' in flat(site.get(f"{path}?again=1"))
    assert f'<a href="{path}"> Reload to see the result </a>' in html
    refused = site.post("/providers/openrouter/", {"api_base": "https://host.example:99999"})
    assert again not in flat(refused)
    Job.objects.get().finish(outcome=Outcome.OK)
    assert not any(again in flat(site.get(path)) for path in paths)


def test_a_double_click_is_one_job_and_other_values_supersede_it(
    site: Client, queued: list[Job]
) -> None:
    for key in ("gsk_one12345", "gsk_one12345", "gsk_two12345"):
        site.post("/providers/groq/check/", {"api_key": key}, headers=HTMX)
    statuses = sorted(Job.objects.values_list("status", flat=True))
    assert statuses == ["cancelled", "queued"]
    assert Draft.objects.count() == 1


def test_the_saved_values_are_tested_without_a_draft(site: Client, queued: list[Job]) -> None:
    saved()
    site.post("/providers/openrouter/check/", {"api_key": ""}, headers=HTMX)
    assert not Draft.objects.exists()
    assert not Job.objects.get().is_draft


def test_s73_a_missing_broker_is_told_at_once(
    site: Client, django_capture_on_commit_callbacks: Any
) -> None:
    saved()
    with django_capture_on_commit_callbacks(execute=True):
        site.post("/providers/openrouter/check/", {}, headers=HTMX)
    job = Job.objects.get()
    assert (job.status, job.outcome, job.detail) == ("done", Outcome.NO_WORKER, "no_broker")
    assert "broker" in site.get("/providers/openrouter/").content.decode()


def test_saving_what_was_tested_keeps_the_result(site: Client, queued: list[Job]) -> None:
    site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"}, headers=HTMX)
    job = Job.objects.get()
    job.finish(outcome=Outcome.OK, key_state="valid", ms=12)
    site.post("/providers/groq/", {"api_key": "", "draft": str(Draft.objects.get().pk)})
    row = Provider.objects.get(kind="groq")
    secret = row.open_secret("api_key")
    assert row.check_outcome == Outcome.OK
    assert secret is not None
    assert secret.reveal() == "gsk_draft1234"
    assert not Draft.objects.exists()


@pytest.mark.parametrize("outcome", sorted(UNTOLD))
def test_a_failure_of_ours_is_not_adopted_as_the_providers_state(
    site: Client, queued: list[Job], outcome: Outcome
) -> None:
    site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"}, headers=HTMX)
    Job.objects.get().finish(outcome=outcome, key_state="unknown")
    site.post("/providers/groq/", {"api_key": "", "draft": str(Draft.objects.get().pk)})
    assert Provider.objects.get(kind="groq").check_outcome == ""


def pill(site: Client, path: str) -> str:
    """The word on the connection card of a provider's page."""
    card = site.get(path).content.decode().partition('id="check-title"')[2]
    return card.partition("</div>")[0]


def test_a_test_of_other_values_says_nothing_of_what_is_saved(
    site: Client, queued: list[Job]
) -> None:
    site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"}, headers=HTMX)
    Job.objects.get().finish(outcome=Outcome.OK, key_state="valid", ms=12)
    assert "Works" in pill(site, "/providers/groq/")
    site.post("/providers/groq/", {"api_key": "gsk_other1234"})
    assert "Not tested" in pill(site, "/providers/groq/")
    assert Provider.objects.get(kind="groq").check_outcome == ""


def test_a_test_under_way_counts_for_its_values_once_they_are_saved(
    site: Client, queued: list[Job]
) -> None:
    site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"}, headers=HTMX)
    at_work = Job.objects.get()
    site.post("/providers/groq/", {"api_key": "gsk_draft1234"})
    assert "Waiting" in pill(site, "/providers/groq/")
    at_work.finish(is_told=True, outcome=Outcome.OK, key_state="valid", ms=12)
    assert "Works" in pill(site, "/providers/groq/")
    assert Provider.objects.get(kind="groq").check_outcome == Outcome.OK


def test_discarded_values_take_their_test_along(site: Client, queued: list[Job]) -> None:
    row = saved()
    for key, outcome in (("", Outcome.OK), ("sk-or-v1-broken123", Outcome.BAD_KEY)):
        site.post("/providers/openrouter/check/", {"api_key": key}, headers=HTMX)
        job = Job.objects.latest("created_at")
        job.provider = row
        job.finish(is_told=True, outcome=outcome, key_state="unknown", ms=1)
    assert "Key rejected" in pill(site, "/providers/openrouter/")
    html = site.get("/providers/openrouter/").content.decode()
    assert html.count("clear_api_key") > 1  # there is a stored one below the draft's
    site.post("/providers/openrouter/discard/")
    assert "Works" in pill(site, "/providers/openrouter/")


def test_saving_what_is_saved_keeps_its_result(site: Client, queued: list[Job]) -> None:
    saved()
    site.post("/providers/openrouter/check/", {"api_key": ""}, headers=HTMX)
    job = Job.objects.get()
    job.finish(is_told=True, outcome=Outcome.OK, key_state="valid", ms=12)
    site.post("/providers/openrouter/", {"api_key": "", "version": "1"})
    row = Provider.objects.get(kind="openrouter")
    assert (row.version, row.check_outcome) == (2, Outcome.OK)
    assert "Works" in pill(site, "/providers/openrouter/")
    site.post("/providers/openrouter/", {"api_base": "https://other.example/v1", "api_key": KEY})
    html = site.get("/providers/openrouter/").content.decode()
    assert "Not tested" in pill(site, "/providers/openrouter/")
    assert "The settings have changed since the last test." in html
    assert "What the last test found" in html


def test_only_what_is_stored_can_be_removed(site: Client, queued: list[Job]) -> None:
    site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"}, headers=HTMX)
    assert "Remove the stored key" not in site.get("/providers/groq/").content.decode()


def test_a_removal_names_the_routes_that_it_would_hit(site: Client) -> None:
    saved()
    path = "/providers/openrouter/remove/"
    assert f'href="{path}"' in site.get("/providers/openrouter/").content.decode()
    assert "No route is served by it." in site.get(path).content.decode()
    Route(slot="main", model="openrouter/some/model").store()
    html = site.get(path).content.decode()
    assert Provider.objects.exists()
    assert "would lose it:" in html
    assert "<strong>Main</strong>" in html


def test_a_removal_tells_of_the_copy_that_stays(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved()
    words = "A sealed copy of the settings and keys is kept among the versions, until there are 20"
    path = "/providers/openrouter/remove/"
    assert words in flat(site.get(path))
    monkeypatch.setattr("facio_site.sealing.master_keys", dict)
    assert words not in flat(site.get(path))


def test_a_removal_does_not_name_a_route_whose_model_another_provider_serves(site: Client) -> None:
    saved()
    saved("anthropic")
    Route(slot="vision", model="anthropic/claude-x", provider="openrouter").store()
    html = site.get("/providers/anthropic/remove/").content.decode()
    assert "No route is served by it." in html
    assert "Vision" not in html


def test_what_changed_is_told_of_values_that_came_by_a_draft(
    site: Client, queued: list[Job]
) -> None:
    base, key = "https://groq.example/v1", "gsk_draft1234"
    site.post("/providers/groq/check/", {"api_key": key, "api_base": base}, headers=HTMX)
    site.post("/providers/groq/", {"api_base": base, "draft": str(Draft.objects.get().pk)})
    assert AuditEntry.objects.get(action="provider.saved").fields == ["api_base", "api_key"]
    site.post("/providers/groq/", {"api_base": base, "api_key": key})
    assert AuditEntry.objects.filter(action="provider.saved").latest("pk").fields == []


def test_a_failing_draft_leaves_the_working_key_alone(site: Client, queued: list[Job]) -> None:
    row = saved()
    site.post("/providers/openrouter/check/", {"api_key": "sk-or-v1-broken"}, headers=HTMX)
    Job.objects.get().finish(outcome=Outcome.BAD_KEY, key_state="invalid")
    site.post("/providers/openrouter/discard/")
    assert not Draft.objects.exists()
    assert AuditEntry.objects.get(action="provider.discarded").target == "openrouter"
    site.post("/providers/openrouter/discard/")  # there is nothing any more
    assert AuditEntry.objects.filter(action="provider.discarded").count() == 1
    secret = Provider.objects.get(pk=row.pk).open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == KEY


def test_a_draft_is_its_owners_alone(site: Client, queued: list[Job], editor: Any) -> None:
    site.post("/providers/groq/check/", {"api_key": "gsk_mine12345"}, headers=HTMX)
    other = signed_in(editor)
    other.post("/providers/groq/check/", {"api_key": "gsk_other1234"}, headers=HTMX)
    other.post("/providers/groq/discard/")
    own = Draft.objects.exclude(created_by=editor)
    site.post("/providers/groq/", {"draft": str(own.get().pk), "version": "0"})
    secret = Provider.objects.get(kind="groq").open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == "gsk_mine12345"


def test_s78_a_tested_key_that_is_no_longer_kept_is_not_passed_over(
    site: Client, queued: list[Job]
) -> None:
    saved()
    site.post("/providers/openrouter/check/", {"api_key": "sk-or-v1-fresh12345"}, headers=HTMX)
    assert 'name="draft"' in site.get("/providers/openrouter/").content.decode()
    Draft.objects.update(expires_at=timezone.now())
    answer = site.post("/providers/openrouter/", {"draft": "1", "version": "1"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "no longer kept" in html
    assert 'name="draft"' not in html
    for part in ("check", "catalog"):
        told = site.post(f"/providers/openrouter/{part}/", {"draft": "1"}, headers=HTMX)
        assert "no longer kept" in told.content.decode()
    assert site.post("/providers/openrouter/", {"version": "1"}).status_code == 302


def test_s78_a_draft_over_what_somebody_saved_since_is_not_shown(
    site: Client, queued: list[Job]
) -> None:
    row = saved()
    site.post("/providers/openrouter/check/", {"api_base": "https://old.example/v1"}, headers=HTMX)
    row.store()
    assert "old.example" not in site.get("/providers/openrouter/").content.decode()


def test_s78_a_page_with_errors_stays_the_page_of_its_version(site: Client) -> None:
    saved().store()
    answer = site.post("/providers/openrouter/", {"version": "1", "api_base": "nothing"})
    assert answer.status_code == 422
    assert 'name="version" value="1"' in answer.content.decode()


def test_s78_the_second_of_two_editors_sees_both_versions(site: Client) -> None:
    row = saved()
    row.api_base = "https://openrouter.ai/theirs"
    row.store()
    answer = site.post(
        "/providers/openrouter/", {"version": "1", "api_base": "https://openrouter.ai/mine"}
    )
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "https://openrouter.ai/mine" in html
    assert "https://openrouter.ai/theirs" in html


def test_s62_a_viewer_sees_pages_and_changes_nothing(viewer: Any) -> None:
    client = Client()
    client.force_login(viewer)
    saved()
    assert client.get("/providers/openrouter/").status_code == 200
    for path in ("", "check/", "catalog/", "discard/", "remove/"):
        assert client.post(f"/providers/openrouter/{path}", {}).status_code == 403
    assert Provider.objects.get().version == 1


def test_removing_a_provider_forgets_its_jobs_and_keys(site: Client, queued: list[Job]) -> None:
    row = saved()
    queue.start(row, Task.CHECK)
    site.post("/providers/openrouter/remove/")
    assert not Provider.objects.exists()
    assert not Job.objects.exists()


@pytest.mark.usefixtures("one_minute")
def test_queries_of_the_list_do_not_grow_with_providers(site: Client, queued: list[Job]) -> None:
    def queries() -> int:
        site.get("/accounts/")  # the navigation has counted what needs attention
        with CaptureQueriesContext(connection) as captured:
            site.get("/providers/")
        return len(captured)

    saved("openrouter")
    few = queries()
    assert queries() == few - 7  # drawn already: the list is not read as objects again
    for kind in ("groq", "mistral", "deepseek", "moonshot"):
        queue.start(saved(kind), Task.CHECK)
    assert queries() == few


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Provider.objects.update(check_outcome="bad_key", version=9),
        lambda row: Provider.objects.update(catalog_count=31),
        lambda row: Provider.objects.update(
            money_amount=2, money_currency="USD", money_means="left", money_at=timezone.now()
        ),
        lambda row: Provider.objects.update(check_outcome="ok", checked_at=timezone.now()),
        lambda row: queue.start(row, Task.CHECK),
        lambda row: Provider.objects.all().delete(),
    ],
)
def test_a_list_that_was_drawn_is_drawn_anew_when_anything_of_it_changes(
    site: Client, queued: list[Job], change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.pages.board.STAMP_SECONDS", 10**9)
    row = saved("openrouter")
    before = flat(site.get("/providers/"))
    change(row)
    assert flat(site.get("/providers/")) != before
