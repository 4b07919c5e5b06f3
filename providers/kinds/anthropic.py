"""Anthropic: its own messages API. The list proves a key, not that there is credit."""

from facio_site.marked import marked as _
from providers.dialects import turn
from providers.dialects.adapters import Adapter
from providers.http import parse_base
from providers.spec.kind import Auth, Call, Columns, ErrorRule, ListCall, Pages, ProviderSpec
from providers.spec.outcomes import Outcome
from providers.spec.signs import trimmed


class AnthropicAdapter(Adapter):
    """Its base carries no /v1: the agent and its SDK add that themselves."""

    def normalise_base(self, text: str) -> str:
        return parse_base(trimmed(text)).url.removesuffix("/v1")


_MESSAGE = {"model": "{model}", **turn.MESSAGES, "stream": True}

SPEC = ProviderSpec(
    kind="anthropic",
    label="Anthropic",
    group="hosted",
    adapter=AnthropicAdapter,
    docs_url="https://platform.claude.com/docs/en/api/models-list",
    note=_(
        "Claude models by Anthropic's own API, with prompt caching. The agent's SDK knows the "
        "address; the base stays empty unless a proxy stands in between."
    ),
    env_key="ANTHROPIC_API_KEY",
    api_base="https://api.anthropic.com",
    auth=Auth(header="x-api-key", format="{key}", headers={"anthropic-version": "2023-06-01"}),
    key_prefixes=("sk-ant-api", "sk-ant-"),
    key_warnings={
        "sk-ant-admin": _("This is an admin key. It cannot call models."),
        "sk-ant-oat": _("This is a sign-in token of Claude's apps, not an API key."),
    },
    console_url="https://platform.claude.com/settings/keys",
    list_call=ListCall(
        url="{root}/v1/models",
        query=(("limit", "1000"),),
        pages=Pages(style="cursor", param="after_id", next_path="last_id", more_path="has_more"),
        columns=Columns(
            name="display_name",
            context_window="max_input_tokens",
            max_output="max_tokens",
            vision="capabilities.image_input.supported",
            reasoning="capabilities.thinking.supported",
            retires_at="retires_at",
        ),
    ),
    key_call=ListCall(url="{root}/v1/models", query=(("limit", "1"),)),
    unsent=("extra_body",),
    model_call=Call(
        url="{root}/v1/messages",
        method="POST",
        body={**_MESSAGE, "max_tokens": 1},
        retry_body={**_MESSAGE, "max_tokens": 16},
        expects="content",
        is_completion=True,
        is_stream=True,
    ),
    error_rules=(
        ErrorRule(
            outcome=Outcome.BAD_REQUEST,
            status=(401,),
            path="error.message",
            pattern="(?i)^cors requests are not allowed",
            detail="origin_header",
        ),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(400, 402, 403),
            path="error.message",
            pattern="(?i)credit balance is too low",
        ),
        # Its edge says so, before any key is read
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error.type",
            pattern="^forbidden$",
            detail="region_blocked",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(400,),
            path="error.details.error_code",
            pattern="^organization_on_hold$",
            detail="on_hold",
        ),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(402, 429),
            path="error.details.error_code",
            pattern="spend_limit_reached$",
            detail="key_limit",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.type",
            pattern="^not_found_error$",
            on=("model",),
        ),
    ),
    models_dev="anthropic",
    strip_prefixes=("anthropic/",),
)
