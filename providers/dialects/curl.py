"""Requests as curl commands that a person can read, copy and complete. Pure; opens no secret.

What was sent is put down while a test runs: the command with its secrets as ***, the HTTP status
and the milliseconds. Kept out: answers.
"""

import json
import shlex
import threading
from collections.abc import Collection
from typing import Any, Final

from providers.http import Reply, Request, Send
from providers.spec.kind import Auth
from providers.spec.masks import MASK
from providers.spec.secret import Secret

MAX_CALLS: Final = 20  # put down of one test
_MAX_BODY: Final = 2_000  # characters
_ALWAYS_MASKED: Final = ("authorization", "cookie", "proxy-authorization")


def curl(request: Request, auth: Auth, hidden: Collection[str] = ()) -> str:
    """One command, a line an argument. `auth` says how the key's header is built; the values of
    body fields named in `hidden` (what a person added) are masked like every secret."""
    words = ["curl"]
    if request.method != "GET":
        words.append(f"-X {request.method}")
    words.append(shlex.quote(request.url))
    headers = dict(request.headers)
    if any(name.lower() == "x-amz-date" for name in headers):
        words.append(f"--aws-sigv4 aws:amz --user '{MASK}:{MASK}'")
        headers = {name: value for name, value in headers.items() if not _is_signature(name)}
    if request.json is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    for name, value in headers.items():
        words.append(f"-H {shlex.quote(f'{name}: {_shown(name, value, auth)}')}")
    if request.json is not None:
        words.append(f"-d {shlex.quote(_body(request.json, hidden))}")
    return " \\\n  ".join(words)


def _is_signature(name: str) -> bool:
    return name.lower() == "authorization" or name.lower().startswith("x-amz-")


def _shown(name: str, value: str | Secret, auth: Auth) -> str:
    if isinstance(value, Secret) or name.lower() in _ALWAYS_MASKED:
        is_key = name.lower() == auth.header.lower()
        return auth.format.replace("{key}", MASK) if is_key else MASK
    return value


def _body(value: Any, hidden: Collection[str]) -> str:
    text = json.dumps(_masked(value, frozenset(hidden)), ensure_ascii=False)
    return text if len(text) <= _MAX_BODY else f"{text[:_MAX_BODY]}…"


def _masked(value: Any, hidden: frozenset[str]) -> Any:
    """Objects with the values of hidden names as ***; a name counts wherever it stands."""
    if isinstance(value, dict):
        return {k: MASK if k in hidden else _masked(v, hidden) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(one, hidden) for one in value]
    return value


class Recorder:
    """A `send` that puts down what it sends; `calls` is ready for a JSON column."""

    def __init__(self, send: Send, auth: Auth, hidden: Collection[str] = ()) -> None:
        self.calls: list[dict[str, Any]] = []
        self._send, self._auth, self._hidden = send, auth, hidden
        self._lock = threading.Lock()  # models are tried side by side

    def __call__(self, request: Request) -> Reply:
        call: dict[str, Any] = {"status": None, "ms": None}
        with self._lock:
            if len(self.calls) < MAX_CALLS:
                call["curl"] = curl(request, self._auth, self._hidden)
                self.calls.append(call)
        reply = self._send(request)
        call["status"], call["ms"] = reply.status, reply.ms
        return reply
