"""vLLM. Guards its /v1 paths only when it was started with a key."""

from typing import Any

from facio_site.marked import marked as _
from providers.dialects.compatible import chat, models
from providers.dialects.local import LocalAdapter
from providers.spec.kind import Columns, ErrorRule, ListCall, ProviderSpec
from providers.spec.outcomes import Outcome


class VllmAdapter(LocalAdapter):
    def tidy(self, rows: list[Any], call: ListCall) -> list[Any]:
        """An adapter on top of a model (LoRA) has the window of the model below it."""
        objects = [row for row in rows if isinstance(row, dict)]
        windows = {str(row.get("id")): row.get("max_model_len") for row in objects}
        return [
            row
            if not isinstance(row, dict) or row.get("max_model_len") is not None
            else {**row, "max_model_len": windows.get(str(row.get("parent")))}
            for row in rows
        ]


SPEC = ProviderSpec(
    kind="vllm",
    label="vLLM",
    group="local",
    adapter=VllmAdapter,
    docs_url="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    note=_(
        "A vLLM server of your own. The API base is required and usually ends in /v1; a key only "
        "if the server was started with one."
    ),
    env_key="VLLM_API_KEY",
    env_aliases=("HOSTED_VLLM_API_KEY",),
    api_base_required=True,
    api_base_example="http://localhost:8000/v1",
    key_required=False,
    list_call=models(Columns(context_window="max_model_len")),
    model_call=chat(),
    error_rules=(
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.type",
            pattern="^NotFoundError$",
            on=("model",),
        ),
    ),
)
