"""OpenRouter: a gateway. Its list is public, so the key has a call of its own."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models, said
from providers.dialects.paths import values_at
from providers.dialects.rows import first
from providers.spec.kind import Call, Columns, ErrorRule, ListCall, MoneyFact, Pages, ProviderSpec
from providers.spec.outcomes import Outcome, Verdict


class OpenRouterAdapter(Adapter):
    def read_key_answer(self, data: Any, call: Call, verdict: Verdict) -> Verdict:
        """The key's own record: a management key calls no models, a spent one none either."""
        if call is not self.spec.key_call:
            return super().read_key_answer(data, call, verdict)
        if True in values_at(data, "data.is_management_key|data.is_provisioning_key"):
            return replace(verdict, outcome=Outcome.FORBIDDEN, detail="management_key")
        left = first(data, "data.limit_remaining")
        if isinstance(left, int | float) and left <= 0:
            return replace(verdict, outcome=Outcome.NO_CREDIT, detail="key_limit")
        return verdict

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        """Without what the batch API alone serves, which only its name tells."""
        return [row for row in rows if not str(first(row, "id")).endswith(":batch")]


SPEC = ProviderSpec(
    kind="openrouter",
    label="OpenRouter",
    group="gateway",
    adapter=OpenRouterAdapter,
    docs_url="https://openrouter.ai/docs/api-reference/list-available-models",
    note=_(
        "A gateway that routes to many model families with one key. Force it as the provider to "
        "send it any model id of its list."
    ),
    env_key="OPENROUTER_API_KEY",
    api_base="https://openrouter.ai/api/v1",
    key_prefixes=("sk-or-v1-", "sk-or-"),
    console_url="https://openrouter.ai/settings/keys",
    list_call=models(
        Columns(
            name="name",
            context_window=("context_length", "top_provider.context_length"),
            max_output="top_provider.max_completion_tokens",
            inputs="architecture.input_modalities",
            outputs="architecture.output_modalities",
            tools="supported_parameters",
            reasoning="supported_parameters",
            price_input="pricing.prompt",
            price_output="pricing.completion",
            price_per=1,
            retires_at="expiration_date",
        ),
        query=(("output_modalities", "all"),),
        pages=Pages(style="link", next_path="links.next"),
        is_public=True,
    ),
    key_call=Call(url="{base}/key", expects="data"),
    # https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key; a key without a limit
    # has null there
    money=(
        MoneyFact(means="limit", amount="data.limit_remaining", low={"USD": Decimal(1)}),
        MoneyFact(means="used", amount="data.usage", low={"USD": None}),
    ),
    model_call=chat(tokens=16),
    error_rules=(
        said(Outcome.MODEL_NOT_FOUND, "not a valid model|invalid model", "", 400),
        said(
            Outcome.MODEL_NOT_FOUND,
            r"^no endpoints\b.*(policy|privacy|guardrail)",
            "no_endpoints",
            404,
        ),
        said(Outcome.MODEL_NOT_FOUND, "^no allowed providers", "no_allowed_provider", 404),
        said(
            Outcome.MODEL_NOT_FOUND,
            "^no endpoints (found|available) for|unavailable for free|no available model provider"
            "|^no instances available",
            "not_served",
            *(404, 503),
        ),
        said(Outcome.BAD_REQUEST, "^no endpoints .*output modalities", "not_chat", 404),
        # Which of them stands in the way shows by asking without tools
        said(Outcome.BAD_REQUEST, "^no endpoints .*requested parameters", "", 404),
        said(Outcome.FORBIDDEN, "requiring a key to access this model", "model_access", 403, 404),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(402,),
            path="error.metadata.limit_source",
            pattern="key_limit",
            detail="key_limit",
        ),
        said(Outcome.NO_CREDIT, "^key limit exceeded", "key_limit", 402, 403),
        # https://openrouter.ai/docs/api-reference/limits; more credits raise the lower limit only
        said(Outcome.NO_CREDIT, "free-models-per-day-high-balance", "plan_window", 429),
        said(Outcome.NO_CREDIT, "free-models-per-day", "free_day", 429),
    ),
    models_dev="openrouter",
)
