"""Plans: what an import would change, keep, ignore, and ask consent for."""

from __future__ import annotations

from typing import Any

import pytest

from facio_site.strictjson import write_json
from providers.kinds import KINDS
from providers.spec.secret import Secret
from routing.config.edits import Current, Retype, applied
from routing.config.entries import RouteState
from routing.config.export import Exported, Mode, build_config
from routing.config.importing.importer import Plan, plan_import
from routing.config.pasted import Ignored, Pasted, Warned, read_pasted
from routing.config.plans import warnings_of
from routing.config.schema import Refused
from tests.routing.config.samples import provider


def pasted(document: dict[str, Any] | str) -> Pasted:
    text = document if isinstance(document, str) else write_json(document)
    return read_pasted(text.encode(), specs=KINDS)


def plan(document: dict[str, Any] | str, current: Current | None = None, **more: Any) -> Plan:
    return plan_import(pasted(document), current or Current(), specs=KINDS, **more)


def after(done: Plan, current: Current) -> Exported:
    state = applied(current, done.providers, done.routes, done.document, specs=KINDS)
    return build_config(state.document, state.providers, state.routes, Mode.KEYS, specs=KINDS)


def changes(done: Plan) -> dict[str, tuple[str, str]]:
    return {change.path: (change.before, change.after) for change in done.changes}


NOW = Current(
    providers=(
        provider("openai", "sk-old", extra_headers={"X-A": "1", "X-B": "2"}),
        provider("groq", "gsk_old"),
        provider("vllm", "v-old", api_base="http://gpu:8000/v1"),
        provider("bedrock", secrets={"access_key_id": "AKIA1", "secret_access_key": "s1"}),
    ),
    routes=(
        RouteState(slot="main", model="gpt-5"),
        RouteState(slot="image", model="dall-e-3", provider="openai"),
    ),
    document={"channels": {"telegram": {"token": "t-old", "allowFrom": ["1"]}}},
)


# --- replace --------------------------------------------------------------------------------


def test_replace_takes_what_the_file_has_and_drops_what_it_lacks() -> None:
    done = plan(
        {"agents": {"defaults": {"model": "m"}}, "providers": {"openai": {"apiKey": "sk-new"}}}, NOW
    )

    assert changes(done) == {
        "agents.defaults.model": ("gpt-5", "m"),
        "agents.defaults.provider": ("auto", ""),
        "agents.defaults.image_model": ("dall-e-3", ""),
        "agents.defaults.image_provider": ("openai", ""),
        "providers.openai.apiKey": ("set", "set"),
        "providers.openai.extraHeaders.X-A": ("set", ""),
        "providers.openai.extraHeaders.X-B": ("set", ""),
        "providers.groq.apiKey": ("set", ""),
        "providers.vllm.apiKey": ("set", ""),
        "providers.vllm.apiBase": ("http://gpu:8000/v1", ""),
        "channels.telegram.token": ("set", ""),
        "channels.telegram.allowFrom": ('["1"]', ""),
    }
    assert {edit.name for edit in done.providers if edit.is_removed} == {"groq", "vllm"}
    assert after(done, NOW).document == {
        "agents": {"defaults": {"model": "m"}},
        "providers": {"openai": {"apiKey": "sk-new"}},
    }


def test_what_config_json_cannot_hold_is_not_dropped_by_a_file_without_it() -> None:
    done = plan({}, NOW, is_merge=False)
    state = applied(NOW, done.providers, done.routes, done.document, specs=KINDS)
    assert [row.kind for row in state.providers] == ["bedrock"]


def test_a_plan_prints_no_secret() -> None:
    done = plan({"providers": {"openai": {"apiKey": "sk-new"}}, "tools": {"token": "t-new"}}, NOW)
    for text in ("sk-new", "sk-old", "t-new", "t-old", "gsk_old"):
        assert text not in repr(done)


# --- merge ----------------------------------------------------------------------------------


def test_merge_keeps_what_the_file_lacks_or_leaves_empty() -> None:
    done = plan(
        {
            "agents": {"defaults": {"model": "", "subagentModel": "haiku", "image_model": None}},
            "providers": {
                "openai": {"api_key": None, "extraHeaders": {}},
                "groq": {"apiKey": "g2"},
            },
            "channels": {"telegram": {"allow_from": ["2"]}, "slack": {"enabled": True}},
        },
        NOW,
        is_merge=True,
    )

    assert changes(done) == {
        "agents.defaults.subagentModel": ("", "haiku"),
        "providers.groq.apiKey": ("set", "set"),
        "channels.telegram.allowFrom": ('["1"]', '["2"]'),
        "channels.slack.enabled": ("", "true"),
    }
    assert after(done, NOW).document["channels"] == {
        "telegram": {"token": "t-old", "allowFrom": ["2"]},
        "slack": {"enabled": True},
    }


def test_an_env_file_is_always_merged_and_leaves_the_imported_document_alone() -> None:
    done = plan("OPENAI_API_KEY=sk-new\nAWS_SESSION_TOKEN=tok\nPATH=x", NOW)

    assert done.is_merge
    assert done.document == NOW.document
    assert changes(done) == {"providers.openai.apiKey": ("set", "set")}
    assert done.outside == ("bedrock.session_token",)
    assert done.ignored == (Ignored("PATH", "unknown_name"),)
    assert [edit.secrets for edit in done.providers if edit.name == "bedrock"] == [
        {"session_token": Secret("tok")}
    ]


def test_cloud_secrets_that_are_the_same_change_nothing() -> None:
    assert plan("AWS_ACCESS_KEY_ID=AKIA1", NOW).is_empty


def test_a_key_alone_goes_to_its_provider() -> None:
    done = plan("sk-or-v1-abc")
    assert done.document is None
    assert after(done, Current()).document == {
        "providers": {"openrouter": {"apiKey": "sk-or-v1-abc"}}
    }


def test_a_curl_line_to_the_default_address_takes_another_base_back() -> None:
    current = Current(providers=(provider("openai", api_base="https://eu.api.openai.com/v1"),))
    done = plan("curl https://api.openai.com/v1/models -H 'Authorization: Bearer sk-1'", current)
    assert after(done, current).document == {"providers": {"openai": {"apiKey": "sk-1"}}}


# --- masks, references, values that are not taken --------------------------------------------


@pytest.mark.parametrize("mask", ["***", "sk-...abcd", "<your key>", "YOUR_API_KEY", "••••••••"])
def test_a_mask_never_takes_the_place_of_a_stored_key(mask: str) -> None:
    document = {"providers": {"groq": {"apiKey": mask}, "openai": {"extraHeaders": {"X-A": mask}}}}
    done = plan(document, NOW)

    assert Ignored("providers.groq.apiKey", "placeholder") in done.ignored
    assert "providers.groq.apiKey" not in changes(done)
    providers = after(done, NOW).document["providers"]
    assert providers["groq"] == {"apiKey": "gsk_old"}
    assert providers["openai"]["extraHeaders"] == {"X-A": "1"}


def test_a_redacted_export_taken_in_again_changes_no_secret() -> None:
    current = Current(
        providers=(
            provider("openai", "sk-1", extra_headers={"A": "b"}, extra_body={"x": {"y": [1]}}),
            provider("groq", "g-1"),
        ),
        routes=(RouteState(slot="main", model="gpt-5"),),
    )
    text = build_config(None, current.providers, current.routes, Mode.REDACTED, specs=KINDS).text
    done = plan(text, current)

    assert done.is_empty
    before = build_config(None, current.providers, current.routes, Mode.KEYS, specs=KINDS)
    assert after(done, current).document == before.document


def test_masks_in_parts_that_are_not_ours_give_way_to_what_is_there() -> None:
    document = {"channels": {"telegram": {"token": "***", "allow_from": ["1"]}}}
    done = plan(document, NOW, is_merge=False)
    assert after(done, NOW).document == {
        "channels": {"telegram": {"token": "t-old", "allow_from": ["1"]}}
    }
    assert done.ignored == (Ignored("channels.telegram.token", "placeholder"),)


def test_s32_a_reference_stays_a_reference_and_says_so() -> None:
    done = plan({"providers": {"groq": {"apiKey": "${GROQ_KEY}"}}}, NOW, is_merge=True)
    assert changes(done) == {"providers.groq.apiKey": ("set", "${GROQ_KEY}")}
    assert after(done, NOW).document["providers"]["groq"] == {"apiKey": "${GROQ_KEY}"}


@pytest.mark.parametrize(
    ("entry", "path", "code"),
    [
        ({"apiKey": "two words"}, "apiKey", "bad_key"),
        ({"apiBase": "ftp://x"}, "apiBase", "bad_base"),
        ({"apiBase": "https://u:p@h/v1"}, "apiBase", "bad_base"),
        ({"extraHeaders": {"Host": "x"}}, "extraHeaders", "bad_header"),
        ({"extraBody": {"a": "x" * 70_000}}, "extraBody", "too_large"),
    ],
)
def test_a_value_that_no_form_takes_is_named_and_stays_in_the_document(
    entry: dict[str, Any], path: str, code: str
) -> None:
    document = {"providers": {"groq": entry}}
    done = plan(document)

    assert done.ignored == ()
    assert done.warnings == (Warned(f"providers.groq.{path}", "counts", {"why": code}),)
    assert done.providers == ()
    assert [one.is_owned for one in done.changes] == [False]
    assert after(done, Current()).document == document


def test_what_is_set_here_goes_where_no_form_takes_what_comes_in_its_place() -> None:
    current = Current(
        providers=(provider("groq", "gsk_0123456789", api_base="https://a.example/v1"),),
        routes=(RouteState(slot="main", model="m1", provider="groq"),),
    )
    entry = {
        "apiKey": "two words",
        "apiBase": "https://b.example/v1",
        "extraHeaders": {"Host": "x"},
    }
    document = {
        "providers": {"groq": entry},
        "agents": {"defaults": {"model": "m" * 301, "provider": "groq"}},
    }
    done = plan(document, current, is_merge=False)
    told = [(one.keys[-1], one.before, one.after[:5], one.is_owned) for one in done.changes]
    assert sorted(told) == [
        ("Host", "", "set", False),
        ("apiBase", "https://a.example/v1", "https", True),
        ("apiKey", "", "set", False),
        ("apiKey", "set", "", True),
        ("model", "", "mmmmm", False),
        ("model", "m1", "", True),
    ]
    again = {**document, "providers": {"groq": {**entry, "apiKey": "three more words"}}}
    later = plan(again, done.after, is_merge=False)
    told = [(one.keys[-1], one.before, one.after, one.is_owned) for one in later.changes]
    assert told == [("apiKey", "set", "set", False)]


def test_a_token_of_a_sign_in_provider_is_not_taken() -> None:
    done = plan({"providers": {"openaiCodex": {"apiKey": "tok"}}})
    assert done.ignored == (Ignored("providers.openaiCodex", "oauth"),)
    assert done.providers == ()


def test_a_model_name_that_is_too_long_is_named() -> None:
    done = plan({"agents": {"defaults": {"model": "m" * 301}}})
    assert done.warnings == (Warned("agents.defaults.model", "counts", {"why": "too_long"}),)
    assert done.routes == ()


def test_a_document_that_the_agent_would_not_load_is_refused() -> None:
    with pytest.raises(Refused, match="azure-openai"):
        plan({"providers": {"azure-openai": {"apiKey": "x"}}})


def test_a_merge_that_would_give_both_spellings_does_not() -> None:
    current = Current(
        document={"providers": {"siliconflow": {"apiKey": "1"}, "lmStudio": {"x": 1}}}
    )
    done = plan({"providers": {"lm_studio": {"x": 2}}}, current, is_merge=True)
    assert after(done, current).document == {
        "providers": {"siliconflow": {"apiKey": "1"}, "lmStudio": {"x": 2}}
    }


# --- addresses ------------------------------------------------------------------------------


def test_s20_a_new_address_without_a_key_leaves_the_old_secrets_behind() -> None:
    document = {
        "providers": {
            "openai": {"apiBase": "https://evil.example/v1", "apiKey": "***"},
            "vllm": {"apiBase": "http://gpu:8000/v2"},
        }
    }
    done = plan(document, NOW, is_merge=True)

    assert done.retype == (Retype("openai", ("api_key", "extraHeaders")),)
    exported = after(done, NOW)
    assert exported.document["providers"]["openai"] == {"apiBase": "https://evil.example/v1"}
    assert exported.document["providers"]["vllm"]["apiKey"] == "v-old"


def test_s20_a_new_address_with_its_own_key_asks_only_for_the_headers() -> None:
    done = plan(
        {"providers": {"openai": {"apiBase": "https://eu.api.openai.com/v1", "apiKey": "k2"}}},
        NOW,
        is_merge=True,
    )
    assert done.retype == (Retype("openai", ("extraHeaders",)),)


def test_s20_another_region_is_another_address() -> None:
    done = plan({"providers": {"bedrock": {"region": "eu-west-1"}}}, NOW, is_merge=True)
    assert done.retype in (
        (Retype("bedrock", ("access_key_id", "secret_access_key")),),
        (),  # without a region before, nothing was bound to one
    )
    again = applied(NOW, done.providers, done.routes, done.document, specs=KINDS)
    with_region = Current(
        providers=(
            provider("bedrock", secrets={"access_key_id": "AKIA1"}, values={"region": "us-east-1"}),
        )
    )
    moved = plan({"providers": {"bedrock": {"region": "eu-west-1"}}}, with_region, is_merge=True)
    assert moved.retype == (Retype("bedrock", ("access_key_id",)),)
    assert again.providers


# --- Azure ----------------------------------------------------------------------------------


def test_the_models_of_forced_azure_routes_become_deployments() -> None:
    document = {
        "agents": {
            "defaults": {
                "model": "gpt-main",
                "provider": "azureOpenai",
                "subagentModel": "gpt-small",
                "subagentProvider": "azure_openai",
                "vision_model": "gpt-5",
                "vision_provider": "openai",
            }
        },
        "providers": {"azureOpenai": {"apiKey": "k", "apiBase": "https://x.openai.azure.com"}},
    }
    done = plan(document, Current(deployments=("gpt-small",)))

    (edit,) = done.providers
    assert edit.add_deployments == ("gpt-main",)
    assert after(done, Current()).document == document


# --- S41 ------------------------------------------------------------------------------------


def test_s41_a_declined_part_stays_as_it_is_now() -> None:
    document = {
        "channels": {"telegram": {"token": "t-old", "allowFrom": ["1", "2"]}},
        "tools": {"exec": {"enable": True}, "mcpServers": {"files": {"command": "npx"}}},
    }
    done = plan(document, NOW, is_merge=False)
    assert {risk.path: risk.danger for risk in done.risks} == {
        "channels.telegram.allowFrom": "grants_access",
        "tools.exec.enable": "runs_code",
        "tools.mcpServers.files": "runs_code",
    }

    careful = plan(
        document,
        NOW,
        is_merge=False,
        declined=frozenset({"channels.telegram.allowFrom", "tools.mcpServers.files"}),
    )
    assert careful.risks == done.risks
    assert after(careful, NOW).document == {
        "channels": {"telegram": {"token": "t-old", "allowFrom": ["1"]}},
        "tools": {"exec": {"enable": True}},
    }


def test_what_is_kept_untouched_is_named() -> None:
    done = plan(
        {"channels": {"x": 1}, "providers": {"mine": {}, "groq": {"apiKey": "k", "proxy": ""}}}
    )
    assert done.kept == ("channels", "providers.mine", "providers.groq.proxy")


# --- whole or part --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "is_merge"),
    [
        ({}, True),
        ({"mcpServers": {"a": {"command": "npx"}}}, True),
        ({"channels": {"slack": {"enabled": True}}}, True),
        ({"openai": {"apiKey": "sk-1"}, "groq": {"apiKey": "g-1"}}, True),
        ({"providers": {}}, False),
        ({"agents": {"defaults": {"model": "m"}}}, False),
    ],
)
def test_a_part_of_a_file_is_merged_unless_replace_is_asked_for(
    document: dict[str, Any], is_merge: bool
) -> None:
    assert plan(document, NOW).is_merge is is_merge
    assert (plan(document, NOW).removes == ()) is is_merge
    assert not plan(document, NOW, is_merge=False).is_merge


def test_the_inside_of_providers_is_put_where_it_belongs() -> None:
    inside = {"openai": {"apiKey": "sk-new"}, "myProxy": {"apiBase": "https://p.example/v1"}}
    done = plan({"_comment": "x", **inside})
    assert after(done, Current()).document == {"_comment": "x", "providers": inside}
    other = {"telegram": {"apiKey": "x"}, "files": {"command": "npx"}}
    assert after(plan(other), Current()).document == other


def test_what_a_file_removes_is_named_by_its_paths() -> None:
    assert plan({"providers": {"openai": {"apiKey": "sk-old"}}}, NOW).removes == (
        "channels",
        *("agents.defaults.model", "agents.defaults.provider"),
        *("agents.defaults.image_model", "agents.defaults.image_provider"),
        *("providers.groq", "providers.vllm"),
    )


def test_a_reference_of_another_provider_keeps_no_key() -> None:
    named = {"providers": {"groq": {"apiKey": "${OPENAI_API_KEY}"}}}
    assert changes(plan(named, NOW, is_merge=True)) == {
        "providers.groq.apiKey": ("set", "${OPENAI_API_KEY}")
    }
    own = {"providers": {"groq": {"apiKey": "${GROQ_API_KEY}"}}}
    assert plan(own, NOW, is_merge=True).is_empty
    assert changes(plan(own, NOW, is_merge=True, keeps_keys=False)) == {
        "providers.groq.apiKey": ("set", "${GROQ_API_KEY}")
    }


def test_a_key_that_begins_like_another_vendors_is_told() -> None:
    document = {"providers": {"openai": {"apiKey": "gsk_0123456789abcdef"}}}
    told = [(one.path, one.code, one.params["owner"]) for one in warnings_of(plan(document))]
    assert told == [("providers.openai.apiKey", "key_other_provider", "Groq")]


@pytest.mark.parametrize(("is_merge", "provider"), [(False, ""), (True, "auto")])
def test_an_empty_provider_of_a_file_is_taken_as_it_stands_and_merged_says_nothing(
    is_merge: bool, provider: str
) -> None:
    done = plan({"agents": {"defaults": {"model": "m", "provider": ""}}}, is_merge=is_merge)
    assert [(route.model, route.provider) for route in done.routes] == [("m", provider)]
    assert done.ignored == ()


@pytest.mark.parametrize("word", ["", "Auto", "opnai"])
def test_a_provider_that_names_nobody_is_warned_of(word: str) -> None:
    done = plan({"agents": {"defaults": {"model": "m", "provider": word}}})
    assert [(one.path, one.code, one.params) for one in warnings_of(done)] == [
        ("agents.defaults.provider", "names_nobody", {"name": word})
    ]


def test_a_preset_that_is_not_there_is_warned_of() -> None:
    defaults = {"modelPreset": "fast", "fallback_models": ["fast", "gpt-4o-mini", {"model": "m"}]}
    document: dict[str, Any] = {"agents": {"defaults": defaults}}
    here = Current(document={"modelPresets": {"fast": {"model": "m"}}})
    told = [(one.path, one.code, one.params) for one in warnings_of(plan(document, here))]
    assert told == [
        ("agents.defaults.modelPreset", "no_preset", {"name": "fast"}),
        ("agents.defaults.fallback_models", "no_preset", {"name": "fast"}),
        ("agents.defaults.fallback_models", "no_preset", {"name": "gpt-4o-mini"}),
    ]
    merged = warnings_of(plan(document, here, is_merge=True))
    assert [one.params["name"] for one in merged] == ["gpt-4o-mini"]


@pytest.mark.parametrize("word", ["auto", "openai", "Lab", "nvidia"])
def test_a_provider_that_the_agent_knows_is_not(word: str) -> None:
    document = {
        "agents": {"defaults": {"model": "m", "provider": word}},
        "providers": {"lab": {"apiBase": "https://llm.example.com/v1"}},
    }
    assert warnings_of(plan(document)) == ()
