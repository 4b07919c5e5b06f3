"""OpenAI. Its list tells ids only; restricted keys may be refused there and still complete."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models, responses
from providers.dialects.paths import SEARCHED
from providers.http import Reply, Request
from providers.spec.kind import Call, Columns, ErrorRule, IdFact, ProviderSpec
from providers.spec.outcomes import Outcome, Verdict

_BY_RESPONSES = ("gpt-5", "o1", "o3", "o4")
_REGIONAL = tuple(
    f"https://{region}.api.openai.com/v1" for region in ("us", "eu", "ae", "au", "in", "jp")
)
_BASES = ("https://api.openai.com/v1", *_REGIONAL)


class OpenAIAdapter(Adapter):
    """At OpenAI's own address, models that think are asked by the newer API first, as the agent's
    ancestor does; so is any model with the provider's own search.

    Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _should_use_responses_api
    """

    def placed(self, verdict: Verdict, request: Request, reply: Reply) -> Verdict:
        """The base that a project with data residency is sent to, if it is one of OpenAI's."""
        verdict = super().placed(verdict, request, reply)
        if verdict.detail != "regional_host":
            return verdict
        bases = {urlsplit(base).hostname: base for base in _BASES}
        named = re.findall(r"[a-z.]*\bapi\.openai\.com\b", reply.text[:SEARCHED])
        base = next((bases[host] for host in named if host in bases), "")
        return replace(verdict, params={**verdict.params, "base": base}) if base else verdict

    def model_call(self, model: str) -> Call:
        call = super().model_call(model)
        if any(map(_is_search, _listed(self.entered.extra_body.get("tools")))):
            return responses("{base}/responses", instead=call)
        base, name = self.base().lower(), self.sent_name(model).lower()
        is_own = "api.openai.com" in base and "openrouter" not in base
        thinks = self.entered.asked.reasons or any(word in name for word in _BY_RESPONSES)
        if is_own and thinks:
            return responses("{base}/responses", fallback=call)
        return call


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_search(tool: Any) -> bool:
    word = tool.get("type") if isinstance(tool, dict) else None
    return isinstance(word, str) and (word == "web_search" or word.startswith("web_search_"))


# They continue a text and hold no conversation: https://platform.openai.com/docs/deprecations
_COMPLETIONS_ALONE = (
    *("babbage-002", "davinci-002"),
    *("gpt-3.5-turbo-instruct", "gpt-3.5-turbo-instruct-0914"),
)

SPEC = ProviderSpec(
    kind="openai",
    label="OpenAI",
    group="hosted",
    adapter=OpenAIAdapter,
    docs_url="https://platform.openai.com/docs/api-reference/models/list",
    note=_(
        "GPT models. The agent bounds answers by max_completion_tokens, as these models ask for. "
        "A key of a project with data residency works on that region's address only."
    ),
    env_key="OPENAI_API_KEY",
    api_base=_BASES[0],
    regional_bases=_REGIONAL,
    key_prefixes=("sk-proj-", "sk-svcacct-", "sk-"),
    key_warnings={"sk-admin-": _("This is an admin key. It cannot call models.")},
    console_url="https://platform.openai.com/api-keys",
    list_call=models(Columns(retires_at="shutdown_date"), hide={"id": _COMPLETIONS_ALONE}),
    model_call=chat("max_completion_tokens", 16),
    error_rules=(
        ErrorRule(
            outcome=Outcome.BAD_ENDPOINT,
            status=(401,),
            path="error.code",
            pattern="^incorrect_hostname$",
            detail="regional_host",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(401, 403),
            path="error.message",
            pattern="(?i)insufficient permissions|missing scopes",
            on=("model",),
            detail="no_model_scope",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(401, 403),
            path="error.message",
            pattern="(?i)insufficient permissions|missing scopes",
            detail="no_scope",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(401,),
            path="error.message",
            pattern="(?i)ip (address )?(is )?not (allowed|authorized)",
            detail="not_allowed_here",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(401,),
            path="error.message",
            pattern="(?i)must be a member of an organization",
            detail="not_a_member",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(401,),
            path="error.code",
            pattern="^(mismatched|invalid)_(project|organization)$",
            detail="wrong_project",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            path="error.message",
            pattern="(?i)organization must be verified",
            detail="unverified",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error.message|error.code",
            pattern="(?i)country|region|territory",
            detail="region_blocked",
        ),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(429,),
            path="error.code|error.type",
            pattern="^(insufficient_quota|credit_balance_exhausted"
            "|billing_hard_limit_reached|billing_not_active)$",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.code",
            pattern="^model_not_found$",
        ),
    ),
    id_facts=(
        IdFact(r"gpt-image|dall-e|chatgpt-image", ("text", "image"), ("image",)),
        IdFact(r"^sora", ("text", "image"), ("video",)),
        IdFact(r"embedding", ("text",), ("embedding",)),
        IdFact(r"whisper|transcribe", ("audio",), ("text",)),
        IdFact(r"tts", ("text",), ("audio",)),
        IdFact(r"moderation", None, ("moderation",)),
        IdFact(r"realtime|audio", ("text", "audio"), ("text", "audio")),
    ),
    models_dev="openai",
)
