"""A .env whose names an export of what is set here refers to."""

from __future__ import annotations

from providers.kinds import KINDS
from providers.spec.secret import Secret
from routing.config.edits import Current, exported
from routing.config.env.beside import env_text
from routing.config.export import Mode
from routing.config.pasted import Ignored
from tests.routing.config.importing.planned import after, plan
from tests.routing.config.samples import provider

KEY = "sk-proj-0123456789abcdefghij"
NAMED = provider("openai", KEY, extra_headers={"X-Team": "${OPENAI_HEADER_X_TEAM}", "B": "b-1"})


def test_the_value_of_a_header_that_the_file_names_is_stored() -> None:
    now = Current(providers=(NAMED,))

    found = plan("OPENAI_HEADER_X_TEAM='blue secret'\nOTHER=1\n", now)

    assert found.ignored == (Ignored("OTHER", "unknown_name"),)
    assert after(found, now).document["providers"]["openai"] == {
        "apiKey": KEY,
        "extraHeaders": {"X-Team": "blue secret", "B": "b-1"},
    }


def test_the_two_files_of_an_export_give_everything_back() -> None:
    states = (
        provider("openai", "${PROXY_API_KEY}", extra_headers={"X-Team": "blue", "X_Team": "red"}),
        provider("custom", "real-key-123", name="proxy", api_base="https://proxy.test/v1"),
        provider("groq", "gsk_1"),
    )
    written = exported(Current(providers=states), Mode.ENV, KINDS)
    named = plan(written.document).after

    found = plan(env_text({**written.env, "PROXY_API_KEY": Secret("what-it-was")}), named)

    assert found.ignored == ()
    entries = after(found, named).document["providers"]
    assert entries["openai"]["extraHeaders"] == {"X-Team": "blue", "X_Team": "red"}
    assert entries["proxy"]["apiKey"] == "real-key-123"
    assert entries["groq"]["apiKey"] == "gsk_1"


def test_the_env_of_this_very_site_changes_nothing() -> None:
    now = Current(providers=(provider("openai", KEY, extra_headers={"X-Team": "blue"}),))

    found = plan(env_text(exported(now, Mode.ENV, KINDS).env), now)

    assert found.ignored == ()
    assert found.is_empty


def test_a_name_inside_a_text_is_for_the_agents_environment() -> None:
    now = Current(
        providers=(provider("openai", KEY, extra_headers={"A": "Bearer ${TOK}"}),),
        document={"channels": {"x": {"token": "${BOT}"}}},
    )

    assert plan("TOK=t-1\nBOT=b-1\n", now).ignored == (
        Ignored("TOK", "named_in_file", {"path": "providers.openai.extraHeaders.A"}),
        Ignored("BOT", "named_in_file", {"path": "channels.x.token"}),
    )


def test_beside_a_new_address_no_stored_header_goes_along() -> None:
    now = Current(providers=(NAMED,))

    found = plan("OPENAI_BASE_URL=https://gw.test/v1\nOPENAI_HEADER_X_TEAM=blue\n", now)

    assert [one.code for one in found.ignored] == ["named_in_file"]
    (edit,) = found.providers
    assert dict(edit.values) == {"apiBase": "https://gw.test/v1"}


def test_what_is_no_value_takes_the_place_of_nothing() -> None:
    now = Current(providers=(NAMED,))

    for text in ("***", "$TEAM", "${TEAM}"):
        found = plan(f"OPENAI_HEADER_X_TEAM={text}\n", now)
        assert (found.providers, [one.code for one in found.ignored]) == ((), ["named_in_file"])


def test_a_key_beside_an_address_that_is_not_read_is_not_stored_for_another() -> None:
    state = provider("custom", "${PROXY_API_KEY}", name="proxy", api_base="https://p.test/v1")
    now = Current(providers=(state,))

    found = plan("PROXY_API_KEY=k-12345678\nPROXY_BASE_URL=https://other.test/v1\n", now)

    assert found.providers == ()
    assert [(one.path, one.code) for one in found.ignored] == [
        ("PROXY_API_KEY", "key_without_base"),
        ("PROXY_BASE_URL", "unknown_name"),
    ]


def test_the_key_of_an_endpoint_of_ones_own_is_taken_by_its_name() -> None:
    state = provider("custom", "${PROXY_API_KEY}", name="proxy", api_base="https://p.test/v1")
    now = Current(providers=(state,))

    found = plan("PROXY_API_KEY=k-12345678\n", now)

    assert after(found, now).document["providers"]["proxy"]["apiKey"] == "k-12345678"
