"""Answers without a network: a reply from its parts, and a `send` that plays a script."""

import json
from collections.abc import Callable
from typing import Any

from providers.http import NOT_JSON, Reply, Request
from providers.outcomes import Failed


def reply(status: int = 200, data: Any = NOT_JSON, *, text: str = "", **headers: str) -> Reply:
    """`headers` by their names with _ for -."""
    if data is not NOT_JSON:
        text = json.dumps(data)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, data=data, text=text, ms=7)


Answer = Reply | Failed


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
