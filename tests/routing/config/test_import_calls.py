"""What an import calls on its way: counts, and no times.

A config.json of 24 providers and 3 endpoints goes from its bytes to its preview. Counted are files
of `routing` of which a function runs (what dataclasses write for themselves is in no file), and
stays: pairs of two of them where one enters the other, each once, however often it happens.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from facio_site.strictjson import write_json
from providers.kinds import KINDS
from providers.spec.secret import Secret
from routing.config import edits
from routing.config.edits import Current
from routing.config.entries import ProviderState, RouteState
from routing.config.pasted import read_pasted
from routing.config.plans import make_preview

MOST_FILES, MOST_STAYS, MOST_BUILDS = 12, 35, 3
ROUTING = edits.__file__.rpartition("config/")[0]
HOSTED = [kind for kind, spec in KINDS.items() if not spec.is_oauth][:24]
WHOLE: dict[str, Any] = {
    "providers": {
        **{kind: {"apiKey": f"k-12345-{kind}"} for kind in HOSTED},
        **{f"own{n}": {"apiKey": "k-1", "apiBase": f"https://h{n}/v1"} for n in range(3)},
    },
    "agents": {"defaults": {"model": "gpt-5", "provider": "auto"}},
    "tools": {"mcpServers": {"files": {"command": "npx"}}},
}
BEFORE = Current(
    providers=[ProviderState(kind=k, secrets={"api_key": Secret("k-0")}) for k in HOSTED],
    routes=[RouteState(slot="main", model="m")],
)


Stay = tuple[str, str]


def file_of(frame: FrameType | None) -> str:
    """The file of a frame when it is one of `routing`; "" = it is not."""
    name = frame.f_code.co_filename if frame else ""
    return name.rpartition("/routing/")[2] if name.startswith(ROUTING) else ""


@contextmanager
def watched() -> Iterator[tuple[set[str], set[Stay]]]:
    """The files and stays of what runs inside."""
    files: set[str] = set()
    stays: set[Stay] = set()

    def look(frame: FrameType, event: str, _: Any) -> None:
        name = file_of(frame) if event == "call" else ""
        if not name:
            return
        caller = frame.f_back
        while caller and not file_of(caller):
            caller = caller.f_back
        files.add(name)
        if file_of(caller) != name:
            stays.add((file_of(caller), name))

    sys.setprofile(look)
    try:
        yield files, stays
    finally:
        sys.setprofile(None)


def test_an_import_is_read_and_planned_in_few_files() -> None:
    data = write_json(WHOLE).encode()
    with watched() as (files, stays):
        make_preview(read_pasted(data, specs=KINDS), BEFORE, token="")
    assert len(files) <= MOST_FILES, sorted(files)
    assert len(stays) <= MOST_STAYS, sorted(stays)


@pytest.mark.parametrize("is_merge", [None, False, True])
def test_a_large_preview_builds_at_most_three_exports(
    monkeypatch: pytest.MonkeyPatch, is_merge: bool | None
) -> None:
    calls: list[Any] = []
    build = edits.build_config

    def counting(*args: Any, **more: Any) -> Any:
        calls.append(args)
        return build(*args, **more)

    monkeypatch.setattr(edits, "build_config", counting)
    pasted = read_pasted(write_json(WHOLE).encode(), specs=KINDS)
    before = Current(providers=BEFORE.providers, routes=BEFORE.routes)
    shown = make_preview(pasted, before, is_merge=is_merge, token="")
    assert shown.parts
    assert 1 <= len(calls) <= MOST_BUILDS
