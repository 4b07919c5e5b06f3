"""MiniMax. Failures come in three shapes, some of them under HTTP 200; its own code decides."""

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models
from providers.spec.kind import ErrorRule, IdFact, ProviderSpec
from providers.spec.outcomes import Outcome


class MiniMaxAdapter(Adapter):
    def models_dev(self) -> str:
        is_chinese = self.base().startswith("https://api.minimaxi.com/")
        return "minimax-cn" if is_chinese else self.spec.models_dev


def _code(
    outcome: Outcome, codes: str, detail: str = "", status: tuple[int, ...] = ()
) -> tuple[ErrorRule, ErrorRule]:
    """The code in its own field, or in parentheses at the end of a message."""
    at, within = "base_resp.status_code", "error.message|base_resp.status_msg"
    return (
        ErrorRule(outcome=outcome, status=status, path=at, pattern=f"^({codes})$", detail=detail),
        ErrorRule(
            outcome=outcome, status=status, path=within, pattern=rf"\(({codes})\)", detail=detail
        ),
    )


_VAGUE = (200, 500, 502, 503)  # statuses that say less than the code


SPEC = ProviderSpec(
    kind="minimax",
    label="MiniMax",
    group="hosted",
    adapter=MiniMaxAdapter,
    docs_url="https://platform.minimax.io/docs/api-reference/models/openai/list-models",
    note=_(
        "OpenAI-compatible. Keys of api.minimax.io and api.minimaxi.com differ, and so do those "
        "of the token plan (sk-cp-) and of pay as you go (sk-api-)."
    ),
    env_key="MINIMAX_API_KEY",
    api_base="https://api.minimax.io/v1",
    regional_bases=("https://api.minimaxi.com/v1",),
    key_prefixes=("sk-cp-", "sk-api-"),
    console_url="https://platform.minimax.io/user-center/basic-information/interface-key",
    list_call=models(),
    thinking="split",
    model_call=chat(),
    error_rules=(
        *_code(Outcome.BAD_KEY, "1004|2049", "region_or_plan"),
        *_code(Outcome.NO_CREDIT, "1008"),
        *_code(Outcome.NO_CREDIT, "2056", "plan_window"),
        *_code(Outcome.MODEL_NOT_FOUND, "2061", "not_in_plan"),
        *_code(Outcome.RATE_LIMITED, "1002|1039"),
        *_code(Outcome.TIMEOUT, "1001", status=_VAGUE),
        *_code(Outcome.SERVER_ERROR, "1000|1024|1033", status=_VAGUE),
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), detail="region_or_plan"),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            path="error.message|base_resp.status_msg",
            pattern="(?i)unknown model|model .*not (found|exist|support)",
            on=("model",),
        ),
        *_code(Outcome.BAD_REQUEST, "2013", status=_VAGUE),
    ),
    id_facts=(
        IdFact(r"^minimax-m3", ("text", "image", "video"), ("text",)),
        IdFact(r"^image-", ("text",), ("image",)),
        IdFact(r"hailuo", ("text", "image"), ("video",)),
    ),
    models_dev="minimax",
)
