"""OpenCode Go: a subscription gateway. Five different failures share 401; its list is public."""

from dataclasses import replace
from typing import Any

from facio_site.marked import marked as _
from providers.dialects import turn
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, models
from providers.dialects.paths import values_at
from providers.dialects.rungs import Finding
from providers.http import Send
from providers.spec.kind import Auth, Call, ErrorRule, ProviderSpec
from providers.spec.outcomes import Outcome, Verdict
from providers.spec.secret import Secret

_MESSAGES = Call(
    url="{base}/messages",
    method="POST",
    auth=Auth(header="x-api-key", format="{key}", headers={"anthropic-version": "2023-06-01"}),
    body={"model": "{model}", "max_tokens": 1, **turn.MESSAGES, "stream": True},
    expects="content",
    is_completion=True,
    is_stream=True,
)


class OpenCodeGoAdapter(Adapter):
    """MiniMax's models are served in Anthropic's format only, which the agent does not use here.
    Source of the latter: nanobot-ai 0.3.5, providers/registry.py."""

    def model_call(self, model: str) -> Call:
        is_minimax = self.sent_name(model).lower().startswith("minimax")
        return _MESSAGES if is_minimax else super().model_call(model)

    def check_model(self, send: Send, model: str) -> Finding:
        finding = super().check_model(send, model)
        is_other = self.model_call(model) is _MESSAGES and finding.verdict.outcome is Outcome.OK
        verdict = replace(finding.verdict, detail="messages_only")
        return replace(finding, verdict=verdict) if is_other else finding

    def headers(self, call: Call, *, keyless: bool) -> dict[str, str | Secret]:
        """The messages call takes the key as Anthropic does; the documents speak of a bearer."""
        made = super().headers(call, keyless=keyless)
        if call is _MESSAGES and self.key and not keyless:
            made.setdefault("Authorization", Secret(f"Bearer {self.key.reveal()}"))
        return made

    def read_key_answer(self, data: Any, call: Call, verdict: Verdict) -> Verdict:
        """The plan's windows: a used-up one means waiting, not a wrong key."""
        windows = [
            window
            for name in ("rolling", "weekly", "monthly")
            for window in values_at(data, f"usage.{name}.status")
        ]
        if "rate-limited" in windows:
            return replace(verdict, outcome=Outcome.NO_CREDIT, detail="plan_window")
        return verdict


SPEC = ProviderSpec(
    kind="opencode_go",
    label="OpenCode Go",
    group="gateway",
    adapter=OpenCodeGoAdapter,
    docs_url="https://opencode.ai/docs/go",
    note=_(
        "A gateway paid by subscription. Choose a model from its own catalog; set the key and "
        "force it as the provider."
    ),
    env_key="OPENCODE_GO_API_KEY",
    env_aliases=("OPENCODE_API_KEY",),
    api_base="https://opencode.ai/zen/go/v1",
    key_warnings={"public": _("The word public stands for nobody: it opens no subscription.")},
    console_url="https://opencode.ai/auth",
    list_call=models(is_public=True),
    key_call=Call(url="{base}/usage", expects="usage"),
    model_call=chat(),
    error_rules=(
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), path="error.type", pattern="^AuthError$"),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(401,),
            path="error.type",
            pattern="^(CreditsError|MonthlyLimitError|UserLimitError)$",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(401,),
            path="error.type",
            pattern="^ModelError$",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error.type",
            pattern="^EntitlementError$",
            detail="no_subscription",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error.type",
            pattern="^RegionError$",
            detail="region_blocked",
        ),
        ErrorRule(
            outcome=Outcome.NO_CREDIT,
            status=(429,),
            path="error.type",
            pattern="^(GoUsageLimitError|FreeUsageLimitError)$",
            detail="plan_window",
        ),
    ),
    models_dev="opencode-go",
    strip_prefixes=("opencode-go",),
)
