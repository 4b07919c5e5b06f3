"""An answer that comes as server-sent events, read as it comes: to its end or a clear sign. Pure.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from providers.http.reading import parse_json
from providers.http.records import NOT_JSON

ENOUGH_SECONDS: Final = 3.0  # a model that still writes so long after its first word works
_LINES = re.compile(rb"\r\n|\n|\r")
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:data|event|id|retry)?:")
_COMMENT = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?::[^\r\n]*)?(?:\r\n|\n|\r))+")
_SIGNS = ("content_block_start", "content_block_delta", "message_delta", "message_stop")
_WORDS_OF_RESPONSE = ("response.output_", "response.reasoning_", "response.refusal.")
# Why an answer ended that is none. Source of the second, DeepSeek's:
# https://api-docs.deepseek.com/api/create-chat-completion; of the third, Zhipu's
FAILED_ENDS = ("error", "insufficient_system_resource", "network_error")
_TOLD = ("content", "text", "reasoning_content", "reasoning", "tool_calls", "refusal", "audio")


def is_stream(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "text/event-stream"


def looks_like_events(content: bytes | bytearray) -> bool:
    """Whether a body that does not say so begins with events (or comments)."""
    return _BEGINS.match(content) is not None


def without_comments(content: bytes | bytearray) -> bytes:
    """A body without the comment lines and blank lines before it."""
    match = _COMMENT.match(content)
    return bytes(content[match.end() :] if match else content)


class Events:
    """Collects events. `left` tells the seconds that remain.

    `is_over`: nothing more has to be read, for the answer is complete, an error, or well on its
    way. Raises what parse_json raises.
    """

    def __init__(self, left: Callable[[], float]) -> None:
        self.is_over = False
        self.is_ended = False  # the model said why it stopped
        self._is_done = False  # it says itself that this was all
        self._is_empty = True
        self._left = left
        self._rest = bytearray()
        self._name = ""
        self._data: list[bytes] = []
        self._error: Any = None
        self._answer: Any = None  # the first event with a word of the model in it
        self._begun: Any = None  # the first that belongs to an answer
        self._first: Any = None  # the first of any kind
        self._sign_at: float | None = None

    def feed(self, piece: bytes) -> None:
        self._rest += piece
        if b"\n" not in piece and b"\r" not in piece:
            return
        held = b"\r" if self._rest.endswith(b"\r") else b""  # a \n may follow
        *lines, rest = _LINES.split(bytes(self._rest.removesuffix(b"\r")))
        self._rest = bytearray(rest + held)
        for line in lines:
            self._line(line)
            if self._error is not None:
                self.is_over = True
                return
        if self._sign_at is not None and time.monotonic() - self._sign_at > ENOUGH_SECONDS:
            self.is_over = True

    def end(self) -> Any:
        """The event that stands for the whole answer; NOT_JSON when none did, or the last one
        breaks off."""
        is_cut = not self.is_over and self._line_is_cut()
        for line in (bytes(self._rest).strip(b"\r"), b""):
            self._line(line)
        if is_cut and self._error is None:
            return NOT_JSON
        nothing: Any = {"choices": []} if self._is_done and self._is_empty else None
        found = (self._error, self._answer, self._begun, self._first, nothing)
        return next((one for one in found if one is not None), NOT_JSON)

    def _line_is_cut(self) -> bool:
        """Whether the last line breaks off in the middle of its JSON."""
        name, _, value = bytes(self._rest).strip(b"\r").partition(b":")
        begun = b"\n".join([*self._data, value]).strip()
        is_done = name != b"data" or begun[:1] not in (b"{", b"[") or begun == b"[DONE]"
        return not is_done and parse_json(begun, self._left()) is NOT_JSON

    def _line(self, line: bytes) -> None:
        if not line:
            self._dispatch()
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value[:40].decode("latin-1")

    def _dispatch(self) -> None:
        data, name = b"\n".join(self._data), self._name
        self._data, self._name = [], ""
        if data.strip() == b"[DONE]":
            self.is_over = self._is_done = True
        elif data:
            self._event(name, parse_json(data, self._left()), data)

    def _event(self, name: str, value: Any, data: bytes) -> None:
        self._is_empty = False
        if value is NOT_JSON:
            if name == "error":
                self._error = {"error": data[:4_000].decode("utf-8", "replace")}
            return
        if self._first is None:
            self._first = value
        if not isinstance(value, dict):
            return
        if value.get("error"):
            self._error = value
        elif "error" in (name, value.get("type"), value.get("object")):
            self._error = {"error": value}
        elif value.get("error_message"):  # DeepInfra's
            told = {"message": value["error_message"], "type": value.get("error_type")}
            self._error = {"error": told}
        elif isinstance(value.get("choices"), list):
            self._choices(value, value["choices"])
        elif isinstance(value.get("response"), dict):
            self._response(str(value.get("type")), value["response"])
        elif str(value.get("type")).startswith(_WORDS_OF_RESPONSE):
            self._sign(self._begun or {"output": []})
        elif isinstance(value.get("message"), dict) and value.get("type") == "message_start":
            self._begun = value["message"]
        elif value.get("type") in _SIGNS:
            self._sign(self._begun or {"content": []})
            self.is_over |= value["type"] == "message_stop"
            delta = value.get("delta")
            self.is_ended |= isinstance(delta, dict) and bool(delta.get("stop_reason"))

    def _response(self, name: str, value: dict[str, Any]) -> None:
        """A state of the whole answer, of the API of that name."""
        if value.get("error"):
            self._error = value
        elif self._begun is None:
            self._begun = value
        if name in ("response.completed", "response.incomplete"):
            self._sign(value)
            self.is_over = self.is_ended = True

    def _choices(self, value: Any, choices: Iterable[Any]) -> None:
        """Usage and filter results come with no choice; a role alone is no word yet."""
        found = [choice for choice in choices if isinstance(choice, dict)]
        if self._begun is None or (found and not self._begun.get("choices")):
            self._begun = value
        ends = [choice.get("finish_reason") for choice in found]
        if any(choice.get("error") for choice in found) or any(end in FAILED_ENDS for end in ends):
            self._error = value
        elif any(ends):
            self._sign(value)
            self.is_over = self.is_ended = True
        elif any(_has_word(choice) for choice in found):
            self._sign(value)

    def _sign(self, value: Any) -> None:
        if self._answer is None:
            self._answer = value
            self._sign_at = time.monotonic()


def _has_word(choice: dict[str, Any]) -> bool:
    said = choice.get("delta") or choice.get("message") or choice
    return isinstance(said, dict) and any(said.get(name) for name in _TOLD)
