"""The ladder of a connection test: its rungs, in their order, as they are climbed."""

from typing import Any

import pytest

from providers.dialects.ladder import run_check
from providers.dialects.rungs import Finding, Ladder
from providers.http import Reply, Request
from providers.spec.outcomes import Failed, KeyState, Outcome, Step, Verdict
from tests.providers.replies import LIST, local, make


def connected(ladder: Ladder) -> None:
    for step in (Step.ADDRESS, Step.DNS, Step.CONNECT, Step.TLS):
        ladder.observe(step, Outcome.OK, 3, "", {})


def test_every_change_is_reported_with_the_rung_under_way() -> None:
    reports: list[list[dict[str, Any]]] = []
    ladder = Ladder(reports.append)

    def send(request: Request) -> Reply:
        connected(ladder)
        return LIST

    result = run_check(make("openai"), send, ladder)
    shown = [[f"{rung['step']} {rung['outcome']}" for rung in rungs] for rungs in reports]
    assert shown[0] == ["address running"]
    assert shown[1] == ["address ok", "dns running"]
    assert shown[4] == ["address ok", "dns ok", "connect ok", "tls ok", "key running"]
    assert [rung.as_json() for rung in result.rungs] == reports[-1]
    assert result.rungs[-1].as_json() == {
        "step": "key", "label": "", "outcome": "ok", "ms": 7, "detail": "", "params": {},
    }  # fmt: skip


def test_all_models_under_way_are_shown() -> None:
    ladder = Ladder()
    ladder.plan([(Step.KEY, ""), (Step.MODEL, "a"), (Step.MODEL, "b")])
    verdict = Verdict(Outcome.OK)
    ladder.done(Step.KEY, Finding(verdict, KeyState.VALID, 1))
    assert [rung.label for rung in ladder._shown() if rung.outcome == "running"] == ["a", "b"]


def test_a_failed_connection_skips_what_stands_above_it() -> None:
    ladder = Ladder()

    def send(request: Request) -> Reply:
        ladder.observe(Step.ADDRESS, Outcome.OK, 0, "", {})
        ladder.observe(Step.DNS, Outcome.DNS_ERROR, 9, "no_name", {"host": "x"})
        raise Failed(Outcome.DNS_ERROR, "no_name", host="x")

    result = run_check(make("openai"), send, ladder, models=("m",))
    assert [(str(rung.step), str(rung.outcome)) for rung in result.rungs] == [
        ("address", "ok"),
        ("dns", "dns_error"),
        ("connect", "skipped"),
        ("tls", "skipped"),
        ("key", "skipped"),
        ("model", "skipped"),
    ]
    assert result.outcome is Outcome.DNS_ERROR


def test_plain_http_has_no_tls_rung_and_an_address_no_dns() -> None:
    ladder = Ladder()

    def send(request: Request) -> Reply:
        ladder.observe(Step.ADDRESS, Outcome.OK, 0, "", {})
        ladder.observe(Step.CONNECT, Outcome.OK, 0, "", {})
        return LIST

    result = run_check(local(key=""), send, ladder)
    assert [rung.step for rung in result.rungs] == [Step.ADDRESS, Step.CONNECT, Step.KEY]


def test_a_second_connection_shows_only_when_it_fails() -> None:
    ladder = Ladder()
    connected(ladder)
    ladder.observe(Step.DNS, Outcome.OK, 99, "", {})
    assert {rung.ms for rung in ladder.end()} == {3}
    assert ladder.has_connection
    ladder.observe(Step.TLS, Outcome.TLS_ERROR, 5, "expired", {})
    assert not ladder.has_connection
    assert ladder.end()[-1].detail == "expired"


def test_a_timeout_after_the_connection_is_the_keys_rung() -> None:
    ladder = Ladder()

    def send(request: Request) -> Reply:
        connected(ladder)
        raise Failed(Outcome.TIMEOUT, "read")

    result = run_check(make("openai"), send, ladder)
    assert (result.rungs[-1].step, result.rungs[-1].outcome) == (Step.KEY, Outcome.TIMEOUT)


def test_faults_of_ours_are_not_hidden() -> None:
    def send(request: Request) -> Reply:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        run_check(make("openai"), send)
