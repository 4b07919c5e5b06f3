"""Each lint by the facts that raise it, and silence where nobody knows."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from routing.rules.codes import SEVERITIES, Code, Fix
from routing.rules.explain import AUTO, Configured, Decision, Rule
from routing.rules.lint import ModelFacts, ProviderFacts, RouteFacts, docker_base, nearest
from routing.rules.order import FACTS, IMAGE_KINDS, MEDIA_KINDS
from tests.routing.rules.linted import CHAT, keyed, lints, only, route


def test_a_route_that_is_fine_raises_nothing() -> None:
    openai = ProviderFacts(name="openai", outcome="ok", catalog={"gpt-5": CHAT})
    assert lints([route("gpt-5", [keyed("openai")])], [openai]) == ()
    assert lints([RouteFacts(slot="vision")], []) == ()
    assert lints([route("", [])], []) == ()


@pytest.mark.parametrize(
    ("model", "provider", "code", "params"),
    [
        ("llama-9", AUTO, Code.UNRESOLVED, {}),
        ("gpt-5", "opnai", Code.UNKNOWN_PROVIDER, {"name": "opnai"}),
        ("copilot-x", AUTO, Code.OAUTH_NEEDS_CHOICE, {"word": "copilot"}),
    ],
)
def test_a_route_that_nobody_would_serve(
    model: str, provider: str, code: Code, params: dict[str, str]
) -> None:
    lint = only(lints([route(model, [], provider)], []))
    assert (lint.code, lint.params, lint.fix) == (code, params, Fix.CHOOSE_PROVIDER)
    assert lint.severity == "error"


@pytest.mark.parametrize(
    ("kind", "code"), [("openrouter", Code.GATEWAY_FALLBACK), ("mistral", Code.KEY_FALLBACK)]
)
def test_a_fallback_that_nobody_chose_can_be_pinned(kind: str, code: Code) -> None:
    lint = only(lints([route("llama-9", [keyed(kind)])], [ProviderFacts(name=kind)]))
    assert (lint.code, lint.fix, lint.fix_params) == (code, Fix.PIN, {"provider": kind})


def test_a_provider_that_was_never_set_up() -> None:
    lint = only(lints([route("gpt-5", [], "openai")], []))
    assert (lint.code, lint.fix_params) == (Code.NOT_CONFIGURED, {"provider": "openai"})


@pytest.mark.parametrize(
    ("outcome", "is_bad"),
    [
        ("", False),
        ("ok", False),
        ("reachable_unverified", False),
        ("reference", False),
        ("rate_limited", False),
        ("no_worker", False),
        ("blocked_address", False),
        ("bad_key", True),
        ("no_credit", True),
        ("forbidden", True),
        ("dns_error", True),
    ],
)
def test_a_provider_whose_last_test_failed(outcome: str, is_bad: bool) -> None:
    facts = ProviderFacts(name="openai", outcome=outcome)
    found = lints([route("gpt-5", [keyed("openai")])], [facts])
    assert [lint.code for lint in found] == [Code.KNOWN_BAD] * is_bad
    if is_bad:
        assert found[0].params == {"provider": "openai", "outcome": outcome}


def test_a_model_that_is_not_in_the_catalog_gets_the_nearest_names() -> None:
    catalog = dict.fromkeys(["claude-opus-4-7", "claude-sonnet-4-7", "claude-haiku-5"], CHAT)
    facts = ProviderFacts(name="anthropic", catalog=catalog)
    states = [keyed("anthropic")]

    assert (
        lints([route("anthropic/claude-opus-4-7", states, sent="claude-opus-4-7")], [facts]) == ()
    )
    lint = only(lints([route("claude-opus-4.7", states)], [facts]))
    assert lint.code is Code.MODEL_MISSING
    assert lint.fix is Fix.USE_MODEL
    assert lint.fix_params["models"][0] == "claude-opus-4-7"


def test_a_model_that_the_last_refresh_lost_is_told_apart() -> None:
    facts = ProviderFacts(name="openai", catalog={"gpt-5": CHAT}, gone={"gpt-4"})
    assert only(lints([route("gpt-4", [keyed("openai")])], [facts])).code is Code.MODEL_GONE


def test_without_a_catalog_no_model_is_missing() -> None:
    for catalog in (None, {}):
        facts = ProviderFacts(name="openai", catalog=catalog)
        assert lints([route("gpt-99", [keyed("openai")])], [facts]) == ()


def test_an_azure_model_must_be_one_of_the_deployments() -> None:
    facts = ProviderFacts(name="azure_openai", deployments=("gpt-main",), catalog={"gpt-5": CHAT})
    states = [keyed("azure_openai", "https://x.openai.azure.com")]
    assert lints([route("gpt-main", states, "azure_openai")], [facts]) == ()
    lint = only(lints([route("gpt-5", states, "azure_openai")], [facts]))
    assert (lint.code, lint.fix) == (Code.DEPLOYMENT_UNKNOWN, Fix.ADD_DEPLOYMENT)


@pytest.mark.parametrize(
    ("slot", "facts", "code"),
    [
        ("vision", CHAT, Code.NO_IMAGE_INPUT),
        ("vision", ModelFacts(inputs=("text", "image")), None),
        ("vision", ModelFacts(), None),
        ("image", CHAT, Code.NO_IMAGE_OUTPUT),
        ("image", ModelFacts(outputs=("image",)), None),
        ("video", CHAT, Code.NO_VIDEO_OUTPUT),
        ("video", ModelFacts(outputs=["video"]), None),
        ("video", ModelFacts(outputs=[]), None),
        ("subagent", CHAT, None),
        ("subagent", ModelFacts(outputs=("image",)), Code.NO_TEXT_OUTPUT),
        ("main", ModelFacts(outputs=("video",)), Code.NO_TEXT_OUTPUT),
    ],
)
def test_a_model_that_cannot_do_the_job(slot: str, facts: ModelFacts, code: Code | None) -> None:
    provider = ProviderFacts(name="openai", catalog={"gpt-5": facts})
    found = lints([route("gpt-5", [keyed("openai")], slot=slot)], [provider])
    assert [lint.code for lint in found] == ([code] if code else [])


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("http://localhost:11434/v1", "http://host.docker.internal:11434/v1"),
        ("http://127.0.0.1", "http://host.docker.internal"),
        ("HTTP://[::1]:1/v1", "HTTP://host.docker.internal:1/v1"),
        ("http://localhost.example/v1", ""),
        ("http://gpu:8000/v1", ""),
        ("", ""),
    ],
)
def test_localhost_means_the_container(base: str, expected: str) -> None:
    assert docker_base(base) == expected
    facts = ProviderFacts(name="ollama", api_base=base)
    states = [Configured(name="ollama", api_base=base)]
    found = lints([route("llama3.2", states, "ollama")], [facts])
    assert [lint.fix_params.get("base") for lint in found] == ([expected] if expected else [])


def test_an_override_that_is_set_while_main_fails_is_marked() -> None:
    states = [keyed("groq")]
    routes = [
        route("gpt-5", states, "openai"),
        route("groq/llama", states, slot="subagent"),
        RouteFacts(slot="vision"),
    ]
    found = lints(routes, [ProviderFacts(name="groq", outcome="ok")])
    assert [(lint.code, lint.slot) for lint in found] == [
        (Code.NOT_CONFIGURED, "main"),
        (Code.MAIN_FAILS, "subagent"),
    ]
    fine = [route("groq/llama", states), route("groq/llama", states, slot="subagent")]
    assert lints(fine, [ProviderFacts(name="groq")]) == ()


def test_a_sign_in_provider_is_noted_and_needs_no_configuration() -> None:
    lint = only(lints([route("openai-codex/gpt-5.5", [])], []))
    assert (lint.code, lint.severity) == (Code.SIGN_IN, "note")


def test_media_services_that_are_unknown_here_raise_nothing() -> None:
    assert lints([route("fal-ai/flux/dev", [], "fal", slot="image")], []) == ()
    assert lints([route("black-forest-labs/flux", [], slot="image")], []) == ()


@pytest.mark.parametrize("name", ["opnai", "Open Router"])
def test_a_media_provider_that_nobody_knows_is_doubted(name: str) -> None:
    lint = only(lints([route("x", [], name, slot="image")], []))
    assert (lint.code, lint.params, lint.fix) == (
        Code.MEDIA_UNKNOWN,
        {"name": name},
        Fix.CHOOSE_PROVIDER,
    )


def test_a_kind_of_chat_is_doubted_for_media_where_no_document_tells_of_it() -> None:
    for name, codes in (("anthropic", [Code.MEDIA_UNDOCUMENTED]), ("openai", []), ("gemini", [])):
        found = lints([route("x", [keyed(name)], name, slot="video")], [ProviderFacts(name=name)])
        assert [lint.code for lint in found] == codes
    assert lints([route("x", [keyed("groq")], "groq")], [ProviderFacts(name="groq")]) == ()


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize(("slot", "makers"), [("image", IMAGE_KINDS), ("video", MEDIA_KINDS)])
def test_a_kind_that_makes_media_is_not_doubted(
    name: str, slot: str, makers: frozenset[str]
) -> None:
    found = lints([route("x", [keyed(name)], name, slot=slot)], [ProviderFacts(name=name)])
    is_doubted = Code.MEDIA_UNDOCUMENTED in [lint.code for lint in found]
    assert is_doubted is (name not in makers)


@pytest.mark.parametrize(
    ("entry", "code", "fix"),
    [
        (Configured(name="anthropic", api_base="https://x.test"), Code.NO_KEY, Fix.CONFIGURE),
        (Configured(name="lab", has_key=True), Code.NO_BASE, Fix.CONFIGURE),
        (
            Configured(name="anthropic", has_key=True, untested=("proxy",)),
            Code.PROXY_UNSUPPORTED,
            None,
        ),
        (
            Configured(name="assemblyai", has_key=True),
            Code.TRANSCRIPTION_ONLY,
            Fix.CHOOSE_PROVIDER,
        ),
    ],
)
def test_what_the_agent_refuses_to_make_fails(
    entry: Configured, code: Code, fix: Fix | None
) -> None:
    facts = ProviderFacts(name=entry.name, entry=entry)
    main, other = route("m", [entry], entry.name), route("x", [keyed("groq")], slot="subagent")
    found = lints([main, other], [facts])
    assert [(lint.code, lint.fix) for lint in found if lint.slot == "main"] == [(code, fix)]
    assert found[0].severity == "error"
    assert found[-1].code is Code.MAIN_FAILS
    assert lints([route("x", [entry], entry.name, slot="image")], [facts])[:1] != (found[0],)


def test_an_endpoint_without_a_base_is_told_by_its_prefix_too() -> None:
    entry = Configured(name="companyProxy", has_key=True)
    one = route("companyproxy/gpt-5", [entry, keyed("openai")])
    assert only(lints([one], [ProviderFacts(name="companyProxy", entry=entry)])).code == "no_base"


def test_a_variable_is_no_model_that_a_catalog_lacks() -> None:
    facts = ProviderFacts(name="openai", catalog={"gpt-5": CHAT})
    assert lints([route("${MODEL}", [keyed("openai")], "openai")], [facts]) == ()
    assert lints([route("${MODEL}", [keyed("openai")])], [facts]) == ()


def test_an_empty_model_is_an_error() -> None:
    empty = RouteFacts(slot="main", decision=Decision(provider=None, rule=Rule.EMPTY_MODEL))
    lint = only(lints([empty], []))
    assert (lint.code, lint.severity, lint.fix) == (Code.EMPTY_MODEL, "error", Fix.CHOOSE_MODEL)


def test_while_a_preset_goes_before_nothing_is_offered_that_changes_the_route_in_vain() -> None:
    one, facts = route("llama-9", [keyed("groq")]), [ProviderFacts(name="groq")]
    assert [(lint.code, lint.fix) for lint in lints([one], facts, preset="fast")] == [
        (Code.KEY_FALLBACK, None),
        (Code.PRESET_WINS, None),
    ]


def test_a_preset_that_is_not_there_is_an_error() -> None:
    facts = [ProviderFacts(name="openai")]
    found = lints([route("gpt-5", [keyed("openai")])], facts, preset="fast", has_preset=False)
    assert (only(found).code, only(found).severity) == (Code.PRESET_MISSING, "error")


def test_a_preset_of_the_imported_file_goes_before_the_main_model() -> None:
    facts = ProviderFacts(name="openai")
    found = lints([route("gpt-5", [keyed("openai")])], [facts], preset="fast")
    assert only(found).params == {"preset": "fast"}
    assert lints([route("gpt-5", [keyed("openai")])], [facts], preset="default") == ()


def test_nearest_names_of_twenty_thousand_come_quickly() -> None:
    names = [f"vendor-{n % 97}/model-{n}-instruct" for n in range(20_000)] + ["qwen/qwen3-coder"]
    started = time.monotonic()
    assert nearest("qwen/qwen-3-coder", names)[0] == "qwen/qwen3-coder"
    assert time.monotonic() - started < 60
    assert nearest("zzz", names) == ()


def test_every_code_has_a_severity() -> None:
    assert set(SEVERITIES) == set(Code)


BLIND = ModelFacts(inputs=("text",), outputs=("text",))
SEEING = ModelFacts(inputs=("text", "image"), outputs=("text",))


def main_with(able: ModelFacts) -> RouteFacts:
    return replace(route("gpt-5", [keyed("openai")]), able=able)


def test_a_main_model_without_eyes_and_no_vision_route_is_noted() -> None:
    openai = ProviderFacts(name="openai")
    lint = only(lints([main_with(BLIND), RouteFacts(slot="vision")], [openai]))
    assert (lint.code, lint.slot, lint.fix) == (Code.NO_EYES, "main", Fix.CHOOSE_VISION)
    assert lint.severity == "note"


@pytest.mark.parametrize("able", [SEEING, ModelFacts(), ModelFacts(inputs=())])
def test_a_main_model_that_sees_or_of_which_nobody_knows_is_not(able: ModelFacts) -> None:
    openai = ProviderFacts(name="openai")
    assert lints([main_with(able), RouteFacts(slot="vision")], [openai]) == ()


def test_a_vision_route_sees_in_its_place() -> None:
    vision = replace(route("gpt-5-vision", [keyed("openai")], slot="vision"), able=SEEING)
    assert lints([main_with(BLIND), vision], [ProviderFacts(name="openai")]) == ()
    assert lints([main_with(BLIND)], [ProviderFacts(name="openai")]) == ()


@pytest.mark.parametrize("odd", ["key_example", "key_variable", "key_unsendable", "base_unusable"])
@pytest.mark.parametrize("is_set_here", [True, False])
def test_what_the_agent_counts_and_no_call_can_use_is_an_error(odd: str, is_set_here: bool) -> None:
    facts = ProviderFacts(name="openai", is_set_here=is_set_here, odd=(odd,))
    lint = only(lints([route("gpt-5", [keyed("openai")])], [facts]))
    assert (lint.code, lint.severity, lint.fix) == (odd, "error", Fix.CORRECT)


def test_an_entry_that_is_only_in_the_file_is_noted() -> None:
    facts = ProviderFacts(name="nvidia", is_set_here=False)
    lint = only(lints([route("nvidia/x", [keyed("nvidia")])], [facts]))
    assert (lint.code, lint.severity) == (Code.ONLY_IN_FILE, "note")


def test_an_empty_name_can_be_set_to_auto() -> None:
    lint = only(lints([route("gpt-5", [keyed("openai")], "")], []))
    assert (lint.code, lint.fix) == (Code.UNKNOWN_PROVIDER, Fix.USE_AUTO)
