"""What the agent sends with each call beside a word: instructions, tools and its temperature, as
small as can be.

A server or a model that refuses one of them fails with the agent as well, however well it answers
the bare word. Source: nanobot-ai 0.3.5, agent/runner.py: _request_model. Plain data, in the forms
of the four APIs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.http import Reply
from providers.spec.kind import Call
from providers.spec.outcomes import Verdict

TEMPERATURE, MAX_TOKENS = 0.1, 8192


@dataclass(frozen=True, slots=True)
class Asked:
    """What config.json says of each call. Where it says nothing, the agent's own defaults count.

    Source: nanobot-ai 0.3.5, config/schema.py: AgentDefaults (inherited).
    """

    temperature: float = TEMPERATURE
    max_tokens: int = MAX_TOKENS  # of an answer
    effort: str = ""  # of reasoning, as it is spelled there; "" = none is asked for
    pictures: tuple[str, ...] = ()  # models that are sent some, by the names that routes hold

    @property
    def reasons(self) -> bool:
        return self.effort.lower() not in ("", "none")

    def as_json(self) -> list[float | str]:
        """What it sends to any model."""
        return [self.temperature, self.max_tokens, *([self.effort] if self.effort else [])]


USUAL = Asked()
_SAY, _HI = "Answer with one word.", "hi"
_NAME, _USE = "note", "Keep a note."
# Not empty: Gemini refuses an object without properties.
_FIELDS = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
_FUNCTION = {"name": _NAME, "description": _USE, "parameters": _FIELDS}

CHAT: dict[str, Any] = {
    "messages": [{"role": "system", "content": _SAY}, {"role": "user", "content": _HI}],
    "tools": [{"type": "function", "function": _FUNCTION}],
    "tool_choice": "auto",
    "temperature": TEMPERATURE,
}
RESPONSES: dict[str, Any] = {
    "instructions": _SAY,
    "input": [{"role": "user", "content": [{"type": "input_text", "text": _HI}]}],
    "tools": [{"type": "function", **_FUNCTION}],
    "tool_choice": "auto",
    "temperature": TEMPERATURE,
}
# Without a temperature: the agent leaves it out for the models that refuse it. Source: the same,
# providers/anthropic_provider.py: _build_kwargs
MESSAGES: dict[str, Any] = {
    "system": [{"type": "text", "text": _SAY}],
    "messages": [{"role": "user", "content": _HI}],
    "tools": [{"name": _NAME, "description": _USE, "input_schema": _FIELDS}],
    "tool_choice": {"type": "auto"},
}
CONVERSE: dict[str, Any] = {
    "system": [{"text": _SAY}],
    "messages": [{"role": "user", "content": [{"text": _HI}]}],
    "toolConfig": {
        "tools": [
            {"toolSpec": {"name": _NAME, "description": _USE, "inputSchema": {"json": _FIELDS}}}
        ]
    },
    "inferenceConfig": {"temperature": TEMPERATURE},
}
_OF_TOOLS = frozenset(["tools", "tool_choice", "toolConfig"])


def without_tools(call: Call) -> Call:
    """The same call as nobody makes it but who asks whether the tools were the matter."""
    return replace(call, body=_bare(call.body), retry_body=None, fallback=None, instead=None)


def _bare(body: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (body or {}).items() if name not in _OF_TOOLS}


def tempered(body: Mapping[str, Any], temperature: float | None) -> dict[str, Any]:
    """The same with another temperature where it has one; None = without."""
    found = {}
    for name, value in body.items():
        if name == "inferenceConfig":
            value = tempered(value, temperature)
        if name != "temperature":
            found[name] = value
        elif temperature is not None:
            found[name] = temperature
    return found


def as_sent(verdict: Verdict, body: Any, asked: Asked) -> Verdict:
    """A refusal of the temperature with the one that was sent. Where none was, or no effort is
    asked for, it is of something else. Any other verdict as it is."""
    if verdict.detail == "effort" and not asked.effort:
        return replace(verdict, detail="")
    if verdict.detail != "temperature":
        return verdict
    inner = body.get("inferenceConfig")
    sent = (inner if isinstance(inner, dict) else body).get("temperature")
    if sent is None:
        return replace(verdict, detail="")
    is_number = isinstance(sent, int | float)  # else nobody knows what the extra body holds there
    told = {"temperature": sent} if is_number else {}
    return replace(verdict, params={**verdict.params, **told})


def few_tokens(reply: Reply, asked: int) -> int:
    """The tokens a minute that an answer tells of, where the agent asks for more at once: then it
    is refused, for such a provider counts the longest answer that is asked for. 0 = they are
    enough, or nothing is said.

    Sources: https://console.groq.com/docs/rate-limits and, for the longer name,
    https://inference-docs.cerebras.ai/support/rate-limits
    """
    name = "x-ratelimit-limit-tokens"
    told = reply.headers.get(name, reply.headers.get(f"{name}-minute", ""))
    limit = int(told) if told.isdecimal() and len(told) < 12 else 0
    return limit if limit < asked else 0


# Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _supports_temperature
_OWN_TEMPERATURE = ("gpt-5", "o1", "o3", "o4")


def has_own_temperature(model: str) -> bool:
    """Whether the agent leaves it out for a model of this name, at kinds like OpenAI."""
    name = model.lower()
    return name.rpartition("/")[2] == "kimi-k3" or any(sign in name for sign in _OWN_TEMPERATURE)


# What a test request is made of, and what would multiply its answers, is not the extra body's to
# say. A limit of output is: the agent sends that one, too.
_OF_THE_TEST = frozenset(
    [
        *("model", "messages", "input", "contents", "stream", "stream_options", "base_url"),
        *("n", "best_of"),
    ]
)


def sendable(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What tests send of an extra body."""
    return {
        name: value
        for name, value in extra.items()
        if name not in _OF_THE_TEST and not name.startswith("api_")
    }


def with_extra(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A body and the extra body, as the agent puts them together: tools of the latter are added to
    its own. Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _merge_chat_extra_body
    """
    whole = {**body, **extra}
    own, more = body.get("tools"), extra.get("tools")
    if isinstance(own, list) and isinstance(more, list):
        whole["tools"] = [*own, *more]
    return whole
