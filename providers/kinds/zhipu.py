"""Zhipu AI. A code in the body tells what failed; the list is undocumented and has gaps."""

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models
from providers.spec.kind import ErrorRule, IdFact, ProviderSpec
from providers.spec.outcomes import Outcome


class ZhipuAdapter(Adapter):
    def models_dev(self) -> str:
        """The international twin has a catalog, and prices, of its own."""
        return "zai" if self.base().startswith("https://api.z.ai/") else self.spec.models_dev


def _code(outcome: Outcome, codes: str, detail: str = "") -> ErrorRule:
    return ErrorRule(outcome=outcome, path="error.code", pattern=f"^({codes})$", detail=detail)


SPEC = ProviderSpec(
    kind="zhipu",
    label="Zhipu AI",
    group="hosted",
    adapter=ZhipuAdapter,
    docs_url="https://docs.bigmodel.cn/cn/api/api-code",
    note=_(
        "GLM models of the Chinese platform. Keys of open.bigmodel.cn and of api.z.ai are not "
        "interchangeable; give the API base that belongs to the key."
    ),
    env_key="ZAI_API_KEY",
    env_aliases=("ZHIPUAI_API_KEY", "ZHIPU_API_KEY"),
    env_also=("ZHIPUAI_API_KEY",),
    api_base="https://open.bigmodel.cn/api/paas/v4",
    regional_bases=(
        "https://api.z.ai/api/paas/v4",
        "https://open.bigmodel.cn/api/coding/paas/v4",
    ),
    console_url="https://open.bigmodel.cn/usercenter/apikeys",
    list_call=models(is_optional=True, note="not_exhaustive"),
    static_models=(
        "glm-5.3",
        "glm-5.3-flash",
        "glm-5.2",
        "glm-5.1",
        "glm-5",
        "glm-4.7",
        "glm-4.7-flash",
        "glm-4.6",
        "glm-4.6v",
        "glm-4.5-air",
        "glm-5v-turbo",
        "glm-image",
        "cogview-4",
        "cogvideox-3",
    ),
    model_call=chat(extra={"thinking": {"type": "disabled"}}),
    error_rules=(
        _code(Outcome.NO_CREDIT, "1113", "arrears"),
        _code(Outcome.NO_CREDIT, "1304|1308|1310", "plan_window"),
        _code(Outcome.NO_CREDIT, "1309", "plan_over"),
        _code(Outcome.BAD_KEY, "1000|1001|1002|1003|1004|1005|401", "region_or_plan"),
        _code(Outcome.MODEL_NOT_FOUND, "1211"),
        _code(Outcome.MODEL_NOT_FOUND, "1311", "not_in_plan"),
        _code(Outcome.FORBIDDEN, "1110|1111|1112|1120|1121|1313", "on_hold"),
        _code(Outcome.FORBIDDEN, "1220"),
        _code(Outcome.BAD_ENDPOINT, "1222", "wrong_path"),
        _code(Outcome.RATE_LIMITED, "1302|1303|1305|1312"),
        ErrorRule(outcome=Outcome.FORBIDDEN, status=(434,)),
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), detail="region_or_plan"),
    ),
    id_facts=(
        IdFact(r"glm-image|cogview", ("text",), ("image",)),
        IdFact(r"cogvideo|vidu", ("text", "image"), ("video",)),
        IdFact(r"^glm-[0-9.]+v|^glm-5\.3-flash", ("text", "image"), ("text",)),
        IdFact(r"embedding", ("text",), ("embedding",)),
    ),
    models_dev="zhipuai",
)
