"""LM Studio. Three lists by version; a path it does not know answers 200, so the shape decides."""

from typing import Any

from facio_site.marked import marked as _
from providers.dialects.compatible import chat, models
from providers.dialects.local import LocalAdapter
from providers.dialects.paths import values_at
from providers.http import Send
from providers.spec.kind import Columns, ErrorRule, ListCall, ProviderSpec
from providers.spec.outcomes import Outcome


class LmStudioAdapter(LocalAdapter):
    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        return [_told(row) if isinstance(row, dict) else row for row in rows]

    def loaded_window(self, send: Send, name: str) -> Any:
        """Told nothing else, it loads models with 4,096 tokens; the list says so by now."""
        for call in _WITH_WINDOWS:
            for row in self.told_rows(send, call, call.columns.items):
                if name in values_at(row, "key|id|loaded_instances[].id"):
                    windows = _windows(row, name) or _windows(row)
                    return max(windows) if windows else None
        return None


def _windows(row: dict[str, Any], instance: str = "") -> list[int]:
    """Those with which a model is loaded: all of them, or that of one instance."""
    loaded = [one for one in values_at(row, "loaded_instances[]") if isinstance(one, dict)]
    meant = [one for one in loaded if not instance or one.get("id") == instance]
    told = [value for one in meant for value in values_at(one, "config.context_length")]
    told += [] if instance else values_at(row, "loaded_context_length")  # older versions
    return [one for one in told if isinstance(one, int) and not isinstance(one, bool)]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A loaded model runs with its own window, which may be smaller than what it could have."""
    windows = _windows(row)
    kind = row.get("type")
    vision = values_at(row, "capabilities.vision")
    made = {"llm": ["text"], "vlm": ["text"]}.get(kind if isinstance(kind, str) else "")
    if isinstance(kind, str) and kind.startswith("embedding"):
        made = ["embedding"]
    return {
        **row,
        "_context": max(windows) if windows else row.get("max_context_length"),
        "_vision": vision[0] if vision else (True if kind == "vlm" else None),
        "_outputs": made,
    }


# Source: https://lmstudio.ai/docs/developer/rest
_LIST = ListCall(
    url="{root}/api/v1/models",
    columns=Columns(
        items="models",
        model_id="key",
        name="display_name",
        context_window="_context",
        vision="_vision",
        outputs="_outputs",
        tools="capabilities.trained_for_tool_use",
    ),
)
_OLDER = ListCall(
    url="{root}/api/v0/models",
    columns=Columns(context_window="_context", vision="_vision", outputs="_outputs"),
)
_WITH_WINDOWS = (_LIST, _OLDER)

SPEC = ProviderSpec(
    kind="lm_studio",
    label="LM Studio",
    group="local",
    adapter=LmStudioAdapter,
    docs_url="https://lmstudio.ai/docs/developer/rest/list",
    note=_(
        "Models on your own machine. A key is needed only where tokens are switched on: in the "
        "app under Developer, Server Settings, Manage Tokens (version 0.4.0 and later)."
    ),
    env_key="LM_STUDIO_API_KEY",
    env_aliases=("LM_API_TOKEN",),
    api_base="http://localhost:1234/v1",
    key_required=False,
    key_prefixes=("sk-lm-",),
    list_call=_LIST,
    list_alternatives=(_OLDER, models()),
    model_call=chat(),
    error_rules=(
        ErrorRule(outcome=Outcome.BAD_KEY, path="error.code", pattern="^invalid_api_key$"),
        ErrorRule(
            outcome=Outcome.BAD_ENDPOINT,
            status=(200,),
            path="error",
            pattern="(?i)unexpected endpoint or method",
            detail="wrong_path",
        ),
        ErrorRule(outcome=Outcome.MODEL_NOT_FOUND, status=(404,), on=("model",)),
    ),
)
