"""BytePlus ModelArk. Its list is rich but not exhaustive: endpoint ids (ep-...) are never in it."""

from facio_site.marked import marked as _
from providers.dialects.compatible import chat, models
from providers.spec.kind import Columns, ErrorRule, ProviderSpec
from providers.spec.outcomes import Outcome

SPEC = ProviderSpec(
    kind="byteplus",
    label="BytePlus",
    group="hosted",
    docs_url="https://docs.byteplus.com/en/docs/ModelArk/1299023",
    note=_(
        "BytePlus ModelArk, the international side of VolcEngine. Each model has to be activated "
        "in the console first. Endpoint ids (ep-...) may be typed as a model too."
    ),
    env_key="BYTEPLUS_API_KEY",
    env_aliases=("ARK_API_KEY",),
    api_base="https://ark.ap-southeast.bytepluses.com/api/v3",
    console_url="https://console.byteplus.com/ark/region:ark+ap-southeast-1/apiKey",
    list_call=models(
        Columns(
            name="name",
            context_window="token_limits.context_window",
            max_output="token_limits.max_output_token_length",
            inputs="modalities.input_modalities",
            outputs="modalities.output_modalities",
            tools="features.tools.function_calling",
        ),
        hide={"status": ("Shutdown",)},
        note="not_exhaustive",
    ),
    thinking="type",
    model_call=chat(extra={"thinking": {"type": "disabled"}}),
    error_rules=(
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), detail="key_or_path"),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(403,),
            path="error.code",
            pattern="^AccountOverdueError$",
            detail="arrears",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.code",
            pattern="ModelNotOpen|ModelIDAccessDisabled",
            detail="not_activated",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.code",
            pattern="NotFound|UnsupportedModel",
            on=("model",),
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400,),
            path="error.code",
            pattern=r"^InvalidEndpoint\.ClosedEndpoint$",
        ),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(429,),
            path="error.code",
            pattern="QuotaExceeded|SetLimitExceeded",
            detail="key_limit",
        ),
    ),
    strip_prefixes=("*",),
)
