"""Plans: what an import would change, keep, ignore, and ask consent for."""

from __future__ import annotations

from typing import Any

import pytest

from providers.kinds import KINDS
from providers.spec.secret import Secret
from routing.config.edits import Current, applied, exported
from routing.config.export import Mode
from routing.config.pasted import Ignored
from routing.config.plans import warnings_of
from tests.routing.config.importing.planned import NOW, after, changes, plan
from tests.routing.config.samples import provider

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


A, B = ({"apiBase": f"https://{name}.example/v1"} for name in "ab")


def test_a_whole_file_without_masks_replaces_also_where_it_is_a_redacted_export() -> None:
    stands = {
        "channels": {"slack": {"enabled": True}},
        "providers": {"ollama": {"apiBase": "http://gpu:11434/v1"}},
        "tools": {"exec": {"enable": True}},
    }
    now = plan(stands).after
    done = plan({"providers": stands["providers"]}, now)
    assert not done.is_merge
    assert done.removes == ("channels", "tools")
    assert not done.is_empty


def test_the_order_of_endpoints_of_ones_own_is_taken_from_a_whole_file() -> None:
    now = plan({"providers": {"b": B, "a": A}}).after
    done = plan({"providers": {"a": A, "b": B}}, now)
    assert changes(done) == {"providers": ("b, a", "a, b")}
    assert list(done.result["providers"]) == ["a", "b"]


def test_this_sites_own_redacted_export_takes_nothing_away() -> None:
    stands = {
        "channels": {"slack": {"enabled": True}},
        "providers": {"b": {**B, "apiKey": "key-of-b"}, "a": A},
    }
    now = plan(stands).after
    redacted = exported(now, Mode.REDACTED, KINDS).text
    assert "***" in redacted
    done = plan(redacted, now)
    assert (done.is_merge, done.is_empty, done.removes) == (True, True, ())


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
    defaults = {"modelPreset": "fast", "fallback_models": ["fast", "gpt-4o-mini"]}
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
