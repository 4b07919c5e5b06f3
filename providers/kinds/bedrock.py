"""AWS Bedrock: two hosts of one region, a bearer key or signed requests."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from facio_site.marked import marked as _
from providers.dialects import turn
from providers.dialects.adapters import Adapter, ReadList
from providers.dialects.rows import first
from providers.dialects.rungs import Finding
from providers.dialects.sigv4 import sign
from providers.http import FRAMES, BadURL, Request, Send, encode_json, origin_of
from providers.spec.kind import (
    BEARER,
    Call,
    Columns,
    ErrorRule,
    FieldSpec,
    ListCall,
    Pages,
    ProviderSpec,
)
from providers.spec.outcomes import Failed, Outcome, Verdict

_REGION = r"[a-z]{2,4}(-[a-z]{1,12}){1,3}-[0-9]{1,2}"
# https://docs.aws.amazon.com/general/latest/gr/bedrock.html
_REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1"),
    *("mx-central-1", "sa-east-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1"),
    *("eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1"),
    *("me-south-1", "af-south-1", "ap-south-1", "ap-south-2", "ap-northeast-1", "ap-northeast-2"),
    *("ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4"),
    *("ap-southeast-5", "ap-southeast-7", "us-gov-east-1", "us-gov-west-1"),
)
_AWS_HOST = re.compile(r"^(https://)bedrock-runtime((?:-fips)?\.[a-z0-9.-]+\.(?:com|com\.cn|aws))$")
_AWS_NAMES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")

_MODELS = ListCall(
    url="{control}/foundation-models",
    columns=Columns(
        items="modelSummaries",
        model_id="modelId",
        name="modelName",
        inputs="inputModalities",
        outputs="outputModalities",
        retires_at="modelLifecycle.endOfLifeTime",
    ),
    is_optional=True,  # an endpoint of the runtime alone has none
)
_PROFILES = ListCall(
    url="{control}/inference-profiles",
    query=(("maxResults", "1000"),),
    pages=Pages(style="token", param="nextToken", next_path="nextToken"),
    columns=Columns(items="inferenceProfileSummaries", model_id="inferenceProfileId"),
)


def _said(outcome: Outcome, pattern: str, detail: str, *status: int) -> ErrorRule:
    """AWS has few codes, and many causes behind each; the message tells them apart."""
    at = "message|Message"
    return ErrorRule(
        outcome=outcome, status=status, path=at, pattern=f"(?i){pattern}", detail=detail
    )


def _typed(pattern: str, detail: str) -> tuple[ErrorRule, ErrorRule]:
    """Credentials that are refused, by the error's type: it stands in a header or in the body."""
    rule = ErrorRule(outcome=Outcome.BAD_KEY, status=(400, 403), pattern=pattern, detail=detail)
    return replace(rule, header="x-amzn-errortype"), replace(rule, path="__type|code")


# Sources: https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html and
# https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
_CAUSES = (
    _said(
        Outcome.MODEL_NOT_FOUND,
        "marked by provider as legacy|end of (its )?life|no longer (available|supported)"
        "|has been (retired|deprecated)",
        "retired",
        *(400, 403, 404),
    ),
    _said(Outcome.FORBIDDEN, "use case (details|form)", "use_case_form", 400, 403, 404),
    _said(Outcome.FORBIDDEN, "payment (instrument|method)|invalid_payment", "payment", 400, 403),
    _said(Outcome.FORBIDDEN, "marketplace", "marketplace", 400, 403),
    _said(
        Outcome.FORBIDDEN,
        "^operation not allowed|account is not (authorized|allowed|permitted)",
        "account_closed",
        *(400, 403),
    ),
    _said(
        Outcome.FORBIDDEN,
        "not authorized to perform: bedrock:CallWithBearerToken",
        "bearer_denied",
        *(400, 403),
    ),
    _said(Outcome.FORBIDDEN, "not authorized to perform: bedrock:(?!List)", "iam", 400, 403),
    _said(Outcome.NO_CREDIT, "tokens per day|daily (token|quota)", "day_quota", 400, 429),
)


class BedrockAdapter(Adapter):
    """The agent's API base is the endpoint of the runtime; without one, both hosts follow from the
    region. An endpoint that is not Amazon's own has to offer both halves itself."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def places(self) -> dict[str, str]:
        region = self.entered.values.get("region", "").strip()
        if not re.fullmatch(_REGION, region):
            raise Failed(Outcome.BAD_ENDPOINT, "bad_region")
        tail = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        runtime = self.base() or f"https://bedrock-runtime.{region}.{tail}"
        match = _AWS_HOST.match(runtime)
        is_amazon = match is not None and runtime.endswith(_AWS_NAMES)
        control = f"{match[1]}bedrock{match[2]}" if match and is_amazon else runtime
        return {"base": runtime, "runtime": runtime, "control": control, "region": region}

    def origins(self) -> tuple[str, ...]:
        try:
            places = self.places()
            return tuple(dict.fromkeys(origin_of(places[name]) for name in ("runtime", "control")))
        except (BadURL, Failed):
            return ()

    def missing(self) -> list[str]:
        """The key is one of three ways to sign; "api_key" stands for all of them."""
        names = [name for name in super().missing() if name != "api_key"]
        has_pair = self._has("access_key_id") and self._has("secret_access_key")
        return names if self.key or has_pair or self._has("profile") else [*names, "api_key"]

    def references(self) -> list[str]:
        """A profile whose keys could not be read here is one more thing that the agent resolves."""
        is_open = bool(self.key) or self._has("access_key_id")
        unread = self._has("profile") and not is_open
        return super().references() + (["profile"] if unread else [])

    def barred(self) -> Verdict | None:
        """Amazon's own client sends a bearer key over https only (botocore, auth.py)."""
        runtime = self.places()["runtime"]
        if not self.key or runtime.startswith("https:"):
            return None
        base = "https" + runtime.removeprefix("http")
        return Verdict(Outcome.BAD_ENDPOINT, "plain_key", {"base": base})

    def body(self, call: Call, places: Mapping[str, str]) -> Any:
        """Converse takes what a model alone understands in a field of its own."""
        if call.body is None:
            return None
        extra = self.extra_body() if call.is_completion else {}
        own = self.as_asked(call.body, places["model"]) if call.is_completion else {**call.body}
        return {**own, **({"additionalModelRequestFields": extra} if extra else {})}

    def temperature(self, model: str) -> float | None:
        """Source: nanobot-ai 0.3.5, providers/bedrock_provider.py: _supports_temperature"""
        return None if "claude-opus-4-7" in model.lower() else self.entered.asked.temperature

    def signed(self, request: Request) -> Request:
        secrets = self.entered.secrets
        if self.key or not secrets.get("access_key_id"):
            return request
        headers = {} if request.json is None else {"Content-Type": "application/json"}
        added = sign(
            method=request.method,
            url=request.url,
            headers=headers,
            body=b"" if request.json is None else encode_json(request.json),
            access_key_id=secrets["access_key_id"].reveal(),
            secret_access_key=secrets["secret_access_key"],
            session_token=secrets.get("session_token") or None,
            region=self.places()["region"],
            service="bedrock",
            now=self.now(),
        )
        return replace(request, headers={**request.headers, **headers, **added})

    def check_key(self, send: Send) -> Finding:
        finding = super().check_key(send)
        if finding.verdict.detail != "no_list":
            return finding
        verdict = replace(
            finding.verdict, outcome=Outcome.REACHABLE_UNVERIFIED, detail="proof_elsewhere"
        )
        return replace(finding, verdict=verdict)

    def read_key_answer(self, data: Any, call: Call, verdict: Verdict) -> Verdict:
        """The list is private: whoever may read it is known, even where it is empty."""
        return verdict

    def list_rows(self, read: ReadList) -> tuple[list[Any], ListCall]:
        """Models that can be called by their own id, and profiles that stand for the others."""
        models = [row for row in read(_MODELS) or [] if isinstance(row, dict)]
        call = _MODELS
        try:
            profiles = read(_PROFILES, may_lack=True) or []
        except Failed as failed:
            if failed.verdict.outcome is not Outcome.FORBIDDEN:
                raise
            profiles, call = [], replace(_MODELS, note="profiles_forbidden")
        usable = [row for row in models if _is_on_demand(row)]
        by_id = {row.get("modelId"): row for row in models if isinstance(row.get("modelId"), str)}
        return usable + [_profile_row(row, by_id) for row in profiles if _is_active(row)], call

    def twin_ids(self, model_id: str) -> tuple[str, ...]:
        return (model_id, re.sub(r"^(us|eu|apac|au|jp|ca|global|us-gov)\.", "", model_id))


def _is_on_demand(row: dict[str, Any]) -> bool:
    types = row.get("inferenceTypesSupported")
    return not isinstance(types, list) or "ON_DEMAND" in types


def _is_active(row: Any) -> bool:
    return isinstance(row, dict) and row.get("status", "ACTIVE") == "ACTIVE"


def _profile_row(profile: dict[str, Any], models: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    """A row like a model's, with the abilities of the model behind the profile."""
    arn = first(profile, "models[].modelArn")
    model = models.get(arn.rpartition("/")[2], {}) if isinstance(arn, str) else {}
    return {
        **model,
        "modelId": profile.get("inferenceProfileId"),
        "modelName": profile.get("inferenceProfileName"),
    }


SPEC = ProviderSpec(
    kind="bedrock",
    label="AWS Bedrock",
    group="hosted",
    adapter=BedrockAdapter,
    docs_url="https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-reference.html",
    note=_(
        "Models through Bedrock's Converse API, in one region. Sign in with a Bedrock API key, a "
        "pair of access keys or an AWS profile."
    ),
    env_key="AWS_BEARER_TOKEN_BEDROCK",
    api_base_example="https://bedrock-runtime.us-east-1.amazonaws.com",
    own_hosts=r"^bedrock(?:-runtime)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com$",
    # Names: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html
    extra_fields=(
        FieldSpec(
            name="region",
            label=_("Region"),
            required=True,
            placeholder="us-east-1",
            pattern=_REGION,
            options=_REGIONS,
            config_key="region",
            env_names=("AWS_REGION", "AWS_DEFAULT_REGION"),
        ),
        FieldSpec(
            name="access_key_id",
            label=_("Access key ID"),
            help=_("Belongs together with the secret access key."),
            is_secret=True,
            placeholder="AKIA...",
            env_names=("AWS_ACCESS_KEY_ID",),
            way="access_keys",
        ),
        FieldSpec(
            name="secret_access_key",
            label=_("Secret access key"),
            is_secret=True,
            env_names=("AWS_SECRET_ACCESS_KEY",),
            way="access_keys",
        ),
        FieldSpec(
            name="session_token",
            label=_("Session token"),
            help=_("Only for temporary credentials."),
            is_secret=True,
            env_names=("AWS_SESSION_TOKEN",),
            way="access_keys",
        ),
        FieldSpec(
            name="profile",
            label=_("AWS profile"),
            help=_(
                "Static keys of this profile are used here; roles and sign-on only by the agent."
            ),
            config_key="profile",
            env_names=("AWS_PROFILE",),
            way="profile",
        ),
    ),
    has_extra_headers=False,
    key_prefixes=("ABSK", "bedrock-api-key-"),
    key_warnings={
        "AKIA": _("This is an access key ID. It belongs into its own field, with its secret."),
        "ASIA": _(
            "This is a temporary access key ID. It belongs into its own field, with secret "
            "and session token."
        ),
    },
    console_url="https://console.aws.amazon.com/bedrock/home#/api-keys",
    list_call=_MODELS,
    key_call=replace(_MODELS, query=(("byInferenceType", "ON_DEMAND"),)),
    model_call=Call(
        url="{runtime}/model/{model_path}/converse-stream",
        auth=replace(BEARER, headers={"Accept": FRAMES}),
        method="POST",
        body={
            **turn.CONVERSE,
            "inferenceConfig": {"maxTokens": 1, **turn.CONVERSE["inferenceConfig"]},
        },
        expects="output",
        is_completion=True,
        is_stream=True,
    ),
    error_rules=(
        _said(Outcome.BAD_KEY, "signature (expired|not yet current)", "clock", 403),
        _said(Outcome.BAD_KEY, "security token included .* is expired", "session_over", 400, 403),
        *_typed("ExpiredToken", "session_over"),
        _said(
            Outcome.BAD_KEY,
            "authentication failed: please make sure your api key is valid"
            "|security token included in the request is invalid|signature",
            "key_or_region",
            403,
        ),
        *_typed(
            "UnrecognizedClient|InvalidSignature|IncompleteSignature|MissingAuthenticationToken"
            "|InvalidClientTokenId",
            "key_or_region",
        ),
        *_CAUSES,
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="message|Message",
            pattern="(?i)not authorized to perform: bedrock:List",
            detail="no_list_scope",
        ),
        ErrorRule(outcome=Outcome.FORBIDDEN, status=(403,), on=("model",), detail="model_access"),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400,),
            path="message|Message",
            pattern="(?i)on-demand throughput isn.t supported",
            detail="profile_needed",
        ),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(400,),
            path="message|Message",
            pattern="(?i)model identifier is invalid",
        ),
        ErrorRule(outcome=Outcome.MODEL_NOT_FOUND, status=(404,), on=("model",)),
        ErrorRule(
            outcome=Outcome.RATE_LIMITED,
            status=(400,),
            header="x-amzn-errortype",
            pattern="^ServiceQuotaExceededException",
        ),
        ErrorRule(outcome=Outcome.SERVER_ERROR, status=(424,)),
    ),
    dns_hint="bedrock_region",
    models_dev="amazon-bedrock",
    strip_prefixes=("bedrock/",),
)
