"""Pasted keys: tidied, refused where no header can carry them, warned about where they look odd."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.kinds import KINDS
from providers.spec.keyshapes import (
    SHAPES,
    WARNINGS,
    clean_key,
    key_problem,
    problem_of,
    warnings_for,
)


@pytest.mark.parametrize(
    "pasted",
    [
        "sk-abc",
        "  sk-abc \n",
        '"sk-abc"',
        "'sk-abc'",
        "“sk-abc”",
        "`sk-abc`",
        "Bearer sk-abc",
        "Authorization: Bearer sk-abc",
        "export OPENAI_API_KEY=sk-abc",
        'export OPENAI_API_KEY="sk-abc"',
        "OPENAI_API_KEY='sk-abc'",
        "set OPENAI_API_KEY=sk-abc",
        'OPENAI_API_KEY="Bearer sk-abc"',
        # leftovers of JSON, YAML, a program or a shell
        *('"sk-abc",', '"sk-abc";', "sk-abc,", "sk-abc;", "'sk-abc' ,", '"sk-abc', "sk-abc'"),
        *('"apiKey": "sk-abc"', '"apiKey": "sk-abc",', "api_key: 'sk-abc'", 'key: "sk-abc"'),
        *("x-api-key: sk-abc", "api_key='sk-abc',", 'apiKey = "sk-abc";', "'key' => 'sk-abc',"),
        *('{"apiKey": "sk-abc"}', '{"openai": {"apiKey": "sk-abc"}},', "apiKey : 'sk-abc'"),
        *("“apiKey”: “sk-abc”,", "x-api-key:sk-abc", "X-Goog-Api-Key:sk-abc", "“Bearer sk-abc”,"),
        *('$env:OPENAI_API_KEY = "sk-abc"', 'export KEY="sk-abc";', r"\"sk-abc\"", "sk-abc，"),
        # what no eye sees
        *(
            "\u200bsk-abc",
            "\ufeffsk-abc",
            "sk-abc\u00a0",
            "\u2060sk-abc\u200d",
            "\u3000sk-abc\u00ad",
        ),
        *(
            '"\u200bsk-abc\u200b"',
            "KEY=\ufeffsk-abc",
            "\u202ask-abc\u202c",
            "\x00sk-abc\x1b",
            "sk-abc\ufe0f",
            "\u3164sk-abc\u2800",
        ),
    ],
)
def test_the_key_is_found_inside_what_was_pasted(pasted: str) -> None:
    assert clean_key(pasted) == "sk-abc"


@pytest.mark.parametrize(
    "key",
    [
        *("ABSKQmVkcm9jazo=", "ABSKQmVkcm9jazo==", "a.b-c_d", "${NAME}", "", "user:pass", "a,b"),
        *("AKIA|secret|us-east-1", "a/b+c", "id:secret:x"),
    ],
)
def test_a_key_as_it_is_stays_whole(key: str) -> None:
    assert clean_key(key) == key


@given(st.text(max_size=40))
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert clean_key(clean_key(text)) == clean_key(text)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("sk-abc", ""),
        ("sk-a\nbc", "control"),
        ("sk-a\x7fbc", "control"),
        ("sk–abc", "non_ascii"),
        ("sk-ключ", "non_ascii"),
        ("sk-ab\u200bc", "invisible"),
        ("sk-\u00adabc", "invisible"),
        ("sk\u00a0abc", "invisible"),
        ("sk－abc", "full_width"),
        ("sk-a。c", "full_width"),
        ("$OPENAI_API_KEY", "variable"),
        ("os.environ/OPENAI_API_KEY", "variable"),
        ("${OPENAI_API_KEY:-none}", "variable"),
        ("${OPENAI_API_KEY}", ""),
        ("sk-01$23#4", ""),
        ("sk-good••••••", "masked"),
        ("sk-proj-********abcd", "masked"),
        ("sk-proj-...abcd", "masked"),
        ("sk-…abcd", "masked"),
        ("sk-✱✱✱abcd", "masked"),
        ('sk-a"bc', "quote"),
        ("sk-a'bc", "quote"),
        ("'sk-abc", "quote"),
        ('sk-a", "b": "c', "quote"),
        ("sk-a“bc", "non_ascii"),
        ("pass*word", ""),
        ("a.b..c", ""),
        ("sk abc", "blank"),
        ("x" * 4_001, "too_long"),
    ],
)
def test_only_what_cannot_be_sent_is_a_problem(key: str, problem: str) -> None:
    assert key_problem(key) == problem


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("sk-ab\u200bc", {"at": 6, "sign": "U+200B zero width space"}),
        ("\uff53k-abc", {"at": 1, "sign": "U+FF53 fullwidth latin small letter s", "plain": "s"}),
        ("sk–abc", {"at": 3, "sign": "U+2013 en dash"}),
        ("sk-a'b", {"at": 5}),
        ("sk-abc", {}),
    ],
)
def test_a_sign_is_named_with_its_place(key: str, told: dict[str, Any]) -> None:
    assert problem_of(key)[1] == told


def test_s7_a_text_without_end_is_not_searched_for_a_key() -> None:
    text = "a=" * 1_000_000
    assert clean_key(text) == text
    assert key_problem(text) == "too_long"


def codes(kind: str, text: str) -> list[str]:
    return [warning.code for warning in warnings_for(KINDS[kind], text)]


@pytest.mark.parametrize(
    ("kind", "key", "owner"),
    [
        ("openai", "sk-ant-api03-x", "Anthropic"),
        ("openai", "sk-or-v1-x", "OpenRouter"),
        ("deepseek", "sk-proj-x", "OpenAI"),
        ("anthropic", "AIzaSyx", "Gemini"),
        ("gemini", "gsk_x", "Groq"),
        ("openrouter", "hf_x", "Hugging Face"),
        ("moonshot", "sk-api-x", "MiniMax"),
        ("openai", "ghp_x", "GitHub"),
    ],
)
def test_a_key_of_another_provider_is_named_with_its_owner(kind: str, key: str, owner: str) -> None:
    (warning,) = warnings_for(KINDS[kind], key)
    assert (warning.code, warning.params["owner"]) == ("other_provider", owner)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("anthropic", "sk-ant-admin01-x"),
        ("anthropic", "sk-ant-oat01-x"),
        ("openai", "sk-admin-x"),
        ("bedrock", "AKIAIOSFODNN7EXAMPLE"),
        ("moonshot", "sk-kimi-x"),
        ("dashscope", "sk-sp-x"),
        ("dashscope", "LTAI5tx"),
        ("groq", "xai-x"),
        ("azure_openai", "sk-x"),
        ("opencode_go", "public"),
    ],
)
def test_a_kind_knows_the_wrong_keys_of_its_own_house(kind: str, key: str) -> None:
    (warning,) = warnings_for(KINDS[kind], key)
    assert warning.code == "own_kind"
    assert warning.params["text"].endswith(".")


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("anthropic", "sk-ant-api03-x"),
        ("deepseek", "sk-0123"),
        ("dashscope", "sk-ws-x"),
        ("minimax", "eyJhbGciOi"),
        ("mistral", "0123456789abcdef0123456789abcdef"),
        ("custom", "sk-ant-api03-x"),  # may stand in front of anybody
        ("lm_studio", "sk-lm-x"),
        ("openai", "${OPENAI_API_KEY}"),
        ("openai", ""),
    ],
)
def test_an_ordinary_key_raises_no_warning(kind: str, key: str) -> None:
    assert warnings_for(KINDS[kind], key) == []


def test_what_was_pasted_around_the_key_is_told() -> None:
    assert codes("openai", "https://platform.openai.com/api-keys") == ["url"]
    assert codes("openai", "export OPENAI_API_KEY=sk-proj-x") == ["export"]
    assert codes("openai", '"sk-proj-x"') == ["quotes"]
    assert codes("openai", "Bearer sk-proj-x") == ["bearer"]
    assert codes("openai", '"sk-proj-x",') == ["quotes", "leftover"]
    assert codes("openai", "sk-proj-x;") == ["leftover"]
    assert codes("openai", '"apiKey": "sk-proj-x"') == ["export", "quotes"]
    assert codes("openai", "\u200bsk-proj-x\u200b") == []
    assert codes("openai", "GROQ_API_KEY='gsk_x'") == ["other_provider", "export", "quotes"]


def test_the_longest_prefix_decides() -> None:
    lengths = [len(shape.prefix) for shape in SHAPES]
    assert lengths == sorted(lengths, reverse=True)


def test_every_owner_that_is_a_kind_is_one_of_ours() -> None:
    assert {shape.kind for shape in SHAPES if shape.kind} <= set(KINDS)


@given(st.text(min_size=20, max_size=40), st.sampled_from(sorted(KINDS)))
def test_a_warning_never_repeats_the_key(text: str, kind: str) -> None:
    for warning in warnings_for(KINDS[kind], text):
        assert warning.code in WARNINGS
        assert text not in repr(warning)
