"""The lints of what ends: a model, and a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.rules.codes import Code, Fix
from routing.rules.lint import ProviderFacts, Retirement, RouteFacts
from tests.routing.rules.linted import CHAT, TODAY, keyed, lints, only, route

# The end of a model --------------------------------------------------------------------------


def ending(days: int, replacement: str = "", model: str = "gpt-5", sent: str = "") -> RouteFacts:
    one = route(model, [keyed("openai")], sent=sent)
    return replace(one, retirement=Retirement(TODAY + timedelta(days), replacement))


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (-400, Code.MODEL_RETIRED),
        (-1, Code.MODEL_RETIRED),
        (0, Code.MODEL_RETIRED),
        (1, Code.MODEL_RETIRES),
        (60, Code.MODEL_RETIRES),
        (61, None),
        (2_000_000, None),
    ],
)
def test_a_model_that_ends_is_told_sixty_days_before_and_ever_after(
    days: int, code: Code | None
) -> None:
    for catalog in ({"gpt-5": CHAT}, None):
        found = lints([ending(days)], [ProviderFacts(name="openai", catalog=catalog)])
        assert [lint.code for lint in found] == ([code] if code else [])
        for lint in found:
            on = (TODAY + timedelta(days)).isoformat()
            assert lint.params == {"provider": "openai", "model": "gpt-5", "date": on}
            assert lint.fix is Fix.CHOOSE_MODEL
            assert lint.severity == ("warning" if days > 0 else "error")


@pytest.mark.parametrize(
    ("model", "sent", "replacement", "offered"),
    [
        ("gpt-5", "gpt-5", "gpt-6", ("gpt-6",)),
        ("openai/gpt-5", "gpt-5", "gpt-6", ("openai/gpt-6",)),
        ("openai/gpt-5", "", "gpt-6", ("gpt-6",)),
        ("gpt-5", "gpt-5", "gpt-5", None),
        ("gpt-5", "gpt-5", "", None),
    ],
)
def test_the_model_that_takes_its_place_is_offered_in_the_same_spelling(
    model: str, sent: str, replacement: str, offered: tuple[str, ...] | None
) -> None:
    one = ending(5, replacement, model, sent)
    lint = only(lints([one], [ProviderFacts(name="openai")]))
    assert lint.fix is (Fix.USE_MODEL if offered else Fix.CHOOSE_MODEL)
    assert lint.fix_params.get("models") == offered
    assert lint.params.get("replacement") == (replacement if offered else None)


def test_a_model_that_has_left_the_list_with_its_end_is_told_once() -> None:
    facts = ProviderFacts(name="openai", catalog={"gpt-6": CHAT}, gone={"gpt-5"})
    assert only(lints([ending(-3, "gpt-6")], [facts])).code is Code.MODEL_RETIRED
    early = [lint.code for lint in lints([ending(3, "gpt-6")], [facts])]
    assert early == [Code.MODEL_RETIRES, Code.MODEL_GONE]


def test_a_model_that_ends_and_cannot_do_the_job_is_told_both() -> None:
    one = route("gpt-5", [keyed("openai")], slot="vision")
    one = replace(one, retirement=Retirement(TODAY + timedelta(9)))
    found = lints([one], [ProviderFacts(name="openai", catalog={"gpt-5": CHAT})])
    assert [lint.code for lint in found] == [Code.MODEL_RETIRES, Code.NO_IMAGE_INPUT]


def test_the_end_of_a_model_is_no_end_of_a_deployment_that_is_called_so() -> None:
    states = [keyed("azure_openai", "https://x.openai.azure.com")]
    one = replace(route("gpt-5", states, "azure_openai"), retirement=Retirement(TODAY))
    facts = ProviderFacts(name="azure_openai", deployments=("gpt-5",))
    assert lints([one], [facts]) == ()


# The end of a key ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (31, None),
        (30, Code.KEY_EXPIRES),
        (0, Code.KEY_EXPIRES),
        (-1, Code.KEY_EXPIRED),
        (-900, Code.KEY_EXPIRED),
    ],
)
def test_a_key_that_ends_is_told_at_each_route_that_its_provider_serves(
    days: int, code: Code | None
) -> None:
    on = TODAY + timedelta(days)
    states = [keyed("openai"), keyed("groq")]
    routes = [
        route("gpt-5", states),
        route("gpt-5-mini", states, slot="subagent"),
        route("groq/llama", states, slot="subagent"),
    ]
    facts = [ProviderFacts(name="openai", key_expires=on), ProviderFacts(name="groq")]
    found = lints(routes, facts)
    assert [(lint.slot, lint.code) for lint in found] == (
        [("main", code), ("subagent", code)] if code else []
    )
    for lint in found:
        assert lint.params == {"provider": "openai", "date": on.isoformat()}
        assert (lint.fix, lint.fix_params) == (Fix.REPLACE_KEY, {"provider": "openai"})
        assert lint.severity == ("warning" if days >= 0 else "error")
