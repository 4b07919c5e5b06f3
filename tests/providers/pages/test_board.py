"""The list of providers: search, filters, order, "Test all" and what it costs."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from facio_site.audit.models import AuditEntry
from providers.kinds import KINDS
from providers.models import Job, Provider, Task
from providers.pages.asked import Asked
from providers.pages.board import Look, board
from providers.work import queue
from tests import desk
from tests.desk import HTMX
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued"), pytest.mark.battery]


def saved(kind: str, outcome: str = "", **more: Any) -> Provider:
    row = desk.saved(kind)
    checked = {"check_outcome": outcome, "checked_at": timezone.now(), "check_ms": 12}
    Provider.objects.filter(pk=row.pk).update(**(checked if outcome else {}), **more)
    return Provider.objects.get(pk=row.pk)


def shown(client: Client, query: str = "", path: str = "/providers/") -> list[str]:
    """Kinds of the cards, in their order."""
    html = client.get(path + query).content.decode()
    return re.findall(r'<article[^>]*data-kind="(\w+)"', html)


def test_what_is_set_up_comes_first(site: Client) -> None:
    saved("zhipu")
    saved("groq")
    kinds = shown(site)
    assert kinds[:2] == ["groq", "zhipu"]
    assert set(kinds) == set(KINDS)


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("works", {"groq"}),
        ("attention", {"mistral", "deepseek"}),
        ("untested", {"openai", "gemini"}),
    ],
)
def test_a_status_shows_the_providers_of_that_status(
    site: Client, status: str, kinds: set[str]
) -> None:
    saved("groq", "ok")
    saved("mistral", "bad_key")
    saved("deepseek", "reachable_unverified")
    saved("openai")
    saved("gemini", "reference")
    assert set(shown(site, f"?status={status}")) == kinds


def test_what_the_navigation_counts_is_found_in_the_list(site: Client) -> None:
    row = saved("groq", "ok")
    assert shown(site, "?status=attention") == []
    ends = timezone.now().date() + timedelta(days=5)
    Provider.objects.filter(pk=row.pk).update(key_expires_on=ends)
    html = site.get("/providers/").content.decode()
    assert re.search(r'id="needed-provider[s]?"[^>]*>\s*1<', html)
    assert 'id="count-attention">1<' in html
    assert shown(site, "?status=attention") == ["groq"]
    assert shown(site, "?status=works") == ["groq"]


@pytest.mark.parametrize("kind", ["gemini", "openai_codex"])
def test_the_overview_counts_as_untested_what_the_list_shows(site: Client, kind: str) -> None:
    saved("groq")
    saved(kind, "reference" if kind == "gemini" else "")
    assert "2 providers have not been tested" in flat(site.get("/"))
    assert set(shown(site, "?status=untested")) == {"groq", kind}
    Provider.objects.filter(name="groq").delete()
    html = flat(site.get("/"))
    assert "1 provider can only be tested by the agent" in html
    assert "1 not tested" in html


def test_not_set_up_shows_the_others(site: Client) -> None:
    saved("groq")
    assert set(shown(site, "?status=off")) == set(KINDS) - {"groq"}


def test_the_counts_say_how_many_each_status_has(site: Client) -> None:
    saved("groq", "ok")
    saved("mistral", "bad_key")
    html = site.get("/providers/").content.decode()
    counts = dict(re.findall(r'id="count-(\w+)">(\d+)<', html))
    assert counts == {
        "all": str(len(KINDS)),
        "works": "1",
        "attention": "1",
        "untested": "0",
        "off": str(len(KINDS) - 2),
    }


def test_a_group_shows_the_kinds_of_that_group(site: Client) -> None:
    kinds = shown(site, "?group=local")
    assert kinds
    assert {KINDS[kind].group for kind in kinds} == {"local"}


def test_search_finds_by_label_and_by_key_in_any_case(site: Client) -> None:
    assert shown(site, "?q=hugging+FACE") == ["huggingface"]
    assert shown(site, "?q=azure_open") == ["azure_openai"]


def test_nothing_found_says_so_and_how_to_go_on(site: Client) -> None:
    html = site.get("/providers/?q=nothing-like-it").content.decode()
    assert "No provider matches" in html
    assert re.search(r'href="/providers/">\s*Clear the filters\s*</a>', html)
    html = site.get("/providers/?q=nothing-like-it&view=list").content.decode()
    assert re.search(r'href="/providers/\?view=list">\s*Clear the filters\s*</a>', html)


def test_unknown_values_ask_for_nothing(site: Client) -> None:
    assert len(shown(site, "?status=%22%3E&group=x&sort=y")) == len(KINDS)


def test_order_by_name(site: Client) -> None:
    labels = [KINDS[kind].label.lower() for kind in shown(site, "?sort=name")]
    assert labels == sorted(labels)


def test_order_by_status_begins_with_what_needs_attention(site: Client) -> None:
    saved("anthropic", "ok")
    saved("zhipu", "timeout")
    saved("openai")
    assert shown(site, "?sort=status")[:3] == ["zhipu", "anthropic", "openai"]


def test_order_by_last_test_begins_with_the_newest(site: Client) -> None:
    old = timezone.now() - timedelta(days=2)
    saved("anthropic", "ok")
    Provider.objects.filter(kind="anthropic").update(checked_at=old)
    saved("zhipu", "ok")
    saved("groq")
    assert shown(site, "?sort=tested")[:3] == ["zhipu", "anthropic", "groq"]


def test_order_by_models_begins_with_the_most(site: Client) -> None:
    saved("groq", catalog_count=3)
    saved("openrouter", catalog_count=650)
    assert shown(site, "?sort=models")[:2] == ["openrouter", "groq"]


def test_the_cards_alone_have_the_same_filters_and_a_tidy_address(site: Client) -> None:
    answer = site.get("/providers/cards/?q=groq&status=&group=&sort=", headers=HTMX)
    assert re.findall(r'data-kind="(\w+)"', answer.content.decode()) == ["groq"]
    assert "<html" not in answer.content.decode()
    assert answer["HX-Replace-Url"] == "?q=groq"
    assert site.get("/providers/cards/", headers=HTMX)["HX-Replace-Url"] == "/providers/"


def test_a_card_says_what_its_last_test_came_to(site: Client) -> None:
    saved("groq", "ok", catalog_count=15)
    html = flat(site.get("/providers/?q=groq"))
    card = html[html.index("<article") : html.index("</article>")]
    assert 'data-outcome="ok" data-state="done"' in card
    assert re.search(r"15 models.*Works.*just now.*12 ms", card)
    Provider.objects.update(catalog_count=20_000)
    assert "20,000 models" in site.get("/providers/").content.decode()
    with translation.override("de"):
        site.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
        assert "20.000 Modelle" in site.get("/providers/").content.decode()
        assert '<span class="tile-value"> 20.000 </span>' in flat(site.get("/"))
    page = site.get("/providers/groq/").content.decode()
    assert 'data-count="20000"' in page  # for scripts, not for people


def test_a_card_that_was_drawn_once_is_drawn_anew_when_something_changed(site: Client) -> None:
    row = saved("groq", "ok")
    shown(site)
    Provider.objects.filter(pk=row.pk).update(check_outcome="bad_key")
    assert 'data-kind="groq" data-outcome="bad_key"' in flat(site.get("/providers/"))


def test_a_card_is_drawn_for_each_language(site: Client) -> None:
    card = next(card for card in board().cards if card.kind == "groq")
    english = card.drawn(Look())
    with translation.override("de"):
        assert 'data-kind="groq"' in card.drawn(Look())
        assert card.drawn(Look()) != english
    assert card.drawn(Look()) == english


def test_a_test_under_way_shows_on_its_card_and_wakes_the_page(site: Client) -> None:
    job = queue.start(saved("groq", "ok"), Task.CHECK)
    answer = site.get("/providers/cards/?q=groq", headers=HTMX)
    html = answer.content.decode()
    assert f'name="w" value="card:{job.pk}:0"' in html
    assert 'data-state="queued"' in html
    assert answer["HX-Trigger-After-Settle"] == "started"


def test_a_test_of_unsaved_values_does_not_show_on_the_list(site: Client) -> None:
    row = saved("groq", "ok")
    Job.objects.create(
        provider=row,
        task=Task.CHECK,
        is_draft=True,
        input_version=1,
        input_digest="x",
        deadline=timezone.now() + timedelta(minutes=1),
    )
    assert 'data-kind="groq" data-outcome="ok" data-state="done"' in flat(site.get("/providers/"))


def test_what_nobody_will_end_is_ended_when_the_list_is_looked_at(site: Client) -> None:
    job = queue.start(saved("groq"), Task.CHECK)
    Job.objects.filter(pk=job.pk).update(deadline=timezone.now() - timedelta(seconds=1))
    html = site.get("/providers/").content.decode()
    assert 'name="w" value="card:' not in html
    assert Job.objects.get(pk=job.pk).outcome == "no_answer"


# Test all ---------------------------------------------------------------------------------------


def test_a_round_counts_what_needs_attention_as_the_filter_does(site: Client) -> None:
    for kind in ("groq", "mistral", "zhipu", "deepseek"):
        saved(kind)
    site.post("/providers/check/", headers=HTMX)
    by_kind = {job.provider.kind: job for job in Job.objects.select_related("provider")}
    by_kind["groq"].finish(is_told=True, outcome="reachable_unverified", key_state="unknown", ms=4)
    by_kind["mistral"].finish(is_told=True, outcome="reference", key_state="unknown", ms=4)
    by_kind["zhipu"].finish(is_told=True, outcome="ok", key_state="valid", ms=4)
    page = site.get("/providers/")
    assert "1 needs attention" in flat(page)
    assert page.context["board"].counts()["attention"] == 1
    by_kind["deepseek"].finish(is_told=True, outcome="ok", key_state="valid", ms=4)
    assert "Show what needs attention" in flat(site.get("/providers/"))


def test_test_all_says_what_is_done_what_runs_and_what_failed(site: Client) -> None:
    for kind in ("groq", "mistral", "zhipu", "deepseek"):
        saved(kind)
    site.post("/providers/check/", headers=HTMX)
    by_kind = {job.provider.kind: job for job in Job.objects.select_related("provider")}
    by_kind["groq"].finish(outcome="ok", key_state="valid", ms=4)
    by_kind["mistral"].finish(outcome="bad_key", key_state="invalid", ms=4)
    by_kind["zhipu"].claim("worker-1", 15)
    html = flat(site.get("/providers/"))
    assert "2 of 4 finished, 1 running" in html
    assert ": Zhipu AI" in html
    assert "1 needs attention" in html
    assert '<progress id="batch-bar" value="2" max="4">' in html
    assert "Mistral: Key rejected" in html
    assert "DeepSeek: Waiting" in html
    assert "/providers/check/cancel/" in html


def test_the_end_of_test_all_is_summed_up(site: Client) -> None:
    for kind in ("groq", "mistral"):
        saved(kind)
    site.post("/providers/check/", headers=HTMX)
    for job in Job.objects.all():
        outcome = "ok" if job.provider.kind == "groq" else "timeout"
        job.finish(outcome=outcome, key_state="unknown", ms=4, is_told=True)
    html = site.get("/providers/").content.decode()
    assert "Last round: 1 of 2 work" in html
    assert 'href="/providers/?status=attention"' in html
    assert "<progress" not in html


ATTENTION = 'href="/providers/?status=attention"'


def test_tests_that_nobody_made_are_no_failures_of_their_providers(site: Client) -> None:
    for kind in ("groq", "mistral", "zhipu"):
        saved(kind)
    site.post("/providers/check/", headers=HTMX)
    ends = ("no_worker", "no_answer", "no_key")
    for job, outcome in zip(Job.objects.all(), ends, strict=True):
        job.finish(outcome=outcome, key_state="unknown")
    html = flat(site.get("/providers/"))
    assert "Last round: no result" in html
    assert "0 of 3 work" not in html
    assert "3 without a result" in html
    assert "3 without a result:" not in html
    assert ATTENTION not in html
    Job.objects.update(outcome="no_worker", version=9)
    assert "3 without a result: No worker" in flat(site.get("/providers/"))


def test_beside_tests_that_nobody_made_a_failure_still_needs_attention(site: Client) -> None:
    ends = {"groq": "ok", "mistral": "bad_key", "zhipu": "internal_error"}
    for kind in (*ends, "deepseek"):
        saved(kind)
    site.post("/providers/check/", headers=HTMX)
    for job in Job.objects.exclude(provider__kind="deepseek"):
        job.finish(outcome=ends[job.provider.kind], key_state="unknown", is_told=True)
    assert "1 needs attention" in flat(site.get("/providers/"))
    site.post("/providers/check/cancel/", headers=HTMX)
    html = flat(site.get("/providers/"))
    assert "Last round: 1 of 4 work" in html
    assert "1 cancelled" in html
    assert "1 without a result" in html
    assert ATTENTION in html


def test_what_needs_no_attention_any_more_is_not_led_to(site: Client) -> None:
    saved("groq")
    site.post("/providers/check/", headers=HTMX)
    Job.objects.get().finish(outcome="bad_key", key_state="invalid", is_told=True)
    assert ATTENTION in flat(site.get("/providers/"))
    again = queue.start(Provider.objects.get(), Task.CHECK)
    again.finish(outcome="ok", key_state="valid", is_told=True)
    html = flat(site.get("/providers/"))
    assert "Last round: 0 of 1 work" in html
    assert ATTENTION not in html


def test_a_list_that_nobody_fetched_is_still_one_that_was_not_fetched(site: Client) -> None:
    saved("groq")
    site.post("/catalog/fetch/")
    Job.objects.get().finish(outcome="no_worker", key_state="unknown")
    html = flat(site.get("/catalog/"))
    assert "0 of 1 lists fetched" in html
    assert "Not fetched: Groq" in html


def test_a_cancelled_round_says_so(site: Client) -> None:
    saved("groq")
    site.post("/providers/check/", headers=HTMX)
    site.post("/providers/check/cancel/", headers=HTMX)
    assert "1 cancelled" in site.get("/providers/").content.decode()


def test_an_old_round_is_not_told_any_more(site: Client) -> None:
    job = queue.start(saved("groq"), Task.CHECK, batch=uuid.uuid4())
    job.finish(outcome="ok", key_state="valid", ms=4)
    Job.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert "Last round" not in site.get("/providers/").content.decode()


def test_of_two_rounds_the_newer_one_counts(site: Client) -> None:
    row = saved("groq")
    old = queue.start(row, Task.CHECK, batch=uuid.uuid4())
    old.finish(outcome="timeout", key_state="unknown")
    Job.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    queue.start(row, Task.CHECK, batch=uuid.uuid4()).finish(outcome="ok", key_state="valid")
    progress = board().progress
    assert progress is not None
    assert (progress.total, progress.ok) == (1, 1)


def test_cancel_ends_the_round_and_keeps_the_filters(site: Client) -> None:
    saved("groq")
    saved("mistral")
    site.post("/providers/check/", headers=HTMX)
    answer = site.post("/providers/check/cancel/", {"q": "groq"}, headers=HTMX)
    assert re.findall(r'<article[^>]*data-kind="(\w+)"', answer.content.decode()) == ["groq"]
    assert set(Job.objects.values_list("status", flat=True)) == {"cancelled"}
    assert AuditEntry.objects.filter(action="provider.cancelled").count() == 1
    site.post("/providers/check/cancel/", headers=HTMX)  # nothing runs any more
    assert AuditEntry.objects.filter(action="provider.cancelled").count() == 1


def test_news_of_a_card_bring_counts_and_progress_along(site: Client) -> None:
    saved("groq")
    site.post("/providers/check/", headers=HTMX)
    job = Job.objects.get()
    job.finish(outcome="ok", key_state="valid", ms=4, is_told=True)
    html = site.get("/live/", {"w": f"card:{job.pk}:0"}, headers=HTMX).content.decode()
    assert re.search(r'<article[^>]*id="card-groq"[^>]*hx-swap-oob="true"', html)
    assert 'id="count-works" hx-swap-oob="true">1<' in html
    assert 'id="progress" hx-swap-oob="true"' in html
    assert html.count("<article") == 1


# What it costs ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("one_minute")
def test_the_list_takes_two_queries_whatever_there_is(site: Client) -> None:
    def queries() -> list[str]:
        site.get("/accounts/")  # the navigation has counted what needs attention
        caches["pages"].clear()  # or nothing would have to be drawn
        with CaptureQueriesContext(connection) as captured:
            site.get("/providers/")
        return [q["sql"] for q in captured if 'FROM "providers_' in q["sql"]]

    assert len(queries()) == 2
    for kind, spec in KINDS.items():
        if not spec.is_oauth:
            saved(kind, "ok")
    site.post("/providers/check/", headers=HTMX)
    assert len(queries()) == 2


def test_an_age_grows_although_no_row_changes(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, now = saved("groq", "ok"), timezone.now()
    monkeypatch.setattr("facio_site.clock.skew", lambda: 0.0)

    def seen(seconds: int) -> str:
        monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=seconds))
        return next(card.age for card in board().cards if card.kind == "groq")

    Provider.objects.filter(pk=row.pk).update(checked_at=now)
    ages = [seen(seconds) for seconds in (0, 9, 10, 59, 60, 119, 3_600, 86_400, 172_800)]
    assert ages == [
        *("just now", "just now", "10 s ago", "59 s ago", "1 min ago", "1 min ago"),
        *("1 h ago", "1 day ago", "2 days ago"),
    ]


def test_asked_filters_and_sorts_without_a_request() -> None:
    cards = board().cards
    assert [card.kind for card in Asked(q="groq").of(cards)] == ["groq"]
    assert not Asked().is_filtered
    assert Asked(status="works").is_filtered
