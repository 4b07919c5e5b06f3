"""An effort of reasoning goes out in the fields in which the agent's ancestor sends it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.kinds import KINDS
from routing.models import BaseDocument
from tests.routing.oracle import compared
from tests.routing.oracle_reds import LEFT_OUT
from tests.simulators.receivers import Hooks

pytestmark = [pytest.mark.alike, pytest.mark.battery, pytest.mark.django_db(transaction=True)]
UNSENT = ("anthropic", "bedrock")  # there a finding says that no test asks for it
FIELDS = (
    *("reasoning_effort", "reasoning", "thinking", "enable_thinking", "reasoning_split"),
    *("temperature", "include"),
)
NAMES = ("demo", "kimi-k3", "kimi-k2.7-code", "kimi-k2.6", "mimo-v2.5", "qwen3.6-plus", "gpt-5-x")
EFFORTS = ("high", "minimal", "none")
OWN_NAMES = {
    "mistral": ("magistral-small",),
    "deepseek": ("deepseek-v4-flash",),
    "openrouter": ("moonshotai/kimi-k2.6",),
}


def of_reasoning(hooks: Hooks, tool: str) -> dict[str, Any]:
    """Of the first completion that was asked for with this tool, the fields that tell of it."""
    for hit in hooks.hits:
        if hit.method == "POST" and tool in hit.body.decode():
            body = json.loads(hit.body)
            return {name: body[name] for name in FIELDS if name in body}
    raise AssertionError("no completion was asked for")


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(kind, name, marks=[] if name in ("demo", *own) else [pytest.mark.long])
        for kind in KINDS
        if kind not in (*LEFT_OUT, *UNSENT)
        for own in [OWN_NAMES.get(kind, ())]
        for name in (*NAMES, *own)
    ],
)
def test_an_effort_goes_out_as_the_agent_sends_it(
    nanobot: Any, settings: Any, kind: str, name: str, effort: str
) -> None:
    settings.TEST_SECONDS = settings.COMPLETION_TEST_SECONDS = 3.0
    BaseDocument.put({"agents": {"defaults": {"reasoningEffort": effort, "temperature": 0.7}}})
    with Hooks() as hooks:
        fields: dict[str, Any] = {"apiBase": hooks.url("/v1"), "apiKey": "k-good-12345678"}
        fields |= {"deployments": [name]} if kind == "azure_openai" else {}
        compared(nanobot, kind, fields, name)
        assert of_reasoning(hooks, '"note"') == of_reasoning(hooks, '"read_file"')
