"""The schedule: what is switched on and off, and what that costs."""

import re
from datetime import time, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from providers.models import Job, Provider
from routing.models import Route, Standing, Watch, WatchSettings
from routing.pages import schedule, scheduling
from routing.watch.costs import Estimate
from tests.desk import saved
from tests.markup import flat
from tests.routing.pages.scheduled import PAGE, form, opened, put, rates, row
from tests.routing.watch.results import ended, rung

pytestmark = [pytest.mark.alike, pytest.mark.django_db, pytest.mark.battery]
FREE = Estimate(0, Decimal(0))
PAID = Estimate(1, Decimal("0.001"))
UNKNOWN = Estimate(1, None)


# What is shown


def test_nothing_is_checked_by_itself_at_first(site: Client, groq: Provider) -> None:
    page = flat(site.get(PAGE))
    assert "No test runs by itself." in page
    assert "A check of a list fetches and keeps it as Fetch models does." in page
    assert 'data-every="0"' in row(page, "provider:groq")
    assert opened(page)["provider:groq"] == opened(page)["catalog:groq"] == "0"
    assert re.search(r'name="is_on"[^>]* checked', page)


def test_without_a_provider_the_page_shows_the_way_to_one(site: Client) -> None:
    page = flat(site.get(PAGE))
    assert "There is nothing to check yet" in page
    assert "<table" not in page


def test_what_cannot_be_checked_says_why(site: Client, groq: Provider) -> None:
    Provider(kind="openai_codex").store()
    saved("azure_openai", api_base="https://d.openai.azure.com", values={"deployments": ["one"]})
    Route.objects.create(slot="image", model="gpt-image", provider="groq")
    page = flat(site.get(PAGE))
    assert "the agent signs in itself" in row(page, "provider:openai_codex")
    assert "the agent signs in itself" in row(page, "catalog:openai_codex")
    assert "an image or a video" in row(page, "route:image")
    assert "not set" in row(page, "route:main")
    fields = opened(page)
    assert not {"provider:openai_codex", "route:image", "route:main"} & set(fields)
    assert "provider:azure_openai" in fields


def test_a_route_is_told_by_its_own_models_step_however_it_is_written(site: Client) -> None:
    model = "anthropic/claude-opus-4-7"
    Route.objects.create(slot="main", model=model, provider="anthropic")
    steps = [rung("key", "ok"), rung("model", "ok", model, detail="not_streamed")]
    job = ended(saved("anthropic"), "ok", model_names=[model], rungs=steps)
    Watch.objects.create(about="route:main", every=60, due_at=timezone.now(), job=job)
    assert "Unusable answer" in row(flat(site.get(PAGE)), "route:main")


def test_when_it_is_due_and_how_it_ended_stand_beside_it(site: Client, groq: Provider) -> None:
    now = timezone.now()
    job = Job.objects.create(
        provider=groq,
        task="check",
        status="done",
        outcome="timeout",
        finished_at=now,
        deadline=now,
        input_version=1,
        is_scheduled=True,
    )
    Watch.objects.create(
        about="provider:groq", every=60, due_at=now + timedelta(minutes=12, seconds=30), job=job
    )
    Watch.objects.create(about="catalog:groq", every=60, due_at=now, passed_over="budget")
    page = flat(site.get(PAGE))
    assert "in 12 min" in row(page, "provider:groq")
    assert "Timed out" in row(page, "provider:groq")
    assert "the paid calls of that day were used up" in row(page, "catalog:groq")
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=False)
    assert "in 12 min" not in flat(site.get(PAGE))


def test_quiet_hours_that_hold_now_are_told(site: Client, groq: Provider) -> None:
    rules = WatchSettings.read()
    rules.zone, now = "Asia/Tokyo", timezone.now()
    rules.quiet_from, rules.quiet_until = time(0), time(23, 59, 59)
    rules.save()
    assert schedule._quiet_until(rules, now.replace(hour=12)) == "23:59 (Asia/Tokyo)"
    rules.quiet_from = rules.quiet_until = None
    assert schedule._quiet_until(rules, now) == ""
    rules.save()
    assert "It is quiet now" not in flat(site.get(PAGE))
    rules.quiet_from, rules.quiet_until = time(0), time(23, 59, 59, 999_999)
    rules.save()
    assert "nothing is asked or sent until 23:59 (Asia/Tokyo)." in flat(site.get(PAGE))


def test_a_schedule_of_a_provider_that_is_gone_breaks_nothing(site: Client, groq: Provider) -> None:
    Watch.objects.create(about="provider:gone", every=60)
    page = flat(site.get(PAGE))
    assert "provider:gone" not in page
    assert put(site, {"provider:groq": "60"}).status_code == 302
    assert rates() == {"provider:groq": 60, "provider:gone": 60}


@pytest.mark.usefixtures("one_minute")
def test_more_providers_take_no_more_queries(site: Client, groq: Provider) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            site.get(PAGE)
        return len(captured)

    queries()
    before = queries()
    for kind in ("mistral", "deepseek", "openrouter"):
        saved(kind)
        Watch.objects.create(about=f"provider:{kind}", every=60)
    queries()
    assert queries() == before


# What is saved


def test_a_provider_is_switched_on_and_off(site: Client, groq: Provider) -> None:
    before = timezone.now()
    assert put(site, {"provider:groq": "60"}).status_code == 302
    watch = Watch.objects.get(about="provider:groq")
    assert watch.every == 60
    assert before <= watch.due_at <= timezone.now()
    assert put(site, {"provider:groq": "0"}).status_code == 302
    assert rates() == {}


def test_what_is_switched_off_is_forgotten(site: Client, groq: Provider) -> None:
    put(site, {"provider:groq": "60", "catalog:groq": "1440"})
    for about in ("provider:groq", "catalog:groq"):
        Standing.objects.create(about=about)
    put(site, {"provider:groq": "0"})
    assert [row.about for row in Standing.objects.all()] == ["catalog:groq"]


def test_what_is_not_changed_keeps_its_time(site: Client, groq: Provider) -> None:
    then = timezone.now() + timedelta(minutes=40)
    Watch.objects.create(about="provider:groq", every=60, due_at=then, passed_over="budget")
    put(site, {"catalog:groq": "60"})
    watch = Watch.objects.get(about="provider:groq")
    assert (watch.due_at, watch.passed_over) == (then, "budget")


@pytest.mark.parametrize(("every", "minutes"), [("15", 15), ("1440", 40)])
def test_who_asks_oftener_does_not_wait_for_the_old_time(
    site: Client, groq: Provider, every: str, minutes: int
) -> None:
    now = timezone.now()
    due = now + timedelta(minutes=40)
    Watch.objects.create(about="provider:groq", every=60, due_at=due)
    put(site, {"provider:groq": every})
    found = Watch.objects.get().due_at
    assert abs(found - now - timedelta(minutes=minutes)) < timedelta(seconds=30)


def test_what_is_switched_on_together_is_due_one_after_the_other(
    site: Client, groq: Provider
) -> None:
    for kind in ("mistral", "deepseek"):
        saved(kind)
    put(site, {"all:provider": "15"})
    due = sorted(Watch.objects.values_list("due_at", flat=True))
    assert [later - sooner for sooner, later in pairwise(due)] == [scheduling.APART] * 2


def test_a_group_holds_for_those_that_nobody_touched(site: Client, groq: Provider) -> None:
    saved("mistral")
    saved("deepseek")
    Watch.objects.create(about="provider:deepseek", every=1440)
    put(site, {"all:provider": "60", "provider:groq": "15"})
    assert rates() == {"provider:groq": 15, "provider:mistral": 60, "provider:deepseek": 60}
    saved("openai")  # later
    page = flat(site.get(PAGE))
    assert 'data-every="0"' in row(page, "provider:openai")
    assert "What is set up later is off at first." in page
    put(site, {"all:provider": "0"})
    assert rates() == {}


def test_what_holds_for_all_is_saved_and_recorded(site: Client, groq: Provider) -> None:
    answer = put(
        site,
        {
            "quiet_from": "22:00",
            "quiet_until": "06:30",
            "zone": "Europe/Berlin",
            "completions_a_day": "7",
            "reminds": "on",
            "provider:groq": "60",
        },
    )
    assert answer.status_code == 302
    found = WatchSettings.read()
    assert (found.quiet_from, found.quiet_until) == (time(22), time(6, 30))
    assert (found.zone, found.completions_a_day) == ("Europe/Berlin", 7)
    assert found.reminds
    entry = AuditEntry.objects.get(action="schedule.changed")
    changes = {field: (before, after) for field, before, after in entry.changes}
    assert changes["completions_a_day"] == ("50", "7")
    assert changes["provider.groq"] == ("off", "1 h")
    assert changes["quiet_from"] == ("–", "22:00")


def test_the_switch_for_all_is_taken_off(site: Client, groq: Provider) -> None:
    sent = form(site)
    del sent["is_on"]
    assert site.post(PAGE, sent).status_code == 302
    assert WatchSettings.read().is_on is False
    assert put(site, {"is_on": "on"}).status_code == 302
    assert WatchSettings.read().is_on is True


def test_saving_nothing_records_nothing(site: Client, groq: Provider) -> None:
    assert put(site, {}).status_code == 302
    assert not AuditEntry.objects.filter(action="schedule.changed").exists()


def test_after_a_save_one_sentence_says_what_will_happen(site: Client, groq: Provider) -> None:
    saved("mistral")
    put(site, {"all:provider": "15", "all:catalog": "60"})
    assert "Schedule saved. 10 checks an hour, free." in flat(site.get(PAGE))


def costs(client: Client, **changes: str) -> str:
    """What is told while somebody chooses."""
    answer = client.post("/schedule/costs/", form(client, **changes))
    assert answer.status_code == 200
    return flat(answer)


def test_while_somebody_chooses_the_costs_follow_and_nothing_is_saved(
    site: Client, groq: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    prices = {"route:main": PAID, "provider:groq": FREE}
    monkeypatch.setattr(schedule, "estimates", lambda: prices)
    told = costs(site, **{"route:main": "60", "provider:groq": "60"})
    assert "Once saved: 2 checks an hour, about $0.02 a day at most." in told
    assert '<span id="cost-route:main" hx-swap-oob="true">about $0.02 a day</span>' in told
    assert "cost-provider:groq" not in told
    saved("mistral")
    assert "Once saved: 2 checks an hour, free." in costs(site, **{"all:provider": "60"})
    assert "about $0.001 a call" in costs(site)
    assert "Once saved" not in costs(site)
    assert not Watch.objects.exists()


@pytest.mark.parametrize(
    "name", ["provider:groq", "zone", "completions_a_day", "was", "quiet_from"]
)
@pytest.mark.parametrize("text", ["", "x", "\0", "-1", "9" * 400])
def test_costs_are_told_whatever_is_typed(
    site: Client, groq: Provider, name: str, text: str
) -> None:
    assert "forecast" in costs(site, **{name: text})


def test_the_forecast_of_what_is_off_says_that(site: Client, groq: Provider) -> None:
    Watch.objects.create(about="provider:groq", every=60)
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=False)
    assert "Scheduled checks are off." in flat(site.get(PAGE))


# On other pages


def test_a_provider_s_page_says_whether_it_is_checked(site: Client, groq: Provider) -> None:
    page = flat(site.get("/providers/groq/"))
    assert "Not checked by itself" in page
    assert 'href="/schedule/#provider:groq"' in page
    Watch.objects.create(
        about="provider:groq", every=60, due_at=timezone.now() + timedelta(minutes=12, seconds=30)
    )
    assert "Checked every hour · next in 12 min" in flat(site.get("/providers/groq/"))
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=False)
    assert "Scheduled checks are off" in flat(site.get("/providers/groq/"))


def test_the_next_check_is_told_in_german_too(site: Client, groq: Provider) -> None:
    due = timezone.now() + timedelta(minutes=12, seconds=30)
    Watch.objects.create(about="provider:groq", every=60, due_at=due)
    site.cookies["language"] = "de"
    assert "Wird jede Stunde geprüft · nächste Prüfung in 12 min" in flat(
        site.get("/providers/groq/")
    )


def test_the_page_of_routes_says_which_are_checked(site: Client, groq: Provider) -> None:
    assert "/schedule/#" not in flat(site.get("/routing/"))
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    assert 'href="/schedule/#route:main"> switch on' in flat(site.get("/routing/")) or (
        'href="/schedule/#route:main">switch on' in flat(site.get("/routing/"))
    )
    Watch.objects.create(
        about="route:main", every=360, due_at=timezone.now() + timedelta(hours=2, minutes=1)
    )
    assert "Main: Checked every 6 hours · next in 2 h" in flat(site.get("/routing/"))


def test_a_check_that_is_late_is_told_everywhere(site: Client, groq: Provider) -> None:
    due = timezone.now() - timedelta(hours=3, minutes=1)
    Watch.objects.create(about="provider:groq", every=60, due_at=due)
    words = "overdue: was due 3 h ago"
    assert f"Set to every hour · {words}" in flat(site.get("/providers/groq/"))
    assert words in row(flat(site.get(PAGE)), "provider:groq")
    Watch.objects.update(due_at=timezone.now())
    assert "Checked every hour · due now" in flat(site.get("/providers/groq/"))


def test_the_next_check_comes_after_the_quiet_hours(site: Client, groq: Provider) -> None:
    now = timezone.now()
    rules = WatchSettings.read()
    rules.quiet_from = (now - timedelta(hours=1)).time()
    rules.quiet_until = (now + timedelta(hours=4, minutes=5)).time()
    rules.save()
    Watch.objects.create(about="provider:groq", every=60, due_at=now + timedelta(minutes=4))
    assert "in 4 h" in row(flat(site.get(PAGE)), "provider:groq")
    assert "Checked every hour · next in 4 h" in flat(site.get("/providers/groq/"))


def test_the_overview_says_that_no_test_runs_by_itself(site: Client, groq: Provider) -> None:
    assert "No test runs by itself." in flat(site.get("/"))
    Watch.objects.create(about="provider:groq", every=60)
    assert "by itself." not in flat(site.get("/"))
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=False)
    assert "Scheduled checks are off." in flat(site.get("/"))
    assert "by itself." not in flat(site.get("/"))


def test_the_page_speaks_german(site: Client, groq: Provider) -> None:
    site.cookies["language"] = "de"
    page = flat(site.get(PAGE))
    assert "<h1>Zeitplan</h1>" in page
    assert "Jede Stunde" in page
    for words in ("Every hour", "Quiet from", "not checked by itself"):
        assert words not in page
