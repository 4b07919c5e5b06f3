"""A situation put before both: the ancestor's client by an exported file, and our test_route."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError

from routing.config.export import Mode
from routing.models import Route
from routing.state import export


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of one situation on both sides."""

    is_green: bool
    answered: bool
    ours: Mapping[str, Any]
    said: str
    outside: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return self.is_green == self.answered

    def __str__(self) -> str:
        told = {name: self.ours.get(name) for name in ("outcome", "detail", "message", "quote")}
        return f"ours {told}; the client: {self.answered}, {self.said}"


def compared(
    nanobot: Any,
    kind: str,
    fields: Mapping[str, Any],
    model: str,
    env: Mapping[str, str] = MappingProxyType({}),
    *,
    slot: str = "main",
) -> Compared:
    """Both at the same time. `fields` as a person enters them; `env` is more of the client's. By
    the route "vision" both send a picture, and the client must have got its answer to that."""
    save(kind, fields, model)
    if slot != "main":
        Route.objects.update_or_create(slot=slot, defaults={"model": model, "provider": kind})
    file = export(Mode.KEYS)
    text = json.dumps(file.document)
    told = {name: secret.reveal() for name, secret in file.env.items()}
    asked = partial(nanobot, "turn", text=text, env={**told, **env}, pictured=slot == "vision")
    with ThreadPoolExecutor(1) as pool:
        turn = pool.submit(asked)
        ours = tested(slot)
        heard = turn.result()
    is_green = ours["outcome"] == "ok"
    if (
        is_green and "timed out" in heard["said"]
    ):  # it waits a second, which a busy machine may take
        heard = asked()
    return Compared(
        is_green=is_green,
        answered=heard["answered"],
        ours=ours,
        said=heard["said"],
        outside=tuple(heard["outside"]),
    )


def save(kind: str, fields: Mapping[str, Any], model: str) -> None:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(json.dumps(fields).encode()))
    try:
        call_command("set_provider", kind, stdout=io.StringIO())
    finally:
        sys.stdin = before
    Route.objects.update_or_create(slot="main", defaults={"model": model, "provider": kind})


def tested(slot: str) -> dict[str, Any]:
    """What `test_route SLOT --json` prints; {"outcome": ""} where it can call nothing."""
    out = io.StringIO()
    try:
        call_command("test_route", slot, "--json", stdout=out)
    except CommandError as error:
        return {"outcome": "", "message": str(error)}
    except SystemExit:
        pass
    told: dict[str, Any] = json.loads(out.getvalue())
    return told
