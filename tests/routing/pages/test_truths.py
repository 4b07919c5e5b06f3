"""What pages and commands say of documents that the agent reads otherwise than they look."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from providers.models import Provider
from routing.config.export import Mode
from routing.models import BaseDocument, Route
from routing.pages.config import state_now, warnings
from routing.pages.rows import RouteRow, route_rows
from routing.state import export
from routing.watch.subjects import served_routes
from tests.desk import saved
from tests.markup import flat
from tests.routing.config.desk import import_all

pytestmark = pytest.mark.django_db
FAST = {"modelPresets": {"fast": {"model": "claude-x"}}}


def hold(defaults: dict[str, Any], **more: Any) -> None:
    """What was imported; model and provider of main are set here."""
    names = {"model", "provider"}.intersection(defaults)
    if names:
        Route.objects.create(slot="main", **{name: defaults[name] for name in names})
    BaseDocument.put({"agents": {"defaults": defaults}, **more})


def main() -> RouteRow:
    return route_rows(with_tests=True)[0]


def codes() -> list[str]:
    return [lint.code.value for lint in main().lints]


def told() -> list[str]:
    return warnings(state_now()[0])


def explained(*words: str) -> str:
    out = io.StringIO()
    call_command("explain_route", *words, stdout=out)
    return out.getvalue()


# --- presets and fallbacks --------------------------------------------------------------------


def test_a_preset_gives_main_its_model_on_every_page(site: Client) -> None:
    saved("openai")
    saved("anthropic")
    hold({"model": "gpt-5", "modelPreset": "fast"}, **FAST)
    words = 'claude-x by the preset "fast". Anthropic, because the model name contains "claude".'
    row = main()
    assert (row.model, row.words, row.can_pin) == ("claude-x", words, False)
    assert codes() == ["preset_wins"]
    page = flat(site.get("/routing/?without=openai")).replace("&quot;", '"')
    assert words in page
    assert 'data-provider="anthropic"' in page
    assert "stays with Anthropic" in page
    assert "Pin Anthropic" not in page
    assert "stops: only" not in page
    assert "moves from Anthropic to OpenAI" in flat(site.get("/routing/?without=anthropic"))
    assert explained().splitlines()[0] == words
    assert explained("gpt-5").startswith("OpenAI, because")


def test_a_preset_that_is_missing_is_told_on_the_pages_too(site: Client) -> None:
    saved("openai")
    hold({"model": "gpt-5", "modelPreset": "fast"})
    assert codes() == ["preset_missing"]
    (words,) = told()
    assert words.startswith('agents.defaults.modelPreset: there is no model preset "fast"')
    assert words.replace('"', "&quot;") in flat(site.get("/config/export/"))


def test_the_drill_says_what_the_agent_may_fall_back_to(site: Client) -> None:
    saved("openai")
    saved("anthropic")
    fallback = {"model": "claude-x", "provider": "anthropic"}
    hold({"model": "gpt-5", "provider": "openai", "fallbackModels": [fallback]})
    page = flat(site.get("/routing/?without=openai"))
    assert "only OpenAI serves it; the agent may fall back to claude-x (Anthropic)" in page
    assert 'data-verdict="falls"' in page
    Provider.objects.filter(name="anthropic").delete()
    assert "stops: only OpenAI serves it" in flat(site.get("/routing/?without=openai"))


# --- variables --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("defaults", "name"),
    [
        ({"model": "${OPENAI_MODEL}"}, "OPENAI_MODEL"),
        ({"model": "gpt-5", "provider": "${PROV}"}, "PROV"),
    ],
)
def test_a_variable_is_never_taken_for_a_name(
    site: Client, defaults: dict[str, str], name: str
) -> None:
    saved("openai")
    saved("openrouter")
    hold(defaults)
    row = main()
    words = f"It depends on the variable {name}: only the agent can tell."
    assert (row.words, row.served, row.state, codes()) == (words, None, "attention", [])
    assert told() == []
    page = flat(site.get("/routing/?without=openai"))
    assert words in page
    assert f"depends on the variable {name}: only the agent can tell" in page
    assert 'data-verdict="agent"' in page
    assert words in explained()


def test_a_model_behind_a_variable_is_not_tested_under_that_text() -> None:
    saved("openai")
    hold({"model": "${MODEL}", "provider": "openai"})
    row = main()
    assert (row.words, row.can_test) == ("OpenAI, because it is chosen here.", False)
    assert [one.can_be_asked for one in served_routes()] == [False]
    with pytest.raises(CommandError, match="Nothing can be called from here"):
        call_command("test_route", "main")
    assert "On auto, it depends on a variable." in explained()


def test_an_address_with_a_variable_inside_is_one_that_the_agent_resolves(site: Client) -> None:
    base = "http://${OLLAMA_HOST}:11434/v1"
    ollama = {"providers": {"ollama": {"apiBase": base}}}
    import_all(site, {"agents": {"defaults": {"model": "llama3.2"}}, **ollama})
    row = Provider.objects.get(name="ollama")
    assert row.api_base == base
    assert row.adapter(with_secrets=False).references() == ["api_base"]
    assert export(Mode.KEYS).document["providers"] == ollama["providers"]
    assert told() == []
    assert codes() == []
    assert site.get("/providers/ollama/").status_code == 200


# --- what the agent refuses -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "entry", "code"),
    [
        ("nvidia", {"apiBase": "https://proxy.test/v1"}, "no_key"),
        ("lab", {"apiKey": "k-0123456789"}, "no_base"),
        ("kimi_coding", {"apiKey": "k-0123456789", "proxy": "http://p.test"}, "proxy_unsupported"),
        ("assemblyai", {"apiKey": "k-0123456789"}, "transcription_only"),
    ],
)
def test_a_provider_that_the_agent_refuses_is_told(
    name: str, entry: dict[str, str], code: str
) -> None:
    hold({"model": "m", "provider": name}, providers={name: entry})
    assert codes()[0] == code
    assert main().state == "attention"
    (words,) = told()
    assert words.startswith("Main: ")


def test_an_empty_model_is_not_called_the_agents_own_default(site: Client) -> None:
    saved("openai")
    hold({"model": ""})
    words = "The model is an empty text: the agent takes that as the model's name."
    assert (main().words, main().state, codes()) == (words, "nobody", ["empty_model"])
    assert told() == [f"Main: {words}"]
    assert words in explained()
    assert words in flat(site.get("/")).replace("&#x27;", "'")
    assert export(Mode.KEYS).document["agents"] == {"defaults": {"model": ""}}
    BaseDocument.put({})
    assert main().words == "No model set: the agent uses its own default."
    assert main().state == "unset"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"hooks": {}}, "hooks: no document tells of an area with this name"),
        (
            {"agents": {"defaults": {"fallbackModels": ["default"]}}},
            'agents.defaults.fallbackModels: there is no model preset "default"',
        ),
        (
            {"modelPresets": {"default": {"model": "m"}}},
            'modelPresets.default: a preset can\'t be called "default"',
        ),
        ({"modelPresets": {"fast": {}}}, "modelPresets.fast: model is missing"),
        (
            {"agents": {"defaults": {"dream": {"modelOverride": "nope"}}}},
            'agents.defaults.dream.modelOverride: there is no model preset "nope"',
        ),
        ({"providers": {"OpenAI": {}}}, 'providers.OpenAI: the agent reads "OpenAI" as an endpo'),
    ],
)
def test_what_the_loader_stops_at_is_told_with_each_export_and_import(
    document: dict[str, Any], words: str
) -> None:
    BaseDocument.put(document)
    assert [one.startswith(words) for one in told()] == [True]
    BaseDocument.objects.all().delete()
    file = {"providers": {}, **document}
    out = io.StringIO()
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(file).encode()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", stdin)
        call_command("import_config", "-", stdout=out)
    assert f"warning: {words}" in out.getvalue()


# --- media, and names that look alike ---------------------------------------------------------


def test_a_media_provider_that_is_a_slip_is_not_called_a_service(site: Client) -> None:
    Route.objects.create(slot="image", model="gpt-image-1", provider="opnai")
    words = '"opnai" is not known here: only the agent can tell.'
    row = next(one for one in route_rows(with_tests=True) if one.route.slot == "image")
    assert (row.words, row.state, row.served) == (words, "attention", None)
    assert [lint.code for lint in row.lints] == ["media_unknown"]
    assert told() == [f"Image generation: {words}"]
    page = flat(site.get("/routing/?without=openai")).replace("&quot;", '"')
    assert "a media service that the agent knows" not in page
    assert '"opnai" is not known here: only the agent can tell</span>' in page


def test_an_endpoint_that_is_called_as_a_kind_is_shown_with_its_place() -> None:
    saved("openai")
    own = {"apiKey": "k-0123456789", "apiBase": "https://proxy.test/v1"}
    hold({"model": "x", "provider": "OpenAI"}, providers={"OpenAI": own})
    assert main().words == "providers.OpenAI, because it is chosen here."
    lines = explained("gpt-5").splitlines()
    assert lines[0].startswith("OpenAI, because")
    assert "providers.OpenAI" in lines[2]
