"""Mistral AI. Refusals carry no error object; aliases stand in the list as rows of their own."""

from facio_site.marked import marked as _
from providers.dialects.compatible import chat, models
from providers.spec.kind import Columns, ErrorRule, IdFact, ProviderSpec
from providers.spec.outcomes import Outcome

SPEC = ProviderSpec(
    kind="mistral",
    label="Mistral",
    group="hosted",
    docs_url="https://docs.mistral.ai/api/endpoint/models",
    note=_("OpenAI-compatible. The host of Codestral has keys of its own."),
    env_key="MISTRAL_API_KEY",
    api_base="https://api.mistral.ai/v1",
    regional_bases=("https://api.eu.mistral.ai/v1", "https://api.us.mistral.ai/v1"),
    console_url="https://console.mistral.ai/api-keys",
    list_call=models(
        Columns(
            name="name",
            context_window="max_context_length",
            vision="capabilities.vision",
            tools="capabilities.function_calling",
            reasoning="capabilities.reasoning",
            retires_at="deprecation",
            replacement="deprecation_replacement_model",
            aliases="aliases",
        ),
        hide={"archived": (True,)},
    ),
    efforts={"minimal": "none", "low": "none", "medium": "high", "high": "high"},
    reasons_unasked=("magistral",),
    model_call=chat(),
    error_rules=(
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400, 404),
            path="message|detail",
            pattern="(?i)invalid model|model .*not found",
        ),
    ),
    id_facts=(
        IdFact("embed", ("text",), ("embedding",)),
        IdFact("moderation", ("text",), ("moderation",)),
        IdFact("transcribe", ("audio",), ("text",)),
    ),
    models_dev="mistral",
)
