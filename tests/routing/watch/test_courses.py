"""Whatever comes in whatever order: each cause is told once as it begins and once as it ends."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping

import pytest

from providers.models import Provider, Task
from routing.models import Alert, Outage, Route, Standing
from routing.watch.judging import judge_ended
from tests.routing.watch.results import after, ended, provider, route, watched

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
SEEDS = int(os.environ.get("SEEDS", "6"))
ABOUTS = ("provider:groq", "catalog:groq", "route:main", "route:vision", "route:subagent")
MODELS = {"main": "llama-9", "vision": "eyes-1", "subagent": "llama-9"}
OF_ALL = ("timeout", "bad_key", "server_error", "rate_limited", "no_answer")
OF_MODEL = ("ok", "ok", "model_not_found", "rate_limited", "server_error")
WORST = ("model_not_found", "server_error", "rate_limited", "ok")  # as a test sums it up


def one_more(draw: random.Random, row: Provider, minutes: int) -> None:
    """A test or a fetch, as it may end."""
    asked = draw.sample(sorted(set(MODELS.values())), draw.randint(0, 2))
    if draw.random() < 0.2:
        ended(row, draw.choice(("ok", "timeout")), minutes, task=Task.FETCH)
    elif draw.random() < 0.4:
        ended(row, draw.choice(OF_ALL), minutes, dict.fromkeys(asked, "skipped"))
    else:
        models: Mapping[str, str] = {name: draw.choice(OF_MODEL) for name in asked}
        outcome = next((one for one in WORST if one in models.values()), "ok")
        ended(row, outcome, minutes, models)


def told_of(about: str) -> list[str]:
    rows = Alert.objects.filter(about=about).order_by("at")
    return list(rows.values_list("kind", flat=True))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_beginnings_and_ends_take_turns_and_say_what_is_so(seed: int) -> None:
    draw = random.Random(seed)
    row = provider()
    for slot, model in MODELS.items():
        route(slot, model)
    watched(*draw.sample(ABOUTS, draw.randint(1, len(ABOUTS))))
    changes = 0
    for minutes in range(40):
        one_more(draw, row, minutes)
        before = Alert.objects.count()
        assert judge_ended(after(minutes)) == 1
        changes += Alert.objects.count() - before
        failing = Standing.objects.filter(is_failing=True)
        lasting = Outage.objects.filter(ended_at=None).values_list("about", flat=True)
        assert set(lasting) == set(failing.values_list("about", flat=True))
        causes = set(failing.exclude(about="catalog:groq").values_list("cause", flat=True))
        causes |= set(failing.filter(cause="catalog:groq").values_list("cause", flat=True))
        for about in ABOUTS:
            told = told_of(about)
            assert told[::2] == ["fails"] * len(told[::2]), (about, told)
            assert told[1::2] == ["works_again"] * len(told[1::2]), (about, told)
            assert (about in causes) == (len(told) % 2 == 1), (about, told, causes)
    assert changes == Alert.objects.count() > 0
    assert Route.objects.count() == len(MODELS)
