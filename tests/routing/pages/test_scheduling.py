"""Saving the schedule beside rounds that take what is due."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from providers.models import Provider
from providers.work import queue
from routing.models import Watch
from routing.pages import schedule
from tests.desk import saved
from tests.routing.pages.scheduled import put

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("every", "minutes"), [("15", 15), ("1440", 60)])
def test_a_row_that_was_taken_since_it_was_read_stays_taken(
    site: Client, monkeypatch: pytest.MonkeyPatch, every: str, minutes: int
) -> None:
    saved("groq", "gsk_0123456789abcdef")
    now = timezone.now()
    Watch.objects.create(about="provider:groq", every=60, due_at=now)
    store = schedule.save

    def save(*args: Any) -> None:
        job = queue.start_scheduled(Provider.objects.get(), "check", hand_over=False)
        Watch.objects.update(due_at=now + timedelta(hours=1), job=job)
        store(*args)

    monkeypatch.setattr(schedule, "save", save)
    put(site, {"provider:groq": every})
    row = Watch.objects.get()
    assert (row.every, row.job is None) == (int(every), False)
    assert abs(row.due_at - now - timedelta(minutes=minutes)) < timedelta(seconds=30)
