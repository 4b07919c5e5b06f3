"""The states of a provider that the oracle's server shows: how its list and its model answer. Pure.

A state speaks the API that it is asked by: completions, messages (Anthropic), responses (OpenAI).
What is of one vendor alone is in oracle_vendors.py.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.simulators.answers import (
    Answer,
    as_json,
    as_text,
    chat_done,
    listing,
    message_done,
    response_done,
    streamed,
)

MODEL = "demo-model"
HTML = "<!doctype html><html><head><title>App</title></head><body>Sign in</body></html>"
EVENTS = (("content-type", "text/event-stream"),)


@dataclass(frozen=True, slots=True)
class Heard:
    """One request to a state. `path` without the state's own segment, which `prefix` is."""

    method: str
    path: str
    query: str
    prefix: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def api(self) -> str:
        """ "completions", "messages", "responses" or "converse"; "" = it asks no model."""
        ends = {"completions": "/chat/completions", "messages": "/messages"}
        ends |= {"responses": "/responses", "converse": "/converse-stream"}
        found = [name for name, end in ends.items() if self.path.endswith(end)]
        return found[0] if found and self.method == "POST" else ""

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def key(self) -> str:
        bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
        return self.headers.get("x-api-key") or self.headers.get("api-key") or bearer


Says = Callable[[Heard], Answer]


# Good answers -----------------------------------------------------------------------------------


def whole(heard: Heard, text: str = "Hi") -> dict[str, Any]:
    """The finished answer of a model, by the API that was asked."""
    if heard.api != "completions":
        done = message_done if heard.api == "messages" else response_done
        found: dict[str, Any] = json.loads(done(heard.model, text).body)
        return found
    document: dict[str, Any] = json.loads(chat_done(heard.model).body)
    document["choices"][0]["message"]["content"] = text
    document["choices"][0]["finish_reason"] = "stop"
    return document


def good(heard: Heard) -> Answer:
    """A stream where one was asked for."""
    document = whole(heard)
    if heard.body.get("stream") is not True:
        return as_json(200, document)
    return streamed(as_json(200, document))


def events(values: Iterable[Any], *, done: bool = False) -> Answer:
    """An answer as events; those of responses and messages carry their names."""
    lines = []
    for value in values:
        name = value.get("type") if isinstance(value, dict) else None
        lines += [f"event: {name}"] if name else []
        lines += [f"data: {value if isinstance(value, str) else json.dumps(value)}", ""]
    body = "\n".join([*lines, ""]) + ("data: [DONE]\n\n" if done else "")
    return Answer(200, body.encode(), EVENTS)


def cut_before(heard: Heard, *signs: str) -> list[str]:
    """The events of a good answer up to the first that holds one of `signs`."""
    found = []
    for event in good(heard).body.decode().split("\n\n"):
        if any(sign in event for sign in signs):
            break
        found.append(event)
    return found


ENDS = ('"finish_reason": "', "message_delta", "response.completed")


def begun(heard: Heard) -> Answer:
    """First words without an end."""
    return Answer(200, ("\n\n".join(cut_before(heard, *ENDS)) + "\n\n").encode(), EVENTS)


# Refusals ---------------------------------------------------------------------------------------


def refusal(
    status: int, message: str, code: Any = None, kind: str = "invalid_request_error", **headers: str
) -> Says:
    """An error in the API's own form."""

    def says(heard: Heard) -> Answer:
        error = {"message": message, "type": kind, "code": code}
        outer = {"type": "error"} if heard.api == "messages" else {}
        return as_json(status, {**outer, "error": error}, **headers)

    return says


def always(answer: Answer) -> Says:
    return lambda heard: answer


def unless(is_good: Callable[[Heard], bool], refused: Says) -> Says:
    return lambda heard: good(heard) if is_good(heard) else refused(heard)


def moved(status: int, path: Callable[[Heard], str]) -> Says:
    return lambda heard: Answer(status, headers=(("location", path(heard)),))


def changed(old: str, new: str) -> Says:
    """A good answer with other words in it."""
    return lambda heard: replace(
        good(heard), body=good(heard).body.replace(old.encode(), new.encode())
    )


def one_chunk(**choice: Any) -> Says:
    """A stream with one event of completions, its choice as told; then the end."""

    def says(heard: Heard) -> Answer:
        if heard.api != "completions":
            return refusal(500, "Upstream error", kind="api_error")(heard)
        chunk = {"id": "c", "object": "chat.completion.chunk", "model": heard.model}
        return events([{**chunk, "choices": [{"index": 0, **choice}]}], done=True)

    return says


def in_one(document: Callable[[Heard], Any]) -> Says:
    """JSON at once, with a 200."""
    return lambda heard: as_json(200, document(heard))


LIST = listing([{"id": MODEL, "object": "model", "created": 1, "owned_by": "demo"}])
KEY_REFUSED = refusal(401, "Incorrect API key provided", "invalid_api_key", "authentication_error")
NO_MODEL = refusal(404, "The model `x` does not exist", "model_not_found", "not_found_error")
BAD_FIELD = refusal(400, "Unrecognized request argument supplied: top_k", "unknown_parameter")


def without_stream(heard: Heard) -> bool:
    return heard.body.get("stream") is not True


def listed(heard: Heard) -> Answer:
    return LIST


@dataclass(frozen=True, slots=True)
class State:
    """`lists` is how the list of models answers, `says` how a model does."""

    says: Says = good
    lists: Says = listed
    api: str = ""  # the state is about this API alone; "" = about each

    def answer(self, heard: Heard) -> Answer:
        if heard.api:
            return self.says(heard)
        if heard.method == "GET" and heard.path.endswith("/models"):
            return self.lists(heard)
        return as_json(404, {"error": {"message": "Not Found"}})


def _slow_words(heard: Heard) -> Answer:
    body = b": waiting\n\n: waiting\n\n" + good(heard).body
    return replace(good(heard), body=body)


def _packed(heard: Heard) -> Answer:
    answer = good(heard)
    packed = gzip.compress(answer.body, mtime=0)
    return replace(answer, body=packed).with_headers(content_encoding="gzip")


# How the list answers while the model is well
LISTS: dict[str, State] = {
    "good": State(),
    "list-wrong-key": State(lists=KEY_REFUSED),
    "list-forbidden": State(lists=refusal(403, "You may not list models", "forbidden")),
    "list-missing": State(lists=always(as_text(404, "404 page not found"))),
    "list-not-allowed": State(lists=always(as_json(405, {"detail": "Method Not Allowed"}))),
    "list-fails": State(lists=refusal(500, "Internal error", kind="server_error")),
    "list-limited": State(lists=refusal(429, "Slow down", kind="rate_limit_error")),
    "list-unpaid": State(lists=refusal(402, "Insufficient credits", kind="billing_error")),
    "list-page": State(lists=always(as_text(200, HTML, "text/html"))),
    "list-odd": State(lists=always(as_json(200, {"status": "fine"}))),
    "list-empty": State(lists=always(listing([]))),
    "list-cut": State(lists=always(Answer(200, LIST.body[:30], LIST.headers))),
    "list-moved": State(lists=moved(302, lambda heard: "/elsewhere/models")),
    "list-of-others": State(lists=always(listing([{"id": "other-model"}]))),
}
# How the model answers while the list is well
MODELS: dict[str, State] = {
    "wrong-key": State(KEY_REFUSED),
    "no-key-seen": State(refusal(401, "Missing bearer authentication", kind="auth_error")),
    "forbidden": State(refusal(403, "You are not allowed to use this", "forbidden")),
    "no-model": State(NO_MODEL),
    "no-path": State(always(as_text(404, "404 page not found"))),
    "not-allowed": State(always(as_json(405, {"detail": "Method Not Allowed"}))),
    "no-credit": State(refusal(402, "Insufficient credits", kind="billing_error")),
    "no-quota": State(refusal(429, "You exceeded your current quota", "insufficient_quota")),
    "limited": State(refusal(429, "Rate limit reached", kind="rate_limit_error", retry_after="9")),
    "fails": State(refusal(500, "Internal error", kind="server_error")),
    "overloaded": State(refusal(503, "Overloaded", kind="overloaded_error")),
    "away": State(always(as_text(502, "<html>Bad Gateway</html>", "text/html"))),
    "page": State(always(as_text(200, HTML, "text/html"))),
    "nothing": State(always(Answer(200))),
    "nothing-of-a-stream": State(always(Answer(200, b"", EVENTS))),
    "no-content": State(always(Answer(204))),
    "cut": State(lambda heard: replace(good(heard), body=good(heard).body[:60])),
    "dropped": State(always(Answer(0, trick="drop"))),
    "silent": State(always(Answer(0, trick="silent"))),
    "at-once": State(in_one(whole)),
    "streams-only": State(
        lambda heard: (
            refusal(400, "This model only support stream mode")(heard)
            if without_stream(heard)
            else good(heard)
        )
    ),
    "no-stream": State(unless(without_stream, refusal(400, "Streaming is not supported"))),
    "no-stream-options": State(
        unless(
            lambda heard: "stream_options" not in heard.body,
            refusal(400, "Unknown parameter: 'stream_options'.", "unknown_parameter"),
        )
    ),
    "never-ends": State(lambda heard: replace(begun(heard), trick="endless")),
    "stalls": State(lambda heard: replace(begun(heard), trick="silent")),
    "breaks-off": State(begun),
    "breaks-off-done": State(
        lambda heard: replace(begun(heard), body=begun(heard).body + b"data: [DONE]\n\n"),
        api="completions",
    ),
    "no-choice": State(in_one(lambda heard: {**whole(heard), "choices": [], "content": []})),
    "no-choice-streamed": State(
        lambda heard: events([{"object": "chat.completion.chunk", "choices": []}], done=True)
    ),
    "error-in-choice": State(
        one_chunk(delta={"content": ""}, error={"code": 502, "message": "Upstream failed"})
    ),
    "error-in-choice-ended": State(
        one_chunk(
            delta={"content": ""}, error={"code": 502, "message": "Failed"}, finish_reason="error"
        ),
        api="completions",
    ),
    "ends-in-error": State(
        one_chunk(delta={"role": "assistant", "content": ""}, finish_reason="error")
    ),
    "error-at-once": State(
        in_one(lambda heard: {"error": {"message": "Provider returned error", "code": 502}})
    ),
    "error-streamed": State(
        lambda heard: events([{"error": {"message": "Provider returned error", "code": 502}}])
    ),
    "error-after-words": State(
        lambda heard: replace(
            begun(heard),
            body=begun(heard).body
            + events([{"type": "error", "error": {"message": "Overloaded", "code": 529}}]).body,
        )
    ),
    "other-shape": State(in_one(lambda heard: {"reply": "Hi"})),
    "words-alone": State(in_one(lambda heard: "Hi")),
    "moved-302": State(moved(302, lambda heard: f"/good{heard.path}")),
    "moved-307": State(moved(307, lambda heard: f"/good{heard.path}")),
    "moved-308": State(moved(308, lambda heard: f"/good{heard.path}"), api="completions"),
    "moved-in-itself": State(
        lambda heard: (
            moved(307, lambda it: f"{it.prefix}/moved{it.path}")(heard)
            if not heard.path.startswith("/moved")
            else good(heard)
        ),
        api="completions",
    ),
    "moved-by-slash": State(
        moved(307, lambda heard: f"{heard.prefix}{heard.path}/"),
    ),
    "comments-first": State(_slow_words),
    "packed": State(_packed),
    "crlf": State(
        lambda heard: replace(good(heard), body=good(heard).body.replace(b"\n", b"\r\n"))
    ),
    "no-blank-behind-data": State(changed("data: ", "data:")),
    "plain-type": State(
        lambda heard: replace(good(heard), headers=(("content-type", "text/plain"),))
    ),
    "no-words": State(changed('"Hi"', '""')),
    "cut-by-limit": State(changed('"finish_reason": "stop"', '"finish_reason": "length"')),
    "filtered": State(changed('"finish_reason": "stop"', '"finish_reason": "content_filter"')),
    "thinks": State(
        one_chunk(delta={"role": "assistant", "reasoning_content": "Hm"}, finish_reason="length"),
        api="completions",
    ),
    "calls-a-tool": State(
        one_chunk(
            delta={
                "tool_calls": [
                    {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
                ]
            },
            finish_reason="tool_calls",
        ),
        api="completions",
    ),
    "odd-event": State(lambda heard: events(["not json", *()], done=True)),
    "no-usage": State(lambda heard: replace(good(heard), body=_without_usage(good(heard).body))),
}


def _without_usage(body: bytes) -> bytes:
    kept = [event for event in body.split(b"\n\n") if b'"choices": []' not in event]
    return b"\n\n".join(kept)


# What a person enters beside the key and the base counts
ENTERED: dict[str, State] = {
    "wants-header": State(
        unless(
            lambda heard: heard.headers.get("x-team") == "blue",
            refusal(403, "Header X-Team is required"),
        ),
    ),
    "wants-field": State(unless(lambda heard: heard.body.get("team") == "blue", BAD_FIELD)),
    "refuses-field": State(unless(lambda heard: "team" not in heard.body, BAD_FIELD)),
    "keyed": State(unless(lambda heard: heard.key == "k-good-12345678", KEY_REFUSED)),
    "one-model": State(unless(lambda heard: heard.model == MODEL, NO_MODEL)),
    "only-max-tokens": State(
        unless(lambda heard: "max_completion_tokens" not in heard.body, BAD_FIELD),
        api="completions",
    ),
    "only-max-completion-tokens": State(
        unless(lambda heard: "max_tokens" not in heard.body, BAD_FIELD), api="completions"
    ),
    "small-limit": State(
        unless(
            lambda heard: (
                max(
                    int(heard.body.get(name) or 0)
                    for name in ("max_tokens", "max_completion_tokens")
                )
                <= 10_000
            ),
            refusal(400, "max_tokens is too large: 100000"),
        ),
        api="completions",
    ),
}


@dataclass(frozen=True, slots=True)
class Paths(State):
    """Answers at its own paths alone, as servers do: a base that is almost right finds nothing."""

    def answer(self, heard: Heard) -> Answer:
        places = ("/v1", "/v3", "/v1beta/openai", "/openai/v1")
        is_here = any(heard.path.startswith(f"{place}/") for place in places)
        rest = re.sub(r"^/(?:v1beta/openai|openai/v1|v[13])", "", heard.path)
        is_right = rest in ("/chat/completions", "/messages", "/responses", "/models")
        if is_here and is_right:
            return State.answer(self, heard)
        return as_text(404, "404 page not found")


STATES: dict[str, State] = {**LISTS, **MODELS, **ENTERED, "paths": Paths()}
