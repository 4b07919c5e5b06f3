"""What stands in front of an API, and a key that was not seen: told apart from a wrong key."""

from typing import Any

import pytest

from providers.dialects.ladder import CheckResult, run_check
from providers.http import Reply
from tests.providers.replies import GONE, REFUSED, Script, make, reply

BASE = "https://llm.example.com/v1"


def told(result: CheckResult) -> tuple[str, str, str]:
    return result.outcome.value, result.key_state.value, result.detail


def check(answer: Reply, kind: str = "custom", key: str = "sk-test-key-0123") -> CheckResult:
    deployments = ("d",) if kind == "azure_openai" else ()
    adapter = make(kind, key=key, api_base=BASE, deployments=deployments)
    return run_check(adapter, Script(by=lambda request: answer))


PAGES = ["<!doctype html><title>Not you</title>", "<html>no", "Access denied by policy"]


@pytest.mark.parametrize("kind", ["openai", "custom", "vllm", "azure_openai", "moonshot", "groq"])
@pytest.mark.parametrize("text", PAGES)
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, "bad_request"),
        (401, "bad_key"),
        (403, "forbidden"),
        (407, "bad_request"),
        (418, "bad_request"),
        (429, "rate_limited"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
def test_a_page_or_a_plain_text_under_an_error_leaves_the_key_unproven(
    kind: str, status: int, outcome: str, text: str
) -> None:
    result = check(reply(status, text=text), kind)
    is_page_403 = status == 403 and text.startswith("<")
    assert told(result) == (outcome, "unknown", "html" if is_page_403 else "front")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, "Invalid API key"),
        (403, "The access token is expired"),
        (401, "invalid token"),
    ],
)
def test_a_plain_text_that_names_the_key_is_the_apis_own(status: int, text: str) -> None:
    assert told(check(reply(status, text=text))) == ("bad_key", "invalid", "")


@pytest.mark.parametrize(
    ("asked", "scheme"),
    [
        ('Basic realm="x"', "Basic"),
        ("Negotiate", "Negotiate"),
        ("NTLM, Negotiate", "NTLM"),
        ('Digest realm="x", nonce="y"', "Digest"),
    ],
)
@pytest.mark.parametrize("key", ["u:p", ""])
@pytest.mark.parametrize("body", [reply(401, text="<html>401"), reply(401), REFUSED])
def test_a_sign_in_of_its_own_is_named(asked: str, scheme: str, key: str, body: Reply) -> None:
    answer = reply(401, body.data, text=body.text, www_authenticate=asked)
    result = check(answer, key=key)
    assert told(result) == ("forbidden", "unknown", "sign_in")
    assert result.params["scheme"] == scheme


def test_a_bearer_is_no_sign_in_of_its_own() -> None:
    answer = reply(401, {"error": "Invalid API key"}, www_authenticate='Bearer realm="api"')
    assert told(check(answer)) == ("bad_key", "invalid", "")


@pytest.mark.parametrize(
    "asked",
    [
        'AzureApiManagementKey realm="x",name="Ocp-Apim-Subscription-Key",type="header"',
        'ApiKey header="Ocp-Apim-Subscription-Key"',
    ],
)
@pytest.mark.parametrize("kind", ["azure_openai", "custom", "openai"])
def test_the_header_that_a_server_asks_for_is_named(kind: str, asked: str) -> None:
    body = {"statusCode": 401, "message": "Access denied due to missing subscription key."}
    result = check(reply(401, body, www_authenticate=asked), kind)
    assert told(result) == ("bad_key", "unknown", "key_elsewhere")
    assert result.params["header"] == "Ocp-Apim-Subscription-Key"


def test_a_key_that_was_sent_in_that_header_is_wrong() -> None:
    asked = 'ApiManagement name="api-key",type="header"'
    answer = reply(401, {"message": "Access denied."}, www_authenticate=asked)
    assert told(check(answer, "azure_openai"))[:2] == ("bad_key", "invalid")


UNSEEN: list[Any] = [
    {"error": {"message": "No API key provided"}},
    {"error": {"message": "You didn't provide an API key."}},
    {"message": "Missing Authentication header"},
    {"detail": "Not authenticated"},
    {"error": "API key is required"},
    {"message": "Access denied due to missing subscription key."},
    {"error": {"message": "missing authorization header", "code": "missing_api_key"}},
    {"error": {"message": "未提供令牌"}},
]


@pytest.mark.parametrize("kind", ["openai", "custom", "azure_openai", "byteplus", "vllm"])
@pytest.mark.parametrize("body", UNSEEN)
@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_was_not_seen_is_not_called_wrong(kind: str, status: int, body: Any) -> None:
    assert told(check(reply(status, body), kind)) == ("bad_key", "unknown", "key_unseen")


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        ("openrouter", ""),
        ("openai", ""),
        ("moonshot", "https://api.moonshot.cn/v1"),
        ("gemini", ""),
    ],
)
@pytest.mark.parametrize("text", ["No cookie auth credentials found", "No auth credentials found"])
def test_a_key_that_the_vendor_itself_does_not_see_is_none_of_its(
    kind: str, base: str, text: str
) -> None:
    refusal = reply(401, {"error": {"message": text, "code": 401}})
    result = run_check(make(kind, api_base=base), Script(by=lambda request: refusal))
    assert told(result) == ("bad_key", "invalid", "")


@pytest.mark.parametrize("body", UNSEEN)
def test_without_a_key_the_same_words_ask_for_one(body: Any) -> None:
    assert told(check(reply(401, body), key=""))[::2] == ("bad_key", "key_required")


WRONG: list[Any] = [
    {"error": {"message": "Incorrect API key provided: sk-****0123."}},
    {"code": "invalid_api_key"},
    {"error": {"message": "The access token is expired"}},
    {"message": "Invalid or missing API key"},
    {"error": {"message": "API key not found"}},
    {"error": {"message": "Your api_key has been revoked"}},
    {"message": "无效的令牌"},
]


@pytest.mark.parametrize("kind", ["openai", "custom", "mistral", "vllm"])
@pytest.mark.parametrize("body", WRONG)
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_wrong_key_is_one_under_400_and_403_too(kind: str, status: int, body: Any) -> None:
    assert told(check(reply(status, body), kind))[:2] == ("bad_key", "invalid")


@pytest.mark.parametrize(
    "answer",
    [
        reply(400, text="<html><title>400 The plain HTTP request was sent to HTTPS port</title>"),
        reply(400, text="Client sent an HTTP request to an HTTPS server.\n"),
        reply(400, text="You're speaking plain HTTP to an SSL-enabled server port."),
        reply(403, {"error": "HTTPS required"}),
        reply(426, {"message": "This API requires TLS"}),
    ],
)
def test_a_server_that_wants_https_gets_its_base(answer: Reply) -> None:
    adapter = make("custom", api_base="http://box.lan:8443/v1")
    result = run_check(adapter, Script(by=lambda request: answer))
    assert told(result) == ("bad_endpoint", "unknown", "wants_https")
    assert result.params["base"] == "https://box.lan:8443/v1"


def test_a_link_in_a_refusal_asks_for_no_https() -> None:
    body = {"error": {"message": "Use https://console.example to raise the tier."}}
    assert told(check(reply(403, body), "openai"))[0] == "forbidden"


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (reply(502, text="<html>Bad gateway"), "server_error", "origin_away"),
        (reply(502), "server_error", "origin_away"),
        (reply(504, text="upstream timed out"), "timeout", "origin_away"),
        (reply(521, text="<html>"), "server_error", "origin_away"),
        (reply(530, {"error": 1033}), "server_error", "origin_away"),
        (reply(502, {"error": {"message": "Provider returned error"}}), "server_error", ""),
        (reply(503, {"error": {"message": "Loading model"}}), "server_error", "loading"),
        (reply(503, {"error": "Model m is currently loading"}), "server_error", "loading"),
        (reply(503, text="Model is still loading"), "server_error", "loading"),
        (reply(503, {"error": {"message": "overloaded"}}), "server_error", ""),
    ],
)
def test_an_origin_that_is_away_or_not_ready_is_told_as_that(
    answer: Reply, outcome: str, detail: str
) -> None:
    assert told(check(answer)) == (outcome, "unknown", detail)


def test_a_page_under_404_still_means_that_there_is_no_such_path() -> None:
    assert told(check(reply(404, text="<html>"))) == ("bad_endpoint", "unknown", "front")
    assert told(check(reply(404, text="404 page not found")))[2] == "no_list"
    assert told(check(GONE))[0] == "bad_endpoint"


CLOUDFLARE = {"success": False, "error": [{"code": 2009, "message": "Unauthorized"}]}
PORTKEY = {"message": "Either x-portkey-config or x-portkey-provider header is required"}


@pytest.mark.parametrize(
    ("status", "body", "header"),
    [
        (401, CLOUDFLARE, "cf-aig-authorization"),
        (400, PORTKEY, "x-portkey-config"),
        (400, {"error": {"message": "Missing required header: 'x-tenant-id'"}}, "x-tenant-id"),
    ],
)
def test_a_gateway_that_misses_a_header_of_its_own_has_looked_at_no_key(
    status: int, body: Any, header: str
) -> None:
    for kind in ("custom", "openai", "anthropic"):
        result = check(reply(status, body), kind)
        assert told(result) == ("bad_request", "unknown", "header_wanted")
        assert result.params["header"] == header


@pytest.mark.parametrize("text", ["x-api-key header is required", "Missing header x-auth-token"])
def test_a_header_for_the_key_is_no_header_of_a_gateway(text: str) -> None:
    assert told(check(reply(401, {"error": {"message": text}}))) == (
        "bad_key",
        "unknown",
        "key_unseen",
    )
