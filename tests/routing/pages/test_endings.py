"""The end of a model, from the simulated provider's list to the route that it is gone from."""

from datetime import date

import pytest
from django.test import Client

from providers.models import Task
from providers.work import queue, tasks
from routing.models import Route
from routing.pages.rows import route_rows
from routing.state import facts
from tests.desk import saved
from tests.markup import flat
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.alike, pytest.mark.django_db]


@pytest.mark.parametrize("name", ["pixtral-large-2411", "pixtral-large-latest"])
def test_a_date_of_a_fetched_list_reaches_the_route_by_each_of_the_models_names(
    site: Client, sims: Simulators, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(facts, "_today", lambda: date(2026, 12, 1))
    row = saved("mistral", demo_key("mistral"))
    tasks.refresh_catalog(str(queue.start(row, Task.FETCH, hand_over=False).pk))
    Route.objects.create(slot="main", model=name, provider="mistral")
    (lint,) = route_rows(with_tests=True)[0].lints
    assert (lint.code, lint.params["date"]) == ("model_retires", "2026-12-31")
    site.post("/routing/main/fix/", {"fix": "use_model", "value": "mistral-medium-2604"})
    assert Route.objects.get().model == "mistral-medium-2604"
    assert "data-lint" not in flat(site.get("/routing/"))
