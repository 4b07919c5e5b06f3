"""Every job that ended is judged once: counted, and told when it changed something."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import Job, Provider, Task
from providers.spec.outcomes import NOT_BAD, UNTOLD, Outcome
from routing.models import Alert, Outage, Span, Standing, Watch
from routing.watch import changes, judging, spans, subjects
from routing.watch.changes import forget
from routing.watch.judging import judge_ended
from tests.desk import saved
from tests.routing.watch.results import after, ended, provider, route, told, watched

pytestmark = pytest.mark.django_db
NEITHER = sorted(NOT_BAD - UNTOLD - {"", "ok", "reachable_unverified"})


@pytest.fixture
def groq() -> Provider:
    return provider()


def judged(row: Provider, *outcomes: str, minutes: float = 0, **more: Any) -> None:
    """Tests of it that end a minute after each other, each judged at once."""
    for place, outcome in enumerate(outcomes):
        ended(row, outcome, minutes + place, **more)
        assert judge_ended(after(minutes + place)) == 1


def standing(about: str) -> Standing:
    return Standing.objects.get(about=about)


def outages(about: str) -> list[tuple[Any, Any]]:
    rows = Outage.objects.filter(about=about).order_by("began_at")
    return list(rows.values_list("began_at", "ended_at"))


# --- counted --------------------------------------------------------------------------------


def test_a_tick_without_anything_to_do_is_one_query(groq: Provider) -> None:
    judged(groq, "ok")
    with CaptureQueriesContext(connection) as captured:
        assert judge_ended(after(1)) == 0
    assert len(captured) == 1


def test_routes_are_read_once_however_many_jobs_have_ended(
    groq: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    monkeypatch.setattr(judging, "served_routes", lambda: reads.append(1) or [])
    for minutes in range(5):
        ended(groq, "ok", minutes)
    assert judge_ended(after(6)) == 5
    assert reads == [1]


def test_results_are_added_up_by_the_hour_and_by_the_day(groq: Provider) -> None:
    judged(groq, "ok", "timeout", "rate_limited", "ok", minutes=58)
    judged(groq, "ok", minutes=16 * 60)  # the next day
    rows = Span.objects.filter(about="provider:groq").order_by("size", "began_at")
    found = [(row.size, row.began_at, row.good, row.bad, row.outcomes) for row in rows]
    assert found == [
        ("d", after(-8 * 60), 2, 1, {"ok": 2, "timeout": 1, "rate_limited": 1}),
        ("d", after(16 * 60), 1, 0, {"ok": 1}),
        ("h", after(0), 1, 1, {"ok": 1, "timeout": 1}),
        ("h", after(60), 1, 0, {"rate_limited": 1, "ok": 1}),
        ("h", after(16 * 60), 1, 0, {"ok": 1}),
    ]
    assert rows[0].times == [40, 40]


def test_only_the_newest_times_are_kept(groq: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "MOST_TIMES", 3)
    for ms in range(5):
        judged(groq, "ok", minutes=ms, ms=ms)
    assert {tuple(row.times) for row in Span.objects.all()} == {(2, 3, 4)}


def test_a_route_counts_the_calls_with_its_own_model() -> None:
    row = provider("anthropic")
    route(model="anthropic/claude-9", name="anthropic")
    route("vision", "eyes-1", "anthropic")
    judged(row, "ok", models={"claude-9": "ok"})
    judged(row, "ok", minutes=1)  # asked no model
    judged(row, "timeout", minutes=2, models={"anthropic/claude-9": "skipped"})  # not reached
    main = Span.objects.get(about="route:main", size="h")
    assert (main.good, main.bad, main.times) == (1, 1, [20])
    assert main.outcomes == {"ok": 1, "timeout": 1}
    assert not Span.objects.filter(about="route:vision").exists()


def test_a_model_that_is_at_fault_counts_for_its_route_alone(groq: Provider) -> None:
    route()
    judged(groq, "model_not_found", models={"llama-9": "model_not_found"})
    of = {row.about: (row.good, row.bad) for row in Span.objects.filter(size="h")}
    assert of == {"provider:groq": (1, 0), "route:main": (0, 1)}
    assert Span.objects.get(about="provider:groq", size="h").times == [30]


def test_an_answer_that_the_agent_cannot_read_is_a_failure_of_the_route(groq: Provider) -> None:
    route()
    job = ended(groq, "ok", models={"llama-9": "ok"})
    job.rungs[1]["detail"] = "not_streamed"
    job.save()
    judge_ended(after(1))
    row = Span.objects.get(about="route:main", size="h")
    assert (row.good, row.outcomes) == (0, {"unexpected_response": 1})


@pytest.mark.parametrize("outcome", sorted(UNTOLD))
def test_who_was_not_asked_has_told_nothing(groq: Provider, outcome: str) -> None:
    watched("provider:groq")
    judged(groq, outcome, outcome)
    assert not Span.objects.exists()
    assert not Standing.objects.exists()
    assert judge_ended(after(9)) == 0


@pytest.mark.parametrize("outcome", sorted(UNTOLD))
def test_whom_nobody_came_to_ask_is_asked_again_soon(groq: Provider, outcome: str) -> None:
    watched("provider:groq", due_at=after(15))
    job = ended(groq, outcome, minutes=0, is_scheduled=True)
    Watch.objects.update(job=job)
    judging.judge_ended(after(0))
    is_lost = outcome != "internal_error"
    assert Watch.objects.get().due_at == after(1 if is_lost else 15)


def test_unsaved_values_are_nobodys_state(groq: Provider) -> None:
    watched("provider:groq")
    judged(groq, "bad_key", "bad_key", is_draft=True)
    assert not Span.objects.exists()
    assert not Standing.objects.exists()


def test_what_was_tested_unsaved_and_is_saved_now_counts_once(groq: Provider) -> None:
    watched("provider:groq")
    ended(groq, is_draft=True, input_digest=groq.fingerprint())
    judge_ended(after(1))
    for _ in range(2):
        Job.objects.adopt(groq)
        judge_ended(after(2))
    assert Span.objects.get(size="h").good == 1
    assert standing("provider:groq").since == after(0)


def test_a_result_of_older_values_counts_nowhere(groq: Provider) -> None:
    watched("provider:groq")
    judged(groq, "bad_key", "bad_key", input_version=groq.version - 1)
    assert not Span.objects.exists()
    assert not Standing.objects.exists()
    assert judge_ended(after(9)) == 0


# --- told -----------------------------------------------------------------------------------


def test_a_change_is_told_once_and_a_flap_never(groq: Provider) -> None:
    watched("provider:groq")
    judged(groq, *("ok", "timeout", "ok", "timeout", "server_error", "server_error", "ok", "ok"))
    assert told() == [("fails", "provider:groq"), ("works_again", "provider:groq")]
    fails, works = Alert.objects.order_by("at")
    assert fails.params == {
        "outcome": "server_error",
        "since": after(3).isoformat(),
        "hits": [],
    }
    assert works.params == {"since": after(3).isoformat(), "seconds": 180, "hits": []}
    assert (fails.at, works.at) == (after(4), after(6))
    assert outages("provider:groq") == [(after(3), after(6))]
    assert Outage.objects.get().outcome == "timeout"


def test_what_nobody_watches_is_counted_and_not_told(groq: Provider) -> None:
    watched("provider:groq", every=0)
    judged(groq, "timeout", "timeout", "timeout")
    assert not Standing.objects.exists()
    assert not Outage.objects.exists()
    assert told() == []
    assert Span.objects.get(size="h").bad == 3


@pytest.mark.parametrize("outcome", NEITHER)
def test_what_proves_neither_changes_nothing(groq: Provider, outcome: str) -> None:
    watched("provider:groq")
    judged(groq, "timeout", outcome)
    assert standing("provider:groq").failures == 1
    judged(groq, "timeout", outcome, minutes=2)
    assert told() == [("fails", "provider:groq")]
    assert standing("provider:groq").is_failing


def test_the_first_failure_is_asked_again_in_half_a_minute(groq: Provider) -> None:
    watched("provider:groq", due_at=after(15))
    judged(groq, "timeout")
    assert Watch.objects.get().due_at == after(0.5)
    Watch.objects.update(due_at=after(16))
    judged(groq, "timeout", minutes=1)
    assert Watch.objects.get().due_at == after(16)


def test_a_server_that_looks_at_no_key_recovers_when_it_answers_again(groq: Provider) -> None:
    watched("provider:groq")
    ended(groq, "reachable_unverified", 0)
    for minutes in (15, 16):
        ended(groq, "unreachable", minutes)
    ended(groq, "reachable_unverified", 30)
    ended(groq, "unreachable", 45)
    ended(groq, "reachable_unverified", 46)
    judge_ended(after(60))
    assert told() == [("fails", "provider:groq"), ("works_again", "provider:groq")]
    outage = Outage.objects.get()
    assert (outage.began_at, outage.ended_at) == (after(15), after(30))
    assert Standing.objects.get(pk="provider:groq").failures == 0
    hour = Span.objects.get(about="provider:groq", size=Span.HOUR)
    assert (hour.good, hour.bad) == (0, 3)  # it still proves nothing of the key


def test_who_is_due_sooner_stays_so(groq: Provider) -> None:
    watched("provider:groq", due_at=after(0.2))
    judged(groq, "timeout")
    assert Watch.objects.get().due_at == after(0.2)


def test_a_persons_good_test_is_a_recovery_at_once(groq: Provider, owner: Any) -> None:
    watched("provider:groq")
    judged(groq, "bad_key", "bad_key")
    judged(groq, "ok", minutes=2, requested_by=owner)
    assert told()[-1] == ("works_again", "provider:groq")


def test_an_alert_is_new_when_it_is_raised_and_not_when_its_job_ended(groq: Provider) -> None:
    """Whoever has looked meanwhile would never see it."""
    watched("provider:groq")
    ended(groq, "timeout", 0)
    ended(groq, "timeout", 1)
    judge_ended(after(60))
    alert = Alert.objects.get()
    assert (alert.at, alert.params["since"]) == (after(60), after(0).isoformat())


# --- one cause, one alert -------------------------------------------------------------------


def test_a_provider_that_fails_is_told_once_with_the_routes_that_it_hits(groq: Provider) -> None:
    route()
    route("vision", "eyes-1")
    route("subagent", "small-1", "mistral")
    provider("mistral")
    watched("provider:groq", "route:main", "route:vision", "route:subagent")
    judged(groq, "timeout", "timeout")
    assert told() == [("fails", "provider:groq")]
    assert Alert.objects.get().params["hits"] == ["main", "vision"]
    assert Outage.objects.get(about="provider:groq").hit == ["main", "vision"]
    assert standing("route:main").is_failing
    assert standing("route:vision").cause == "provider:groq"
    assert not Standing.objects.filter(about="route:subagent").exists()
    judged(groq, "ok", minutes=2)
    assert told()[1:] == [("works_again", "provider:groq")]
    assert not Standing.objects.filter(is_failing=True).exists()
    for about in ("provider:groq", "route:main", "route:vision"):
        assert outages(about) == [(after(0), after(2))]


def test_of_an_unwatched_provider_too_one_alert_tells(groq: Provider) -> None:
    route()
    route("vision", "eyes-1")
    watched("route:main", "route:vision")
    judged(groq, "unreachable", "unreachable", models={"llama-9": "skipped"})
    judged(groq, "ok", minutes=2, models={"eyes-1": "ok"})
    assert told() == [("fails", "provider:groq"), ("works_again", "provider:groq")]
    assert [one.params["hits"] for one in Alert.objects.all()] == [["main", "vision"]] * 2
    assert not Standing.objects.filter(is_failing=True).exists()
    assert not Standing.objects.filter(about="provider:groq").exists()


def test_of_those_that_fell_together_one_is_asked_again(groq: Provider) -> None:
    route()
    route("vision", "eyes-1")
    watched("route:main", "route:vision")
    judged(groq, "unreachable")
    soon = Watch.objects.filter(due_at=after(0.5))
    assert [row.about for row in soon] == ["route:main"]
    watched("provider:groq")
    Watch.objects.update(due_at=after(60))
    Standing.objects.all().delete()
    judged(groq, "unreachable", minutes=1)
    assert [row.about for row in Watch.objects.filter(due_at=after(1.5))] == ["provider:groq"]


def test_a_model_that_fails_is_told_of_its_route_alone(groq: Provider) -> None:
    route()
    route("vision", "eyes-1")
    watched("provider:groq", "route:main", "route:vision")
    models = {"llama-9": "model_not_found", "eyes-1": "ok"}
    judged(groq, "model_not_found", "model_not_found", models=models)
    assert told() == [("fails", "route:main")]
    assert Alert.objects.get().params == {
        "outcome": "model_not_found",
        "since": after(0).isoformat(),
        "hits": ["main"],
        "model": "llama-9",
    }
    assert not standing("provider:groq").is_failing
    judged(groq, "ok", minutes=2)  # the provider alone, which was never at fault
    assert standing("route:main").is_failing
    judged(groq, "ok", minutes=3, models={"llama-9": "ok"})
    assert told()[1:] == [("works_again", "route:main")]


def test_a_route_that_goes_on_failing_by_itself_is_told_when_its_provider_works(
    groq: Provider,
) -> None:
    route()
    watched("provider:groq", "route:main")
    judged(groq, "timeout", "timeout")
    judged(groq, "model_not_found", minutes=2, models={"llama-9": "model_not_found"})
    assert told()[1:] == [("fails", "route:main"), ("works_again", "provider:groq")]
    assert Alert.objects.get(kind="works_again").params["hits"] == []
    assert outages("route:main") == [(after(0), None)]
    judged(groq, "ok", minutes=3, models={"llama-9": "ok"})
    assert told()[3:] == [("works_again", "route:main")]


def test_a_route_that_answers_while_its_provider_is_failing_is_no_hit(groq: Provider) -> None:
    route()
    route("vision", "eyes-1")
    watched("provider:groq", "route:main", "route:vision")
    models = {"llama-9": "ok", "eyes-1": "server_error"}
    judged(groq, "server_error", "server_error", models=models)
    assert told() == [("fails", "provider:groq")]
    assert Alert.objects.get().params["hits"] == ["vision"]
    assert not standing("route:main").is_failing


def test_a_route_that_has_moved_to_another_provider_recovers_by_itself(groq: Provider) -> None:
    row, mistral = route(), provider("mistral")
    watched("provider:groq", "route:main")
    judged(groq, "timeout", "timeout")
    row.provider = "mistral"
    row.store()
    judged(mistral, "ok", minutes=2, models={"llama-9": "ok"})
    assert told()[1:] == [("works_again", "route:main")]
    judged(groq, "ok", minutes=3)
    assert told()[2:] == [("works_again", "provider:groq")]
    assert Alert.objects.order_by("-at")[0].params["hits"] == []


def test_a_provider_that_failed_once_is_not_told_for_a_route_that_failed_twice(
    groq: Provider,
) -> None:
    route()
    watched("provider:groq", "route:main")
    judged(groq, "model_not_found", models={"llama-9": "model_not_found"})
    judged(groq, "timeout", minutes=1)
    assert told() == [("fails", "route:main")]
    judged(groq, "ok", minutes=2)
    assert told()[1:] == []
    judged(groq, "ok", minutes=3, models={"llama-9": "ok"})
    assert told()[1:] == [("works_again", "route:main")]


def test_a_route_that_fails_on_at_another_provider_is_told_with_that(groq: Provider) -> None:
    row, mistral = route(), provider("mistral")
    watched("provider:groq", "provider:mistral", "route:main")
    judged(groq, "timeout", "timeout")
    row.provider = "mistral"
    row.store()
    judged(mistral, "bad_key", minutes=2)
    assert told()[1:] == []
    judged(mistral, "bad_key", minutes=3)
    assert told()[1:] == [("fails", "provider:mistral")]
    judged(mistral, "ok", minutes=4)
    judged(groq, "ok", minutes=5)
    assert told()[2:] == [("works_again", "provider:mistral"), ("works_again", "provider:groq")]
    assert not Standing.objects.filter(is_failing=True).exists()


@pytest.mark.parametrize("outcome", ["timeout", "bad_key", "no_credit"])
def test_a_list_of_models_that_cannot_be_fetched_is_a_change_as_well(
    groq: Provider, outcome: str
) -> None:
    watched("catalog:groq")
    judged(groq, "ok", outcome, outcome, "ok", task=Task.FETCH)
    assert told() == [("fails", "catalog:groq"), ("works_again", "catalog:groq")]
    assert outages("catalog:groq") == [(after(1), after(3))]
    assert not Span.objects.exists()


def test_a_list_that_fails_with_its_provider_is_no_alert_of_its_own(groq: Provider) -> None:
    watched("provider:groq", "catalog:groq")
    judged(groq, "timeout", "timeout")
    judged(groq, "timeout", "timeout", minutes=2, task=Task.FETCH)
    judged(groq, "ok", minutes=4)
    assert told() == [("fails", "provider:groq"), ("works_again", "provider:groq")]
    judged(groq, "timeout", minutes=5, task=Task.FETCH)
    assert told()[2:] == [("fails", "catalog:groq")]
    judged(groq, "ok", minutes=6, task=Task.FETCH)
    assert told()[3:] == [("works_again", "catalog:groq")]


# --- exactly once ---------------------------------------------------------------------------


def test_one_that_dies_in_the_middle_leaves_nothing_half_done(
    groq: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched("provider:groq")
    ended(groq, "timeout", 0)
    ended(groq, "timeout", 1)
    real, calls = changes.raise_alert, []

    def dies(*args: Any) -> Any:
        calls.append(1)
        found = real(*args)
        if len(calls) == 1:
            raise RuntimeError
        return found

    monkeypatch.setattr(changes, "raise_alert", dies)
    with pytest.raises(RuntimeError):
        judge_ended(after(2))
    assert told() == []
    assert Span.objects.get(size="h").bad == 1
    assert judge_ended(after(3)) == 1
    assert judge_ended(after(4)) == 0
    assert told() == [("fails", "provider:groq")]
    assert Span.objects.get(size="h").bad == 2


def test_a_fault_in_one_job_leaves_the_others(
    groq: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = ended(groq, "ok", 0)
    ended(provider("mistral"), "ok", 1)
    real = judging.of_check

    def fails(job: Job, served: Any) -> Any:
        if job.pk == poison.pk:
            raise ValueError
        return real(job, served)

    monkeypatch.setattr(judging, "of_check", fails)
    with pytest.raises(ValueError):
        judge_ended(after(2))
    assert list(Span.objects.filter(size="h").values_list("about", flat=True)) == [
        "provider:mistral"
    ]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_judge_each_job_once(monkeypatch: pytest.MonkeyPatch) -> None:
    row = saved("groq")
    monkeypatch.setattr(judging, "served_routes", list)
    watched("provider:groq")
    for place in range(24):
        ended(row, "ok" if place % 3 == 2 else "timeout", place)
    start, counts = threading.Barrier(2), []

    def work() -> None:
        start.wait()
        try:
            for _ in range(40):
                counts.append(judge_ended(after(30)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(counts) == 24
    assert Span.objects.get(size="h").bad == 16
    assert Alert.objects.filter(kind="fails").count() == 8
    assert Alert.objects.filter(kind="works_again").count() == 8
    assert Outage.objects.filter(ended_at=None).count() == 0


# --- switched off ---------------------------------------------------------------------------


def test_a_subject_that_is_switched_off_is_forgotten_and_its_outage_ends(groq: Provider) -> None:
    watched("provider:groq")
    judged(groq, "timeout", "timeout")
    forget("provider:groq", after(9))
    assert not Standing.objects.exists()
    assert outages("provider:groq") == [(after(0), after(9))]
    judged(groq, "timeout", minutes=10)
    assert standing("provider:groq").failures == 1
    row = Watch.objects.get()
    row.every = 0
    row.save()
    assert not Standing.objects.exists()


def test_a_provider_that_is_removed_takes_along_what_is_known_of_it(groq: Provider) -> None:
    watched("provider:groq", "catalog:groq", "route:main")
    route()
    judged(groq, "timeout", "timeout")
    groq.delete()
    for model in (Watch, Standing, Outage):
        assert {row.about for row in model.objects.all()} == {"route:main"}
    assert not Span.objects.exists()
    assert told() == [("fails", "provider:groq")]
    other = provider("mistral")
    assert subjects.served_routes() == []
    judged(other, "ok", minutes=3)
    assert judge_ended(after(4) + timedelta(days=1)) == 0


def test_every_outcome_of_a_test_is_judged(groq: Provider) -> None:
    watched("provider:groq")
    for minutes, outcome in enumerate(Outcome):
        ended(groq, outcome, minutes)
    assert judge_ended(after(60)) == len(Outcome)
    assert not Job.objects.filter(is_rolled_up=False).exists()
