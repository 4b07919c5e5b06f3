"""Groq. The list tells windows but no modalities; retired models stay in it, marked."""

from facio_site.marked import marked as _
from providers.dialects.compatible import chat, models
from providers.spec.kind import Columns, ErrorRule, IdFact, ProviderSpec
from providers.spec.outcomes import Outcome

SPEC = ProviderSpec(
    kind="groq",
    label="Groq",
    group="hosted",
    docs_url="https://console.groq.com/docs/api-reference#models",
    note=_(
        "Often used for transcription; serves language models too. Not to be confused with Grok "
        "of xAI."
    ),
    env_key="GROQ_API_KEY",
    api_base="https://api.groq.com/openai/v1",
    key_prefixes=("gsk_",),
    key_warnings={"xai-": _("This looks like a key of xAI (Grok), which is another company.")},
    console_url="https://console.groq.com/keys",
    list_call=models(
        Columns(context_window="context_window", max_output="max_completion_tokens"),
        hide={"active": (False,)},
    ),
    model_call=chat(),
    error_rules=(
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400,),
            path="error.code",
            pattern="^model_decommissioned$",
            detail="retired",
        ),
        ErrorRule(outcome=Outcome.MODEL_NOT_FOUND, status=(404,), on=("model",)),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400,),
            path="error.code",
            pattern="^model_not_found$",
        ),
        ErrorRule(outcome=Outcome.RATE_LIMITED, status=(498,)),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error.message",
            pattern="(?i)check your network settings",
            detail="region_blocked",
        ),
    ),
    id_facts=(
        IdFact("whisper", ("audio",), ("text",)),
        IdFact("tts|orpheus", ("text",), ("audio",)),
        # Source: https://console.groq.com/docs/compound
        IdFact("^groq/compound", ("text",), ("text",), is_system=True),
    ),
    models_dev="groq",
)
