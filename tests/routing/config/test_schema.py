"""The loader's rules as restated here, against the real loader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.config.schema import MESSAGES, Problem, problems
from routing.rules.order import FACTS
from tests.routing.conftest import Ask

ANY: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1.5, "", "x", "auto", "openai", [], ["a"], {}, {"a": "b"}, {"a": 1}]
)
FIELD = st.sampled_from(
    [
        "apiKey",
        "api_key",
        "apiBase",
        "api_base",
        "apiType",
        "api_type",
        "extraHeaders",
        "extra_headers",
        "extraBody",
        "extraQuery",
        "proxy",
        "thinkingStyle",
        "displayName",
        "region",
        "profile",
        "whatever",
    ]
)
CHOSEN = st.sampled_from(["auto", "responses", "enable_thinking", "", None, "x"])
ENTRY = st.dictionaries(FIELD, ANY | CHOSEN, max_size=3) | ANY
NAME = st.sampled_from(
    [
        *FACTS,
        "azureOpenai",
        "azure-openai",
        "OPENAI",
        "OpenRouter",
        "lmStudio",
        "nvidia",
        "kimiCoding",
        "companyProxy",
        "replicate",
        "lmstudio",
        "Custom",
    ]
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "agents": st.fixed_dictionaries(
            {},
            optional={
                "defaults": st.fixed_dictionaries({}, optional={"model": ANY, "provider": ANY})
                | ANY
            },
        )
        | ANY,
        "providers": st.dictionaries(NAME, ENTRY, max_size=3) | ANY,
    },
)


@pytest.mark.nanobot
@settings(max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(document=DOCUMENTS)
def test_s46_what_the_loader_refuses_is_refused_here_and_nothing_else(
    nanobot: Ask, document: dict[str, Any]
) -> None:
    answer = nanobot("load", text=json.dumps(document))

    assert ("error" in answer) == bool(problems(document)), answer.get("error")


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        ({"agents": []}, "not_object", "agents"),
        ({"agents": {"defaults": None}}, "not_object", "agents.defaults"),
        ({"agents": {"defaults": {"model": None}}}, "not_text", "agents.defaults.model"),
        (
            {"agents": {"defaults": {"subagentModel": 3}}},
            "not_text_or_null",
            "agents.defaults.subagentModel",
        ),
        ({"providers": {"openai": None}}, "not_object", "providers.openai"),
        (
            {"providers": {"openai": {"extra_headers": {"A": 1}}}},
            "not_text_map",
            "providers.openai.extra_headers",
        ),
        (
            {"providers": {"groq": {"apiType": "responses"}}},
            "only_openai",
            "providers.groq.apiType",
        ),
        ({"providers": {"azure-openai": {}}}, "reserved_name", "providers.azure-openai"),
        (
            {"providers": {"azureOpenai": {}, "azure_openai": {}}},
            "both_spellings",
            "providers.azureOpenai",
        ),
    ],
)
def test_s46_a_fault_is_named_by_its_path(document: dict[str, Any], code: str, path: str) -> None:
    assert problems(document) == (Problem(code, path),)
    assert problems(document)[0].sentence == MESSAGES[code].format(path=path)


def test_what_nanobot_writes_for_itself_has_no_fault(nanobot: Ask) -> None:
    assert problems(json.loads(nanobot("defaults"))) == ()
