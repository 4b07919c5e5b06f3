"""What the agent sends with each call beside a word: instructions and tools, as small as can be.

A server or a model that refuses one of them fails with the agent as well, however well it answers
the bare word. Source: nanobot-ai 0.3.5, agent/runner.py: _request_model. Plain data, in the forms
of the four APIs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.spec.kind import Call

_SAY, _HI = "Answer with one word.", "hi"
_NAME, _USE = "note", "Keep a note."
# Not empty: Gemini refuses an object without properties.
_FIELDS = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
_FUNCTION = {"name": _NAME, "description": _USE, "parameters": _FIELDS}

CHAT: dict[str, Any] = {
    "messages": [{"role": "system", "content": _SAY}, {"role": "user", "content": _HI}],
    "tools": [{"type": "function", "function": _FUNCTION}],
    "tool_choice": "auto",
}
RESPONSES: dict[str, Any] = {
    "instructions": _SAY,
    "input": [{"role": "user", "content": [{"type": "input_text", "text": _HI}]}],
    "tools": [{"type": "function", **_FUNCTION}],
    "tool_choice": "auto",
}
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
}
_OF_TOOLS = frozenset(["tools", "tool_choice", "toolConfig"])


def without_tools(call: Call) -> Call:
    """The same call as nobody makes it but who asks whether the tools were the matter."""
    return replace(call, body=_bare(call.body), retry_body=None, fallback=None, instead=None)


def _bare(body: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (body or {}).items() if name not in _OF_TOOLS}


def with_extra(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A body and the extra body, as the agent puts them together: tools of the latter are added to
    its own. Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _merge_chat_extra_body
    """
    whole = {**body, **extra}
    own, more = body.get("tools"), extra.get("tools")
    if isinstance(own, list) and isinstance(more, list):
        whole["tools"] = [*own, *more]
    return whole
