"""watch_status and watch_run_due, the latter through the real door against simulators."""

import io
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from facio_site import clock
from facio_site.commands import UsageError
from providers.models import Job, Provider, Task
from providers.spec.outcomes import NOT_BAD
from routing.management.commands import watch_run_due
from routing.models import (
    Alert,
    Channel,
    Delivery,
    Route,
    Spent,
    Standing,
    Watch,
    WatchSettings,
)
from tests.desk import saved
from tests.routing.watch.results import ended
from tests.simulators import Simulators
from tests.simulators.entries import MODELS, demo_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]
CHANNELS = [uuid.UUID(int=1), uuid.UUID(int=2)]


def run(*words: str) -> tuple[str, int]:
    out, code = io.StringIO(), 0
    try:
        call_command(*words, stdout=out)
    except SystemExit as stop:
        code = int(str(stop.code))
    return out.getvalue(), code


def told(*words: str) -> tuple[dict[str, Any], int]:
    text, code = run(*words, "--json")
    return json.loads(text), code


def watch(about: str, every: int = 15) -> Watch:
    row: Watch = Watch.objects.create(about=about, every=every, due_at=timezone.now())
    return row


def stands(about: str, *, is_failing: bool, outcome: str) -> None:
    since = timezone.now() - timedelta(hours=1)
    Standing.objects.create(about=about, is_failing=is_failing, since=since, outcome=outcome)


def delivery(
    status: str,
    *,
    attempts: int = 1,
    fault: str = "",
    outcome: str = "",
    is_noted: bool = False,
    is_new: bool = False,
) -> None:
    channel = Channel.objects.create(
        name=f"c{Channel.objects.count()}",
        kind="json",
        fault=fault,
        sent_at=None if is_new else timezone.now(),
    )
    mark = f"m{Alert.objects.count()}"
    alert = Alert.objects.create(kind="fails", about="provider:groq", mark=mark)
    Delivery.objects.create(
        alert=alert,
        channel=channel,
        status=status,
        attempts=attempts,
        outcome=outcome,
        first_tried_at=None if is_noted else timezone.now(),
    )


# watch_status


def test_the_status_of_a_site_that_watches_nothing_is_well() -> None:
    found, code = told("watch_status")
    assert found == {
        "is_on": True,
        "quiet": None,
        "completions": {"used": 0, "allowed": 50},
        "watched": [],
        "unsent": 0,
    }
    assert code == 0


def test_the_status_tells_each_subject_in_full() -> None:
    row = saved("groq")
    job = Job.objects.create(
        provider=row,
        task=Task.CHECK,
        status="done",
        finished_at=timezone.now(),
        deadline=timezone.now(),
        input_version=1,
        input_digest="x",
    )
    watch("provider:groq")
    Watch.objects.update(job=job)
    watch("catalog:groq", 0)
    watch("route:main", 1440)
    Watch.objects.filter(about="route:main").update(passed_over="budget")
    stands("provider:groq", is_failing=False, outcome="ok")
    stands("catalog:groq", is_failing=True, outcome="timeout")
    Spent.objects.create(day=timezone.now().date(), completions=7)
    WatchSettings(pk=1, quiet_from=time(22), quiet_until=time(7), completions_a_day=9).save()
    found, code = told("watch_status")
    assert code == 0
    assert found["completions"] == {"used": 7, "allowed": 9}
    assert found["quiet"]["from"] == "22:00"
    assert [*found["quiet"]] == ["from", "until", "zone", "is_now"]
    rows = {one["about"]: one for one in found["watched"]}
    assert [*rows] == ["catalog:groq", "provider:groq", "route:main"]
    groq = rows["provider:groq"]
    fields = "about label every due_at state since outcome passed_over last_at"
    assert [*groq] == fields.split()
    assert (groq["label"], groq["every"], groq["state"], groq["outcome"]) == (
        *("Groq", 15, "works", "ok"),
    )
    for name in ("due_at", "since", "last_at"):
        assert datetime.fromisoformat(groq[name]).tzinfo
    assert rows["catalog:groq"]["state"] == "off"
    main = rows["route:main"]
    assert (main["state"], main["passed_over"], main["last_at"]) == ("unknown", "budget", None)


def test_a_check_is_next_after_the_quiet_hours_or_due_since_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def line() -> str:
        out = io.StringIO()
        call_command("watch_status", stdout=out)
        return out.getvalue().splitlines()[-1]

    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    watch("provider:groq")
    Watch.objects.update(due_at=now - timedelta(hours=3))
    assert line().endswith("due since 2026-11-30 09:00 UTC")
    Watch.objects.update(due_at=now + timedelta(hours=1))
    assert line().endswith("next 2026-11-30 13:00 UTC")
    WatchSettings(pk=1, quiet_from=time(12, 30), quiet_until=time(14)).save()
    assert line().endswith("next 2026-11-30 14:00 UTC")


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [("rate_limited", "rate_limited"), ("no_answer", "no_answer"), ("ok", "ok")],
)
def test_a_test_that_proved_nothing_does_not_read_as_the_good_one_before_it(
    outcome: str, shown: str
) -> None:
    row, now = saved("groq"), timezone.now()
    end = {"status": "done", "outcome": outcome, "finished_at": now, "deadline": now}
    job = Job.objects.create(
        provider=row, task=Task.CHECK, input_version=row.version, input_digest="", **end
    )
    watch("provider:groq")
    Watch.objects.update(job=job)
    stands("provider:groq", is_failing=False, outcome="ok")
    [one] = told("watch_status")[0]["watched"]
    assert (one["state"], one["outcome"]) == ("works", shown)


@pytest.mark.parametrize(
    ("about", "jobs", "shown"),
    [
        ("provider:groq", [("no_answer", {}), ("bad_key", {})], "bad_key"),
        ("provider:groq", [("rate_limited", {}), ("ok", {})], "ok"),
        (
            "route:main",
            [("rate_limited", {"llama-9": "rate_limited", "eyes-1": "ok"})],
            "rate_limited",
        ),
        ("route:vision", [("rate_limited", {"llama-9": "rate_limited", "eyes-1": "ok"})], "ok"),
        ("route:main", [("rate_limited", {"llama-9": "rate_limited"}), ("ok", {})], "rate_limited"),
        ("route:main", [("ok", {"llama-9": "ok"}), ("bad_key", {})], "bad_key"),
    ],
)
def test_the_last_outcome_is_the_newest_one_that_says_anything_of_the_subject(
    about: str, jobs: list[tuple[str, dict[str, str]]], shown: str
) -> None:
    row = saved("groq")
    for slot, model in (("main", "llama-9"), ("vision", "eyes-1")):
        Route.objects.create(slot=slot, model=model, provider="groq")
    watch(about)
    Watch.objects.update(job=ended(row, jobs[0][0], 0, jobs[0][1]))
    for minutes, (outcome, models) in enumerate(jobs[1:], 1):
        ended(row, outcome, minutes, models)
    [one] = told("watch_status")[0]["watched"]
    assert one["outcome"] == shown


def test_what_fails_ends_with_one_unless_it_is_not_watched() -> None:
    watch("provider:groq")
    stands("provider:groq", is_failing=True, outcome="bad_key")
    text, code = run("watch_status")
    assert code == 1
    assert "provider:groq" in text
    assert "failing" in text
    assert "bad_key" in text
    Watch.objects.update(every=0)
    assert run("watch_status")[1] == 0
    Watch.objects.update(every=15)
    WatchSettings(pk=1, is_on=False).save()
    text, code = run("watch_status")
    assert code == 0
    assert "Scheduled checks are off." in text


@pytest.mark.parametrize(
    ("status", "options", "count"),
    [
        ("sent", {}, 0),
        ("waiting", {"attempts": 0}, 0),  # it was not tried yet
        ("waiting", {"attempts": 1}, 1),
        ("lost", {"fault": "timeout"}, 1),
        ("lost", {}, 0),  # the channel has taken another one since
        ("lost", {"is_new": True}, 1),  # it leads elsewhere, and has taken none there
        ("lost", {"fault": "timeout", "is_noted": True}, 0),
        ("lost", {"fault": "timeout", "outcome": "cancelled"}, 0),  # it was switched off
    ],
)
def test_an_alert_that_could_not_be_sent_ends_with_one(
    status: str, options: dict[str, Any], count: int
) -> None:
    delivery(status, **options)
    found, code = told("watch_status")
    assert (found["unsent"], code) == (count, min(count, 1))
    Channel.objects.update(is_on=False)
    assert told("watch_status")[1] == 0


@pytest.mark.parametrize("command", ["watch_status", "watch_run_due"])
def test_a_wrong_use_ends_with_two(command: str) -> None:
    with pytest.raises(UsageError) as caught:
        call_command(command, "--no-such-option")
    assert caught.value.returncode == 2


# watch_run_due


class Watchers:
    """Stand-ins for who judges and who sends: what failed is due again soon, twice is a failure."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.sent: list[uuid.UUID] = []
        self.looked = 0
        self.part(monkeypatch, "judging", judge_ended=self.judge)
        self.part(monkeypatch, "conditions", look=self.look)
        self.part(
            monkeypatch,
            "alerts.deliver",
            due_channels=lambda now: CHANNELS,
            deliver=lambda channel, now: self.sent.append(channel),
        )
        monkeypatch.setattr(watch_run_due, "sleep", self.sleep)

    def part(self, monkeypatch: pytest.MonkeyPatch, name: str, **functions: Any) -> None:
        for function, stand_in in functions.items():
            monkeypatch.setattr(f"routing.watch.{name}.{function}", stand_in)

    def look(self, now: datetime) -> None:
        self.looked += 1

    def judge(self, now: datetime) -> None:
        for job in Job.objects.filter(is_rolled_up=False):
            for row in Watch.objects.filter(job=job):
                standing = Standing.objects.get_or_create(about=row.about)[0]
                is_bad = job.outcome not in NOT_BAD
                standing.failures = standing.failures + 1 if is_bad else 0
                standing.is_failing = standing.failures > 1
                standing.since = now
                standing.save()
                if standing.failures == 1:
                    Watch.objects.filter(pk=row.pk).update(due_at=now + timedelta(seconds=30))
            Job.objects.filter(pk=job.pk).update(is_rolled_up=True)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        Watch.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        self.meanwhile()


@pytest.fixture
def watchers(monkeypatch: pytest.MonkeyPatch) -> Watchers:
    return Watchers(monkeypatch)


def test_what_is_due_is_asked_here_and_told_in_a_line_each(
    sims: Simulators, watchers: Watchers
) -> None:
    saved("groq", demo_key("groq"))
    Route.objects.create(slot="main", model=MODELS["groq"], provider="groq")
    for about in ("provider:groq", "catalog:groq", "route:main", "provider:mistral"):
        watch(about)
    found, code = told("watch_run_due")
    assert code == 0
    rows = {one["about"]: one for one in found["asked"]}
    assert rows.keys() == {"provider:groq", "catalog:groq", "route:main", "provider:mistral"}
    assert [*rows["route:main"]] == ["about", "label", "outcome", "message", "passed_over"]
    assert rows["provider:mistral"]["outcome"] == ""
    assert rows["provider:mistral"]["passed_over"] == "gone"
    for about in ("provider:groq", "catalog:groq", "route:main"):
        assert (rows[about]["outcome"], rows[about]["passed_over"]) == ("ok", "")
    assert found["completions"] == {"used": 1, "allowed": 50}
    assert sorted(Job.objects.values_list("task", "is_scheduled")) == [
        ("check", True),
        ("fetch", True),
    ]
    assert Provider.objects.get().catalog_count > 5
    assert (watchers.looked, watchers.sent, watchers.slept) == (1, CHANNELS, [])
    again, _ = told("watch_run_due")
    assert again["asked"] == []
    assert Job.objects.count() == 2


def test_a_route_is_told_by_its_own_model(sims: Simulators, watchers: Watchers) -> None:
    saved("groq", demo_key("groq"))
    for slot, model in (("main", MODELS["groq"]), ("vision", "no-such-model")):
        Route.objects.create(slot=slot, model=model, provider="groq")
        watch(f"route:{slot}")
    text, _ = run("watch_run_due")
    lines = {line.split()[0]: line.split()[1] for line in text.splitlines()}
    assert lines == {"route:main": "ok", "route:vision": "model_not_found"}


def test_what_fails_is_asked_again_half_a_minute_later_and_ends_with_one(
    sims: Simulators, watchers: Watchers
) -> None:
    saved("groq", demo_key("groq", "bad"))
    watch("provider:groq")
    found, code = told("watch_run_due")
    assert code == 1
    assert [one["outcome"] for one in found["asked"]] == ["bad_key"]
    assert Job.objects.count() == 2
    [slept] = watchers.slept
    assert 25 < slept <= 30


def test_what_works_at_the_second_look_ends_well(sims: Simulators, watchers: Watchers) -> None:
    row = saved("groq", demo_key("groq", "bad"))
    watch("provider:groq")

    def mend() -> None:
        row.put_secret("api_key", demo_key("groq"))
        assert row.store()

    watchers.meanwhile = mend
    found, code = told("watch_run_due")
    assert (code, [one["outcome"] for one in found["asked"]]) == (0, ["ok"])


def test_with_the_switch_off_or_in_the_night_nothing_is_asked(
    sims: Simulators, watchers: Watchers
) -> None:
    saved("groq", demo_key("groq"))
    watch("provider:groq")
    WatchSettings(pk=1, is_on=False).save()
    assert told("watch_run_due")[0]["asked"] == []
    now = timezone.now()
    early, late = ((now + timedelta(hours=hours)).time() for hours in (-2, 2))
    WatchSettings(pk=1, quiet_from=early, quiet_until=late).save()
    text, code = run("watch_run_due")
    assert ("not asked yet" in text, code) == (True, 0)
    assert not Job.objects.exists()


def test_a_step_that_breaks_ends_with_one_and_leaves_the_others(
    sims: Simulators, watchers: Watchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(now: datetime) -> None:
        raise RuntimeError("a secret stood here")

    watchers.part(monkeypatch, "judging", judge_ended=breaks)
    saved("groq", demo_key("groq"))
    watch("provider:groq")
    found, code = told("watch_run_due")
    assert (code, found["asked"][0]["outcome"], watchers.sent) == (1, "ok", CHANNELS)
