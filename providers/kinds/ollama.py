"""Ollama. A local server looks at no key; its native list says what the models can do."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from facio_site.marked import marked as _
from providers.dialects.compatible import chat, models
from providers.dialects.local import LocalAdapter
from providers.dialects.paths import values_at
from providers.dialects.rungs import Finding
from providers.http import Send
from providers.spec.kind import Call, Columns, ErrorRule, ListCall, ProviderSpec
from providers.spec.outcomes import Outcome


class OllamaAdapter(LocalAdapter):
    def check_model(self, send: Send, model: str) -> Finding:
        """A server of one's own signs in to the cloud by itself; the cloud has but the key."""
        found = super().check_model(send, model)
        if not self._is_cloud() or found.verdict.detail != "signed_out":
            return found
        verdict = replace(
            found.verdict, outcome=Outcome.BAD_KEY, detail="" if self.key else "key_required"
        )
        return replace(found, verdict=verdict, key_state=self.key_state(verdict))

    def loaded_window(self, send: Send, name: str) -> Any:
        """Told nothing else, it loads models with 4,096 tokens on most machines."""
        rows = [] if self._is_cloud() else self.told_rows(send, _LOADED, "models")
        told = [row for row in rows if row.get("model") in (name, f"{name}:latest")]
        return told[0].get("context_length") if told else None

    def _is_cloud(self) -> bool:
        return urlsplit(self.base()).hostname in _CLOUD

    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        return [_told(row) if isinstance(row, dict) else row for row in rows]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """Abilities in our words; older versions list none."""
    able = values_at(row, "capabilities[]")
    if not able:
        return row
    outputs = [made for made, word in _MAKES if word in able]
    return {
        **row,
        "_inputs": ["text", *(name for name, word in _SEES if word in able)],
        "_outputs": outputs or None,
        "_tools": "tools" in able,
        "_reasoning": "thinking" in able,
    }


# Sources: https://docs.ollama.com/api/ps and https://docs.ollama.com/context-length
_LOADED = Call(url="{root}/api/ps", expects="models")
_CLOUD = ("ollama.com", "www.ollama.com")
_SEES = (("image", "vision"), ("audio", "audio"))
_MAKES = (("text", "completion"), ("image", "image"), ("embedding", "embedding"))

SPEC = ProviderSpec(
    kind="ollama",
    label="Ollama",
    group="local",
    adapter=OllamaAdapter,
    docs_url="https://docs.ollama.com/api/tags",
    note=_(
        "Models on your own machine. A key is usually not needed. Inside a container, localhost "
        "is the container: use host.docker.internal instead."
    ),
    env_key="OLLAMA_API_KEY",
    api_base="http://localhost:11434/v1",
    key_required=False,
    key_warnings={
        "": _("Ollama's keys are for its cloud (ollama.com); a server of your own needs none.")
    },
    list_call=ListCall(
        url="{root}/api/tags",
        columns=Columns(
            items="models",
            model_id=("model", "name"),
            context_window="details.context_length",
            inputs="_inputs",
            outputs="_outputs",
            tools="_tools",
            reasoning="_reasoning",
        ),
    ),
    list_alternatives=(models(),),
    model_call=chat(),
    error_rules=(
        ErrorRule(
            outcome=Outcome.FORBIDDEN, status=(403,), on=("list", "key"), detail="host_not_allowed"
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(402, 403),
            path="error.message|error",
            pattern="(?i)requires a subscription|upgrade for access",
            on=("model",),
            detail="no_subscription",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(401,),
            path="error.message|error",
            pattern="(?i)^(unauthorized|you need to be signed in.*)$",
            on=("model",),
            detail="signed_out",
        ),
        ErrorRule(outcome=Outcome.MODEL_NOT_FOUND, status=(404,), on=("model",)),
        # https://docs.ollama.com/cloud#retirements
        ErrorRule(outcome=Outcome.MODEL_NOT_FOUND, status=(410,), on=("model",), detail="retired"),
    ),
)
