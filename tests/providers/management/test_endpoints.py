"""Endpoints of one's own by command: made, changed, tested, fetched, exported in every mode."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from facio_site.commands import UsageError
from providers.models import Provider
from tests.providers.management.test_commands import give, told
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]
CORP: dict[str, Any] = {
    "kind": "custom",
    "apiKey": "corp-0123456789abcdef",
    "apiBase": "https://llm.example.com/v1",
}


def exported(mode: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_config", "-", "--secrets", mode, stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_the_first_use_names_the_kind_and_the_name_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert give(monkeypatch, "Corp-LLM", **CORP, displayName="Proxy") == "Corp-LLM: saved\n"
    give(monkeypatch, "Corp-LLM", apiKey="corp-other-0123456789")
    assert exported("keys")["providers"] == {
        "Corp-LLM": {
            "apiKey": "corp-other-0123456789",
            "apiBase": CORP["apiBase"],
            "displayName": "Proxy",
        }
    }


@pytest.mark.parametrize("name", ["opnai", "nothing", "Corp-LLM"])
def test_without_a_kind_an_unknown_name_is_a_slip(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(UsageError):
        give(monkeypatch, name, apiKey="sk-0123456789", apiBase=CORP["apiBase"])
    assert not Provider.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("", "auto", "a/b", "../x", "a\nb", "a\0b", " a", "x" * 300),
        *("lmStudio", "LM-Studio", "azure-openai", "OpenAI", "nvidia", "corp_llm", "CORP-LLM"),
    ],
)
def test_a_name_that_is_no_good_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    give(monkeypatch, "Corp-LLM", **CORP)
    with pytest.raises(CommandError):
        give(monkeypatch, name, **CORP)
    assert list(Provider.objects.values_list("name", flat=True)) == ["Corp-LLM"]


def test_another_kind_and_no_address_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for patch in ({**CORP, "kind": "openai"}, {"kind": "custom", "apiKey": "corp-0123456789"}):
        with pytest.raises(CommandError):
            give(monkeypatch, "Corp-LLM", **patch)
    assert not Provider.objects.exists()


def test_a_new_address_does_not_take_the_key_along(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "Corp-LLM", **CORP)
    with pytest.raises(CommandError, match="address has changed"):
        give(monkeypatch, "Corp-LLM", apiBase="https://elsewhere.example/v1")


def test_each_has_a_variable_of_its_own_in_mode_env(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {}
    for number, name in enumerate(["zai", "corp.llm", "corp-llm", "corp-llm-2", "corp"]):
        keys[name] = f"key-of-number-{number}-0123456789"
        headers = {"LLM-X": f"header-{number}-0123456789"}
        patch = {**CORP, "apiKey": keys[name], "extraHeaders": headers}
        give(monkeypatch, name, **patch)
    give(monkeypatch, "zhipu", apiKey="zhipu-key-0123456789.abc")
    entries = exported("env")["providers"].values()
    written = [entry["apiKey"] for entry in entries]
    written += [value for entry in entries for value in entry.get("extraHeaders", {}).values()]
    assert len(set(written)) == len(written)
    assert all(text.startswith("${") for text in written)
    assert "key-of-number" not in json.dumps(exported("redacted"))


def test_it_is_told_by_its_name_among_all(
    monkeypatch: pytest.MonkeyPatch, sims: Simulators
) -> None:
    give(monkeypatch, "Corp-LLM", **CORP)
    rows, _code = told("check_providers", "Corp-LLM")
    assert [(row["kind"], row["name"]) for row in rows] == [("custom", "Corp-LLM")]
    rows, _code = told("fetch_catalogs")
    assert [(row["kind"], row["name"]) for row in rows] == [("custom", "Corp-LLM")]


def test_two_at_one_address_are_asked_each_with_its_own_key(
    monkeypatch: pytest.MonkeyPatch, sims: Simulators
) -> None:
    base = "https://llm.example.com/~guarded/v1"
    for name, word in (("one", "good"), ("two", "bad"), ("custom:three", "good")):
        give(monkeypatch, name, **{**CORP, "apiBase": base, "apiKey": demo_key("custom", word)})
    rows, code = told("check_providers")
    found = {row["name"]: row["outcome"] for row in rows}
    assert (found, code) == ({"one": "ok", "two": "bad_key", "custom:three": "ok"}, 1)
    rows, _code = told("fetch_catalogs")
    assert {row["name"]: row["count"] for row in rows} == {"one": 5, "two": 0, "custom:three": 5}
    assert exported("keys")["providers"]["two"]["apiKey"] == demo_key("custom", "bad")


def test_what_was_stored_by_kind_is_known_by_that_name_after_the_migration() -> None:
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()  # tables that depend on it go and come with it
    try:
        executor.migrate([("providers", "0010_lists_beside")])
        old = executor.loader.project_state([("providers", "0010_lists_beside")]).apps
        rows = old.get_model("providers", "Provider").objects
        for kind in ("groq", "custom", "lm_studio"):
            rows.create(kind=kind, version=3)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(newest)
    found = Provider.objects.values_list("name", "kind", "version")
    assert set(found) == {("groq", "groq", 3), ("custom", "custom", 3), ("lm_studio",) * 2 + (3,)}
