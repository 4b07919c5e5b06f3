"""Requests: where they may go, what they carry, what a person's address comes down to."""

from typing import Any

import pytest

from providers.dialects import turn
from providers.dialects.adapters import Adapter, Entered, StrayRequest
from providers.dialects.compatible import chat
from providers.http import BadURL
from providers.kinds import KINDS, adapter_for, own_spec
from providers.spec.kind import Call, ProviderSpec
from providers.spec.outcomes import Failed
from providers.spec.secret import Secret
from tests.providers.replies import make, revealed

# Addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "typed", "base"),
    [
        ("openai", "", "https://api.openai.com/v1"),
        ("openai", " https://EU.api.openai.com/v1/ ", "https://eu.api.openai.com/v1"),
        ("deepseek", "https://api.deepseek.com/", "https://api.deepseek.com"),
        ("custom", "http://box.lan:8080", "http://box.lan:8080"),  # no /v1 is guessed
        ("anthropic", "https://api.anthropic.com/v1/", "https://api.anthropic.com"),
        ("anthropic", "https://proxy.example/claude/v1", "https://proxy.example/claude"),
        ("gemini", "", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("vllm", "", ""),
    ],
)
def test_a_base_is_used_as_typed_in_one_form(kind: str, typed: str, base: str) -> None:
    assert make(kind, api_base=typed).base() == base


@pytest.mark.parametrize(
    "typed",
    [
        "https://demo.openai.azure.com",
        "https://demo.openai.azure.com/",
        "https://demo.openai.azure.com/openai",
        "https://demo.openai.azure.com/openai/v1/",
        "https://demo.openai.azure.com/openai/deployments/gpt-main",
        "https://demo.openai.azure.com/openai/deployments/gpt-main/chat/completions"
        "?api-version=2024-10-21",
        "https://demo.openai.azure.com/api/projects/p1",
        "HTTPS://Demo.OpenAI.Azure.com/anything",
    ],
)
def test_every_endpoint_form_of_azure_comes_down_to_the_origin(typed: str) -> None:
    assert make("azure_openai").normalise_base(typed) == "https://demo.openai.azure.com"


@pytest.mark.parametrize("host", ["x.cognitiveservices.azure.com", "x.services.ai.azure.us"])
def test_other_hosts_of_azure_are_reduced_too(host: str) -> None:
    assert make("azure_openai").normalise_base(f"https://{host}/models") == f"https://{host}"


def test_a_gateway_in_front_of_azure_keeps_its_own_path() -> None:
    typed = "https://gate.example/team/openai/v1"
    assert make("azure_openai").normalise_base(typed) == "https://gate.example/team"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://x.openai.azure.com/openai/deployments/gpt%20main/chat?api-version=1", "gpt main"),
        ("https://x.openai.azure.com/openai/deployments/gpt-main", "gpt-main"),
        ("https://x.openai.azure.com/openai/v1", ""),
        ("https://x.openai.azure.com/openai/deployments/a%0Ab", ""),
    ],
)
def test_a_pasted_target_names_the_deployment(text: str, name: str) -> None:
    assert make("azure_openai").deployment_in(text) == name
    assert make("openai").deployment_in(text) == ""


@pytest.mark.parametrize(
    "typed",
    ["ftp://x", "https://user:pw@x", "https://x:99999", "https://x/..", "https://x#y", "nonsense"],
)
def test_a_bad_base_is_refused(typed: str) -> None:
    for kind in ("openai", "azure_openai", "anthropic"):
        with pytest.raises(BadURL):
            make(kind).normalise_base(typed)
        assert make(kind, api_base=typed).origins() == ()


@pytest.mark.parametrize(
    ("kind", "entered", "origins"),
    [
        ("openai", {}, {"https://api.openai.com"}),
        ("huggingface", {}, {"https://router.huggingface.co", "https://huggingface.co"}),
        ("huggingface", {"api_base": "https://router.huggingface.co/v1/"},
         {"https://router.huggingface.co", "https://huggingface.co"}),
        ("huggingface", {"api_base": "https://proxy.example/v1"}, {"https://proxy.example"}),
        ("bedrock", {"values": {"region": "eu-central-1"}},
         {"https://bedrock.eu-central-1.amazonaws.com",
          "https://bedrock-runtime.eu-central-1.amazonaws.com"}),
        ("bedrock", {"values": {"region": "cn-north-1"}},
         {"https://bedrock.cn-north-1.amazonaws.com.cn",
          "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"}),
        ("bedrock", {"values": {"region": "us-east-1"},
                     "api_base": "https://bedrock-runtime-fips.us-east-1.amazonaws.com"},
         {"https://bedrock-fips.us-east-1.amazonaws.com",
          "https://bedrock-runtime-fips.us-east-1.amazonaws.com"}),
        ("bedrock", {"values": {"region": "us-east-1"}, "api_base": "https://vpc.example"},
         {"https://vpc.example"}),
        ("bedrock", {"values": {"region": "evil.example/#"}}, set()),
        ("bedrock", {}, set()),
        ("azure_openai", {}, set()),
        ("custom", {"api_base": "${LLM_BASE}"}, set()),
        ("openai_codex", {}, set()),
    ],
)  # fmt: skip
def test_the_origins_are_the_closed_set_of_the_declaration(
    kind: str, entered: dict[str, Any], origins: set[str]
) -> None:
    assert set(make(kind, **entered).origins()) == origins


def test_a_lookalike_of_amazon_gets_no_second_host() -> None:
    values = {"region": "us-east-1"}
    base = "https://bedrock-runtime.us-east-1.amazonaws.com.evil.com"
    assert make("bedrock", values=values, api_base=base).origins() == (base,)


def test_the_default_base_is_known_in_any_spelling() -> None:
    assert make("gemini").is_default_base
    spelled = "https://GenerativeLanguage.googleapis.com/v1beta/openai"
    assert make("gemini", api_base=spelled).is_default_base
    assert not make("gemini", api_base="https://proxy.example/v1").is_default_base


def test_a_call_to_another_origin_is_a_fault_of_ours() -> None:
    spec = ProviderSpec(
        kind="stray", label="S", group="hosted", docs_url="", note="", api_base="https://a.example"
    )
    adapter = Adapter(spec, Entered(secrets={"api_key": Secret("k")}))
    with pytest.raises(StrayRequest) as caught:
        adapter.request(Call(url="https://b.example/models"))
    assert "b.example" not in str(caught.value)


# Fields ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "entered", "missing"),
    [
        ("openai", {"key": ""}, ["api_key"]),
        ("openai", {}, []),
        ("ollama", {"key": ""}, []),
        ("custom", {"key": ""}, ["api_base"]),
        ("vllm", {"key": "", "api_base": "http://x:8000/v1"}, []),
        ("azure_openai", {"key": ""}, ["api_base", "deployments", "api_key"]),
        ("azure_openai", {"api_base": "https://x.example", "deployments": ("d",)}, []),
        ("bedrock", {"key": ""}, ["region", "api_key"]),
        ("bedrock", {"values": {"region": "us-east-1"}}, []),
        ("bedrock", {"key": "", "values": {"region": "us-east-1", "profile": "dev"}}, []),
    ],
)
def test_required_fields_that_are_empty_are_named(
    kind: str, entered: dict[str, Any], missing: list[str]
) -> None:
    assert make(kind, **entered).missing() == missing


def test_a_pair_of_access_keys_stands_for_the_key() -> None:
    values = {"region": "us-east-1"}
    pair = {"access_key_id": Secret("AKIA1"), "secret_access_key": Secret("s")}
    assert make("bedrock", values=values, secrets=pair).missing() == []
    half = {"access_key_id": Secret("AKIA1")}
    assert make("bedrock", values=values, secrets=half).missing() == ["api_key"]


def test_references_are_named_not_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    adapter = make(
        "openai",
        key="${OPENAI_API_KEY}",
        extra_headers={"X-Team": Secret("Bearer ${TEAM}"), "X-Plain": Secret("blue")},
    )
    assert adapter.references() == ["api_key", "X-Team"]
    for base in ("${BASE}", "http://${HOST}:8000/v1"):
        assert make("custom", api_base=base, key="k").references() == ["api_base"]
    assert make("custom", api_base="http://$HOST:8000/v1", key="k").references() == []


def test_a_profile_without_readable_keys_is_a_reference() -> None:
    values = {"region": "us-east-1", "profile": "sso"}
    assert make("bedrock", key="", values=values).references() == ["profile"]
    assert make("bedrock", values=values).references() == []


@pytest.mark.parametrize(
    ("kind", "model", "sent"),
    [
        ("anthropic", "anthropic/claude-opus-4-7", "claude-opus-4-7"),
        ("anthropic", "claude-opus-4-7", "claude-opus-4-7"),
        ("anthropic", "openrouter/anthropic/x", "openrouter/anthropic/x"),
        ("bedrock", "bedrock/us.amazon.nova", "us.amazon.nova"),
        ("byteplus_coding_plan", "byteplus_coding_plan/kimi-k2.5", "kimi-k2.5"),
        ("byteplus_coding_plan", "any/prefix/kimi-k2.5", "kimi-k2.5"),
        ("byteplus", "byteplus/ep-1", "ep-1"),
        ("opencode_go", "opencode-go/kimi", "kimi"),
        ("opencode_go", "opencodeGo/kimi", "kimi"),
        ("opencode_go", "OpenCode_Go/kimi", "OpenCode_Go/kimi"),  # the agent reads open_code_go
        ("opencode_go", "other/kimi", "other/kimi"),
        ("openrouter", "anthropic/claude", "anthropic/claude"),
        ("openai", "openai/gpt-5.5", "openai/gpt-5.5"),  # the agent does not strip it either
        ("huggingface", "Qwen/Qwen3:fastest", "Qwen/Qwen3:fastest"),
        ("gemini", "models/gemini-3.5-flash", "gemini-3.5-flash"),
        ("openai_codex", "openai-codex/gpt-5.5", "gpt-5.5"),
        ("github_copilot", "github_copilot/gpt-4.1", "gpt-4.1"),
    ],
)
def test_a_model_is_sent_under_the_name_that_the_agent_sends(
    kind: str, model: str, sent: str
) -> None:
    assert make(kind).sent_name(model) == sent


@pytest.mark.parametrize(
    ("model", "sent"),
    [("my-llm/m", "m"), ("MyLlm/m", "m"), ("mYLLM/m", "mYLLM/m"), ("myllm/m", "myllm/m")],
)
def test_an_endpoint_s_name_is_cut_off_in_the_spellings_that_the_agent_cuts_off(
    model: str, sent: str
) -> None:
    spec = own_spec("myLlm")
    assert Adapter(spec, Entered(api_base="https://x.example/v1")).sent_name(model) == sent


# Requests --------------------------------------------------------------------------------------


def test_extra_headers_go_along_and_win_over_our_own() -> None:
    adapter = make(
        "custom",
        api_base="https://x.example/v1",
        extra_headers={"authorization": Secret("Basic abc"), "X-Team": Secret("blue")},
    )
    spec = KINDS["custom"]
    assert spec.list_call is not None
    headers = revealed(adapter.request(spec.list_call).headers)
    assert headers == {"authorization": "Basic abc", "X-Team": "blue"}


def test_the_control_request_lacks_the_key_alone() -> None:
    spec = KINDS["custom"]
    assert spec.list_call is not None
    adapter = make(
        "custom", api_base="https://x.example/v1", extra_headers={"X-Team": Secret("blue")}
    )
    assert revealed(adapter.request(spec.list_call, keyless=True).headers) == {"X-Team": "blue"}


BODY = {
    "temperature": 0.2,
    "model": "dearer",
    "messages": [],
    "stream": True,
    "base_url": "https://evil.example",
    "api_key": "x",
    "api_base": "x",
    "max_tokens": 100,
    "n": 50,
}


def test_the_extra_body_changes_neither_model_nor_place_nor_number_of_answers() -> None:
    adapter = make("mistral", extra_body=BODY)
    request = adapter.request(adapter.model_call("m"), "m")
    assert request.json == {
        "model": "m",
        **turn.CHAT,
        "temperature": 0.2,
        "max_tokens": 100,  # as the agent bounds it
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert request.url == "https://api.mistral.ai/v1/chat/completions"


def test_the_extra_body_goes_with_completions_only() -> None:
    adapter = make("ovms", extra_body={"temperature": 0.2})
    assert adapter.request(Call(url="{base}/x", method="POST", body={})).json == {}
    assert adapter.request(adapter.model_call("m"), "m").json["temperature"] == 0.2


def test_gemini_is_asked_as_the_agent_asks_it() -> None:
    adapter = make("gemini")
    request = adapter.request(adapter.model_call("gemini-x"), "models/gemini-x")
    base = "https://generativelanguage.googleapis.com/v1beta/openai"
    assert request.url == f"{base}/chat/completions"
    assert request.json["model"] == "gemini-x"
    assert revealed(request.headers) == {"Authorization": "Bearer sk-test-key-0123"}


def test_bedrock_takes_the_extra_body_in_its_own_field() -> None:
    adapter = make("bedrock", values={"region": "us-east-1"}, extra_body={"top_k": 5})
    body = adapter.request(adapter.model_call("m"), "m").json
    assert body["additionalModelRequestFields"] == {"top_k": 5}
    assert body["inferenceConfig"] == {"maxTokens": 1, "temperature": 0.1}


def test_a_model_cannot_change_the_address() -> None:
    adapter = make("bedrock", values={"region": "us-east-1"})
    url = adapter.request(adapter.model_call("x"), "arn:aws:bedrock:x/{base}/../y?z").url
    assert url == (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/"
        "arn%3Aaws%3Abedrock%3Ax%2F%7Bbase%7D%2F..%2Fy%3Fz/converse-stream"
    )


def test_text_that_was_filled_in_is_no_placeholder() -> None:
    adapter = make("mistral")
    call = chat()
    assert adapter.request(call, "{base}").json["model"] == "{base}"


def test_aws_keys_sign_and_a_bearer_key_goes_first() -> None:
    pair = {"access_key_id": Secret("AKIA1"), "secret_access_key": Secret("s3cret")}
    signed = make("bedrock", secrets=pair, values={"region": "us-east-1"})
    headers = revealed(signed.request(signed.model_call("m"), "m").headers)
    assert "/us-east-1/bedrock/aws4_request" in headers["Authorization"]
    assert "content-type" in headers["Authorization"]
    both = make(
        "bedrock",
        secrets={**pair, "api_key": Secret("ABSKx")},
        values={"region": "us-east-1"},
    )
    headers = revealed(both.request(both.model_call("m"), "m").headers)
    assert headers["Authorization"] == "Bearer ABSKx"


def test_a_region_that_is_none_is_refused_before_any_call() -> None:
    adapter = make("bedrock", values={"region": "us-east-1.evil.example"})
    with pytest.raises(Failed):
        adapter.request(adapter.model_call("m"), "m")


def test_minimax_models_of_opencode_go_are_asked_in_their_own_format() -> None:
    adapter = make("opencode_go")
    request = adapter.request(adapter.model_call("minimax-m2.7"), "minimax-m2.7")
    assert request.url == "https://opencode.ai/zen/go/v1/messages"
    assert revealed(request.headers)["x-api-key"] == "sk-test-key-0123"
    assert adapter.model_call("kimi-k2.7").url == "{base}/chat/completions"


def test_dashscope_and_gemini_use_native_paths_of_the_same_base() -> None:
    intl = make("dashscope", api_base="https://dashscope-intl.aliyuncs.com/compatible-mode/v1")
    assert intl.places()["native"] == "https://dashscope-intl.aliyuncs.com/api/v1"
    proxy = make("dashscope", api_base="https://proxy.example/v1")
    assert proxy.places()["native"] == "https://proxy.example/api/v1"
    assert make("gemini").places()["native"] == ("https://generativelanguage.googleapis.com/v1beta")
    front = make("gemini", api_base="https://proxy.example/g/openai")
    assert front.places()["native"] == "https://proxy.example/g"


def test_nothing_that_was_entered_prints_a_secret() -> None:
    entered = Entered(
        secrets={"api_key": Secret("very-secret-key")},
        extra_headers={"X-Key": Secret("very-secret-header")},
    )
    adapter = adapter_for(KINDS["openai"], entered)
    shown = repr(entered) + repr(adapter.request(adapter.model_call("m"), "m"))
    assert "very-secret" not in shown


@pytest.mark.parametrize("kind", ["groq", "custom", "moonshot", "minimax", "openrouter"])
@pytest.mark.parametrize("model", ["gpt-5.4", "openai/gpt-5-mini", "o3", "o4-mini", "kimi-k3"])
def test_some_models_are_bounded_by_the_newer_field_at_any_kind(kind: str, model: str) -> None:
    adapter = make(kind, api_base="https://x.example/v1")
    for name, field in ((model, "max_completion_tokens"), ("other", "max_tokens")):
        call = adapter.model_call(name)
        for body in (call.body, call.retry_body):
            assert body is None or [one for one in body if one.endswith("tokens")] == [field]


def test_anthropic_gets_no_extra_body_for_the_agent_sends_none_there() -> None:
    adapter = make("anthropic", extra_body={"temperature": 0.2})
    assert "temperature" not in adapter.request(adapter.model_call("m"), "m").json
