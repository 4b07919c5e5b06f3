"""Lines that set variables: .env files, and what shells make of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.routing.config.pasting import read, told

KEY = "sk-0123456789abcdef"
RELAY = "https://relay.example.com/v1"


@pytest.mark.parametrize(
    "line",
    [
        f"DEEPSEEK_API_KEY={KEY}",
        f"export DEEPSEEK_API_KEY = '{KEY}'  # mine",
        f"  export DEEPSEEK_API_KEY={KEY}; export NOTHING_ELSE=\r\n",
        f"DEEPSEEK_API_KEY=`{KEY}`",
        f'$env:DEEPSEEK_API_KEY="{KEY}"',
        f"$Env:DEEPSEEK_API_KEY = '{KEY}'; python agent.py",
        f'PS C:\\Users\\me> ${{env:DEEPSEEK_API_KEY}} = "{KEY}"',
        f'[Environment]::SetEnvironmentVariable("DEEPSEEK_API_KEY", "{KEY}", "User")',
        f"set DEEPSEEK_API_KEY={KEY}",
        f'C:\\> set "DEEPSEEK_API_KEY={KEY}"',
        f'setx DEEPSEEK_API_KEY "{KEY}" /M',
        f"set -gx DEEPSEEK_API_KEY {KEY}",
        f"setenv DEEPSEEK_API_KEY {KEY}",
        f"      - DEEPSEEK_API_KEY={KEY}",
        f'      DEEPSEEK_API_KEY: "{KEY}"',
        f"ENV DEEPSEEK_API_KEY={KEY}",
        f"[deepseek]\ndeepseek_api_key = {KEY}",
    ],
)
def test_a_line_that_sets_a_variable_is_read_in_every_shells_way(line: str) -> None:
    assert read(line).document == {"providers": {"deepseek": {"apiKey": KEY}}}


@pytest.mark.parametrize(
    "inside",
    [
        'PRIVATE_KEY="-----BEGIN\n{}\n-----END"',
        "PRIVATE_KEY='\n{}\n'",
        "PRIVATE_KEY=`\n{}\n`",
        'export PRIVATE_KEY="\n{}\n"',
        '$env:PRIVATE_KEY="\n{}\n"',
        "cat > .env <<EOF\n{}\nEOF",
        "cat > .env <<-'END'\n{}\n\tEND",
        "echo '\n{}\n'",
        "script: |\n  {}\n  more",
        "  SCRIPT: >-\n    {}\n",
        '$body = "\n{}\n"',
    ],
)
def test_nothing_is_read_from_inside_another_value(inside: str) -> None:
    text = inside.format("OPENAI_API_KEY=sk-proj-inside") + f"\nDEEPSEEK_API_KEY={KEY}\n"
    pasted = read(text)
    assert pasted.document == {"providers": {"deepseek": {"apiKey": KEY}}}
    assert len(pasted.ignored) == 1


def test_a_quote_that_is_never_closed_ends_the_reading_and_is_told() -> None:
    pasted = read(f"DEEPSEEK_API_KEY={KEY}\nA='\nOPENAI_API_KEY=sk-proj-inside\n")
    assert pasted.document == {"providers": {"deepseek": {"apiKey": KEY}}}
    assert told(pasted) == {"lines 2-3": "open_quote"}


def test_an_apostrophe_inside_a_value_opens_nothing() -> None:
    pasted = read(f"NOTE=it's fine\nDEEPSEEK_API_KEY={KEY}\nOTHER=don't\n")
    assert pasted.document == {"providers": {"deepseek": {"apiKey": KEY}}}


@pytest.mark.parametrize(
    ("text", "kind", "key"),
    [
        ("GOOGLE_API_KEY=AIzaMaps\nGEMINI_API_KEY=AIzaGemini", "gemini", "AIzaGemini"),
        ("GEMINI_API_KEY=AIzaGemini\nGOOGLE_API_KEY=AIzaMaps", "gemini", "AIzaGemini"),
        ("GOOGLE_API_KEY=AIzaMaps\nGEMINI_API_KEY=$OTHER", "gemini", "AIzaMaps"),
        ("GOOGLE_API_KEY=AIzaMaps\nGEMINI_API_KEY=", "gemini", "AIzaMaps"),
        ("ZHIPUAI_API_KEY=b\nZAI_API_KEY=a", "zhipu", "a"),
        ("OPENAI_API_KEY=sk-b\nFACIO_PROVIDERS__OPENAI__API_KEY=sk-a", "openai", "sk-a"),
        ("OPENAI_API_KEY=sk-a\nOPENAI_API_KEY=sk-b", "openai", "sk-b"),
    ],
)
def test_a_providers_own_name_wins_and_the_other_is_told(text: str, kind: str, key: str) -> None:
    pasted = read(text)
    (entry,) = pasted.document["providers"].values()
    assert (list(pasted.document["providers"]), list(entry.values())) == ([kind], [key])
    assert len(pasted.ignored) == 1


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL={RELAY}", {"apiBase": RELAY, "apiKey": KEY}),
        (f"OPENAI_API_BASE={RELAY}/\nOPENAI_API_KEY={KEY}", {"apiBase": RELAY, "apiKey": KEY}),
        (
            f"OPENAI_BASE_URL={RELAY}/chat/completions\nOPENAI_API_KEY={KEY}",
            {"apiBase": RELAY, "apiKey": KEY},
        ),
        (
            f"FACIO_PROVIDERS__OPENAI__API_BASE={RELAY}\nOPENAI_API_KEY={KEY}",
            {"api_base": RELAY, "apiKey": KEY},
        ),
        (f"OPENAI_BASE_URL={RELAY}", {"apiBase": RELAY}),
        (
            f'{{"OPENAI_API_KEY": "{KEY}", "OPENAI_BASE_URL": "{RELAY}"}}',
            {"apiBase": RELAY, "apiKey": KEY},
        ),
        (f'"OPENAI_API_KEY": "{KEY}",', {"apiKey": KEY}),
        (f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=$RELAY", {}),
        (f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=not an address", {}),
        (f"OPENAI_API_KEY={KEY}\nOPENAI_FRONT_DOOR={RELAY}", {}),
    ],
)
def test_a_key_goes_to_the_address_beside_it_or_nowhere(text: str, entry: dict[str, str]) -> None:
    assert read(text).document == ({"providers": {"openai": entry}} if entry else {})


@pytest.mark.parametrize(
    ("text", "kind", "base"),
    [
        ("OLLAMA_HOST=192.168.1.5", "ollama", "http://192.168.1.5:11434/v1"),
        ("OLLAMA_HOST=0.0.0.0:11434", "ollama", "http://localhost:11434/v1"),
        ("OLLAMA_HOST=:11500", "ollama", "http://localhost:11500/v1"),
        ("OLLAMA_HOST=[::1]:11434", "ollama", "http://[::1]:11434/v1"),
        ("OLLAMA_HOST=https://ollama.example.com", "ollama", "https://ollama.example.com/v1"),
        ("OLLAMA_BASE_URL=http://box:11434/", "ollama", "http://box:11434/v1"),
        ("OLLAMA_API_BASE=http://box:11434/api/chat", "ollama", "http://box:11434/v1"),
        ("LMSTUDIO_BASE_URL=http://box:1234", "lm_studio", "http://box:1234/v1"),
        ("HOSTED_VLLM_API_BASE=http://box:8000/v1", "vllm", "http://box:8000/v1"),
        ("OVMS_BASE_URL=http://box:8000", "ovms", "http://box:8000/v3"),
        ("AWS_ENDPOINT_URL=https://vpce.example.com", "bedrock", "https://vpce.example.com"),
        ("CUSTOM_BASE_URL=https://llm.example.com/v1", "custom", "https://llm.example.com/v1"),
    ],
)
def test_the_address_of_a_server_is_read(text: str, kind: str, base: str) -> None:
    assert read(text).document == {"providers": {kind: {"apiBase": base}}}


def test_azures_endpoint_is_read_with_its_deployment() -> None:
    key, place = "AZURE_OPENAI_API_KEY=az-1", "https://x.openai.azure.com"
    for text in (
        f"{key}\nAZURE_OPENAI_ENDPOINT={place}/openai/deployments/gpt-main?api-version=2024-10-21",
        f"{key}\nAZURE_OPENAI_ENDPOINT={place}/\nAZURE_OPENAI_DEPLOYMENT_NAME=gpt-main",
        f"AZURE_OPENAI_KEY=az-1\nAZURE_API_BASE={place}\nAZURE_OPENAI_CHAT_DEPLOYMENT_NAME=gpt-main",
    ):
        pasted = read(text)
        entry = pasted.document["providers"]["azure_openai"]
        assert (entry["apiBase"].startswith(place), entry["apiKey"]) == (True, "az-1")
        assert pasted.deployments == ("gpt-main",)


def test_a_key_that_a_call_sends_elsewhere_is_not_stored_for_its_vendor() -> None:
    pasted = read(
        f"export OPENAI_API_KEY={KEY}\n"
        'curl https://relay.example.com/v1/models -H "Authorization: Bearer $OPENAI_API_KEY"\n'
    )
    assert pasted.document == {"providers": {"custom": {"apiBase": RELAY}}}
    assert told(pasted) == {"key": "variable", "OPENAI_API_KEY": "used_elsewhere"}


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ('FACIO_AGENTS__DEFAULTS__A=["x"]', {"agents": {"defaults": {"a": ["x"]}}}),
        ("FACIO_AGENTS__DEFAULTS__A=8192", {"agents": {"defaults": {"a": 8192}}}),
        ("NANOBOT_AGENTS__DEFAULTS__A=true", {"agents": {"defaults": {"a": True}}}),
        ("FACIO_AGENTS__DEFAULTS__MODEL=42", {"agents": {"defaults": {"model": "42"}}}),
        ("FACIO_AGENTS__DEFAULTS__PROVIDER=1", {"agents": {"defaults": {"provider": "1"}}}),
        ('FACIO_AGENTS={"defaults": {"model": "m"}}', {"agents": {"defaults": {"model": "m"}}}),
        ("FACIO_PROVIDERS__OPENAI__API_KEY=42", {"providers": {"openai": {"api_key": "42"}}}),
        (
            'FACIO_PROVIDERS__OPENAI__EXTRA_QUERY={"a": 1}',
            {"providers": {"openai": {"extra_query": {"a": 1}}}},
        ),
    ],
)
def test_a_nested_name_keeps_the_type_of_its_json(text: str, document: dict[str, Any]) -> None:
    assert read(text).document == document


@pytest.mark.parametrize(
    ("text", "kind", "entry"),
    [
        ("API_KEY=sk-or-v1-0123\nBASE_URL=https://openrouter.ai/api/v1", "openrouter",
         {"apiBase": "https://openrouter.ai/api/v1", "apiKey": "sk-or-v1-0123"}),
        (f"BASE_URL={RELAY}\nAPI_KEY={KEY}", "custom", {"apiBase": RELAY, "apiKey": KEY}),
        ("API_KEY=gsk_0123", "groq", {"apiKey": "gsk_0123"}),
    ],
)  # fmt: skip
def test_a_key_and_an_address_of_nobody_go_together(
    text: str, kind: str, entry: dict[str, str]
) -> None:
    assert read(text).document == {"providers": {kind: entry}}
