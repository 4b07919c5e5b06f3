"""BytePlus Coding Plan. The base decides the billing, so only the plan's own base is called; no
list is to be trusted there, and a completion alone proves the key."""

from typing import Any

from facio_site.marked import marked as _
from providers.dialects.compatible import chat
from providers.spec.kind import ErrorRule, ProviderSpec
from providers.spec.outcomes import Outcome

_BODY: dict[str, Any] = {"thinking": {"type": "disabled"}}

SPEC = ProviderSpec(
    kind="byteplus_coding_plan",
    label="BytePlus Coding Plan",
    group="gateway",
    docs_url="https://docs.byteplus.com/en/docs/ModelArk/1928261",
    note=_(
        "A subscription of BytePlus with an address of its own: calls to the ordinary address "
        "are billed outside the plan. The prefix before a model's name is cut off before sending."
    ),
    env_key="BYTEPLUS_CODING_PLAN_API_KEY",
    api_base="https://ark.ap-southeast.bytepluses.com/api/coding/v3",
    console_url="https://console.byteplus.com/ark",
    static_models=(
        "ark-code-latest",
        "dola-seed-2.0-pro",
        "dola-seed-2.0-lite",
        "dola-seed-2.0-code",
        "bytedance-seed-code",
        "glm-5.2",
        "glm-5.1",
        "kimi-k2.5",
        "gpt-oss-120b",
        "deepseek-v4-flash",
        "deepseek-v4-pro",
    ),
    key_call=chat(model="ark-code-latest"),
    thinking="type",
    model_call=chat(extra=_BODY),
    error_rules=(
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), detail="key_or_path"),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.code",
            pattern="^UnsupportedModel",
            detail="not_in_plan",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.code",
            pattern="NotFound|ModelNotOpen|ModelIDAccessDisabled",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            path="error.code",
            pattern="^InvalidSubscription",
            detail="no_subscription",
        ),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(403,),
            path="error.code",
            pattern="^AccountOverdueError$",
            detail="arrears",
        ),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(429,),
            path="error.code",
            pattern="QuotaExceeded|SetLimitExceeded",
            detail="plan_window",
        ),
    ),
    strip_prefixes=("*",),
)
