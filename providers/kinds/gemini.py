"""Gemini. The agent uses Google's compatible API, and so does the test; the rich list is the native
one's."""

from dataclasses import replace
from typing import Any

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, said
from providers.dialects.paths import values_at
from providers.spec.kind import (
    BEARER,
    Auth,
    Columns,
    ErrorRule,
    IdFact,
    ListCall,
    Pages,
    ProviderSpec,
)
from providers.spec.outcomes import Outcome


class GeminiAdapter(Adapter):
    def places(self) -> dict[str, str]:
        """The native API stands beside the compatible one, on the same origin."""
        places = super().places()
        base = places["base"]
        is_usual = base.endswith("/openai")
        native = base.removesuffix("/openai") if is_usual else places["origin"] + "/v1beta"
        return {**places, "native": native}

    def doubts_base(self) -> bool:
        """The native API refuses the agent's bearer; its compatible one ends in /openai."""
        return not self.base().endswith("/openai")

    def sent_name(self, model: str) -> str:
        return super().sent_name(model).removeprefix("models/")

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        return [
            {**row, "_outputs": _outputs(row)} if isinstance(row, dict) else row for row in rows
        ]


def _outputs(row: dict[str, Any]) -> list[str] | None:
    """What a model makes, told by the methods it offers and, for images and speech, its id."""
    methods = values_at(row, "supportedGenerationMethods[]")
    name = str(row.get("name", ""))
    if "generateContent" in methods:
        if "image" in name or "nano-banana" in name:
            return ["text", "image"]
        return ["audio"] if "tts" in name or "lyria" in name else ["text"]
    for method, made in (
        ("predictLongRunning", "video"),
        ("predict", "image"),
        ("embedContent", "embedding"),
        ("bidiGenerateContent", "audio"),
        ("generateAnswer", "text"),
    ):
        if method in methods:
            return [made]
    return None


_NATIVE = ListCall(
    url="{native}/models",
    query=(("pageSize", "1000"),),
    pages=Pages(style="token", param="pageToken", next_path="nextPageToken"),
    columns=Columns(
        items="models",
        model_id="name",
        strip="models/",
        name="displayName",
        context_window="inputTokenLimit",
        max_output="outputTokenLimit",
        outputs="_outputs",
        reasoning="thinking",
    ),
)

_COMPATIBLE = ListCall(url="{base}/models", auth=BEARER, columns=Columns(strip="models/"))

_QUOTA = "error.message|error.details[].violations[].quotaId"

SPEC = ProviderSpec(
    kind="gemini",
    label="Gemini",
    group="hosted",
    adapter=GeminiAdapter,
    docs_url="https://ai.google.dev/api/models",
    note=_(
        "Google's OpenAI-compatible endpoint. Keys of AI Studio begin with AQ. or AIza; the older "
        "ones need restrictions set in Google's console."
    ),
    env_key="GEMINI_API_KEY",
    env_aliases=("GOOGLE_API_KEY",),
    api_base="https://generativelanguage.googleapis.com/v1beta/openai/",
    auth=Auth(header="x-goog-api-key", format="{key}"),
    key_prefixes=("AQ.", "AIza"),
    console_url="https://aistudio.google.com/apikey",
    list_call=_NATIVE,
    list_alternatives=(_COMPATIBLE,),
    key_call=_COMPATIBLE,
    model_call=replace(chat(), auth=BEARER),
    error_rules=(
        said(Outcome.BAD_KEY, "api key expired", "expired", 400),
        ErrorRule(
            outcome=Outcome.BAD_KEY,
            status=(400,),
            path="error.details[].reason",
            pattern="^API_KEY_INVALID$",
        ),
        said(Outcome.BAD_KEY, "api key not valid", "", 400),
        said(Outcome.BAD_KEY, "reported as leaked", "leaked", 403),
        ErrorRule(outcome=Outcome.FORBIDDEN, status=(403,), detail="key_restricted"),
        said(Outcome.FORBIDDEN, "enable billing|billing account", "needs_billing", 400, 403),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(400,),
            path="error.status",
            pattern="^FAILED_PRECONDITION$",
            detail="region_blocked",
        ),
        ErrorRule(outcome=Outcome.MODEL_NOT_FOUND, status=(404,), on=("model",)),
        said(Outcome.NO_CREDIT, r"\blimit: 0\b", "no_quota", 429, at=_QUOTA),
        said(Outcome.NO_CREDIT, r"spend(ing)? cap|per ?day", "key_limit", 429, at=_QUOTA),
        said(
            Outcome.NO_CREDIT,
            r"prepa(y|id)\w* credits?|credits? (is|are) (depleted|used up|exhausted)",
            "arrears",
            429,
        ),
        ErrorRule(
            outcome=Outcome.RATE_LIMITED,
            status=(429,),
            path="error.status",
            pattern="^RESOURCE_EXHAUSTED$",
        ),
    ),
    id_facts=(
        IdFact("embedding", ("text",), None),
        IdFact("^(gemini|gemma-[3-9](?!-1b))", ("text", "image"), None),
        IdFact("^(imagen|veo)", ("text",), None),
    ),
    models_dev="google",
)
