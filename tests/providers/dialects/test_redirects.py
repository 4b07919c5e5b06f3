"""Redirects: told with their target, followed for a slash alone, never with a key to elsewhere."""

from typing import Any

import pytest

from providers.dialects.ladder import run_check
from providers.http import Reply, Request
from tests.providers.replies import CHAT, LIST, REFUSED, Script, make, reply

BASE = "https://llm.example.com/v1"


def pointing(location: str, status: int = 307) -> Reply:
    return reply(status, location=location)


@pytest.mark.parametrize(
    ("base", "location", "detail", "target", "suggested"),
    [
        (BASE, "/api/v1/models", "redirect_path", "https://llm.example.com/api/v1/models",
         "https://llm.example.com/api/v1"),
        (BASE, "/docs", "redirect_path", "https://llm.example.com/docs", ""),
        (BASE, "https://www.llm.example.com/v1/models", "redirect_host",
         "https://www.llm.example.com/v1/models", ""),
        (BASE, "//other.example/v1/models", "redirect_host", "https://other.example/v1/models", ""),
        (BASE, "https://llm.example.com:8443/v1/models", "redirect_host",
         "https://llm.example.com:8443/v1/models", ""),
        (BASE, "http://llm.example.com/v1/models/", "redirect_http",
         "http://llm.example.com/v1/models/", ""),
        ("http://box.lan/v1", "https://box.lan/v1/models?k=v", "redirect_https",
         "https://box.lan/v1/models", "https://box.lan/v1"),
        (BASE, "/login?next=/v1/models", "redirect_sign_in", "https://llm.example.com/login", ""),
        (BASE, "https://sso.example/start", "redirect_sign_in", "https://sso.example/start", ""),
        (BASE, "https://team.cloudflareaccess.com/x", "redirect_sign_in",
         "https://team.cloudflareaccess.com/x", ""),
        (BASE, "", "redirect", None, ""),
        (BASE, "javascript:alert(1)", "redirect", None, ""),
        (BASE, "https://user:pw@evil.example/", "redirect", None, ""),
        (BASE, "https://evil.example/sk-test-key-0123", "redirect_host", "https://evil.example",
         ""),
        (BASE, "https://long.example/" + "a" * 300, "redirect_host", "https://long.example", ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["custom", "openai"])
def test_s5_a_redirect_is_told_with_origin_and_path(
    kind: str, base: str, location: str, detail: str, target: Any, suggested: str
) -> None:
    def by(request: Request) -> Reply:
        return LIST if request.url.endswith("/api/v1/models") else pointing(location)

    script = Script(by=by)
    result = run_check(make(kind, api_base=base), script)
    assert (result.outcome.value, result.key_state.value) == ("bad_endpoint", "unknown")
    assert (result.detail, result.params.get("target")) == (detail, target)
    assert result.params.get("base", "") == suggested
    origin = base.removesuffix("/v1")
    assert all(url.startswith(f"{origin}/") for url in script.urls)


def test_a_slash_is_followed_once_with_the_key() -> None:
    def by(request: Request) -> Reply:
        if request.url != f"{BASE}/models/":
            return pointing(f"{BASE}/models/")
        return LIST if "Authorization" in request.headers else REFUSED

    result = run_check(make("custom", api_base=BASE), Script(by=by))
    assert (result.outcome.value, result.key_state.value) == ("ok", "valid")


def test_two_that_point_at_each_other_end_after_one_hop() -> None:
    def by(request: Request) -> Reply:
        there = request.url.rstrip("/") if request.url.endswith("/") else f"{request.url}/"
        return pointing(there)

    script = Script(by=by)
    result = run_check(make("openai", api_base=BASE), script)
    assert (result.outcome.value, result.detail) == ("bad_endpoint", "redirect_slash")
    assert len(script.requests) == 2


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(307, "ok"), (308, "ok"), (301, "bad_endpoint"), (302, "bad_endpoint"), (303, "bad_endpoint")],
)
def test_a_call_to_a_model_is_followed_where_it_stays_a_call(status: int, outcome: str) -> None:
    def by(request: Request) -> Reply:
        if not request.json:
            return LIST
        at = f"{BASE}/chat/completions"
        return CHAT if request.url == f"{at}/" else pointing(f"{at}/", status)

    result = run_check(make("openai", api_base=BASE), Script(by=by), models=("x",))
    assert result.outcome.value == outcome


def test_a_model_is_asked_although_its_list_moved() -> None:
    def by(request: Request) -> Reply:
        return CHAT if request.json else pointing("https://elsewhere.example/v1/models")

    result = run_check(make("openai", api_base=BASE), Script(by=by), models=("m",))
    assert (result.outcome.value, result.detail) == ("ok", "list_unread")


def test_a_base_that_does_not_answer_is_not_suggested() -> None:
    script = Script(by=lambda request: pointing("/api/v1/models"))
    result = run_check(make("openai", api_base=BASE), script)
    assert result.detail == "redirect_path"
    assert "base" not in result.params
