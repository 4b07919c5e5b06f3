"""What a write would do to the file and to what is set here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from providers.kinds import KINDS
from providers.spec.secret import Secret
from routing.config.difference import Path, Side, masked
from routing.config.edits import Current, applied
from routing.config.entries import ProviderState, read_entries
from routing.config.export import Mode, build_config, own_references
from routing.config.importing.importer import plan_import
from routing.config.pasted import Pasted
from routing.config.plans import WritePlan, make_preview, plan_with, plan_write
from routing.config.schema import problems
from tests.routing.config.drawn import documents

KEY = "sk-proj-0123456789"
DRAWN = settings(
    max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
FITTING = documents().filter(lambda document: not problems(document))


def holding(document: dict[str, Any]) -> Current:
    plan = plan_import(Pasted(source="config", document=document), Current(), specs=KINDS)
    return applied(Current(), plan.providers, plan.routes, plan.document, specs=KINDS)


def exported(current: Current, mode: Mode = Mode.KEYS) -> dict[str, Any]:
    state = (current.document, current.providers, current.routes)
    return build_config(*state, mode, specs=KINDS).document


def references(document: dict[str, Any], current: Current) -> tuple[Path, ...]:
    state = (current.document, current.providers, current.routes)
    plain = build_config(*state, Mode.KEYS, specs=KINDS)
    return own_references(read_entries(document, KINDS), plain, KINDS)


def planned(
    current: Current,
    disk: dict[str, Any],
    last: dict[str, Any] | None,
    mode: Mode = Mode.KEYS,
    **choices: Side,
) -> WritePlan:
    return plan_write(current, mode, disk=disk, last=last, choices=choices, specs=KINDS)


def all_of(work: WritePlan, side: Side) -> Mapping[str, Side]:
    return {place.path: side for place in work.places}


@pytest.mark.battery
@DRAWN
@given(base=FITTING, theirs=FITTING)
def test_all_theirs_gives_their_file_and_all_ours_gives_ours(
    base: dict[str, Any], theirs: dict[str, Any]
) -> None:
    current = holding(base)
    places = planned(current, theirs, base)
    taken = planned(current, theirs, base, **all_of(places, "theirs"))
    assert not taken.undecided
    if "***" not in repr(theirs):  # their mask stands for what is stored here
        # The order of endpoints stays ours, and that is told.
        assert all(change.keys == ("providers",) for change in taken.changes)
    refused = planned(current, theirs, base, **all_of(places, "ours"))
    assert refused.plan is None
    assert refused.exported.document == exported(current)


@pytest.mark.battery
@DRAWN
@given(base=FITTING, theirs=FITTING)
def test_the_file_is_what_an_export_gives_afterwards(
    base: dict[str, Any], theirs: dict[str, Any]
) -> None:
    current = holding(base)
    for mode in (Mode.KEYS, Mode.ENV):
        work = planned(current, theirs, exported(current, mode), mode)
        assert work.exported.document == exported(work.after, mode)
        assert problems(work.exported.document) == ()


def test_a_file_of_ours_is_simply_written_over() -> None:
    current = holding({"agents": {"defaults": {"model": "b"}}})
    work = planned(current, {"agents": {"defaults": {"model": "a"}}}, None)
    assert [(change.path, change.before, change.after) for change in work.changes] == [
        ("agents.defaults.model", "a", "b")
    ]
    assert (work.plan, work.places) == (None, ())


def test_a_risky_change_of_theirs_waits_for_a_choice() -> None:
    base = {"tools": {"exec": {"enable": False}}, "logging": 1, "agents": {}}
    theirs = {"tools": {"exec": {"enable": True}}, "logging": 1, "agents": {"x": 1}}
    current = holding(base)
    work = planned(current, theirs, base)
    assert work.dangers == {"tools.exec.enable": "runs_code"}
    assert work.undecided == {"tools.exec.enable"}
    decided = planned(current, theirs, base, **{"tools.exec.enable": "ours"})
    assert not decided.undecided
    assert decided.exported.document == {**theirs, "tools": base["tools"]}


def test_a_reference_of_our_own_export_stands_for_the_stored_key() -> None:
    current = Current(providers=[ProviderState(kind="openai", secrets={"api_key": Secret(KEY)})])
    written = exported(current, Mode.ENV)
    assert references(written, current) == (("providers", "openai", "apiKey"),)
    theirs = {**written, "agents": {"defaults": {"temperature": 1}}}
    work = planned(current, theirs, written, Mode.ENV)
    assert work.exported.document == {**theirs}
    assert exported(work.after)["providers"]["openai"]["apiKey"] == KEY


def test_another_name_is_no_reference_of_our_own() -> None:
    current = Current(providers=[ProviderState(kind="openai", secrets={"api_key": Secret(KEY)})])
    for name in ("${OTHER}", "${GROQ_API_KEY}", KEY, ""):
        document = {"providers": {"openai": {"apiKey": name}, "groq": {"apiKey": name}}}
        assert references(document, current) == ()
    named = {"providers": {"openai": {"apiKey": "${OPENAI_API_KEY}"}}}
    assert references(named, Current()) == ()


def test_a_mask_is_put_only_where_something_is() -> None:
    document = {"providers": {"openai": {"apiKey": "x"}}, "agents": 1}
    paths = [("providers", "openai", "apiKey"), ("providers", "groq", "apiKey"), ("agents", "a")]
    assert masked(document, paths) == {"providers": {"openai": {"apiKey": "***"}}, "agents": 1}
    assert document["providers"] == {"openai": {"apiKey": "x"}}


ALIKE = [("n" * 70 + "1", "n" * 70 + "2"), ("a\u200b", "a\u202e")]


@pytest.mark.parametrize("names", ALIKE, ids=["cut", "unseen"])
def test_a_consent_is_to_one_part_however_alike_another_is_shown(names: tuple[str, str]) -> None:
    servers = {name: {"command": name[-1]} for name in names}
    document = {"agents": {}, "tools": {"mcpServers": servers}}
    pasted = Pasted(source="config", document=document)

    parts = make_preview(pasted, Current(), token="").parts
    plan = plan_with(pasted, Current(), consents=[parts[1].path])

    assert parts[1].path == f"{parts[0].path} (2)"
    assert plan.result["tools"]["mcpServers"] == {names[1]: servers[names[1]]}


@pytest.mark.parametrize("names", ALIKE, ids=["cut", "unseen"])
def test_a_side_is_of_one_place_however_alike_another_is_shown(names: tuple[str, str]) -> None:
    theirs: dict[str, Any] = {name: {"command": name[-1]} for name in names}
    disk = {"tools": {"mcpServers": theirs}}
    more: Any = {"mode": Mode.KEYS, "disk": disk, "last": {"tools": {"mcpServers": {}}}}
    current = holding({"tools": {"mcpServers": {}}})

    places = plan_write(current, **more, specs=KINDS).places
    chosen = plan_write(current, **more, specs=KINDS, choices={places[0].path: "theirs"})

    assert chosen.undecided == {places[1].path}
    assert len({place.path for place in places}) == len(places) == 2
