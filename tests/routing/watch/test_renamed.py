"""What is known over time goes along with a provider's new name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from providers.models import Provider
from routing.models import Alert, Outage, Route, Span, Standing, Watch
from routing.models.subjects import remove_subjects, rename_subjects
from routing.watch.conditions import look
from routing.watch.judging import judge_ended
from tests.routing.watch.results import START, after, ended, told, watched

pytestmark = pytest.mark.django_db
KEPT = (Watch, Standing, Outage, Span)


@pytest.fixture
def lab(site: Client) -> Provider:
    """An endpoint of one's own that fails, and with it the route that it serves."""
    row = Provider(name="lab", kind="custom", api_base="https://llm.example.com/v1")
    row.put_secret("api_key", "sk-0123456789abcdef")
    row.key_expires_on = (START + timedelta(days=5)).date()
    assert row.store()
    Route.objects.create(slot="main", model="llama-9", provider="lab")
    watched("provider:lab", "catalog:lab", "route:main")
    for minutes in (0, 1):
        ended(row, "timeout", minutes)
        judge_ended(after(minutes))
    look(after(1))
    return row


def abouts(model: Any) -> set[str]:
    return {row.about for row in model.objects.all() if not row.about.startswith("system:")}


def test_a_rename_keeps_schedule_state_and_history(site: Client, lab: Provider) -> None:
    before = {model: abouts(model) for model in KEPT}
    before[Alert] = abouts(Alert)
    assert before[Standing] == {"provider:lab", "route:main"}
    site.post("/providers/lab/rename/", {"name": "workshop"})
    assert Provider.objects.get().name == "workshop"
    for model, known in before.items():
        assert abouts(model) == {about.replace("lab", "workshop") for about in known}, model
    row = Provider.objects.get()
    ended(row, "ok", 2)
    judge_ended(after(2))
    look(after(3))
    assert told()[2:] == [("works_again", "provider:workshop")]
    assert not Standing.objects.filter(is_failing=True).exists()


def test_what_there_was_under_the_new_name_gives_way(lab: Provider) -> None:
    watched("provider:workshop", every=60)
    Standing.objects.create(about="provider:workshop")
    rename_subjects("lab", "workshop")
    assert Watch.objects.get(about="provider:workshop").every == 15
    assert Standing.objects.get(about="provider:workshop").is_failing


def test_what_was_told_of_a_removed_one_with_the_new_name_stands_in_nobodys_way(
    site: Client, lab: Provider
) -> None:
    alert = Alert.objects.get(mark__startswith="key_expires:lab:")
    about, model = "provider:workshop", f"model_lost:{'x' * 170}"
    marks = [alert.mark.replace("lab", "workshop"), "model_lost:workshop:llama-9:1"]
    for mark in marks:
        Alert.objects.create(kind="key_expires", about=about, mark=mark)
    Alert.objects.create(kind="model_lost", about=about, mark=f"{model}:workshop:")
    site.post("/providers/lab/rename/", {"name": "workshop"})
    assert Provider.objects.get().name == "workshop"
    alert.refresh_from_db()
    assert (alert.about, alert.mark) == (about, marks[0])
    assert not Alert.objects.filter(mark=marks[1]).exists()  # it may be lost once more
    assert Alert.objects.filter(about=about).count() == 5


def test_what_was_told_of_a_removed_one_is_told_of_the_next_of_that_name(lab: Provider) -> None:
    was = Alert.objects.get(mark__startswith="key_expires:lab:").mark
    lab.delete()
    assert Alert.objects.count() == 2
    assert not Alert.objects.filter(mark=was).exists()
    remove_subjects("lab")  # nothing is in front of it twice
    assert Alert.objects.filter(mark__endswith=was).get().mark.count(":") == was.count(":") + 1


def test_another_spelling_keeps_what_was_told(lab: Provider) -> None:
    Alert.objects.create(kind="model_lost", about="route:main", mark="model_lost:lab:llama-9:1")
    rename_subjects("lab", "Lab")
    assert Alert.objects.filter(mark="model_lost:Lab:llama-9:1").count() == 1
    assert Alert.objects.get(kind="key_expires").mark.startswith("key_expires:Lab:")


def test_the_same_name_changes_nothing(lab: Provider) -> None:
    rename_subjects("lab", "lab")
    assert abouts(Watch) == {"provider:lab", "catalog:lab", "route:main"}
