"""DashScope (Alibaba Model Studio). The rich list is the native API's; it proves nothing, so the
key is proven by the compatible one."""

from decimal import Decimal, InvalidOperation
from typing import Any

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models
from providers.dialects.paths import values_at
from providers.spec.kind import Columns, ErrorRule, ListCall, Pages, ProviderSpec
from providers.spec.outcomes import Outcome

_COMPATIBLE, _NATIVE = "/compatible-mode/v1", "/api/v1"
# Prices carry no currency. Dollars are sure at these hosts only.
_DOLLAR_HOSTS = ("://dashscope-intl.aliyuncs.com", "://dashscope-us.aliyuncs.com")
_DOLLAR_REGIONS = (".ap-southeast-1.maas.aliyuncs.com", ".us-east-1.maas.aliyuncs.com")
_MAKES = {"TG": "text", "IG": "image", "VG": "video", "TTS": "audio"}


class DashScopeAdapter(Adapter):
    def places(self) -> dict[str, str]:
        places = super().places()
        base = places["base"]
        is_usual = base.endswith(_COMPATIBLE)
        native = base.removesuffix(_COMPATIBLE) if is_usual else places["origin"]
        return {**places, "native": native + _NATIVE}

    def models_dev(self) -> str:
        return "alibaba" if self.is_in_dollars else self.spec.models_dev

    @property
    def is_in_dollars(self) -> bool:
        origin = self.places()["origin"]
        return origin.endswith((*_DOLLAR_HOSTS, *_DOLLAR_REGIONS))

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        if call is not _RICH:
            return rows
        in_dollars = self.is_in_dollars
        return [_told(row, in_dollars) if isinstance(row, dict) else row for row in rows]


def _told(row: dict[str, Any], in_dollars: bool) -> dict[str, Any]:
    """Capability codes in words, and the lowest tier of the prices."""
    codes = values_at(row, "capabilities[]")
    inputs = values_at(row, "inference_metadata.request_modality[]")
    outputs = values_at(row, "inference_metadata.response_modality[]")
    inputs = inputs or (["text", "image"] if "VU" in codes else [])
    outputs = outputs or [made for code, made in _MAKES.items() if code in codes]
    return {
        **row,
        "_inputs": inputs or None,
        "_outputs": outputs or None,
        "_reasoning": ("Reasoning" in codes) if codes else None,
        "_input": _lowest(row, "input_token") if in_dollars else None,
        "_output": _lowest(row, "output_token") if in_dollars else None,
    }


def _lowest(row: dict[str, Any], kind: str) -> str | None:
    prices = []
    for price in values_at(row, "prices[].prices[]"):
        if not isinstance(price, dict) or price.get("type") != kind:
            continue
        if "1m" not in str(price.get("price_unit", "Per 1M tokens")).lower():
            continue
        try:
            amount = Decimal(str(price.get("price")))
        except InvalidOperation:
            continue
        if amount.is_finite():
            prices.append(amount)
    return str(min(prices)) if prices else None


_RICH = ListCall(
    url="{native}/models",
    query=(("page_size", "100"),),
    pages=Pages(style="page", param="page_no", total_path="output.total"),
    columns=Columns(
        items="output.models",
        model_id="model",
        name="name",
        context_window=("model_info.context_window", "model_info.max_input_tokens"),
        max_output="model_info.max_output_tokens",
        inputs="_inputs",
        outputs="_outputs",
        tools="features",
        reasoning="_reasoning",
        price_input="_input",
        price_output="_output",
    ),
    is_public=False,
)


def _code(outcome: Outcome, pattern: str, detail: str, *status: int) -> ErrorRule:
    at = "code|error.code"
    return ErrorRule(outcome=outcome, status=status, path=at, pattern=pattern, detail=detail)


SPEC = ProviderSpec(
    kind="dashscope",
    label="DashScope",
    group="hosted",
    adapter=DashScopeAdapter,
    docs_url="https://www.alibabacloud.com/help/en/model-studio/list-models",
    note=_(
        "Qwen models of Alibaba Model Studio, with switches for thinking. A key belongs to one "
        "region; give the API base of that region."
    ),
    env_key="DASHSCOPE_API_KEY",
    api_base="https://dashscope.aliyuncs.com/compatible-mode/v1",
    regional_bases=(
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "https://dashscope-us.aliyuncs.com/compatible-mode/v1",
        "https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1",
    ),
    key_prefixes=("sk-",),
    key_warnings={
        "sk-sp-": _("This is a coding-plan key. It works on the plan's own address only."),
        "LTAI": _("This is an AccessKey ID of Alibaba Cloud, not a model key."),
    },
    console_url="https://bailian.console.aliyun.com/?apiKey=1#/api-key",
    list_call=_RICH,
    list_alternatives=(models(),),
    key_call=models(is_optional=True),
    thinking="enable",
    model_call=chat(extra={"enable_thinking": False}),
    error_rules=(
        _code(Outcome.BAD_KEY, "^(InvalidApiKey|invalid_api_key)$", "region_or_plan"),
        _code(Outcome.NO_CREDIT, "(?i)^arrearage$", "arrears"),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(400,),
            path="message|error.message",
            pattern="(?i)good standing",
            detail="arrears",
        ),
        _code(Outcome.NO_CREDIT, "(?i)freetieronly", "free_tier_only"),
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), detail="region_or_plan"),
        _code(Outcome.FORBIDDEN, "Model.AccessDenied|Unpurchased", "model_access", 403),
        _code(Outcome.MODEL_NOT_FOUND, "(?i)model_?not_?found", "", 404),
        _code(Outcome.NO_CREDIT, "(?i)allocationquota|insufficient_quota", "key_limit", 429),
    ),
    models_dev="alibaba-cn",
)
