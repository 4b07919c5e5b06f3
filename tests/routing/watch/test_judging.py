"""Every job that ended is judged once: counted, and told when it changed something."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from providers.models import Job, Provider
from providers.spec.outcomes import UNTOLD, Outcome
from routing.models import Alert, Outage, Span, Standing, Watch
from routing.watch import changes, judging, spans, subjects
from routing.watch.changes import forget
from routing.watch.judging import judge_ended
from tests.desk import saved
from tests.routing.watch.results import (
    after,
    ended,
    judged,
    outages,
    provider,
    route,
    standing,
    told,
    watched,
)

pytestmark = pytest.mark.django_db


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
