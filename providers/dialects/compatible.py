"""The calls of the OpenAI-compatible dialect, for declarations to use. Plain data."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.dialects import turn
from providers.http import Reply
from providers.spec.kind import BEARER, Call, Columns, ErrorRule, ListCall
from providers.spec.outcomes import Outcome

# The agent's ancestor sends both fields with every completion. A server that refuses them, or
# answers at once instead, fails there too.
_STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def said(
    outcome: Outcome, pattern: str, detail: str, *status: int, at: str = "error.message"
) -> ErrorRule:
    """A rule by the words of an answer under one of these statuses, in any case of letters."""
    return ErrorRule(
        outcome=outcome, status=status, path=at, pattern=f"(?i){pattern}", detail=detail
    )


def models(columns: Columns | None = None, **changes: Any) -> ListCall:
    """GET {base}/models; `changes` are other fields of the call."""
    return ListCall(url="{base}/models", columns=columns or Columns(), **changes)


def chat(
    limit: str = "max_tokens",
    tokens: int = 1,
    *,
    extra: Mapping[str, Any] | None = None,
    model: str = "{model}",
) -> Call:
    """The smallest completion, asked for as a stream as the agent does: `limit` names the field
    that bounds the answer.

    Where one token, or a field of `extra`, is refused, the call is made once more with 16 tokens
    (as some upstreams ask for) and without `extra`.
    """
    body = {"model": model, **turn.CHAT, **_STREAM}
    retry = None
    if tokens < 16 or extra:
        retry = {**body, limit: 16}
    return Call(
        url="{base}/chat/completions",
        method="POST",
        body={**body, limit: tokens, **(extra or {})},
        retry_body=retry,
        expects="choices[]",
        is_completion=True,
        is_stream=True,
    )


def responses(
    url: str, *, instead: Call | None = None, fallback: Call | None = None, **more: Any
) -> Call:
    """The smallest call of OpenAI's newer API, as the agent makes it. Without that API a server may
    serve a completion: `fallback` where the agent then asks for one, too, else `instead`. `more`
    are other fields of the body."""
    bounds = {"max_output_tokens": 16, "store": False, "stream": True}
    return Call(
        url=url,
        method="POST",
        body=turn.with_extra({"model": "{model}", **turn.RESPONSES, **bounds}, more),
        auth=BEARER,
        expects="output",
        is_completion=True,
        is_stream=True,
        instead=instead,
        fallback=fallback,
    )


# Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py:
# _should_fallback_from_responses_error
_LACKS_RESPONSES = re.compile(
    "responses|response api|max_output_tokens|instructions|previous_response|unsupported"
    "|not supported|unknown parameter|unrecognized request argument"
)


def lacks_responses(reply: Reply) -> bool:
    """Whether the agent takes this refusal for that of a server without the API of responses."""
    if reply.status not in (400, 404, 422):
        return False
    said = reply.data.get("error", reply.data) if isinstance(reply.data, dict) else None
    text = json.dumps(said, ensure_ascii=False) if said else reply.text
    return _LACKS_RESPONSES.search(text.lower()) is not None


# What a call of responses may hold beside its model and its input: the agent's client refuses any
# other field before it sends. Source: openai 2.x for Python, resources/responses: create
_OF_RESPONSES = frozenset(
    [
        *("background", "context_management", "conversation", "include", "instructions", "input"),
        *("max_output_tokens", "max_tool_calls", "metadata", "model", "moderation"),
        *("parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key"),
        *("prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier"),
        *("service_tier", "store", "stream", "stream_options", "temperature", "text"),
        *("tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user"),
    ]
)


def unknown_to_responses(call: Call, extra_body: Mapping[str, Any]) -> list[str]:
    """Fields of the extra body for which the agent's client makes no call of responses."""
    if not call.url.endswith("/responses"):
        return []
    return sorted(set(extra_body) - _OF_RESPONSES)


# Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _requires_max_completion_tokens
_NEW_LIMIT = re.compile(r"^kimi-k3$|gpt-5|^o[134](?:[.-]|$)")


def bounded(call: Call, model: str) -> Call:
    """The same completion, bounded by the field that the agent takes for this model at any kind."""
    name = model.lower().rpartition("/")[2]
    if not call.url.endswith("/chat/completions") or not _NEW_LIMIT.search(name):
        return call
    return replace(call, body=_renamed(call.body), retry_body=_renamed(call.retry_body))


def _renamed(body: Mapping[str, Any] | None) -> dict[str, Any] | None:
    names = {"max_tokens": "max_completion_tokens"}
    return {names.get(name, name): value for name, value in body.items()} if body else None
