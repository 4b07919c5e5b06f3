"""Moonshot AI (Kimi). The list proves the key; a second free call shows the credit."""

from dataclasses import replace
from typing import Any

from providers.adapters import Adapter, Finding
from providers.compatible import chat, models
from providers.http import Send
from providers.outcomes import Failed, Outcome
from providers.rows import first
from providers.specs import Call, Columns, ErrorRule, ListCall, ProviderSpec


class MoonshotAdapter(Adapter):
    def check_key(self, send: Send) -> Finding:
        """A balance that cannot be read takes nothing away from a proven key."""
        finding = super().check_key(send)
        if finding.verdict.outcome is not Outcome.OK:
            return finding
        try:
            reply, verdict = self.ask(send, _BALANCE, "key")
        except Failed:
            return finding
        left = first(reply.data, "data.available_balance")
        is_spent = isinstance(left, int | float) and left <= 0
        if verdict.outcome is Outcome.OK and is_spent:
            finding = replace(finding, verdict=replace(verdict, outcome=Outcome.NO_CREDIT))
        return replace(finding, ms=finding.ms + reply.ms)

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        return [{**row, "_inputs": _inputs(row)} for row in rows if isinstance(row, dict)]

    def models_dev(self) -> str:
        is_chinese = self.base().startswith("https://api.moonshot.cn/")
        return "moonshotai-cn" if is_chinese else self.spec.models_dev


def _inputs(row: dict[str, Any]) -> list[str] | None:
    told = {"image": row.get("supports_image_in"), "video": row.get("supports_video_in")}
    if not any(isinstance(value, bool) for value in told.values()):
        return None
    return ["text", *(name for name, value in told.items() if value is True)]


_BALANCE = Call(url="{base}/users/me/balance", expects="data.available_balance")

SPEC = ProviderSpec(
    kind="moonshot",
    label="Moonshot",
    group="hosted",
    adapter=MoonshotAdapter,
    docs_url="https://platform.kimi.ai/docs/api/list-models",
    note="Kimi models, some of which fix the temperature themselves. Keys of api.moonshot.ai and "
    "api.moonshot.cn are not interchangeable.",
    env_key="MOONSHOT_API_KEY",
    api_base="https://api.moonshot.ai/v1",
    regional_bases=("https://api.moonshot.cn/v1",),
    key_prefixes=("sk-",),
    key_warnings={"sk-kimi-": "This is a key of Kimi's coding product, which has another address."},
    console_url="https://platform.kimi.ai/console/api-keys",
    list_call=models(
        Columns(
            name="display_name",
            context_window="context_length",
            inputs="_inputs",
            reasoning="supports_reasoning",
        )
    ),
    model_call=chat("max_completion_tokens"),
    error_rules=(
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), detail="region_or_plan"),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(429,),
            path="error.type",
            pattern="^exceeded_current_quota_error$",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.type",
            pattern="^resource_not_found_error$",
            on=("model",),
        ),
    ),
    models_dev="moonshotai",
)
