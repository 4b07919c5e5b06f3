"""What an import calls on its way: counts, and no times.

A config.json goes from its bytes to its preview, which is drawn, and then into the plan that would
be stored. Counted are modules of `routing` of which a function runs (comprehensions and lambdas are
a part of theirs), and stays: a function that is entered from another module of `routing`, each pair
of the two modules and that function once, however many providers there are.
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
from routing.config import edits, export
from routing.config.edits import Current
from routing.config.entries import ProviderState, RouteState
from routing.config.pasted import read_pasted
from routing.config.plans import make_preview, plan_with

MOST_FILES, MOST_STAYS = 12, 35
HOSTED = [kind for kind, spec in KINDS.items() if not spec.is_oauth]
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


@contextmanager
def watched() -> Iterator[tuple[set[str], set[tuple[str, str, str]]]]:
    files: set[str] = set()
    stays: set[tuple[str, str, str]] = set()

    def look(frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_globals.get("__name__", "")
        if event != "call" or not name.startswith("routing."):
            return
        files.add(name)
        caller = frame.f_back
        while caller and not caller.f_globals.get("__name__", "").startswith("routing."):
            caller = caller.f_back
        source = caller.f_globals["__name__"] if caller else ""
        if source != name:
            stays.add((source, name, frame.f_code.co_name))

    sys.setprofile(look)
    try:
        yield files, stays
    finally:
        sys.setprofile(None)


def test_x(monkeypatch: pytest.MonkeyPatch) -> None:
    before = BEFORE
    with watched() as (files, stays):
        pasted = read_pasted(write_json(WHOLE).encode(), specs=KINDS)
        make_preview(pasted, before, token="")
    print(len(files), sorted(files))
    print(len(stays))
    for one in sorted(stays):
        print(one)
    assert 0
