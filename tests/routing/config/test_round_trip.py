"""A config.json that is taken in comes back; one edit changes exactly what was edited."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from facio_site.strictjson import read_json, write_json
from providers.kinds import KINDS
from providers.spec.masks import holds_mask
from providers.spec.secret import Secret
from routing.config.edits import Current, applied
from routing.config.entries import ProviderState, RouteState
from routing.config.export import Mode, build_config
from routing.config.importing.importer import Plan, plan_import
from routing.config.pasted import read_pasted
from routing.config.schema import problems
from routing.rules.slots import ROUTE_KEYS
from tests import IS_FREE
from tests.routing.config.drawn import documents
from tests.routing.conftest import Ask


def taken_in(document: dict[str, Any], current: Current | None = None) -> tuple[Plan, Current]:
    pasted = read_pasted(write_json(document).encode(), specs=KINDS)
    before = current or Current()
    plan = plan_import(pasted, before, specs=KINDS)
    return plan, applied(before, plan.providers, plan.routes, plan.document, specs=KINDS)


def given_back(current: Current) -> dict[str, Any]:
    return build_config(
        current.document, current.providers, current.routes, Mode.KEYS, specs=KINDS
    ).document


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Every path at which two documents are not the same JSON, strictly."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            here = f"{path}.{key}" if path else key
            if key in old and key in new:
                yield from differences(old[key], new[key], here)
            else:
                yield here
    elif json.dumps(old) != json.dumps(new):
        yield path


DRAWN = settings(
    max_examples=150 if IS_FREE else 40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

MODES = st.sampled_from(list(Mode))
pytestmark = pytest.mark.battery


@DRAWN
@given(document=documents().filter(lambda document: not problems(document)))
def test_import_then_export_gives_the_same_document_in_the_same_order(
    document: dict[str, Any],
) -> None:
    plan, current = taken_in(document)
    back = given_back(current)

    assert json.dumps(back) == json.dumps(document)
    assert list(differences(document, back)) == []
    assert not plan.retype


@DRAWN
@given(document=documents().filter(lambda document: not problems(document)))
def test_a_second_import_of_the_same_file_changes_nothing(document: dict[str, Any]) -> None:
    _, current = taken_in(document)
    plan, after = taken_in(document, current)

    assert plan.is_empty
    assert plan.risks == ()
    assert json.dumps(given_back(after)) == json.dumps(document)


@DRAWN
@given(document=documents().filter(lambda document: not problems(document)), mode=MODES)
def test_an_export_that_is_taken_in_again_changes_nothing(
    document: dict[str, Any], mode: Mode
) -> None:
    _, current = taken_in(document)
    state = (current.document, current.providers, current.routes)
    written = build_config(*state, mode, specs=KINDS)
    # Without a mask nobody sees that parts were left out: it may as well be a whole file.
    assume(not written.left_out or holds_mask(written.document))
    plan = plan_import(read_pasted(written.text.encode(), specs=KINDS), current, specs=KINDS)
    after = applied(current, plan.providers, plan.routes, plan.document, specs=KINDS)
    assert given_back(after) == given_back(current)
    assert plan.changes == ()
    assert plan.removes == ()


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str, str]:
    """(kind or slot, what, new value)"""
    if draw(st.booleans()):
        slot = draw(st.sampled_from(["main", "subagent", "vision", "image", "video"]))
        return (
            slot,
            draw(st.sampled_from(["model", "provider"])),
            draw(st.sampled_from(["gpt-9", "mistral"])),
        )
    kind = draw(st.sampled_from([k for k, spec in KINDS.items() if not spec.is_oauth]))
    return kind, draw(st.sampled_from(["key", "base"])), "https://edited.example/v7"


def edited(current: Current, edit: tuple[str, str, str]) -> tuple[Current, set[str]]:
    """The state after one edit, and the places in config.json (as names) that it is about."""
    where, what, value = edit
    if where in KINDS:
        states = {state.name: state for state in current.providers}
        state = states.get(where, ProviderState(kind=where))
        if what == "key":
            state = replace(state, secrets={**state.secrets, "api_key": Secret(value)})
        else:
            state = replace(state, api_base=value)
        states[where] = state
        touched = {f"providers.{where}.{'apiKey' if what == 'key' else 'apiBase'}"}
        if KINDS[where].is_local:
            touched.add(f"providers.{where}.apiBase")  # written along when it is first set
        return replace(current, providers=tuple(states.values())), touched
    routes = {route.slot: route for route in current.routes}
    route = routes.get(where, RouteState(slot=where))
    route = replace(route, model=value) if what == "model" else replace(route, provider=value)
    routes[where] = route
    model, provider = ROUTE_KEYS[where]
    touched = {f"agents.defaults.{model if what == 'model' else provider}"}
    if where == "main" and what == "model":
        touched.add("agents.defaults.provider")  # main says "auto" in words when it is first set
    return replace(current, routes=tuple(routes.values())), touched


def plain(path: str) -> str:
    return path.replace("_", "").lower()


@DRAWN
@given(document=documents().filter(lambda document: not problems(document)), edit=edits())
def test_after_one_edit_the_difference_is_exactly_that_edit(
    document: dict[str, Any], edit: tuple[str, str, str]
) -> None:
    _, current = taken_in(document)
    before = given_back(current)
    after, touched = edited(current, edit)
    changed = list(differences(before, given_back(after)))

    for path in changed:
        assert any(
            plain(name) == plain(path) or plain(name).startswith(plain(path) + ".")
            for name in touched
        ), (path, touched)
    assert len(changed) <= len(touched)


@pytest.mark.nanobot
@settings(DRAWN, max_examples=60 if IS_FREE else 20)
@given(document=documents().filter(lambda document: not problems(document)))
def test_an_imported_file_that_nanobot_loads_is_loaded_after_the_round_trip_in_every_mode(
    nanobot: Ask, document: dict[str, Any]
) -> None:
    _, current = taken_in(document)
    was_loaded = "error" not in nanobot("load", text=write_json(document))
    for mode in Mode:
        state = (current.document, current.providers, current.routes)
        answer = nanobot("load", text=build_config(*state, mode, specs=KINDS).text)
        if was_loaded or mode is Mode.REDACTED:
            assert "error" not in answer, (mode, answer)


# --- whole files ----------------------------------------------------------------------------

EXAMPLES: dict[str, dict[str, Any]] = {
    "documented example of a local provider": {
        "agents": {"defaults": {"model": "llama3.2", "provider": "ollama"}},
        "providers": {"ollama": {"apiBase": "http://host.docker.internal:11434/v1"}},
    },
    "placeholders of an example": {
        "providers": {
            "openrouter": {"apiKey": "sk-or-v1-xxx"},
            "anthropic": {"api_key": "YOUR_API_KEY"},
            "custom": {"apiKey": "your-key-here", "apiBase": "https://host.example/v1"},
        }
    },
    "everything at once": {
        "logging": {"path": "/var/log/facio.log", "level": None},
        "providers": {
            "companyProxy": {"apiBase": "https://proxy.example/v1", "apiKey": "cp-1"},
            "azureOpenai": {
                "api_key": "az-1",
                "apiBase": "https://x.openai.azure.com/",
                "extraQuery": {"api-version": "2024-10-21"},
            },
            "bedrock": {"region": "eu-west-1", "profile": "bot", "apiKey": None},
            "openaiCodex": {"proxy": "http://proxy.example:3128"},
        },
        "agents": {
            "defaults": {
                "workspace": "~/w",
                "model": "my-deployment",
                "provider": "azure_openai",
                "fallbackModels": ["a", {"model": "b", "provider": "auto"}],
                "subagentModel": None,
                "temperature": 1.0,
                "dream": {"cron": "0 3 * * *"},
            }
        },
        "modelPresets": {"fast": {"model": "groq/llama"}},
        "channels": {"telegram": {"allow_from": ["1"], "token": "${TELEGRAM}"}},
        "tools": {
            "mcpServers": {"my_files": {"command": "npx", "env": {"API_KEY": "x"}}},
            "exec": {"enable": True, "timeout": 60},
        },
    },
    "local providers without an address": {
        "providers": {
            "ollama": {"apiKey": "sk-1"},
            "lmStudio": {"extraHeaders": {"A": "b"}},
            "ovms": {"apiKey": "sk-1", "apiBase": "localhost:8000"},
        }
    },
    "spellings of the other kind": {
        "agents": {"defaults": {"subagentModel": "m", "visionProvider": "lm-studio"}},
        "providers": {"lm_studio": {"api_base": "http://h:1/v1", "extra_body": {"a_b": 1}}},
    },
    "nothing": {},
    "empty areas": {"providers": {}, "agents": {"defaults": {}}},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_back_as_it_is(name: str) -> None:
    document = EXAMPLES[name]
    _, current = taken_in(document)
    assert json.dumps(given_back(current)) == json.dumps(document)


def test_an_edit_goes_under_the_spelling_of_the_file() -> None:
    document = EXAMPLES["spellings of the other kind"]
    _, current = taken_in(document)
    routes = {route.slot: route for route in current.routes}
    routes["subagent"] = RouteState(slot="subagent", model="n")
    state = replace(current.providers[0], api_base="http://h:2/v1", extra_body={"a_b": 2})

    back = given_back(replace(current, providers=(state,), routes=tuple(routes.values())))

    assert back == {
        "agents": {"defaults": {"subagentModel": "n", "visionProvider": "lm-studio"}},
        "providers": {"lm_studio": {"api_base": "http://h:2/v1", "extra_body": {"a_b": 2}}},
    }


@pytest.mark.nanobot
def test_nanobots_own_defaults_come_back_and_set_nothing_but_the_model(nanobot: Ask) -> None:
    document = read_json(nanobot("defaults").encode())

    plan, current = taken_in(document)

    assert json.dumps(given_back(current)) == json.dumps(document)
    assert plan.providers == ()
    assert [route.slot for route in plan.routes] == ["main"]


@pytest.mark.nanobot
def test_one_edit_of_nanobots_own_defaults_goes_under_its_spelling(nanobot: Ask) -> None:
    document = read_json(nanobot("defaults").encode())
    _, current = taken_in(document)
    state = ProviderState(
        kind="azure_openai",
        secrets={"api_key": Secret("az-1")},
        api_base="https://x.openai.azure.com",
    )

    back = given_back(replace(current, providers=(state,)))

    assert list(differences(document, back)) == [
        "providers.azureOpenai.apiKey",
        "providers.azureOpenai.apiBase",
    ]
    assert "error" not in nanobot("load", text=write_json(back))
