"""What is due is started: once, by nobody twice, within the budget, and never in a person's way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from providers.kinds import KINDS
from providers.models import Job, Provider, Status, Task
from providers.work import queue
from routing.models import Route, Spent, Watch, WatchSettings
from routing.watch import due
from routing.watch.schedule import jitter, next_due
from tests.desk import saved

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
QUARTER = 15


@pytest.fixture(autouse=True)
def alive(queued: list[Job]) -> list[Job]:
    """A worker is there; what it is handed is not carried out."""
    return queued


def watch(about: str, every: int = QUARTER, *, late: float = 1.0) -> Watch:
    """Due for so many seconds."""
    row: Watch = Watch.objects.create(
        about=about, every=every, due_at=NOW - timedelta(seconds=late)
    )
    return row


def rules(**values: Any) -> None:
    WatchSettings(pk=WatchSettings.ONLY, **values).save()


def routed(slot: str, provider: str = "groq", model: str = "llama-9") -> Watch:
    """A route that is watched; its provider is there."""
    if not Provider.objects.filter(name=provider).exists():
        saved(provider)
    Route.objects.create(slot=slot, model=model, provider=provider)
    return watch(f"route:{slot}")


def azure(*deployments: str) -> Provider:
    row = Provider(kind="azure_openai", api_base="https://a.openai.azure.com")
    row.values["deployments"] = [*deployments]
    row.put_secret("api_key", "0" * 32)
    row.store()
    return row


def asked() -> set[tuple[str, str]]:
    return set(Job.objects.values_list("provider__name", "task"))


def over(about: str) -> str:
    return str(Watch.objects.get(about=about).passed_over)


def end_all() -> None:
    for job in Job.objects.pending():
        job.finish(outcome="ok", key_state="valid")


# What is started


def test_what_is_due_is_started_and_nothing_else() -> None:
    for name in ("groq", "mistral", "deepseek"):
        saved(name)
    watch("provider:groq")
    watch("catalog:groq")
    watch("provider:mistral", late=-60)
    watch("provider:deepseek", every=0)
    jobs = due.start_due(NOW)
    assert asked() == {("groq", Task.CHECK), ("groq", Task.FETCH)}
    for job in jobs:
        assert (job.is_scheduled, job.requested_by, job.is_draft) == (True, None, False)
        assert job.input_version == job.provider.version
        assert job.provider.has_fingerprint(job.input_digest)
    kept = Watch.objects.get(about="provider:groq")
    assert kept.job == next(job for job in jobs if job.task == Task.CHECK)
    assert kept.due_at == next_due(NOW, QUARTER, "provider:groq")
    assert due.start_due(NOW + timedelta(seconds=50)) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_started_is_handed_to_the_worker(alive: list[Job]) -> None:
    saved("groq")
    watch("provider:groq")
    jobs = due.start_due(NOW)
    assert alive == jobs
    assert len(jobs) == 1


def test_what_was_missed_is_asked_once() -> None:
    saved("groq")
    watch("provider:groq", late=30 * 86_400)
    for minutes in range(QUARTER):
        due.start_due(NOW + timedelta(minutes=minutes))
        end_all()
    assert Job.objects.count() == 1
    due.start_due(NOW + timedelta(minutes=QUARTER + 2))
    assert Job.objects.count() == 2


def test_a_look_that_was_overtaken_takes_back_nothing() -> None:
    saved("groq")
    watch("provider:groq")
    due.start_due(NOW + timedelta(seconds=30))  # begun later, and done sooner
    end_all()
    due.start_due(NOW)
    assert Watch.objects.get().due_at == next_due(
        NOW + timedelta(seconds=30), QUARTER, "provider:groq"
    )


def test_the_switch_for_all_stops_everything_and_changes_nothing() -> None:
    saved("groq")
    before = watch("provider:groq").due_at
    rules(is_on=False)
    assert due.start_due(NOW) == []
    assert Watch.objects.get().due_at == before
    assert Watch.objects.get().passed_over == ""


@pytest.mark.parametrize("found", [set(), ConnectionError()])
def test_without_a_worker_or_a_broker_it_stays_due(
    found: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("groq")
    before = watch("provider:groq").due_at

    def workers() -> set[str]:
        if isinstance(found, Exception):
            raise found
        return set(found)

    with monkeypatch.context() as patch:
        patch.setattr(due.broker, "workers", workers)
        for minutes in range(60):
            assert due.start_due(NOW + timedelta(minutes=minutes)) == []
    assert Watch.objects.get().due_at == before
    assert not Job.objects.exists()
    later = NOW + timedelta(hours=1)
    assert len(due.start_due(later)) == 1
    assert Watch.objects.get().due_at == next_due(later, QUARTER, "provider:groq")


@pytest.mark.parametrize("keys", [[], ["too short"]])
def test_without_a_master_key_nothing_is_started(
    keys: list[str], settings: Any, tmp_path: Any
) -> None:
    saved("groq")
    before = watch("provider:groq").due_at
    settings.MASTER_KEYS = keys
    settings.MASTER_KEY_FILE = tmp_path / "none"
    assert due.start_due(NOW) == []
    assert Watch.objects.get().due_at == before


def test_in_the_callers_own_process_no_worker_is_needed(
    alive: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due.broker, "workers", lambda: set())
    saved("groq")
    watch("provider:groq")
    assert len(due.start_due(NOW, hand_over=False)) == 1
    assert alive == []


# Nights and clocks


def test_in_quiet_hours_nothing_is_asked_and_each_comes_once_after_them() -> None:
    rules(quiet_from=time(22), quiet_until=time(7), zone="Europe/Berlin")
    for name in ("groq", "mistral", "deepseek"):
        saved(name)
        watch(f"provider:{name}")
    evening = datetime(2026, 6, 1, 21, 0, tzinfo=UTC)  # 23:00 there
    morning = datetime(2026, 6, 2, 5, 0, tzinfo=UTC)
    due.start_due(evening)
    for row in Watch.objects.all():
        assert row.due_at == morning + jitter(QUARTER, row.about)
    moment, started = evening, dict[datetime, int]()
    while moment < morning + timedelta(minutes=10):
        if jobs := due.start_due(moment):
            started[moment] = len(jobs)
            end_all()
        moment += timedelta(minutes=1)
    assert sum(started.values()) == 3
    assert min(started) >= morning
    assert max(started) <= morning + timedelta(minutes=3)
    assert Watch.objects.filter(passed_over="").count() == 3


def test_a_clock_that_jumps_a_day_ahead_and_back_again_costs_one_check_each() -> None:
    saved("groq")
    watch("provider:groq")
    due.start_due(NOW)
    end_all()
    due.start_due(NOW + timedelta(days=1))  # ahead: once, not 96 times
    end_all()
    assert Job.objects.count() == 2
    due.start_due(NOW + timedelta(minutes=1))  # back again: a day and more ahead is no due time
    assert Watch.objects.get().due_at < NOW + timedelta(minutes=4)
    due.start_due(NOW + timedelta(minutes=4))
    assert Job.objects.count() == 3


def test_a_second_look_that_is_due_soon_is_left_as_it_is() -> None:
    saved("groq")
    soon = NOW + timedelta(seconds=30)
    watch("provider:groq")
    Watch.objects.update(due_at=soon)
    due.start_due(NOW)
    assert Watch.objects.get().due_at == soon


# What cannot be asked


@pytest.mark.parametrize("about", ["provider:groq", "catalog:groq", "provider:openai_codex"])
def test_a_provider_that_is_removed_is_passed_over_and_costs_nothing(about: str) -> None:
    saved("groq").delete()
    watch(about)  # somebody saved the schedule at that moment
    assert due.start_due(NOW) == []
    assert over(about) == "gone"
    assert Watch.objects.get().due_at == next_due(NOW, QUARTER, about)
    assert not Job.objects.exists()
    assert not Spent.objects.exists()


def test_a_route_that_is_not_set_or_would_be_billed_as_a_picture_is_passed_over() -> None:
    routed("image", "openai", "gpt-image-1")
    watch("route:vision")
    watch("route:no-such-slot")
    assert due.start_due(NOW) == []
    assert {over(one.about) for one in Watch.objects.all()} == {"not_set"}
    assert not Spent.objects.exists()


def test_the_word_goes_once_it_is_asked_again() -> None:
    watch("provider:groq")
    due.start_due(NOW)
    assert over("provider:groq") == "gone"
    saved("groq")
    due.start_due(NOW + timedelta(minutes=17))
    assert over("provider:groq") == ""
    assert Job.objects.count() == 1


# One job for what belongs together


def test_routes_of_one_provider_go_in_one_job_with_the_providers_own_test() -> None:
    routed("main", model="llama-9")
    routed("subagent", model="llama-8")
    routed("vision", model="llama-9")
    watch("provider:groq")
    [job] = due.start_due(NOW)
    assert job.model_names == ["llama-9", "llama-8"]
    assert Spent.objects.get().completions == 2
    assert set(Watch.objects.values_list("job", flat=True)) == {job.pk}


def test_a_test_of_azures_own_with_a_route_leaves_out_no_deployment() -> None:
    azure("one", "two")
    Route.objects.create(slot="main", model="two", provider="azure_openai")
    watch("route:main")
    [alone] = due.start_due(NOW)
    assert alone.model_names == ["two"]
    end_all()
    Watch.objects.update(due_at=NOW)
    watch("provider:azure_openai")
    [both] = due.start_due(NOW)
    assert both.model_names == ["one", "two"]
    end_all()
    Watch.objects.exclude(about="provider:azure_openai").delete()
    Watch.objects.update(due_at=NOW)
    [own] = due.start_due(NOW)
    assert own.model_names == []
    assert Spent.objects.get().completions == 1 + 2 + 2


# The budget


def test_paid_calls_end_at_the_number_of_the_day_and_free_ones_go_on() -> None:
    rules(completions_a_day=2)
    for slot, name in (("main", "groq"), ("subagent", "mistral"), ("vision", "deepseek")):
        routed(slot, name, "some-model")
        watch(f"provider:{name}")
    Watch.objects.filter(about="route:main").update(due_at=NOW - timedelta(minutes=3))
    Watch.objects.filter(about="route:subagent").update(due_at=NOW - timedelta(minutes=2))
    jobs = due.start_due(NOW)
    assert len(jobs) == 3
    assert sorted(len(job.model_names) for job in jobs) == [0, 1, 1]
    assert Spent.objects.get().completions == 2
    assert (over("route:vision"), over("provider:deepseek")) == ("budget", "")
    assert Watch.objects.get(about="route:vision").due_at > NOW


def test_a_budget_of_none_pays_for_nothing() -> None:
    rules(completions_a_day=0)
    routed("main")
    assert due.start_due(NOW) == []
    assert over("route:main") == "budget"


def test_the_next_day_by_the_zone_has_a_budget_of_its_own() -> None:
    rules(completions_a_day=1, zone="Europe/Berlin")
    routed("main")
    evening = datetime(2026, 6, 1, 21, 50, tzinfo=UTC)  # 23:50 there
    assert len(due.start_due(evening)) == 1
    end_all()
    Watch.objects.update(due_at=NOW)
    assert due.start_due(evening + timedelta(minutes=9)) == []
    Watch.objects.update(due_at=NOW)
    assert len(due.start_due(evening + timedelta(minutes=10))) == 1
    assert [row.completions for row in Spent.objects.order_by("day")] == [1, 1]


def test_a_budget_that_is_lowered_below_what_is_spent_pays_for_nothing() -> None:
    rules(completions_a_day=1)
    Spent.objects.create(day=NOW.date(), completions=5)
    routed("main")
    watch("provider:groq")
    [job] = due.start_due(NOW)
    assert job.model_names == []
    assert Spent.objects.get().completions == 5


def test_what_costs_nothing_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "SHARE", 16)  # two of 32 threads
    routed("main", "groq")
    routed("subagent", "mistral", "m")
    Watch.objects.update(due_at=NOW - timedelta(hours=1))
    saved("deepseek")
    watch("provider:deepseek")
    watch("catalog:groq")
    jobs = due.start_due(NOW)
    assert [(job.provider.name, job.task) for job in jobs] == [
        ("groq", Task.FETCH),
        ("deepseek", Task.CHECK),
    ]


def test_a_model_server_of_ones_own_needs_no_budget() -> None:
    rules(completions_a_day=0)
    saved("ollama", api_base="http://localhost:11434/v1")
    Route.objects.create(slot="main", model="qwen3:8b", provider="ollama")
    watch("route:main")
    [job] = due.start_due(NOW)
    assert job.model_names == ["qwen3:8b"]


# Beside people


def test_a_persons_pending_test_is_neither_ended_nor_doubled(owner: Any) -> None:
    row = saved("groq")
    job = queue.start(row, Task.CHECK, model_names=["llama-9"], user=owner)
    before = watch("provider:groq").due_at
    watch("catalog:groq")
    assert [one.task for one in due.start_due(NOW)] == [Task.FETCH]
    job.refresh_from_db()
    assert job.status == Status.QUEUED
    assert Watch.objects.get(about="provider:groq").due_at == before
    job.finish(outcome="ok", key_state="valid")
    assert [one.task for one in due.start_due(NOW + timedelta(seconds=10))] == [Task.CHECK]


def test_a_person_takes_the_place_of_the_schedule(owner: Any) -> None:
    row = saved("groq")
    watch("provider:groq")
    [ours] = due.start_due(NOW)
    assert queue.start(row, Task.CHECK, user=owner) == ours  # the same call
    other = queue.start(row, Task.CHECK, model_names=["llama-9"], user=owner)
    ours.refresh_from_db()
    assert (ours.status, other.status) == (Status.CANCELLED, Status.QUEUED)


def test_the_schedule_counts_against_nobodys_limit(owner: Any, settings: Any) -> None:
    settings.TESTS_PER_MINUTE = 1
    for name in ("groq", "mistral", "deepseek"):
        saved(name)
        watch(f"provider:{name}")
    assert len(due.start_due(NOW)) == 3
    assert Job.objects.started_within_a_minute(owner) == 0
    queue.start(saved("openrouter"), Task.CHECK, user=owner)
    with pytest.raises(queue.TooMany):
        queue.start(saved("moonshot"), Task.CHECK, user=owner)


@pytest.mark.parametrize(("threads", "most"), [(32, 8), (8, 2), (4, 1), (3, 1), (1, 1)])
def test_the_schedule_has_a_quarter_of_the_threads(settings: Any, threads: int, most: int) -> None:
    settings.CELERY_WORKER_CONCURRENCY = threads
    names = [kind for kind, spec in KINDS.items() if not spec.is_oauth and kind != "custom"][:12]
    for name in names:
        saved(name)
        watch(f"provider:{name}")
    assert len(due.start_due(NOW)) == most
    assert due.start_due(NOW + timedelta(seconds=10)) == []
    Job.objects.pending().first().finish(outcome="ok", key_state="valid")
    assert len(due.start_due(NOW + timedelta(seconds=20))) == 1
    assert Job.objects.pending().count() == most


def test_two_rounds_at_one_moment_have_the_quarter_together(settings: Any) -> None:
    settings.CELERY_WORKER_CONCURRENCY = 8
    for name in ("groq", "mistral", "moonshot", "openrouter"):
        saved(name)
        watch(f"provider:{name}")
    asks = due._asks(list(Watch.objects.on()), NOW)
    slower, faster = (due._Round(NOW, WatchSettings.read(), hand_over=True) for _ in range(2))
    assert len(faster.start(asks[:2])) == 2
    assert slower.start(asks[2:]) == []
    assert Job.objects.pending().count() == 2


def test_a_person_in_a_burst_waits_behind_no_more_than_that(
    owner: Any, alive: list[Job], django_capture_on_commit_callbacks: Any
) -> None:
    names = [kind for kind, spec in KINDS.items() if not spec.is_oauth and kind != "custom"]
    for name in names:
        saved(name)
        watch(f"provider:{name}")
        watch(f"catalog:{name}")
    assert Watch.objects.count() > 29
    mine = saved("custom", api_base="https://llm.example.com/v1")
    with django_capture_on_commit_callbacks(execute=True):
        due.start_due(NOW)
        job = queue.start(mine, Task.CHECK, user=owner)
    assert alive.index(job) == 8
    for _ in range(60):
        end_all()
        due.start_due(NOW + timedelta(minutes=1))
        assert Job.objects.pending().count() <= 8
    assert Job.objects.filter(is_scheduled=True).count() == Watch.objects.count()


# Several at once


def test_who_believes_that_the_budget_is_whole_does_not_go_beyond_it() -> None:
    rules(completions_a_day=2)
    for slot, name in (("main", "groq"), ("subagent", "mistral"), ("vision", "deepseek")):
        routed(slot, name, "some-model")
    early, late = (due._Round(NOW, WatchSettings.read(), hand_over=True) for _ in range(2))
    first, second, third = due._asks(list(Watch.objects.order_by("about")), NOW)
    assert len(early.start([first, second])) == 2
    assert late.start([third]) == []
    assert Spent.objects.get().completions == 2
    assert Job.objects.count() == 2
    assert Watch.objects.get(about="route:vision").due_at < NOW  # the next look tells it
    due.start_due(NOW)
    assert over("route:vision") == "budget"


def test_of_two_who_read_the_same_row_one_starts_it() -> None:
    saved("groq")
    watch("provider:groq")
    stale = list(Watch.objects.on())
    assert len(due.start_due(NOW)) == 1
    end_all()
    settled = Watch.objects.get()
    kept = due._Round(NOW, WatchSettings.read(), hand_over=True)
    assert kept.start(due._asks(stale, NOW)) == []
    assert Job.objects.count() == 1
    assert Watch.objects.get().due_at == settled.due_at


@pytest.mark.django_db(transaction=True)
def test_many_at_one_moment_make_one_job_a_subject_and_keep_the_budget() -> None:
    rules(completions_a_day=2)
    for slot, name in (("main", "groq"), ("subagent", "mistral"), ("vision", "deepseek")):
        routed(slot, name, "some-model")
    for name in ("moonshot", "openrouter"):
        saved(name)
        watch(f"provider:{name}")
    begin = threading.Barrier(6)

    def start(_number: int) -> int:
        begin.wait()
        try:
            return len(due.start_due(NOW))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        started = list(pool.map(start, range(6)))
    assert sum(started) == Job.objects.count()
    assert sorted(Job.objects.values_list("provider__name", flat=True))[-2:] == [
        "moonshot",
        "openrouter",
    ]
    for _ in range(2):  # what lost a race stays due
        due.start_due(NOW)
    assert Job.objects.count() == 4
    assert Spent.objects.get().completions == 2
    assert list(Watch.objects.exclude(passed_over="").values_list("passed_over", flat=True)) == [
        "budget"
    ]


def test_what_fails_on_the_way_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    routed("main")
    before = Watch.objects.get().due_at
    with monkeypatch.context() as patch:
        patch.setattr(queue, "start_scheduled", lambda *_args, **_options: None)
        assert due.start_due(NOW) == []
    assert Watch.objects.get().due_at == before
    assert not Spent.objects.exists()
    assert len(due.start_due(NOW)) == 1
