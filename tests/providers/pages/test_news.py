"""The request that waits for news: how many may wait at a time, and what the others are told."""

import threading

import pytest
from django.test import Client

from providers.models import Job
from providers.pages import news
from tests.desk import HTMX, saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]


@pytest.fixture
def asked(site: Client, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a page asks that waits for one test, at a site where one page may wait, and not long."""
    monkeypatch.setattr(news, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(news, "HOLD_SECONDS", 0.05)
    monkeypatch.setattr(news, "close_old_connections", lambda: None)  # the test's is among them
    saved()
    site.post("/providers/openrouter/check/", {"api_key": ""}, headers=HTMX)
    job = Job.objects.get()
    return f"/live/?w=check:{job.pk}:{job.version}"


def test_a_page_that_waits_is_told_to_ask_again(site: Client, asked: str) -> None:
    for _turn in range(2):  # the place is given back
        assert site.get(asked, headers=HTMX)["HX-Trigger-After-Settle"] == "again"


def test_where_no_place_is_left_the_answer_comes_at_once_and_says_to_ask_later(
    site: Client, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "_heard", lambda *_given, **_more: pytest.fail("it waited"))
    assert news._places.acquire(blocking=False)
    assert site.get(asked, headers=HTMX)["HX-Trigger-After-Settle"] == "ease"


def test_news_come_to_a_page_that_has_no_place_as_well(site: Client, asked: str) -> None:
    assert news._places.acquire(blocking=False)
    Job.objects.get().finish(is_told=True, outcome="ok", key_state="valid")
    answer = site.get(asked, headers=HTMX)
    assert 'data-outcome="ok"' in answer.content.decode()
    assert "HX-Trigger-After-Settle" not in answer  # nothing is left to wait for


def test_place_and_turn_are_given_back_when_the_look_fails(
    site: Client, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_watched: object) -> news.News:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(news, "_turns", threading.BoundedSemaphore(1))
    with monkeypatch.context() as patch:
        patch.setattr(news, "_look", fails)
        with pytest.raises(RuntimeError):
            site.get(asked, headers=HTMX)
    assert site.get(asked, headers=HTMX)["HX-Trigger-After-Settle"] == "again"
    assert news._turns.acquire(blocking=False)


def test_who_hear_the_same_news_are_answered_by_turns(
    site: Client, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "_turns", threading.BoundedSemaphore(1))
    left: list[bool] = []
    look = news._look

    def looking(watched: list[news.Watched]) -> news.News:
        left.append(news._turns.acquire(blocking=False))
        return look(watched)

    monkeypatch.setattr(news, "_look", looking)
    site.get(asked, headers=HTMX)
    assert left
    assert not any(left)


def test_nobody_waits_for_long_behind_answers_that_hang(
    site: Client, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(news, "TURN_SECONDS", 0.05)
    assert news._turns.acquire(blocking=False)  # and is never given back
    Job.objects.get().finish(is_told=True, outcome="ok", key_state="valid")
    assert 'data-outcome="ok"' in site.get(asked, headers=HTMX).content.decode()
