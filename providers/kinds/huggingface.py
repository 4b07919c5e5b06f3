"""Hugging Face's router. The token is proven at the Hub: another host, with tight limits."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models
from providers.dialects.paths import values_at
from providers.dialects.rungs import Finding
from providers.http import Send
from providers.spec.kind import Call, Columns, ErrorRule, ListCall, ProviderSpec
from providers.spec.outcomes import KeyState, Outcome, Verdict

HUB = "https://huggingface.co"


class HuggingFaceAdapter(Adapter):
    """With a base of its own, nothing goes to the Hub, and nothing else proves the token."""

    def origins(self) -> tuple[str, ...]:
        own = super().origins()
        return (*own, HUB) if own and self.is_default_base else own

    def check_key(self, send: Send) -> Finding:
        if self.is_default_base:
            return super().check_key(send)
        reply, verdict = self.ask(send, _LIST, "key")
        if verdict.outcome is Outcome.OK:
            verdict = replace(
                verdict, outcome=Outcome.REACHABLE_UNVERIFIED, detail="proof_elsewhere"
            )
        return Finding(verdict, KeyState.UNKNOWN, reply.ms)

    def read_key_answer(self, data: Any, call: Call, verdict: Verdict) -> Verdict:
        """A token may be good and still lack the permission to call Inference Providers."""
        return replace(verdict, detail="permission_unproven")

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        """One row a model: the largest window and the lowest prices of those that serve it now."""
        return [_merged(row) if isinstance(row, dict) else row for row in rows]


def _merged(row: dict[str, Any]) -> dict[str, Any]:
    offers = [one for one in values_at(row, "providers[]") if isinstance(one, dict)]
    live = [one for one in offers if one.get("status", "live") == "live"]
    return {
        **row,
        "_context": _pick(max, values_at({"of": live}, "of[].context_length")),
        "_input": _pick(min, values_at({"of": live}, "of[].pricing.input")),
        "_output": _pick(min, values_at({"of": live}, "of[].pricing.output")),
        "_tools": any(one.get("supports_tools") is True for one in live) if live else None,
    }


def _pick(choose: Callable[[Iterable[float]], float], values: list[Any]) -> float | None:
    numbers = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    return choose(numbers) if numbers else None


_LIST = models(
    Columns(
        context_window="_context",
        inputs="architecture.input_modalities",
        outputs="architecture.output_modalities",
        price_input="_input",
        price_output="_output",
        tools="_tools",
    ),
    is_public=True,
)

SPEC = ProviderSpec(
    kind="huggingface",
    label="Hugging Face",
    group="gateway",
    adapter=HuggingFaceAdapter,
    docs_url="https://huggingface.co/docs/inference-providers/hub-api",
    note=_(
        "An OpenAI-compatible router to several inference providers. The token needs the "
        "permission to make calls to Inference Providers."
    ),
    env_key="HF_TOKEN",
    api_base="https://router.huggingface.co/v1",
    key_prefixes=("hf_",),
    console_url="https://huggingface.co/settings/tokens/new"
    "?ownUserPermissions=inference.serverless.write&tokenType=fineGrained",
    list_call=_LIST,
    key_call=Call(url=f"{HUB}/api/whoami-v2", expects="name|type|auth"),
    model_call=chat(),
    error_rules=(
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error",
            pattern="(?i)sufficient permissions",
            detail="no_inference_permission",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400, 404),
            path="error|error.message",
            pattern="(?i)does not exist|not supported by (any )?provider",
        ),
        ErrorRule(outcome=Outcome.RATE_LIMITED, status=(429,), on=("key",), detail="proof_limited"),
    ),
    models_dev="huggingface",
)
