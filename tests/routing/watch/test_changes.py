"""A job that ended is told when it changed something: once, and one cause as one alert."""

from __future__ import annotations

from typing import Any

import pytest

from providers.models import Provider, Task
from providers.spec.outcomes import NOT_BAD, UNTOLD
from routing.models import Alert, Outage, Span, Standing, Watch
from routing.watch.judging import judge_ended
from tests.routing.watch.results import (
    after,
    ended,
    judged,
    outages,
    provider,
    route,
    rung,
    standing,
    told,
    watched,
)

pytestmark = pytest.mark.django_db
NEITHER = sorted(NOT_BAD - UNTOLD - {"", "ok", "reachable_unverified"})


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


@pytest.mark.parametrize("others", [{}, {"eyes-1": "ok"}])
@pytest.mark.parametrize(
    "outcome",
    ["model_not_found", "timeout", "server_error", "forbidden", "unexpected_response"],
)
def test_a_model_that_fails_is_told_of_its_route_alone(
    groq: Provider, outcome: str, others: dict[str, str]
) -> None:
    route()
    route("vision", "eyes-1")
    watched("provider:groq", "route:main", "route:vision")
    judged(groq, outcome, outcome, models={"llama-9": outcome, **others})
    assert told() == [("fails", "route:main")]
    assert Alert.objects.get().params == {
        "outcome": outcome,
        "since": after(0).isoformat(),
        "hits": ["main"],
        "model": "llama-9",
    }
    assert not standing("provider:groq").is_failing
    judged(groq, "ok", minutes=2)  # the provider alone, which was never at fault
    assert standing("route:main").is_failing
    judged(groq, "ok", minutes=3, models={"llama-9": "ok"})
    assert told()[1:] == [("works_again", "route:main")]


def test_when_all_models_fail_alike_their_provider_does(groq: Provider) -> None:
    route()
    route("vision", "eyes-1")
    watched("provider:groq", "route:main", "route:vision")
    judged(groq, "timeout", "timeout", models={"llama-9": "timeout", "eyes-1": "timeout"})
    assert told() == [("fails", "provider:groq")]
    assert Alert.objects.get().params["hits"] == ["main", "vision"]


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
    rungs = [rung("key", "server_error"), *(rung("model", models[one], one) for one in models)]
    judged(groq, "server_error", "server_error", models=models, rungs=rungs)
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
