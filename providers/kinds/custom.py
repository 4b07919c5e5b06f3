"""Any OpenAI-compatible server. Nothing about it is known, not even whether it has a list."""

from facio_site.marked import marked as _
from providers.dialects.compatible import chat
from providers.dialects.local import LocalAdapter
from providers.spec.kind import Columns, ListCall, ProviderSpec

SPEC = ProviderSpec(
    kind="custom",
    label="Custom",
    group="local",
    adapter=LocalAdapter,
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
            outputs="architecture.output_modalities",
        ),
        is_optional=True,
    ),
    model_call=chat(),
    media=("image",),
)
