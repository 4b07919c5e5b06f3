"""DeepSeek. The balance proves the key and shows the credit in one call."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models, responses
from providers.dialects.paths import values_at
from providers.spec.kind import Call, Columns, ErrorRule, MoneyFact, ProviderSpec
from providers.spec.outcomes import Outcome, Verdict

_SEES = "deepseek-v4-flash-vision-exp"
# Source: nanobot-ai 0.3.5, providers/registry.py, where the agent's ancestor has these models speak
# the newer API, with the provider's own search
_BY_RESPONSES = ("deepseek-v4-flash", "deepseek-v4-pro", _SEES)
_SEARCH = [{"type": "web_search"}]


class DeepSeekAdapter(Adapter):
    def model_call(self, model: str) -> Call:
        call = super().model_call(model)
        is_new = self.sent_name(model).lower().rpartition("/")[2] in _BY_RESPONSES
        return call if not is_new else responses("{base}/responses", instead=call, tools=_SEARCH)

    def loses_pictures(self, model: str) -> bool:
        """Source: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _sanitize_messages"""
        return self.sent_name(model).lower().rpartition("/")[2] != _SEES

    def read_key_answer(self, data: Any, call: Call, verdict: Verdict) -> Verdict:
        if call is not self.spec.key_call:
            return super().read_key_answer(data, call, verdict)
        if False in values_at(data, "is_available"):
            return replace(verdict, outcome=Outcome.NO_CREDIT)
        return verdict


SPEC = ProviderSpec(
    kind="deepseek",
    label="DeepSeek",
    group="hosted",
    adapter=DeepSeekAdapter,
    docs_url="https://api-docs.deepseek.com/api/list-models",
    note=_(
        "OpenAI-compatible, at an address without a version. Short names such as deepseek-chat "
        "work although the list leaves them out."
    ),
    env_key="DEEPSEEK_API_KEY",
    api_base="https://api.deepseek.com",
    key_prefixes=("sk-",),
    console_url="https://platform.deepseek.com/api_keys",
    list_call=models(Columns(context_window="context_window", max_output="max_output_tokens")),
    key_call=Call(url="{base}/user/balance", expects="is_available|balance_infos"),
    # https://api-docs.deepseek.com/api/get-user-balance
    money=(
        MoneyFact(
            means="balance",
            rows="balance_infos[]",
            amount="total_balance",
            currency="currency",
            low={"USD": Decimal(1), "CNY": Decimal(7)},
        ),
    ),
    thinking="type",
    model_call=chat(),
    error_rules=(
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400,),
            path="error.message",
            pattern="(?i)supported api model names|model not exist",
        ),
    ),
    models_dev="deepseek",
)
