"""“Send a test”: the ladder, and what becomes of it when nobody makes it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest

from facio_site import clock
from providers.spec.outcomes import Outcome
from routing.models import Channel
from routing.pages.channels import shown_trial
from routing.watch.alerts import trial
from tests.providers.http.servers import Authority, always, answer, hang, serve
from tests.routing.watch.alerts.desk import made
from tests.security.sweep import CANARY

pytestmark = pytest.mark.django_db


def tried(channel: Channel) -> Channel:
    assert trial.begin(channel, clock.now())
    trial.run_trial(channel.pk)
    channel.refresh_from_db()
    return channel


def steps(channel: Channel) -> list[tuple[str, str]]:
    return [(rung["step"], rung["outcome"]) for rung in channel.trial["rungs"]]


def test_a_good_one_climbs_to_the_message() -> None:
    with serve(always(answer(b"ok"))) as server:
        channel = tried(made("slack", f"http://127.0.0.1:{server.port}"))
    assert steps(channel) == [
        *(("address", "ok"), ("dns", "ok"), ("connect", "ok"), ("message", "ok"))
    ]
    assert channel.trial["http_status"] == 200
    shown = shown_trial(channel, clock.now())
    assert (shown.state, shown.outcome) == ("done", "ok")
    assert shown.rungs[-1].text == "The message was taken."
    assert b"Test from Facio Settings" in server.requests[0]


def test_over_tls_there_is_a_rung_more(tmp_path: Any, settings: Any) -> None:
    authority = Authority(tmp_path)
    settings.OUTBOUND_CA_FILE = str(authority.file)
    with serve(always(answer()), tls=authority.context("127.0.0.1")) as server:
        channel = tried(made("json", f"https://127.0.0.1:{server.port}"))
    assert ("tls", "ok") in steps(channel)


def test_one_that_cannot_connect_skips_the_message() -> None:
    with serve(hang()) as server:
        channel = made("json", f"http://127.0.0.1:{server.port}")
    tried(channel)
    assert steps(channel)[-2:] == [("connect", "unreachable"), ("message", "skipped")]
    shown = shown_trial(channel, clock.now())
    assert "Nothing listens" in shown.text


def test_one_that_is_refused_says_so_at_the_message() -> None:
    with serve(always(answer(status="404 Not Found"))) as server:
        channel = tried(made("json", f"http://127.0.0.1:{server.port}"))
    assert steps(channel)[-1] == ("message", "bad_endpoint")
    assert "no such webhook" in shown_trial(channel, clock.now()).rungs[-1].text


def test_no_secret_stands_in_what_is_kept() -> None:
    with serve(always(answer(status="500 Oops"))) as server:
        channel = tried(made("telegram", f"http://127.0.0.1:{server.port}"))
    assert CANARY not in repr(channel.trial)


def test_the_same_wish_twice_is_one_message() -> None:
    with serve(always(answer())) as server:
        channel = made("json", f"http://127.0.0.1:{server.port}")
        assert trial.begin(channel, clock.now())
        assert not trial.begin(channel, clock.now())
        trial.run_trial(channel.pk)
        trial.run_trial(channel.pk)
    assert len(server.requests) == 1


def test_one_that_a_worker_takes_after_the_page_gave_it_up_is_not_sent() -> None:
    with serve(always(answer())) as server:
        channel = made("json", f"http://127.0.0.1:{server.port}")
        assert trial.begin(channel, clock.now() - timedelta(seconds=trial.QUEUE_SECONDS + 1))
        trial.run_trial(channel.pk)
    assert server.requests == []
    channel.refresh_from_db()
    assert shown_trial(channel, clock.now()).outcome == "no_answer"


def test_two_in_a_row_are_a_moment_apart() -> None:
    with serve(always(answer())) as server:
        channel = tried(made("json", f"http://127.0.0.1:{server.port}"))
    now = clock.now()
    assert not trial.begin(channel, now)
    assert trial.begin(channel, now + timedelta(seconds=trial.PAUSE_SECONDS))


def test_a_channel_that_is_gone_is_no_fault() -> None:
    trial.run_trial(uuid.uuid4())


def test_nobody_is_waited_for_for_ever(settings: Any) -> None:
    channel = made("json")
    now = clock.now()
    trial.begin(channel, now)
    channel.refresh_from_db()
    assert shown_trial(channel, now + timedelta(seconds=19)).state == "queued"
    late = shown_trial(channel, now + timedelta(seconds=21))
    assert (late.state, late.outcome) == ("done", "no_answer")
    assert "No worker took it in time" in late.text
    channel.trial |= {"state": "running"}
    gone = shown_trial(channel, now + timedelta(seconds=settings.ALERT_SECONDS + 11))
    assert (gone.state, gone.outcome) == ("done", "no_answer")
    assert trial.begin(channel, now + timedelta(seconds=60))


def test_without_a_broker_it_ends_at_once() -> None:
    channel = made("json")
    trial.begin(channel, clock.now())
    trial.give_up(channel.pk, Outcome.NO_WORKER, "no_broker")
    channel.refresh_from_db()
    assert "broker" in shown_trial(channel, clock.now()).text
