"""Green if and only if the agent's ancestor got an answer: every kind before states that matter.

Both are sent to the same server on loopback, the client by the config.json that is exported here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from providers.kinds import KINDS
from tests.routing.oracle import Compared, compared
from tests.routing.oracle_reds import LEFT_OUT, RED_HERE
from tests.routing.oracle_server import OracleServer
from tests.routing.oracle_states import ENTERED, LISTS, MODEL, MODELS, STATES
from tests.routing.oracle_turns import AWS_TURNS, TURNS
from tests.routing.oracle_vendors import BEDROCK, EVERY_STATE, OPENAI

pytestmark = [pytest.mark.alike, pytest.mark.battery, pytest.mark.django_db(transaction=True)]
KEY = "k-good-12345678"
TAILS = {"anthropic": "", "azure_openai": "", "gemini": "/v1beta/openai", "ovms": "/v3"}
WHOLE = ("custom", "anthropic")  # these meet every state of list and model
SOME = (
    *("good", "list-wrong-key", "wrong-key", "no-model", "at-once", "no-stream-options"),
    *("breaks-off", "error-streamed", "moved-307", "only-max-tokens"),
)
ASKED = [kind for kind in KINDS if kind not in (*LEFT_OUT, "bedrock")]  # which has its own


def _speaks(kind: str, state: str) -> bool:
    """Whether a state is about the API that this kind speaks."""
    api = {"anthropic": "messages", "azure_openai": "responses"}.get(kind, "completions")
    return EVERY_STATE[state].api in ("", api)


# Each API, and what differs most; the other kinds speak like these, so of them the gate asks less.
FIRST = (*WHOLE, "azure_openai")
SHORT = ("good", "wrong-key", "no-model")


SITUATIONS = [
    (kind, state)
    for kind in ASKED
    for state in (*([*LISTS, *MODELS] if kind in WHOLE else SOME), *TURNS)
    if _speaks(kind, state)
]


SPLIT = ("responses-unknown", "responses-alone")  # one API is well there, the other is not


@pytest.fixture(scope="module")
def server() -> Iterator[OracleServer]:
    with OracleServer() as running:
        yield running


@pytest.fixture(autouse=True)
def short_deadline(settings: Any) -> None:
    settings.TEST_SECONDS = settings.COMPLETION_TEST_SECONDS = 3.0


def entered(server: OracleServer, kind: str, state: str, **more: Any) -> dict[str, Any]:
    fields = {"apiBase": server.place.base(state, TAILS.get(kind, "/v1")), "apiKey": KEY, **more}
    return {**fields, "deployments": [MODEL]} if kind == "azure_openai" else fields


def settle(result: Compared, reason: str = "") -> None:
    assert result.outside == ()
    if reason:
        assert (result.is_green, result.answered) == (False, True), (reason, str(result))
    else:
        assert result.agrees, str(result)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        pytest.param(
            *(kind, state), marks=[] if kind in FIRST or state in SHORT else [pytest.mark.long]
        )
        for kind, state in SITUATIONS
    ],
)
def test_green_if_and_only_if_the_client_got_an_answer(
    nanobot: Any, server: OracleServer, kind: str, state: str
) -> None:
    result = compared(nanobot, kind, entered(server, kind, state), MODEL)
    settle(result, RED_HERE.get((kind, state), ""))


@pytest.mark.parametrize(
    ("kind", "state", "more", "model"),
    [
        pytest.param(*(kind, state, more, model), marks=[] if kind in FIRST else [pytest.mark.long])
        for kind in ("custom", "openai", "zhipu", "ollama", "anthropic")
        for state, more, model in (
            ("wants-header", {}, MODEL),
            ("wants-header", {"extraHeaders": {"X-Team": "blue"}}, MODEL),
            ("wants-header", {"extraHeaders": {"X-Team": "red"}}, MODEL),
            ("wants-field", {}, MODEL),
            ("wants-field", {"extraBody": {"team": "blue"}}, MODEL),
            ("refuses-field", {"extraBody": {"team": "blue"}}, MODEL),
            ("small-limit", {"extraBody": {"max_tokens": 100_000}}, MODEL),
            ("small-limit", {"extraBody": {"max_tokens": 100}}, MODEL),
            ("keyed", {}, MODEL),
            ("keyed", {"apiKey": "k-wrong-12345678"}, MODEL),
            ("one-model", {}, "demo-mode"),
            ("one-model", {}, f"{kind}/{MODEL}"),
            ("only-max-tokens", {}, "gpt-5-demo"),
            ("only-max-completion-tokens", {}, "kimi-k3"),
        )
        if _speaks(kind, state)
    ],
)
def test_what_was_entered_reaches_both(
    nanobot: Any, server: OracleServer, kind: str, state: str, more: Any, model: str
) -> None:
    settle(compared(nanobot, kind, entered(server, kind, state, **more), model))


@pytest.mark.parametrize(
    ("kind", "tail"),
    [
        *((kind, tail) for kind in ("custom", "openai", "groq") for tail in ("/v1/", "", "/")),
        *(
            (kind, tail)
            for kind in ("ollama", "lm_studio", "ovms")
            for tail in ("", "/v1/", "/api")
        ),
        *(("gemini", tail) for tail in ("/v1beta", "/v1beta/openai/", "/v1beta/openai")),
        *(("anthropic", tail) for tail in ("", "/", "/v1", "/v1/")),
        *(("azure_openai", tail) for tail in ("", "/", "/openai", "/openai/v1/")),
        *(("custom", tail) for tail in ("/v1/chat/completions", "/v1/v1", "/v1/models")),
    ],
)
def test_the_base_is_tested_as_it_is_exported(
    nanobot: Any, server: OracleServer, kind: str, tail: str
) -> None:
    fields = entered(server, kind, "good") | {"apiBase": server.place.base("paths", tail)}
    settle(compared(nanobot, kind, fields, MODEL))


# The ancestor, as the site, takes any base for OpenAI's own in which this name stands.
OWN = "/api.openai.com/v1"


@pytest.mark.parametrize(
    ("state", "model"),
    [
        *((state, "gpt-5-demo") for state in (*OPENAI, "good", "wrong-key", "streams-only")),
        *((state, model) for state in SPLIT for model in ("o3-demo", "openai/o4-demo", MODEL)),
    ],
)
def test_openai_is_asked_by_responses_where_the_agent_does(
    nanobot: Any, server: OracleServer, state: str, model: str
) -> None:
    fields = entered(server, "openai", state) | {"apiBase": server.place.base(state, OWN)}
    settle(compared(nanobot, "openai", fields, model))


@pytest.mark.parametrize(
    ("state", "tail", "model", "body"),
    [
        *(
            ("responses-alone", *case)
            for case in (
                (OWN, "gpt-5-demo", {"team": "blue"}),
                (OWN, "gpt-5-demo", {"reasoning": {"effort": "low"}, "service_tier": "flex"}),
                (OWN, MODEL, {"team": "blue"}),
                ("/openrouter/api.openai.com/v1", "gpt-5-demo", {}),
                ("/API.OpenAI.com/v1", "gpt-5-demo", {}),
            )
        ),
        ("responses-unknown", OWN, "gpt-5-demo", {"reasoning_effort": "low"}),
        *(
            (state, tail, MODEL, {"tools": [{"type": kind}]})
            for state in SPLIT
            for tail in ("/v1", OWN)
            for kind in ("web_search_preview", "code_interpreter")
        ),
    ],
)
def test_base_and_body_decide_between_openai_s_apis(
    nanobot: Any, server: OracleServer, state: str, tail: str, model: str, body: Any
) -> None:
    fields = entered(server, "openai", state, extraBody=body)
    fields["apiBase"] = server.place.base(state, tail)
    settle(compared(nanobot, "openai", fields, model))


PAIR = {"accessKeyId": "AKIADEMOGOOD00000000", "secretAccessKey": "demo/secret+0123456789"}
WAYS: dict[str, dict[str, Any]] = {"key": {"apiKey": KEY}, "pair": PAIR}
WAYS["both"] = {"apiKey": KEY, **PAIR}
WAYS["temporary"] = {**PAIR, "accessKeyId": "ASIADEMOGOOD00000000", "sessionToken": "demo/token"}


@pytest.mark.parametrize(
    ("state", "way", "model", "body"),
    [
        *((state, "pair", MODEL, {}) for state in (*BEDROCK, *AWS_TURNS)),
        *(("aws-good", way, MODEL, {}) for way in WAYS),  # a key in plain http is not sent
        ("aws-good", "pair", f"bedrock/us.{MODEL}-v1:0", {}),
        *((state, "pair", MODEL, {"team": "b"}) for state in ("aws-good", "aws-refuses-field")),
    ],
)
def test_bedrock_is_called_by_the_way_that_the_agent_takes(
    nanobot: Any, server: OracleServer, state: str, way: str, model: str, body: Any
) -> None:
    fields = {"apiBase": server.place.base(state, ""), "region": "us-east-1", **WAYS[way]}
    settle(compared(nanobot, "bedrock", fields | ({"extraBody": body} if body else {}), model))


@pytest.mark.parametrize("host", ["192.0.2.1", "llm.example.com", "localhost"])
def test_the_oracle_calls_nobody_but_loopback_by_number(nanobot: Any, host: str) -> None:
    document = {
        "providers": {"custom": {"apiBase": f"http://{host}:9/v1", "apiKey": KEY}},
        "agents": {"defaults": {"model": MODEL, "provider": "custom"}},
    }
    heard = nanobot("turn", text=json.dumps(document))
    assert heard["answered"] is False
    assert [line.rpartition(" ")[2] for line in heard["outside"]] == [host]


def test_the_reds_that_are_known_are_few_and_none_is_left_over() -> None:
    assert len(RED_HERE) <= 2
    assert set(RED_HERE) <= set(SITUATIONS)
    assert set(STATES) == {*LISTS, *MODELS, *ENTERED, "paths"}
    assert {*LEFT_OUT, *ASKED, "bedrock"} == set(KINDS)
