"""The states of single vendors at the oracle's server: OpenAI's two APIs, Bedrock's frames."""

from dataclasses import replace

from tests.routing.oracle_states import (
    HTML,
    KEY_REFUSED,
    NO_MODEL,
    STATES,
    Says,
    State,
    always,
    begun,
    events,
    good,
    in_one,
    moved,
    refusal,
    unless,
    whole,
)
from tests.routing.oracle_turns import AWS_TURNS, TURNS
from tests.simulators.answers import as_json, as_text
from tests.simulators.kinds.bedrock import CONVERSED, MANNERS, NO_ACCESS, frame, in_frames, problem


def by_responses(says: Says) -> State:
    """The API of responses answers so; chat completions are well."""
    return State(lambda heard: says(heard) if heard.api == "responses" else good(heard))


# At OpenAI's own address, where some models are asked by responses first
OPENAI: dict[str, State] = {
    "responses-unknown": by_responses(refusal(404, "Invalid URL (POST /v1/responses)")),
    "responses-no-path": by_responses(always(as_text(404, "404 page not found"))),
    "responses-named-in-text": by_responses(always(as_text(404, "no Responses API here"))),
    "responses-unsupported": by_responses(refusal(400, "Not there", "unsupported_value")),
    "responses-no-field": by_responses(refusal(422, "Bad max_output_tokens")),
    "responses-not-allowed": by_responses(always(as_json(405, {"detail": "responses"}))),
    "responses-no-scope": by_responses(refusal(403, "Missing scopes: api.responses.write")),
    "responses-wrong-key": by_responses(KEY_REFUSED),
    "responses-no-model": by_responses(NO_MODEL),
    "responses-bad": by_responses(refusal(400, "Invalid value", "invalid_value")),
    "responses-no-credit": by_responses(refusal(429, "No quota", "insufficient_quota")),
    "responses-fails": by_responses(refusal(500, "responses failed", kind="server_error")),
    "responses-page": by_responses(always(as_text(200, HTML, "text/html"))),
    "responses-at-once": by_responses(in_one(whole)),
    "responses-break-off": by_responses(begun),
    "responses-fail-streamed": by_responses(
        lambda heard: events([{"type": "error", "message": "responses are not supported"}])
    ),
    "responses-alone": State(
        unless(lambda heard: heard.api == "responses", refusal(404, "Only v1/responses"))
    ),
    "neither": State(refusal(404, "This model is not supported in v1/responses")),
}


FRAMES = in_frames()
HALF = len(FRAMES.body) // 2


def framed(*parts: bytes) -> Says:
    """A stream of these bytes, as Bedrock sends one."""
    return always(replace(FRAMES, body=b"".join(parts)))


def event(name: str, **document: object) -> bytes:
    return frame({":message-type": "event", ":event-type": name}, document)


def by(is_right: bool) -> Says:
    return always(FRAMES if is_right else MANNERS.bad)


WORDS = event("messageStart", role="assistant") + event(
    "contentBlockDelta", contentBlockIndex=0, delta={"text": "Hi"}
)
FAULT = frame(
    {":message-type": "exception", ":exception-type": "throttlingException"},
    {"message": "Too many requests"},
)
BEDROCK: dict[str, State] = {
    "aws-good": State(always(FRAMES)),
    "aws-bearer-alone": State(
        lambda heard: by(heard.headers.get("authorization", "").startswith("Bearer "))(heard)
    ),
    "aws-signed-alone": State(
        lambda heard: by(heard.headers.get("authorization", "").startswith("AWS4-"))(heard)
    ),
    "aws-wrong-key": State(always(MANNERS.bad)),
    "aws-no-access": State(always(NO_ACCESS)),
    "aws-no-model": State(
        always(problem(400, "ValidationException", "The provided model identifier is invalid."))
    ),
    "aws-limited": State(always(MANNERS.limited)),
    "aws-fails": State(always(MANNERS.error)),
    "aws-page": State(always(as_text(200, HTML, "text/html"))),
    "aws-nothing": State(always(replace(FRAMES, body=b""))),
    "aws-at-once": State(always(CONVERSED)),
    "aws-cut": State(framed(FRAMES.body[:HALF])),
    "aws-broken": State(framed(FRAMES.body[:HALF], b"xx", FRAMES.body[HALF + 2 :])),
    "aws-begun": State(framed(WORDS)),
    "aws-stopped": State(framed(WORDS, event("messageStop", stopReason="end_turn"))),
    "aws-no-words": State(framed(event("messageStop", stopReason="end_turn"))),
    "aws-fault-first": State(framed(FAULT)),
    "aws-fault-later": State(framed(WORDS, FAULT)),
    "aws-unknown-event": State(framed(event("news", text="Hi"), FRAMES.body)),
    "aws-refuses-field": State(
        lambda heard: (
            problem(400, "ValidationException", "extraneous key [team] is not permitted")
            if heard.body.get("additionalModelRequestFields")
            else FRAMES
        )
    ),
    "aws-moved": State(moved(307, lambda heard: f"/aws-good{heard.path}")),
    "aws-elsewhere": State(always(as_text(404, "404 page not found"))),
}

EVERY_STATE = {**STATES, **TURNS, **OPENAI, **BEDROCK, **AWS_TURNS}
