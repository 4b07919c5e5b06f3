"""explain_route speaks of the document that an export makes now, whoever its entries are of."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from providers.catalog.fetch import CatalogItem
from routing.models import BaseDocument, Route
from tests.desk import saved, stocked

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
PROXY = {"apiKey": "sk-corp-0123456789", "apiBase": "https://llm.example.com/v1"}


def text(*words: str) -> str:
    out = io.StringIO()
    call_command("explain_route", *words, stdout=out)
    return out.getvalue()


def told(*words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(text(*words, "--json"))
    return answer


def hold(providers: dict[str, Any], model: str = "") -> None:
    """An imported document, of which nothing is set up here but the main model."""
    BaseDocument.put({"providers": providers})
    if model:
        Route.objects.create(slot="main", model=model)


def test_the_ranking_is_numbered_and_those_that_never_take_it_come_last() -> None:
    saved("groq")
    saved("openrouter")
    hold({"my-proxy": {"apiBase": "https://llm.example.com/v1"}})
    lines = text("claude-9").splitlines()
    assert lines[0].startswith("OpenRouter, by fallback")
    assert [line[:5].strip() for line in lines[1:5]] == ["1.", "2.", "3.", "-"]
    assert [line.split()[1] for line in lines[1:5]] == [
        "OpenRouter",
        "Groq",
        "my-proxy",
        "Anthropic",
    ]
    assert lines[4].endswith("no key")


def test_a_forced_route_says_who_would_have_served_otherwise() -> None:
    saved("groq")
    saved("anthropic")
    assert "On auto, Anthropic would serve it." in text("claude-9", "--provider", "groq")
    assert "On auto, it would be the same provider." in text("claude-9", "--provider", "anthropic")
    assert told("claude-9", "--provider", "groq")["otherwise"] == "anthropic"


@pytest.mark.parametrize("model", ["my-company-api/gpt-4", "MY_COMPANY_API/gpt-4"])
def test_an_entry_of_any_other_name_serves_by_its_prefix(model: str) -> None:
    saved("openai")
    hold({"my-company-api": PROXY})
    answer = told(model)
    assert answer["provider"] == "my-company-api"
    assert answer["considered"][0] == {
        "kind": "custom",
        "name": "my-company-api",
        "verdict": "chosen",
        "rank": 1,
        "rule": "prefix",
        "word": model.partition("/")[0].lower(),
    }


@pytest.mark.parametrize("name", ["siliconflow", "volcengine_coding_plan"])
def test_what_only_the_agent_has_built_in_is_named_as_it_names_it(name: str) -> None:
    hold({name: {"apiKey": "k"}}, model="some/unknown")
    answer = told()
    assert (answer["provider"], answer["rule"]) == (name, "gateway_fallback")
    assert [one["code"] for one in answer["findings"]] == ["gateway_fallback", "only_in_file"]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("sk-0123456789abcdef\n", "key_unsendable"),
        ("your-api-key-here", "key_example"),
        ("***", "key_example"),
        ("$DEEPSEEK_API_KEY", "key_variable"),
    ],
)
def test_a_key_that_nobody_here_would_take_counts_and_is_doubted(key: str, code: str) -> None:
    hold({"deepseek": {"apiKey": key}}, model="deepseek-chat")
    answer = told()
    assert answer["provider"] == "deepseek"
    assert [one["code"] for one in answer["findings"]] == [code]
    assert "! " in text()
    assert key not in json.dumps(answer)


def test_a_key_that_is_typed_anew_puts_an_end_to_the_doubt() -> None:
    hold({"deepseek": {"apiKey": "sk-xxx"}}, model="deepseek-chat")
    saved("deepseek", "sk-0123456789abcdef")
    assert told()["findings"] == []


@pytest.mark.parametrize("word", ["", "Auto", "opnai"])
def test_what_is_no_providers_name_names_nobody(word: str) -> None:
    saved("openai")
    Route.objects.create(slot="main", model="gpt-5", provider=word)
    answer = told()
    assert (answer["provider"], answer["rule"], answer["otherwise"]) == (
        None,
        "unknown_provider",
        "openai",
    )
    assert [one["code"] for one in answer["findings"]] == ["unknown_provider"]
    assert told("gpt-5", "--provider", word)["provider"] is None


def test_a_main_model_without_eyes_is_noted_until_a_vision_model_is_set() -> None:
    stocked("openai", CatalogItem(model_id="gpt-5", inputs=("text",), outputs=("text",)))
    main = Route.objects.create(slot="main", model="gpt-5")
    assert [one["code"] for one in told()["findings"]] == ["no_eyes"]
    Route.objects.create(slot="vision", model="gpt-5-vision")
    assert told()["findings"] == []
    Route.objects.filter(slot="vision").delete()
    stocked("openai", CatalogItem(model_id="gpt-5"))
    assert told()["findings"] == []
    assert main.model == "gpt-5"


def test_a_second_spelling_of_an_endpoint_is_told_as_out_of_reach() -> None:
    hold({"Corp-LLM": PROXY, "corp_llm": PROXY}, "corp_llm/gpt-5")
    answer = told()
    assert answer["provider"] == "Corp-LLM"
    (found,) = [one for one in answer["findings"] if one["code"] == "twin"]
    assert '"corp_llm"' in found["text"]
    assert "for Corp-LLM" in found["text"]


@pytest.mark.parametrize(
    ("kind", "fields", "names"),
    [
        ("openai", {"proxy": "http://p.test:3128", "apiType": "responses"}, "proxy, apiType"),
        ("openai", {"proxy": None, "extraQuery": {}, "apiType": "auto"}, ""),
        ("openai", {"extra_query": {"api-version": "1"}}, "extraQuery"),
        ("anthropic", {"extraQuery": {"a": "b"}, "displayName": "C"}, ""),  # its client sends none
    ],
)
def test_fields_that_change_the_agent_s_calls_and_no_test_are_told(
    kind: str, fields: dict[str, Any], names: str
) -> None:
    saved(kind)
    key = "sk-0123456789abcdef"
    hold({kind: {"apiKey": key, **fields}}, model=f"{kind}/m")
    found = [one for one in told()["findings"] if one["code"] == "untested"]
    assert [f"config.json has {names} for" in one["text"] for one in found] == [True] * bool(names)
