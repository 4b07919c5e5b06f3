"""What a refusal says beside its meaning: how long to wait, its codes, the provider's own words."""

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.judge import judge
from providers.dialects.particulars import holds_secret, quoted, retry_after_s
from providers.http import Reply
from providers.spec.secret import Secret
from tests.providers.replies import reply

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
RESET = f"{int(NOW.timestamp() + 7200)}000"
KEY = Secret("sk-proj-4fJk9sLmQ2xT7vWz")


# Waiting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (reply(429, {}, retry_after="12"), 12),
        (reply(429, {}, retry_after_ms="1500", retry_after="60"), 2),
        (reply(429, {}, retry_after="Sun, 22 Nov 2026 12:01:30 GMT"), 90),
        (reply(429, {}, retry_after="Sun, 22 Nov 2026 11:00:00 GMT"), 0),
        (reply(429, {}, ratelimit='"api";r=0;t=55'), 55),
        (reply(429, {"error": {"details": [{"retryDelay": "37s"}]}}), 37),
        (reply(429, {}, retry_after="999999999"), 30 * 86400),
        (reply(429, {"error": {"message": "Please retry in 36.2s."}}), 37),
        (reply(429, {"message": "Try again after 20 s"}), 20),
        (reply(429, {"error": {"message": "Please try again in 7m12s. Visit us"}}), 432),
        (reply(429, {"error": {"message": "Please try again in 1h2m3.5s."}}), 3724),
        (reply(429, {"error": {"message": "Please try again in 450ms."}}), 1),
        (reply(429, {"error": {"message": "Try again in 2 minutes and 5 seconds"}}), 125),
        (reply(429, {"error": "Please wait 54321 seconds before retrying."}), 54321),
        (reply(429, {"error": {"message": "Please try again in 1 day"}}), 86400),
        (
            reply(429, {"error": {"message": "5-hour usage limit reached. Resets in 4hr 23min."}}),
            15780,
        ),
        (reply(429, {"error": {"message": "It will reset in 5 days 10 hours. To go on"}}), 468000),
        (reply(429, {"error": {"message": "Try again in 3 months"}}), None),
        (reply(429, {"error": {"message": "Try again in a moment"}}), None),
        (reply(429, {"error": {"metadata": {"headers": {"X-RateLimit-Reset": RESET}}}}), 7200),
        (reply(429, {"error": {"metadata": {"headers": {"X-RateLimit-Reset": "60"}}}}), None),
        (reply(429, {}, retry_after="soon"), None),
        (reply(429, {}, retry_after="-5"), None),
        (reply(429, {}), None),
    ],
)
def test_the_wait_is_read_in_every_form(answer: Reply, seconds: int | None) -> None:
    assert retry_after_s(answer, NOW) == seconds


def test_the_wait_goes_along_with_the_verdict() -> None:
    verdict = judge(reply(429, {"error": "x"}, retry_after="9"), "list", now=NOW)
    assert verdict.params["retry_after_s"] == 9


# What is kept ----------------------------------------------------------------------------------


def test_codes_and_request_ids_are_kept_when_they_are_plain_words() -> None:
    body = {"error": {"code": "model_not_found", "message": "x"}}
    verdict = judge(reply(400, body, x_request_id="req-1"), "list")
    assert verdict.params["provider_code"] == "model_not_found"
    assert verdict.params["request_id"] == "req-1"


@pytest.mark.parametrize("code", ["has blanks in it", "<b>", "x" * 65, KEY.reveal()])
def test_a_code_that_is_no_plain_word_or_echoes_the_key_is_dropped(code: str) -> None:
    body = {"error": {"code": code}}
    answer = reply(400, body, x_request_id=KEY.reveal())
    params = judge(answer, "list", secrets=[KEY]).params
    assert "provider_code" not in params
    assert "request_id" not in params


@pytest.mark.parametrize(
    "echo",
    [
        KEY.reveal(),
        KEY.reveal()[5:13],
        KEY.reveal().upper(),
        "4 f J k 9 s L m Q 2 x",
        base64.b64encode(KEY.reveal().encode()).decode(),
        base64.b64encode(b"user:" + KEY.reveal().encode()).decode(),
        base64.b64encode(b"ab" + KEY.reveal().encode()).decode(),
        quote(KEY.reveal(), safe=""),
    ],
)
def test_a_message_that_holds_a_piece_of_the_key_is_dropped_whole(echo: str) -> None:
    answer = reply(401, {"error": {"message": f"Bad key {echo}, see the docs"}})
    assert quoted(answer, [KEY]) == ""
    assert "quote" not in judge(answer, "list", secrets=[KEY]).params


def test_a_url_encoded_key_is_seen() -> None:
    key = Secret("a+b/c=d&e f?g#h")
    answer = reply(401, {"error": {"message": "got a%2Bb%2Fc%3Dd"}})
    assert quoted(answer, [key]) == ""


@given(
    key=st.text("abcdefghijkABCDEFGHIJK0123456789-_+/=", min_size=8, max_size=40),
    before=st.text(max_size=10),
    after=st.text(max_size=10),
    data=st.data(),
)
def test_no_eight_characters_of_a_key_pass(
    key: str, before: str, after: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(key) - 8))
    assert holds_secret(f"{before}{key[start : start + 8]}{after}", [Secret(key)])


@given(raw=st.binary(max_size=7), key=st.text("abcdefXYZ0189", min_size=12, max_size=30))
def test_base64_of_a_header_with_the_key_in_it_is_seen(raw: bytes, key: str) -> None:
    text = base64.b64encode(raw + key.encode() + raw).decode()
    assert holds_secret(text, [Secret(key)])


def test_other_text_is_quoted_short_and_printable() -> None:
    answer = reply(400, {"error": {"message": "line\none\x1b[31m  two " + "long " * 100}})
    text = quoted(answer, [KEY])
    assert text.startswith("line one [31m two long")
    assert len(text) == 300
    assert text.isprintable()


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("Incorrect API key: sk-ab****wxyz.", "Incorrect API key: …"),
        ("User mail@example.com may not", "User … may not"),
        ("arn:aws:iam::123:user/bob is not authorized", "… is not authorized"),
        ("token 0123456789abcdef0123456789abcdef01 refused", "token … refused"),
        ("The model gpt-5.5 is unknown", "The model gpt-5.5 is unknown"),
    ],
)
def test_masked_keys_accounts_and_tokens_are_blotted_out(message: str, shown: str) -> None:
    assert quoted(reply(400, {"error": {"message": message}}), [KEY]) == shown


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "office closed"}},
        {"error": {"error": {"message": "office closed"}}},
        {"error": "office closed"},
        {"message": "office closed"},
        {"msg": "office closed", "code": 7},
        {"detail": "office closed"},
        {"detail": [{"loc": ["body"], "msg": "office closed"}]},
        {"detail": {"message": "office closed"}},
        {"errors": [{"code": 1, "message": "office closed"}]},
        {"errors": ["office closed"]},
        {"error_description": "office closed"},
        {"error": {"msg": "office closed"}},
        {"fault": {"faultstring": "office closed"}},
        [{"error": {"message": "office closed"}}],
        {"choices": [{"error": {"message": "office closed", "code": 403}}]},
    ],
)
def test_the_providers_words_are_found_wherever_they_stand(body: Any) -> None:
    status = 200 if isinstance(body, dict) and "choices" in body else 403
    assert judge(reply(status, body), "model").params["quote"] == "office closed"
