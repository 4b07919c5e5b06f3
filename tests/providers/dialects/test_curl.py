"""Requests as curl commands: complete enough to run, without any secret."""

import shlex
from typing import Any

import pytest

from providers.dialects.adapters import Entered
from providers.dialects.curl import MAX_CALLS, Recorder, curl
from providers.http import Reply, Request
from providers.kinds import KINDS, adapter_for
from providers.spec.kind import BEARER, Auth
from providers.spec.outcomes import Failed, Outcome
from providers.spec.secret import Secret

KEY = "sk-0123456789abcdef"
CHECKED = [kind for kind, spec in KINDS.items() if not spec.is_oauth]


def answered(status: int = 200, ms: int = 7) -> Reply:
    return Reply(status=status, headers={}, data={}, text="", ms=ms)


def test_the_key_stands_as_stars_in_the_form_of_its_header() -> None:
    request = Request(
        url="https://api.example.com/v1/models",
        headers={"Authorization": Secret(f"Bearer {KEY}"), "X-Version": "2"},
    )
    assert curl(request, BEARER) == (
        "curl \\\n"
        "  https://api.example.com/v1/models \\\n"
        "  -H 'Authorization: Bearer ***' \\\n"
        "  -H 'X-Version: 2'"
    )


def test_a_secret_in_any_other_header_is_stars_alone() -> None:
    request = Request(url="https://a.example", headers={"X-Team": Secret("blue")})
    assert "-H 'X-Team: ***'" in curl(request, BEARER)


def test_an_authorization_is_masked_even_where_it_is_plain_text() -> None:
    request = Request(url="https://a.example", headers={"authorization": "Basic abc"})
    text = curl(request, Auth(header="x-api-key", format="{key}"))
    assert "-H 'authorization: ***'" in text
    assert "abc" not in text


def test_a_body_is_sent_as_json_and_what_a_person_added_to_it_is_hidden() -> None:
    request = Request(
        url="https://a.example/chat",
        method="POST",
        json={"model": "it's", "options": {"token": "t0ken"}, "seed": 4},
    )
    words = shlex.split(curl(request, BEARER, ["token", "seed"]).replace("\\\n", ""))
    assert words[:4] == ["curl", "-X", "POST", "https://a.example/chat"]
    assert words[4:] == [
        "-H",
        "Content-Type: application/json",
        "-d",
        '{"model": "it\'s", "options": {"token": "***"}, "seed": "***"}',
    ]


def test_a_long_body_is_cut() -> None:
    request = Request(url="https://a.example", method="POST", json={"text": "x" * 9_000})
    assert len(curl(request, BEARER)) < 2_500


def test_a_signed_request_asks_curl_to_sign() -> None:
    spec = KINDS["bedrock"]
    secrets = {"access_key_id": Secret("AKIA0000"), "secret_access_key": Secret("s3cret")}
    adapter = adapter_for(spec, Entered(values={"region": "eu-west-1"}, secrets=secrets))
    assert spec.list_call is not None
    text = curl(adapter.request(spec.list_call), spec.auth)
    assert "--aws-sigv4 aws:amz --user '***:***'" in text
    assert "Signature" not in text
    assert "AKIA0000" not in text


@pytest.mark.parametrize("kind", CHECKED)
def test_no_kind_shows_a_secret_in_any_of_its_calls(kind: str) -> None:
    spec = KINDS[kind]
    entered = Entered(
        api_base=spec.api_base_example or spec.api_base,
        values={"region": "eu-west-1"},
        secrets={"api_key": Secret(KEY)},
        extra_headers={"X-Team": Secret("team-blue")},
        extra_body={"trace": "trace-red"},
    )
    adapter = adapter_for(spec, entered)
    calls = [call for call in (spec.list_call, spec.key_call, spec.model_call) if call]
    assert calls
    for call in calls:
        text = curl(adapter.request(call, "some-model"), spec.auth, ["trace"])
        assert "***" in text or call.is_public
        for secret in (KEY, "team-blue", "trace-red"):
            assert secret not in text


def test_a_recorder_puts_down_status_and_time_of_each_call() -> None:
    sent: list[Request] = []

    def send(request: Request) -> Reply:
        sent.append(request)
        return answered(404, 12)

    recorder = Recorder(send, BEARER)
    request = Request(url="https://a.example")
    assert recorder(request).status == 404
    assert sent == [request]
    assert recorder.calls == [{"status": 404, "ms": 12, "curl": "curl \\\n  https://a.example"}]


def test_a_call_without_an_answer_is_put_down_too() -> None:
    def send(_request: Request) -> Reply:
        raise Failed(Outcome.TIMEOUT)

    recorder = Recorder(send, BEARER)
    with pytest.raises(Failed):
        recorder(Request(url="https://a.example"))
    assert [(call["status"], call["ms"]) for call in recorder.calls] == [(None, None)]


def test_only_so_many_calls_are_put_down() -> None:
    recorder = Recorder(lambda _request: answered(), BEARER)
    answers: list[Any] = [recorder(Request(url="https://a.example")) for _ in range(MAX_CALLS + 5)]
    assert len(answers) == MAX_CALLS + 5
    assert len(recorder.calls) == MAX_CALLS
