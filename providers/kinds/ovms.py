"""OpenVINO Model Server. Its list never looks at the key; an empty completion does, at no cost."""

from dataclasses import replace

from facio_site.marked import marked as _
from providers.dialects.compatible import chat, models
from providers.dialects.local import KNOCK, LocalAdapter
from providers.dialects.paths import unwrapped
from providers.dialects.rows import rows_of
from providers.dialects.rungs import Finding
from providers.http import Send
from providers.spec.kind import ErrorRule, ProviderSpec
from providers.spec.outcomes import Failed, KeyState, Outcome

_LET_IN = (Outcome.OK, Outcome.BAD_REQUEST, Outcome.MODEL_NOT_FOUND, Outcome.SERVER_ERROR)


class OvmsAdapter(LocalAdapter):
    def check_key(self, send: Send) -> Finding:
        reply, verdict, call = self.find_list(send)
        ms = reply.ms
        if verdict.outcome is not Outcome.OK:
            return Finding(self._without_key(verdict), self.key_state(verdict), ms)
        if not rows_of(unwrapped(reply), call.columns.items):
            verdict = replace(verdict, detail="no_models")
        knock, refusal = self.ask(send, KNOCK, "key")
        ms += knock.ms
        if refusal.outcome not in _LET_IN or not knock.is_json:
            return Finding(self._without_key(refusal), self.key_state(refusal), ms)
        if not self.key:
            return Finding(verdict, KeyState.NOT_NEEDED, ms)
        try:
            _, control = self.ask(send, KNOCK, "key", keyless=True)
        except Failed as failed:
            control = failed.verdict
        if control.outcome is Outcome.BAD_KEY:
            return Finding(verdict, KeyState.VALID, ms)
        detail = "key_not_checked" if control.outcome in _LET_IN else "control_failed"
        verdict = replace(verdict, outcome=Outcome.REACHABLE_UNVERIFIED, detail=detail)
        return Finding(verdict, KeyState.UNKNOWN, ms)


SPEC = ProviderSpec(
    kind="ovms",
    label="OpenVINO Model Server",
    group="local",
    adapter=OvmsAdapter,
    docs_url="https://docs.openvino.ai/2025/model-server/ovms_docs_rest_api_chat.html",
    note=_(
        "Models on your own machine, served by OpenVINO. Its API base ends in /v3. A key is "
        "needed only if the server was started with one."
    ),
    env_key="OVMS_API_KEY",
    api_base="http://localhost:8000/v3",
    key_required=False,
    list_call=models(),
    model_call=chat(),
    error_rules=(
        ErrorRule(
            outcome=Outcome.BAD_KEY,
            status=(401, 500),
            path="error",
            pattern="(?i)unauthorized request due to invalid or missing api-key",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error",
            pattern="(?i)mediapipe graph definition",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(500,),
            path="error",
            pattern="(?i)^model not found",
        ),
    ),
)
