"""test_route and explain_route's findings, through the real door against simulators."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from facio_site.audit.models import AuditEntry
from facio_site.commands import UsageError
from providers.models import Provider
from routing.management.commands.test_route import NOT_ASKED
from routing.models import BaseDocument, Route
from routing.pages.rows import route_rows
from tests.desk import saved, stocked
from tests.simulators import Simulators
from tests.simulators.entries import MODELS, demo_key

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS = "kind name outcome key_state http_status ms detail message quote suggested_base"


def told(*words: str) -> tuple[dict[str, Any], int]:
    out, code = io.StringIO(), 0
    try:
        call_command(*words, "--json", stdout=out)
    except SystemExit as stop:
        code = int(str(stop.code))
    return json.loads(out.getvalue()), code


def test_a_route_that_answers_is_told_in_full_and_works_from_then_on(
    sims: Simulators,
) -> None:
    saved("groq", demo_key("groq"))
    Route.objects.create(slot="main", model="llama-3.3-70b-versatile", provider="groq")
    row, code = told("test_route", "main")
    assert [*row] == [*FIELDS.split(), "slot", "model", "provider", "asked"]
    assert (row["outcome"], row["key_state"], code) == ("ok", "valid", 0)
    assert (row["slot"], row["provider"], row["asked"]) == ("main", "groq", True)
    assert route_rows(with_tests=True)[0].state == "works"
    assert AuditEntry.objects.filter(action="provider.tested").count() == 1


def test_a_model_that_is_not_there_ends_with_one(sims: Simulators) -> None:
    saved("groq", demo_key("groq"))
    Route.objects.create(slot="main", model="no-such-model", provider="groq")
    row, code = told("test_route", "main")
    assert (row["outcome"], row["model"], code) == ("model_not_found", "no-such-model", 1)
    assert route_rows(with_tests=True)[0].state == "attention"


@pytest.mark.parametrize("slot", ["image", "video"])
def test_a_media_route_is_told_as_on_its_page_and_never_as_one_that_answers(
    sims: Simulators, slot: str
) -> None:
    saved("openai", demo_key("openai"))
    Route.objects.create(slot=slot, model="no-such-model", provider="openai")
    row, code = told("test_route", slot)
    assert (row["outcome"], row["key_state"], code) == ("key_ok", "valid", 1)
    assert (row["model"], row["asked"]) == ("no-such-model", False)
    assert row["message"].endswith(NOT_ASKED)
    shown = next(one for one in route_rows(with_tests=True) if one.slot == slot)
    assert shown.test_status == "key_ok"
    Provider.objects.all().delete()
    saved("openai", "sk-" + "x" * 40)
    row, code = told("test_route", slot)
    assert (row["outcome"], row["asked"], code) == ("bad_key", False, 1)
    assert NOT_ASKED not in row["message"]


@pytest.mark.parametrize(("kind", "model"), [("groq", "llama-3.3-70b-versatile"), ("openai", "")])
def test_an_answer_that_the_agent_cannot_read_is_not_green(
    sims: Simulators, kind: str, model: str
) -> None:
    model = model or MODELS[kind]
    saved(kind, demo_key(kind, "unstreamed"))
    Route.objects.create(slot="main", model=model, provider=kind)
    row, code = told("test_route", "main")
    assert (row["outcome"], row["detail"], code) == ("unexpected_response", "not_streamed", 1)
    assert "stream" in row["message"]
    shown = route_rows(with_tests=True)[0]
    assert (shown.state, shown.tested) == ("attention", "unexpected_response")
    assert Provider.objects.get(kind=kind).check_outcome == "ok"


def test_what_cannot_be_asked_is_said_in_one_line() -> None:
    for slot, error, word in (
        ("main", CommandError, "main:"),
        ("vision", CommandError, "follows main"),
        ("audio", UsageError, "unknown route"),
    ):
        with pytest.raises(error, match=word):
            call_command("test_route", slot)


def test_explain_route_without_a_model_speaks_of_main_with_its_findings() -> None:
    stocked("groq", "llama-9")
    Route.objects.create(slot="main", model="llama-8", provider="groq")
    row, _ = told("explain_route")
    assert (row["provider"], row["rule"]) == ("groq", "forced")
    assert row["findings"] == [
        {
            "slot": "main",
            "code": "model_missing",
            "text": "llama-8 is not in the catalog of Groq.",
        }
    ]
    asked, _ = told("explain_route", "llama-9")
    assert asked["provider"] == "groq"
    assert [one["code"] for one in asked["findings"]] == ["key_fallback"]


def test_a_model_is_asked_with_the_temperature_of_config_json(sims: Simulators) -> None:
    saved("groq", demo_key("groq", "fixed"))
    Route.objects.create(slot="main", model="llama-3.3-70b-versatile", provider="groq")
    row, code = told("test_route", "main")
    assert (row["outcome"], row["detail"], code) == ("bad_request", "temperature", 1)
    assert "agent sends, 0.1." in row["message"]
    BaseDocument.put({"agents": {"defaults": {"temperature": 1}}})
    row, code = told("test_route", "main")
    assert (row["outcome"], code) == ("ok", 0)
    assert route_rows(with_tests=True)[0].state == "works"


def test_an_account_with_fewer_tokens_a_minute_than_the_agent_asks_for_does_not_work(
    sims: Simulators,
) -> None:
    saved("groq", demo_key("groq", "narrow"))
    Route.objects.create(slot="main", model="llama-3.3-70b-versatile", provider="groq")
    row, code = told("test_route", "main")
    assert (row["outcome"], row["detail"], row["key_state"], code) == (
        *("bad_request", "few_tokens", "valid"),
        1,
    )
    assert "may use 6000 a minute" in row["message"]
    assert "asks for 8192 tokens" in row["message"]
    assert route_rows(with_tests=True)[0].state == "attention"
    BaseDocument.put({"agents": {"defaults": {"maxTokens": 2048}}})
    assert route_rows(with_tests=True)[0].own == ""  # it was asked for a longer answer
    assert told("test_route", "main")[1] == 0
    assert route_rows(with_tests=True)[0].state == "works"
    BaseDocument.put({"agents": {"defaults": {"maxTokens": 2048, "temperature": 0.2}}})
    row = route_rows(with_tests=True)[0]
    assert (row.own, row.state, row.test_status) == ("", "key_ok", "never")


@pytest.mark.parametrize(
    ("kind", "host", "model"),
    [
        ("ollama", "localhost:11434", "llama3.2"),
        ("lm_studio", "localhost:1234", "google/gemma-4-26b-a4b"),
        ("lm_studio", "localhost:1234/~v0", "google/gemma-4-26b-a4b"),
        ("vllm", "localhost:8001", "Qwen/Qwen3-32B"),
        ("custom", "localhost:8001", "Qwen/Qwen3-32B"),
    ],
)
@pytest.mark.parametrize(("word", "state"), [("/~short", "attention"), ("", "works")])
def test_a_model_that_was_loaded_with_a_small_window_does_not_work(
    sims: Simulators, kind: str, host: str, model: str, word: str, state: str
) -> None:
    saved(kind, api_base=f"http://{host}{word}/v1")
    Route.objects.create(slot="main", model=model, provider=kind)
    row, code = told("test_route", "main")
    assert (code, route_rows(with_tests=True)[0].state) == (int(bool(word)), state)
    if word:
        assert (row["outcome"], row["detail"]) == ("unexpected_response", "small_window")
        assert "window of 4096 tokens" in row["message"]
        BaseDocument.put({"agents": {"defaults": {"maxTokens": 1024}}})
        assert told("test_route", "main")[1] == 0  # it is meant to be small


def test_a_model_that_refuses_pictures_answers_main_and_not_vision(sims: Simulators) -> None:
    saved("groq", demo_key("groq", "blind"))
    model = "llama-3.3-70b-versatile"
    Route.objects.create(slot="main", model=model, provider="groq")
    assert told("test_route", "main")[1] == 0
    Route.objects.create(slot="vision", model=model, provider="groq")
    main, _, vision, *_ = route_rows(with_tests=True)
    assert (main.state, vision.own, vision.test_status) == ("works", "", "never")
    row, code = told("test_route", "vision")
    assert (row["outcome"], row["detail"], row["key_state"], code) == (
        *("bad_request", "no_pictures", "valid"),
        1,
    )
    assert told("test_route", "main")[1] == 0  # the same call tells of both
    main, _, vision, *_ = route_rows(with_tests=True)
    assert (main.state, vision.state) == ("works", "attention")
    assert "refuses pictures" in vision.test.text


def test_a_route_to_a_model_that_sees_wants_a_test_with_a_picture(sims: Simulators) -> None:
    saved("groq", demo_key("groq"))
    model = "llama-3.3-70b-versatile"
    Route.objects.create(slot="main", model=model, provider="groq")
    told("test_route", "main")
    Route.objects.create(slot="vision", model=model, provider="groq")
    assert route_rows(with_tests=True)[2].state == "key_ok"
    assert told("test_route", "vision")[1] == 0
    main, _, vision, *_ = route_rows(with_tests=True)
    assert (main.state, vision.state) == ("works", "works")
