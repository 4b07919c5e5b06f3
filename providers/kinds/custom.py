"""Any OpenAI-compatible server. Nothing about it is known, not even whether it has a list."""

from dataclasses import replace
from typing import Any

from facio_site.marked import marked as _
from providers.dialects.compatible import chat
from providers.dialects.local import KNOCK, LocalAdapter
from providers.dialects.rungs import Finding
from providers.http import Send
from providers.spec.kind import Columns, ListCall, ProviderSpec
from providers.spec.outcomes import Failed, KeyState, Outcome


class CustomAdapter(LocalAdapter):
    """A list may be open to anybody where completions are not, as that of llama.cpp is
    (tools/server/server-http.cpp there: public_endpoints). So a completion is asked as well."""

    def check_key(self, send: Send) -> Finding:
        found = super().check_key(send)
        is_open = found.verdict.outcome is Outcome.OK and not self.key
        if not is_open and found.verdict.detail != "key_not_checked":
            return found
        try:
            knock, refusal = self.ask(send, KNOCK, "key")
        except Failed:
            return found
        found = replace(found, ms=found.ms + knock.ms)
        if refusal.outcome is Outcome.BAD_KEY:
            state = self.key_state(refusal)
            return replace(found, verdict=self._without_key(refusal), key_state=state)
        if self.key and self.control(send, KNOCK) is Outcome.BAD_KEY:
            verdict = replace(found.verdict, outcome=Outcome.OK, detail="")
            return replace(found, verdict=verdict, key_state=KeyState.VALID)
        return found

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        return [{**row, "_made": _made(row)} if isinstance(row, dict) else row for row in rows]


# Together's words, and LM Studio's: https://docs.together.ai/reference/models
_MADE = {
    **{word: word for word in ("embedding", "embeddings", "rerank", "image", "video", "audio")},
    "transcribe": "transcription",
}


def _made(row: dict[str, Any]) -> list[str] | None:
    """What a model makes, where its type tells that it is none of chat."""
    word = row.get("type")
    return [_MADE[word]] if isinstance(word, str) and word in _MADE else None


SPEC = ProviderSpec(
    kind="custom",
    label="Custom",
    group="local",
    adapter=CustomAdapter,
    docs_url="https://platform.openai.com/docs/api-reference/models/list",
    note=_(
        "Any OpenAI-compatible endpoint, local or not. Give everything explicitly: the address "
        "with its path, the key if there is one, and the model by name if there is no list."
    ),
    env_key="CUSTOM_API_KEY",
    api_base_required=True,
    api_base_example="https://llm.example.com/v1",
    key_required=False,
    list_call=ListCall(
        url="{base}/models",
        columns=Columns(
            name="display_name",
            context_window=(
                "context_window",
                "context_length",
                "max_context_length",
                "max_model_len",
                "max_input_tokens",
                "top_provider.context_length",
                "token_limits.context_window",
                "model_info.context_window",
            ),
            inputs="architecture.input_modalities",
            outputs="architecture.output_modalities|_made",
        ),
        is_optional=True,
    ),
    model_call=chat(),
)
