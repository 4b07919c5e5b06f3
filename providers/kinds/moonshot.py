"""Moonshot AI (Kimi). The balance call is free and proves key and credit at once."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models
from providers.dialects.rows import first
from providers.spec.kind import Call, Columns, ErrorRule, ListCall, MoneyFact, ProviderSpec
from providers.spec.outcomes import Outcome, Verdict


class MoonshotAdapter(Adapter):
    def read_key_answer(self, data: Any, call: Call, verdict: Verdict) -> Verdict:
        left = first(data, "data.available_balance")
        if isinstance(left, int | float) and left <= 0:
            return replace(verdict, outcome=Outcome.NO_CREDIT)
        return super().read_key_answer(data, call, verdict)

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        return [{**row, "_inputs": _inputs(row)} if isinstance(row, dict) else row for row in rows]

    def models_dev(self) -> str:
        return "moonshotai-cn" if self._is_chinese() else self.spec.models_dev

    def currency(self) -> str:
        """Source: https://platform.moonshot.cn/docs/api/balance"""
        return "CNY" if self._is_chinese() else super().currency()

    def temperature(self, model: str) -> float | None:
        """Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _build_kwargs, and
        registry.py: model_overrides"""
        name = model.lower()
        if name.rpartition("/")[2] in ("kimi-k2.5", "kimi-k2.6"):
            return None
        return 1.0 if "kimi-k2.7" in name else super().temperature(model)

    def _is_chinese(self) -> bool:
        return self.base().startswith("https://api.moonshot.cn/")


def _inputs(row: dict[str, Any]) -> list[str] | None:
    told = {"image": row.get("supports_image_in"), "video": row.get("supports_video_in")}
    if not any(isinstance(value, bool) for value in told.values()):
        return None
    return ["text", *(name for name, value in told.items() if value is True)]


SPEC = ProviderSpec(
    kind="moonshot",
    label="Moonshot",
    group="hosted",
    adapter=MoonshotAdapter,
    docs_url="https://platform.kimi.ai/docs/api/list-models",
    note=_(
        "Kimi models, some of which fix the temperature themselves. Keys of api.moonshot.ai and "
        "api.moonshot.cn are not interchangeable."
    ),
    env_key="MOONSHOT_API_KEY",
    api_base="https://api.moonshot.ai/v1",
    regional_bases=("https://api.moonshot.cn/v1",),
    key_prefixes=("sk-",),
    key_warnings={
        "sk-kimi-": _("This is a key of Kimi's coding product, which has another address.")
    },
    console_url="https://platform.kimi.ai/console/api-keys",
    list_call=models(
        Columns(
            name="display_name",
            context_window="context_length",
            inputs="_inputs",
            reasoning="supports_reasoning",
        )
    ),
    key_call=Call(url="{base}/users/me/balance", expects="data.available_balance"),
    money=(
        MoneyFact(
            means="balance",
            amount="data.available_balance",
            low={"USD": Decimal(1), "CNY": Decimal(7)},
        ),
    ),
    model_call=chat(),
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
