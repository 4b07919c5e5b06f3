"""The budget of a day: paid calls end at its number, free ones go on."""

from datetime import UTC, datetime, timedelta

import pytest

from providers.models import Task
from routing.models import Route, Spent, Watch
from routing.watch import due
from tests.desk import saved
from tests.routing.watch.rounds import NOW, end_all, over, routed, rules, watch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]


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
