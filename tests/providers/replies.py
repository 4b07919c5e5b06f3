"""Adapters and answers without a network: what was entered, a reply, a `send` by a script."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from providers.dialects.adapters import Adapter, Entered
from providers.http import NOT_JSON, Reply, Request
from providers.kinds import KINDS, adapter_for
from providers.spec.outcomes import Failed
from providers.spec.secret import Secret


def make(kind: str, *, key: str = "sk-test-key-0123", **entered: Any) -> Adapter:
    secrets = {"api_key": Secret(key)} if key else {}
    return adapter_for(KINDS[kind], Entered(**{"secrets": secrets, **entered}))


def local(kind: str = "custom", **entered: Any) -> Adapter:
    return make(kind, **{"api_base": "http://box.lan:8000/v1", **entered})


def reply(status: int = 200, data: Any = NOT_JSON, *, text: str = "", **headers: str) -> Reply:
    """`headers` by their names with _ for -."""
    if data is not NOT_JSON:
        text = json.dumps(data)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, data=data, text=text, ms=7)


LIST = reply(200, {"object": "list", "data": [{"id": "m"}]})
EMPTY = reply(200, {"object": "list", "data": []})
CHAT = replace(reply(200, {"choices": [{}]}), is_stream=True)
REFUSED = reply(401, {"error": {"message": "no"}})
GONE = reply(404, {"error": "nothing here"})
PAGE = reply(200, text="<html>Sign in")


Answer = Reply | Failed


def revealed(headers: Mapping[str, str | Secret]) -> dict[str, str]:
    return {
        name: value.reveal() if isinstance(value, Secret) else value
        for name, value in headers.items()
    }


class Script:
    """A fake `send`: keeps the requests, and answers by a function or by a list in order."""

    def __init__(self, *answers: Answer, by: Callable[[Request], Answer] | None = None) -> None:
        self._answers = list(answers)
        self._by = by
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        answer = self._by(request) if self._by else self._answers.pop(0)
        if isinstance(answer, Failed):
            raise answer
        return answer

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.requests]
