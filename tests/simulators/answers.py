"""What a simulator is asked and what it answers, and the habits that all kinds share.

Pure: no socket, no clock. Kinds turn an Ask into an Answer.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.simulators.shelf import Shelf
from tests.simulators.words import BAD, belongs_elsewhere, number_of, words_of_key

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    trick: str = ""  # how the server misbehaves while sending: hang, drop, drip, flood

    def with_headers(self, **headers: str) -> "Answer":
        """Keyword names are header names with `_` for `-`."""
        extra = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return replace(self, headers=self.headers + extra)


def as_json(status: int, document: Any, **headers: str) -> Answer:
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return Answer(status, body, (("content-type", "application/json"),)).with_headers(**headers)


def as_text(status: int, text: str, content_type: str = "text/plain", **headers: str) -> Answer:
    return Answer(status, text.encode(), (("content-type", content_type),)).with_headers(**headers)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, with the behaviour words of its path and of the key it carries."""

    kind: str
    local: bool
    method: str
    host: str  # without port
    prefix: str  # the `/~word` segments, as sent
    path: str  # what follows them, percent-encoding kept
    raw_query: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]  # names in lower case
    raw_body: bytes
    body: Any  # parsed JSON; None without a body or when it is not JSON
    path_words: frozenset[str]
    shelf: Shelf = field(repr=False)

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    @property
    def bearer(self) -> str | None:
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() or None if scheme.lower() == "bearer" else None

    @property
    def carriers(self) -> list[tuple[str, str]]:
        """(header or place, key) for each key that the request carries."""
        found = []
        authorization = self.headers.get("authorization", "")
        if authorization.startswith("AWS4-HMAC-SHA256"):
            _, _, rest = authorization.partition("Credential=")
            found.append(("sigv4", rest.split("/", 1)[0]))
        elif self.bearer:
            found.append(("authorization", self.bearer))
        for name in ("x-api-key", "api-key", "x-goog-api-key"):
            if self.headers.get(name):
                found.append((name, self.headers[name]))
        if self.query.get("key"):
            found.append(("?key=", self.query["key"][0]))
        return found

    @property
    def words(self) -> frozenset[str]:
        """Words of the path, and those of the key unless this server ignores keys."""
        if self.local and not self.path_words & {"guarded", "keyed", "auth"}:
            return self.path_words
        found = self.path_words
        for _, key in self.carriers[:1]:
            found |= words_of_key(key)
        return found

    def has(self, *words: str) -> bool:
        return not self.words.isdisjoint(words)

    def number(self, name: str, default: int) -> int | None:
        return number_of(self.words, name, default)

    def accepts(self, key: str) -> bool:
        """True when this kind would take the key: a demo key, not `bad`, made by this vendor."""
        if BAD in words_of_key(key) or BAD in self.path_words:
            return False
        return self.local or not belongs_elsewhere(key, self.kind)

    @property
    def document(self) -> Row:
        return self.body if isinstance(self.body, dict) else {}

    @property
    def model(self) -> str:
        model = self.document.get("model")
        return model if isinstance(model, str) else ""

    def asked(self, name: str, default: str = "") -> str:
        """First value of a query parameter."""
        return self.query.get(name, [default])[0]

    def rows(
        self, usual: Sequence[Row], make: Callable[[str], Row], *, fresh: bool = True
    ) -> Sequence[Row]:
        """The catalog as it stands now. `fresh` is False on later pages of the same listing."""
        return self.shelf.rows(
            self.kind,
            usual,
            make,
            empty=self.has("empty"),
            changing=self.has("changing"),
            huge=self.number("huge", 5000),
            fresh=fresh,
        )


Form = Answer | Callable[[Ask], Answer]


@dataclass(frozen=True)
class Manners:
    """How one kind says the things that every kind has to say."""

    missing: Form
    bad: Form
    limited: Form
    forbidden: Form
    error: Form
    special: Mapping[str, Form] = field(
        default_factory=dict
    )  # word -> answer wherever a key counts


def say(form: Form, ask: Ask) -> Answer:
    return form if isinstance(form, Answer) else form(ask)


def gate(ask: Ask, manners: Manners, key: str | None) -> Answer | None:
    """The refusal of a call that needs a key, or None when it may go on."""
    if ask.has("error"):
        return say(manners.error, ask)
    if key is None:
        return say(manners.missing, ask)
    if not ask.accepts(key):
        return say(manners.bad, ask)
    for word, form in manners.special.items():
        if ask.has(word):
            return say(form, ask)
    if ask.has("limited"):
        return say(manners.limited, ask)
    return say(manners.forbidden, ask) if ask.has("forbidden") else None


def public_gate(ask: Ask, manners: Manners) -> Answer | None:
    """The refusal of a call that anybody may make: only the server's own state counts."""
    if ask.has("error"):
        return say(manners.error, ask)
    for word, form in (("limited", manners.limited), ("forbidden", manners.forbidden)):
        if word in ask.path_words:
            return say(form, ask)
    return None


def fault(
    status: int, message: str, kind: str = "invalid_request_error", code: Any = None, **headers: str
) -> Answer:
    """OpenAI's error form, which many share."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return as_json(status, {"error": error}, **headers)


def listing(rows: Sequence[Row]) -> Answer:
    return as_json(200, {"object": "list", "data": rows})


def chat_done(model: str, *, created: int = 1795341000) -> Answer:
    """A finished one-token chat completion."""
    return as_json(
        200,
        {
            "id": "chatcmpl-demo",
            "object": "chat.completion",
            "created": created,
            "model": model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "Hi"},
                    "finish_reason": "length",
                }
            ],
            "usage": {"prompt_tokens": 8, "completion_tokens": 1, "total_tokens": 9},
        },
    )


def has_messages(ask: Ask) -> bool:
    messages = ask.document.get("messages")
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(isinstance(message, dict) and message.get("role") for message in messages)
    )


def hinted(key: str) -> str:
    """A key as some vendors echo it: both ends, stars between."""
    return f"{key[:7]}{'*' * max(4, len(key) - 11)}{key[-4:]}"
