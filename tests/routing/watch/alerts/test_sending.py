"""Messages that really leave: to servers on loopback that are good, slow, hostile or not there."""

import json
import time
from typing import Any

import pytest

from providers.http import resolver
from providers.spec.outcomes import Outcome, Verdict
from routing.models import Channel, Delivery
from routing.watch.alerts.answers import sentence
from routing.watch.alerts.channels import CHANNELS
from routing.watch.alerts.deliver import deliver
from routing.watch.alerts.message import make
from routing.watch.alerts.sending import send
from tests.providers.http.servers import (
    CHUNKED,
    PACKED,
    Authority,
    Call,
    Server,
    always,
    answer,
    bomb,
    drip,
    endless,
    hang,
    head_of,
    serve,
)
from tests.routing.watch.alerts.desk import NOW, alert, made
from tests.security.sweep import CANARY

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.alike]
GOOD = {
    "json": answer(b"", status="204 No Content"),
    "slack": answer(b"ok"),
    "discord": answer(b"", status="204 No Content"),
    "mattermost": answer(b"ok"),
    "ntfy": answer(b'{"id": "x"}'),
    "telegram": answer(b'{"ok": true, "result": {}}'),
    "placet": answer(b'{"id": "x"}', status="201 Created"),
}


def to(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def sent(server: Server, kind: str = "json") -> Verdict:
    channel = made(kind, to(server))
    return send(channel, make([alert()], channel, "an-id"))


def body_of(raw: bytes) -> Any:
    return json.loads(raw.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("kind", [kind for kind, spec in CHANNELS.items() if spec.address])
def test_a_message_arrives_whole(kind: str) -> None:
    with serve(always(GOOD[kind])) as server:
        verdict = sent(server, kind)
    assert verdict.outcome == Outcome.OK
    assert len(server.requests) == 1
    assert "Groq fails" in json.dumps(body_of(server.requests[0]))
    assert CANARY in server.requests[0].decode()  # it came with its secret


def test_telegrams_token_is_in_the_path_and_placets_key_in_a_header() -> None:
    with serve(always(GOOD["telegram"])) as server:
        sent(server, "telegram")
    assert server.requests[0].startswith(f"POST /bot123456789:{CANARY}/sendMessage ".encode())
    with serve(always(GOOD["placet"])) as server:
        channel = made("placet", to(server))
        send(channel, make(list(_alerts()), channel, "an-id"))
    assert server.requests[0].startswith(b"POST /api/v1/messages ")
    assert head_of(server.requests[0])["x-api-key"] == f"hp_{CANARY}"


def _alerts() -> Any:
    return Delivery.alert.get_queryset()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "outcome", "detail"),
    [
        (always(answer(b"x" * 10_000_000)), "unexpected_response", "too_large"),
        (endless(CHUNKED, b"ffff\r\n" + b"x" * 65_535 + b"\r\n"), "unexpected_response", ""),
        (always(PACKED + bomb()), "unexpected_response", ""),
        (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"), "timeout", "deadline"),
        (drip(b"HTTP/1.1 200 OK\r\nX: "), "timeout", "deadline"),
        (hang(), "timeout", "read"),
        (
            always(answer(status="302 Found", headers=("Location: http://127.0.0.1:1/",))),
            "bad_endpoint",
            "redirected",
        ),
        (always(answer(status="410 Gone")), "bad_endpoint", ""),
        (always(answer(status="401 Unauthorized")), "bad_key", ""),
        (always(answer(status="500 Oops")), "server_error", ""),
    ],
    ids=["10-mb", "endless", "bomb", "drip", "drip-head", "hang", "redirect", "410", "401", "500"],
)
def test_s98_a_hostile_or_broken_receiver_ends_as_one_of_our_words(
    script: Any, outcome: str, detail: str, settings: Any
) -> None:
    settings.ALERT_SECONDS = 1
    began = time.monotonic()
    with serve(script) as server:
        verdict = sent(server)
        took = time.monotonic() - began
    assert verdict.outcome == outcome
    assert not detail or verdict.detail == detail
    assert took < 4
    assert server.accepted == 1
    assert sentence(verdict.outcome, verdict.detail, verdict.params)


def test_a_receiver_that_takes_its_time_has_taken_the_message(settings: Any) -> None:
    settings.ALERT_SECONDS = 3

    def slow(call: Call) -> None:
        call.request()
        call.wait(1.5)
        call.send(answer())

    with serve(slow) as server:
        channel = made("json", to(server))
        alert()
        assert deliver(channel.pk, NOW) == 1
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["429 Slow down", "503 Away"])
def test_retry_after_of_a_real_answer_is_waited_for(status: str) -> None:
    with serve(always(answer(status=status, headers=("Retry-After: 240",)))) as server:
        channel = made("json", to(server))
        alert()
        assert deliver(channel.pk, NOW) == 0
    assert (Delivery.objects.get().next_at - NOW).total_seconds() == pytest.approx(240, abs=2)


def test_s98_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resolver, "lookup", lambda host: ["169.254.169.254"])
    channel = made("slack", "https://inside.example")
    verdict = send(channel, make([alert()], channel, "an-id"))
    assert (verdict.outcome, verdict.detail) == (Outcome.BLOCKED_ADDRESS, "never")


def test_s98_our_own_port_is_refused(settings: Any) -> None:
    with serve(always(answer())) as server:
        channel = made("json", to(server))
        settings.PORT = server.port
        verdict = send(channel, make([alert()], channel, "an-id"))
    assert (verdict.outcome, verdict.detail) == (Outcome.BLOCKED_ADDRESS, "own_port")
    assert server.accepted == 0


def test_nobody_there_is_told_as_that() -> None:
    with serve(always(b"")) as server:
        channel = made("json", to(server))
    verdict = send(channel, make([alert()], channel, "an-id"))
    assert (verdict.outcome, verdict.detail) == (Outcome.UNREACHABLE, "refused")


def test_a_certificate_is_verified(tmp_path: Any, settings: Any) -> None:
    authority = Authority(tmp_path)
    with serve(always(GOOD["json"]), tls=authority.context("127.0.0.1")) as server:
        channel = made("json", f"https://127.0.0.1:{server.port}")
        message = make([alert()], channel, "an-id")
        assert send(channel, message).outcome == Outcome.TLS_ERROR
        settings.OUTBOUND_CA_FILE = str(authority.file)
        assert send(channel, message).outcome == Outcome.OK


def test_without_its_master_key_nothing_is_sent_and_it_is_told(settings: Any) -> None:
    channel = made("slack")
    told = make([alert()], channel, "an-id")
    settings.MASTER_KEYS = []
    assert send(channel, told).outcome in (Outcome.NO_KEY, Outcome.MISSING_CONFIG)


def test_a_kind_that_is_not_known_here_is_told() -> None:
    channel = Channel(kind="pager", name="x")
    assert send(channel, make([alert()], channel, "x")).outcome == Outcome.MISSING_CONFIG


def test_a_fault_of_ours_ends_as_one_and_its_text_is_not_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    channel = made("json")
    told = make([alert()], channel, "an-id")

    def breaks(*_args: Any) -> Any:
        raise RuntimeError("with a secret in it")

    monkeypatch.setattr("routing.watch.alerts.sending.secrets_of", breaks)
    verdict = send(channel, told)
    assert verdict.outcome == Outcome.INTERNAL_ERROR
    assert verdict.params["reference"] in caplog.text
    assert "with a secret in it" not in caplog.text
