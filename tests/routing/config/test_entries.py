"""What a document says of ours: read once, compared by everybody."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from facio_site.strictjson import write_json
from providers.kinds import KINDS
from routing.config import edits, entries
from routing.config.edits import Current
from routing.config.entries import ABSENT, RouteState, Value, read_entries
from routing.config.importing import importer
from routing.config.pasted import read_pasted
from routing.config.plans import make_preview
from tests.desk import saved
from tests.routing.config.desk import KEY, WHOLE, hand_in
from tests.routing.config.samples import SPECS, provider

HOSTED = [kind for kind, spec in KINDS.items() if not spec.is_oauth and not spec.is_local][:20]
RISKY = {"tools": {"exec": {"enable": True}}, "channels": {"slack": {"token": "t"}}}


def counted(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, key: Callable[..., Any]
) -> Counter[Any]:
    """How often a function of a module is called from now on, by what `key` makes of it."""
    calls: Counter[Any] = Counter()
    function = getattr(module, name)

    def counting(*args: Any, **more: Any) -> Any:
        calls[key(*args)] += 1
        return function(*args, **more)

    monkeypatch.setattr(module, name, counting)
    return calls


# --- reading --------------------------------------------------------------------------------


def test_an_entry_has_its_name_in_the_document_and_its_kind_as_a_field() -> None:
    document = {
        "providers": {
            "azureOpenai": {"api_key": "k-123456", "apiBase": "no address"},
            "companyProxy": {"apiKey": "c"},
            "openaiCodex": {"apiKey": "x"},
            "groq": 3,
        }
    }
    read = read_entries(document, SPECS)

    assert list(read.by_name) == ["azureOpenai", "companyProxy", "openaiCodex", "groq"]
    assert [entry.provider for entry in read.by_name.values()] == [
        "azure_openai",
        "",
        "openai_codex",
        "groq",
    ]
    azure = read.by_provider["azure_openai"]
    assert azure.value("apiKey") == Value("api_key", "k-123456", "k-123456")
    assert azure.value("apiBase").fault == "bad_base"
    assert azure.value("apiBase").taken is None
    assert azure.value("extraBody") is ABSENT
    assert read.by_name["companyProxy"].raw == {"apiKey": "c"}
    assert read.by_name["companyProxy"].values == {}
    assert read.by_provider["groq"].raw == {}


def test_a_value_means_the_same_however_it_is_written() -> None:
    def meaning(kind: str, key: str, value: Any) -> Any:
        entry = read_entries({"providers": {kind: {key: value}}}, SPECS).by_provider[kind]
        return entry.value(key).meaning

    assert meaning("openai", "apiBase", "HTTPS://API.OpenAI.com/v1/") is None
    assert meaning("openai", "apiBase", "https://h/v1/") == "https://h/v1"
    assert meaning("ollama", "apiBase", "http://localhost:11434/v1/") == "http://localhost:11434/v1"
    assert [meaning("openai", "apiKey", nothing) for nothing in (None, "", {})] == [None] * 3


def test_routes_are_read_by_slot() -> None:
    defaults = {"subagentModel": "m", "subagent_provider": "lm-studio", "model": "x" * 999}
    routes = read_entries({"agents": {"defaults": defaults}}, SPECS).routes

    assert [value.taken for value in routes["subagent"]] == ["m", "lm_studio"]
    assert routes["main"][0].fault == "too_long"
    assert routes["vision"] == (ABSENT, ABSENT)


def test_an_entry_that_was_read_before_is_taken_over_and_a_changed_one_is_not() -> None:
    one, two = {"apiKey": "k-123456"}, {"apiKey": "g-123456"}
    before = read_entries({"providers": {"openai": one, "groq": two}}, SPECS)
    after = read_entries({"providers": {"openai": one, "groq": {**two}}}, SPECS, before)

    assert after.by_name["openai"] is before.by_name["openai"]
    assert after.by_name["groq"] is not before.by_name["groq"]


def test_no_record_shows_a_secret() -> None:
    document = {
        "providers": {"openai": {"apiKey": KEY, "extraHeaders": {"A": KEY}}, "own": {"k": KEY}}
    }
    read = read_entries(document, KINDS)
    current = Current(providers=[provider("openai", KEY)], document=document)
    plan = importer.plan_import(
        read_pasted(write_json(document).encode(), specs=KINDS), current, specs=KINDS
    )

    assert KEY not in repr((read, current, plan, current.plain))


# --- how often ------------------------------------------------------------------------------


@pytest.mark.parametrize("is_merge", [False, True])
def test_a_preview_reads_each_value_that_is_handed_in_once(
    monkeypatch: pytest.MonkeyPatch, is_merge: bool
) -> None:
    sections = {kind: {"apiKey": f"k-12345-{kind}", "apiBase": "https://h/v1"} for kind in HOSTED}
    document = {
        "providers": sections,
        "agents": {"defaults": {"model": "gpt-5"}},
        **RISKY,
    }
    before = Current(
        providers=[provider(kind, "k-0") for kind in HOSTED], routes=[RouteState(slot="main")]
    )
    pasted = read_pasted(write_json(document).encode(), specs=KINDS)
    values = counted(monkeypatch, entries, "read_value", lambda spec, key, *_: (spec.kind, key))
    routes = counted(monkeypatch, entries, "route_text", lambda key, _: key)
    again = counted(monkeypatch, importer, "read_value", lambda *_: "again")

    shown = make_preview(pasted, before, is_merge=is_merge, token="")

    assert len(shown.parts) == 2
    assert set(values.values()) == {1}
    assert len(values) == 2 * len(HOSTED)
    assert routes == {"model": 1}
    assert not again


def test_masked_headers_alone_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    again = counted(monkeypatch, importer, "read_value", lambda spec, key, *_: (spec.kind, key))
    entry = {"apiKey": "***", "extraHeaders": {"A": "***", "B": "new"}}
    document = {"providers": {"openai": entry}}
    before = Current(providers=[provider("openai", KEY, extra_headers={"A": "old"})])

    plan = importer.plan_import(
        read_pasted(write_json(document).encode(), specs=KINDS), before, specs=KINDS
    )

    assert again == {("openai", "extraHeaders"): 1}
    assert plan.providers[0].values == {"extraHeaders": {"A": "old", "B": "new"}}


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Counter[Any]:
    return counted(monkeypatch, edits, "build_config", lambda *_: "build")


@pytest.mark.parametrize("is_merge", [False, True])
def test_a_preview_builds_at_most_three_exports(builds: Counter[Any], is_merge: bool) -> None:
    document = {
        "providers": {kind: {"apiKey": "${OPENAI_API_KEY}"} for kind in HOSTED[1:]},
        **RISKY,
    }
    pasted = read_pasted(json.dumps(document).encode(), specs=KINDS)
    before = Current(providers=[provider(kind, "k-0") for kind in HOSTED])

    shown = make_preview(pasted, before, is_merge=is_merge, token="")

    assert len(shown.parts) == 2
    assert shown.named_keys
    assert any(edit.is_removed for edit in shown.plan.providers) is not is_merge
    assert builds["build"] <= 3


@pytest.mark.django_db
@pytest.mark.usefixtures("one_minute")
def test_a_preview_on_the_page_builds_at_most_three_exports(
    site: Client, builds: Counter[Any]
) -> None:
    saved("openai", "sk-proj-9876543210abcdefghij")
    site.get("/config/")  # the navigation counts once for each state
    builds.clear()
    asked = hand_in(site, WHOLE)
    assert builds["build"] <= 6  # one preview when it is handed in, one when it is shown
    builds.clear()

    site.get(asked.request["PATH_INFO"])

    assert 1 <= builds["build"] <= 3


@pytest.mark.django_db
def test_a_preview_of_the_command_builds_at_most_three_exports(
    tmp_path: Path, builds: Counter[Any]
) -> None:
    saved("openai", "sk-proj-9876543210abcdefghij")
    file = tmp_path / "config.json"
    file.write_text(write_json(WHOLE))

    call_command("import_config", str(file), "--keep-keys", stdout=io.StringIO())

    assert 1 <= builds["build"] <= 3
