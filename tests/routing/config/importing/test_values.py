"""Masks, references, values that no form takes, and addresses: what an import does with them."""

from __future__ import annotations

from typing import Any

import pytest

from providers.kinds import KINDS
from routing.config.edits import Current, Retype, applied
from routing.config.entries import RouteState
from routing.config.export import Mode, build_config
from routing.config.pasted import Ignored, Warned
from routing.config.schema import Refused
from tests.routing.config.importing.planned import NOW, after, changes, plan
from tests.routing.config.samples import provider

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


def test_a_mask_that_comes_into_the_file_is_doubtful() -> None:
    done = plan({"channels": {"slack": {"token": "***"}, "telegram": {"token": "***"}}}, NOW)
    assert done.warnings == (Warned("channels.slack.token", "mask"),)
    servers = {"mcpServers": {"files": {"command": "npx", "args": ["--token", "***"]}}}
    done = plan({"tools": servers}, NOW)
    assert done.warnings == (Warned("tools.mcpServers.files.args", "mask"),)


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


# --- references -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "code", "why"),
    [
        ("${credentials.OPENAI}", "key_credential", None),
        ("${a.b}", "counts", "variable"),
        ("Bearer ${X}", "counts", "bad_key"),
    ],
)
def test_a_key_that_the_agent_may_not_resolve_is_doubtful(
    key: str, code: str, why: str | None
) -> None:
    found = plan({"providers": {"openai": {"apiKey": key}}})

    assert [(one.path, one.code, one.params.get("why")) for one in found.warnings] == [
        ("providers.openai.apiKey", code, why)
    ]


def test_a_header_from_the_credential_store_is_doubtful() -> None:
    headers = {"A": "Bearer ${credentials.X}", "B": "Bearer ${X}"}
    found = plan({"providers": {"openai": {"apiKey": "k-12345678", "extraHeaders": headers}}})

    assert [(one.path, one.code) for one in found.warnings] == [
        ("providers.openai.extraHeaders.A", "key_credential")
    ]


def test_a_masked_text_never_takes_the_place_of_a_stored_one() -> None:
    base = "https://gw.test/sk-proj-PATHSECRET123456/v1"
    now = Current(providers=(provider("openai", "sk-old", api_base=base),))
    masked = {"providers": {"openai": {"apiKey": "***", "apiBase": "***"}}}

    found = plan({**masked, "agents": {"defaults": {"model": "gpt-5"}}}, now, is_merge=False)

    assert found.providers == ()
    assert after(found, now).document["providers"] == {
        "openai": {"apiKey": "sk-old", "apiBase": base}
    }
    assert {one.code for one in found.ignored} == {"placeholder"}
