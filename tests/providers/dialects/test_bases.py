"""An API base that is almost right: what is tried instead, and what a test then says."""

from urllib.parse import urlsplit

import pytest

from providers.dialects.adapters import Adapter
from providers.dialects.bases import guesses, pasted
from providers.dialects.ladder import CheckResult, run_check
from providers.http import Reply, Request
from tests.providers.replies import CHAT, GONE, LIST, PAGE, REFUSED, Script, make, reply

BOX = "http://box.lan:8000"
NO_METHOD = reply(405, {"errors": [{"code": 7001, "message": "GET not supported"}]})
UNKNOWN = reply(200, {"error": "Unexpected endpoint or method. (GET /models)"})
NATIVE = reply(200, {"models": [{"name": "qwen3:8b"}]})


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v1/chat/completions", "/v1"),
        ("/v1/completions", "/v1"),
        ("/v1/responses", "/v1"),
        ("/v1/messages", "/v1"),
        ("/v1/embeddings", "/v1"),
        ("/v1/models", "/v1"),
        ("/v1/v1", "/v1"),
        ("/v1/v1/models", "/v1"),
        ("/openai/v1/openai/v1", "/openai/v1"),
        ("/api/tags", ""),
        ("/v1", "/v1"),
        ("", ""),
    ],
)
def test_a_call_or_a_doubled_part_is_cut(path: str, meant: str) -> None:
    assert pasted(path) == meant


@pytest.mark.parametrize(
    ("base", "default", "first"),
    [
        (BOX, "", "/v1"),
        (f"{BOX}/v1/chat/completions", "", "/v1"),
        (f"{BOX}/api", "http://localhost:11434/v1", "/v1"),
        (f"{BOX}/v1", "http://localhost:8000/v3", "/v3"),
        (f"{BOX}/v1beta", "https://g.example/v1beta/openai/", "/v1beta/openai"),
        (f"{BOX}/g/v1beta", "https://g.example/v1beta/openai/", "/g/v1beta/openai"),
        (f"{BOX}/api", "https://openrouter.ai/api/v1", "/api/v1"),
        (f"{BOX}/openai", "https://api.groq.com/openai/v1", "/openai/v1"),
    ],
)
def test_the_likeliest_base_is_tried_first(base: str, default: str, first: str) -> None:
    found = guesses(base, default)
    assert found[0] == BOX + first
    assert base not in found
    assert len(found) == len(set(found)) <= 6
    assert all(one.startswith(BOX) for one in found)


def served(adapter: Adapter, answers: dict[str, Reply], rest: Reply, *models: str) -> CheckResult:
    """A server with answers at "METHOD /path" or "/path", and one answer to everything else."""

    def by(request: Request) -> Reply:
        path = urlsplit(request.url).path
        return answers.get(f"{request.method} {path}", answers.get(path, rest))

    script = Script(by=by)
    result = run_check(adapter, script, models=models)
    assert {"//".join(url.split("/")[:3:2]) for url in script.urls} == {
        "//".join(adapter.base().split("/")[:3:2])
    }
    return result


def base_told(result: CheckResult) -> tuple[str, str, str]:
    return result.outcome.value, result.detail, result.params.get("base", "")


@pytest.mark.parametrize("rest", [GONE, PAGE, NO_METHOD, UNKNOWN, reply(501, {"error": "no"})])
@pytest.mark.parametrize("kind", ["custom", "vllm", "ollama", "lm_studio", "openai", "mistral"])
@pytest.mark.parametrize(
    "typed",
    ["", "/v1/chat/completions", "/v1/models", "/v1/v1", "/api", "/v1/responses", "/V1", "/v1/x"],
)
def test_the_right_base_is_found_on_the_same_origin(kind: str, typed: str, rest: Reply) -> None:
    adapter = make(kind, api_base=BOX + typed)
    result = served(adapter, {"/v1/models": LIST, "POST /v1/chat/completions": CHAT}, rest)
    assert base_told(result) == ("bad_endpoint", "suggest_base", f"{BOX}/v1")
    assert result.key_state.value == "unknown"


def test_it_is_found_where_the_key_is_refused_there() -> None:
    result = served(make("custom", api_base=BOX), {"/v1/models": REFUSED}, PAGE)
    assert base_told(result) == ("bad_endpoint", "suggest_base", f"{BOX}/v1")


def test_a_page_that_refuses_is_no_api() -> None:
    wall = reply(403, text="<html>blocked")
    result = served(make("custom", api_base=BOX), {"/v1/models": wall}, PAGE)
    assert base_told(result) == ("unexpected_response", "html", "")


@pytest.mark.parametrize("kind", ["ollama", "lm_studio"])
def test_a_native_list_beside_it_makes_no_base_right(kind: str) -> None:
    answers = {"/api/tags": NATIVE, "/api/v1/models": NATIVE, "/v1/models": LIST}
    answers["/v1/chat/completions"] = CHAT
    result = served(make(kind, key="", api_base=BOX), answers, GONE, "m")
    assert base_told(result) == ("bad_endpoint", "suggest_base", f"{BOX}/v1")
    result = served(make(kind, key="", api_base=f"{BOX}/v1"), answers, GONE, "m")
    assert base_told(result)[::2] == ("ok", "")


@pytest.mark.parametrize("kind", ["ollama", "lm_studio", "custom", "openai"])
def test_a_native_list_at_this_base_makes_it_right_only_if_a_model_answers(kind: str) -> None:
    answers = {"/api/v1/models": NATIVE, "/v1/models": LIST, "/v1/chat/completions": CHAT}
    adapter = make(kind, api_base=f"{BOX}/api/v1")
    suggested = ("bad_endpoint", "suggest_base", f"{BOX}/v1")
    for models in ((), ("qwen3:8b",)):
        assert base_told(served(adapter, answers, GONE, *models)) == suggested
    answers["/api/v1/chat/completions"] = CHAT
    assert served(adapter, answers, GONE, "qwen3:8b").params.get("base") is None


@pytest.mark.parametrize("kind", ["ollama", "lm_studio", "gemini"])
def test_a_bare_list_is_of_the_agents_api(kind: str) -> None:
    bare = reply(200, [{"id": "m"}])
    result = served(make(kind, api_base=f"{BOX}/x"), {"/x/models": bare}, GONE)
    assert result.outcome.value in ("ok", "reachable_unverified")


def test_a_list_in_a_form_of_its_own_is_none_the_worse_without_another() -> None:
    for rest in (GONE, NATIVE):
        result = served(make("custom", key="", api_base=f"{BOX}/x"), {"/x/models": NATIVE}, rest)
        assert base_told(result) == ("ok", "", "")


@pytest.mark.parametrize("kind", ["gemini", "ollama", "lm_studio"])
def test_a_list_of_the_kinds_native_api_alone_is_not_green(kind: str) -> None:
    adapter = make(kind, api_base=f"{BOX}/x")
    result = served(adapter, {"/x/models": NATIVE}, GONE)
    assert base_told(result) == ("unexpected_response", "wrong_shape", "")
    assert result.key_state.value == "unknown"
    named = served(adapter, {"/x/models": NATIVE}, GONE, "m").outcome.value
    assert named not in ("ok", "reachable_unverified")


def test_dashscopes_native_api_is_no_base_of_the_agent() -> None:
    host = "https://dashscope.aliyuncs.com"
    native = reply(200, {"output": {"models": [{"model": "qwen-plus"}], "total": 1}})
    answers = {"/api/v1/models": native, "/compatible-mode/v1/models": LIST}
    result = served(make("dashscope", api_base=f"{host}/api/v1"), answers, GONE)
    expected = ("bad_endpoint", "suggest_base", f"{host}/compatible-mode/v1")
    assert base_told(result) == expected


@pytest.mark.parametrize("kind", ["openai", "custom", "groq", "ollama"])
def test_a_page_that_finds_nothing_may_be_of_something_in_front(kind: str) -> None:
    lost = reply(404, text="<html><title>Tunnel not found</title>")
    result = served(make(kind, api_base=f"{BOX}/v1"), {}, lost)
    assert base_told(result) == ("bad_endpoint", "front", "")
    answers = {"/v1/chat/completions": CHAT}
    result = served(make(kind, api_base=f"{BOX}/v1"), answers, lost, "m")
    assert base_told(result)[:2] == ("ok", "no_list")


def test_gemini_without_openai_is_not_green() -> None:
    google = "https://generativelanguage.googleapis.com"
    no_bearer = reply(401, {"error": {"status": "UNAUTHENTICATED", "message": "Expected OAuth"}})
    answers = {"/v1beta/openai/models": LIST, "/v1beta/openai/chat/completions": CHAT}
    for typed in ("", "/v1beta"):
        for rest in (no_bearer, NATIVE, GONE):
            result = served(make("gemini", api_base=google + typed), answers, rest, "m")
            expected = ("bad_endpoint", "suggest_base", f"{google}/v1beta/openai")
            assert base_told(result) == expected


def test_a_model_finds_the_base_where_no_list_does() -> None:
    answers = {"POST /v1/chat/completions": CHAT}
    result = served(make("custom", api_base=BOX), answers, GONE, "m")
    assert base_told(result) == ("bad_endpoint", "suggest_base", f"{BOX}/v1")


def test_a_pasted_call_is_told_even_where_nothing_else_answers() -> None:
    adapter = make("custom", api_base=f"{BOX}/v1/chat/completions")
    answers = {"POST /v1/chat/completions": CHAT}
    result = served(adapter, answers, NO_METHOD)
    assert base_told(result) == ("bad_endpoint", "call_pasted", f"{BOX}/v1")
    result = served(adapter, answers, NO_METHOD, "m")
    assert base_told(result)[::2] == ("bad_endpoint", f"{BOX}/v1")


def test_anthropics_call_comes_down_to_its_base() -> None:
    adapter = make("anthropic", api_base="https://llm.example.com/claude/v1/messages")
    result = served(adapter, {"/claude/v1/models": LIST}, GONE)
    assert base_told(result) == (
        *("bad_endpoint", "suggest_base"),
        "https://llm.example.com/claude",
    )


@pytest.mark.parametrize("kind", ["custom", "anthropic", "groq", "ollama"])
def test_no_list_anywhere_asks_for_a_model(kind: str) -> None:
    result = served(make(kind, api_base=f"{BOX}/v1"), {}, GONE)
    assert base_told(result) == ("bad_endpoint", "no_list", "")


def test_a_model_that_answers_needs_no_other_base() -> None:
    adapter = make("custom", key="", api_base=f"{BOX}/api")
    result = served(adapter, {"/v1/models": LIST, "/api/chat/completions": CHAT}, GONE, "m")
    assert result.outcome.value == "ok"


def test_the_vendors_own_address_is_not_guessed_at() -> None:
    script = Script(PAGE)
    assert run_check(make("openai"), script).detail == "html"
    assert len(script.requests) == 1
