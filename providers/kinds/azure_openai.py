"""Azure OpenAI: the model is a deployment, which no list of the key's shows."""

import re
from dataclasses import replace
from urllib.parse import unquote

from facio_site.marked import marked as _
from providers.dialects.adapters import Adapter
from providers.dialects.compatible import chat, responses
from providers.http import parse_base
from providers.spec.kind import Auth, ErrorRule, FieldSpec, ListCall, ProviderSpec
from providers.spec.outcomes import Outcome
from providers.spec.signs import trimmed

_AZURE = r"\.(openai|cognitiveservices|services\.ai)\.azure\.(com|us|cn)$"
_TAIL = re.compile(r"/(openai|api/projects)(/.*)?$")
_DEPLOYMENT = re.compile(r"/openai/deployments/([^/?#\s]{1,200})")


class AzureAdapter(Adapter):
    """Every endpoint that the portal shows comes down to the origin; the agent adds the rest."""

    def normalise_base(self, text: str) -> str:
        base = parse_base(trimmed(text).partition("?")[0])
        if re.search(_AZURE, base.host):
            return base.origin
        return base.origin + _TAIL.sub("", base.path)  # a gateway in front may have a path

    def is_as_called(self, text: str) -> bool:
        """The agent puts its path behind whatever stands there, but for a slash at the end.

        Source: nanobot-ai 0.3.5, providers/azure_openai_provider.py.
        """
        is_bare = super().is_as_called(text) and "?" not in text
        return is_bare and parse_base(text).url == self.normalise_base(text)

    def deployment_in(self, text: str) -> str:
        match = _DEPLOYMENT.search(text)
        name = unquote(match[1]) if match else ""
        return name if name.isprintable() else ""

    def temperature(self, model: str) -> float | None:
        """Kimi's is no exception here. Source: the same, _supports_temperature"""
        return super().temperature(model.lower().removesuffix("kimi-k3"))


SPEC = ProviderSpec(
    kind="azure_openai",
    label="Azure OpenAI",
    group="hosted",
    adapter=AzureAdapter,
    docs_url="https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
    note=_(
        "Needs a key and the endpoint of your resource. The model of a route is the name of a "
        "deployment, not of a model, so each deployment is tried by a small completion."
    ),
    env_key="AZURE_OPENAI_API_KEY",
    env_aliases=("AZURE_OPENAI_KEY", "AZURE_API_KEY"),
    api_base_required=True,
    api_base_label=_("Endpoint"),
    api_base_example="https://my-resource.openai.azure.com",
    own_hosts=_AZURE,
    extra_fields=(
        FieldSpec(
            name="deployments",
            label=_("Deployment name"),
            help=_("One per line, as named in the Azure portal. The test tries each."),
            required=True,
            is_list=True,
            placeholder="gpt-main",
        ),
    ),
    auth=Auth(header="api-key", format="{key}"),
    key_warnings={
        "sk-": _("Keys of Azure do not begin with sk-. This looks like another vendor's.")
    },
    console_url="https://portal.azure.com",
    list_call=ListCall(url="{base}/openai/v1/models", note="base_models"),
    unsent=("extra_headers", "extra_body"),
    model_call=responses(
        "{base}/openai/v1/responses",
        instead=replace(chat("max_completion_tokens", 16), url="{base}/openai/v1/chat/completions"),
    ),
    error_rules=(
        ErrorRule(outcome=Outcome.BAD_KEY, status=(401,), detail="key_or_endpoint"),
        ErrorRule(
            outcome=Outcome.MODEL_NOT_FOUND,
            status=(404,),
            path="error.code",
            pattern="^DeploymentNotFound$",
            detail="deployment",
        ),
        ErrorRule(outcome=Outcome.BAD_ENDPOINT, status=(404,), detail="wrong_path"),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(401, 403),
            path="error.code|code|error.message|message",
            pattern="^AuthenticationTypeDisabled$|(?i:key.based authentication is disabled)",
            detail="keys_off",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error.message|message",
            pattern="(?i)virtual network|firewall|public (network )?access|private (endpoint|link)",
            detail="not_allowed_here",
        ),
        ErrorRule(
            outcome=Outcome.FORBIDDEN,
            status=(403,),
            path="error.message|message",
            pattern="(?i)temporarily (blocked|suspended|disabled)|has been (blocked|suspended)",
            detail="on_hold",
        ),
        ErrorRule(
            outcome=Outcome.BAD_ENDPOINT,
            status=(400,),
            path="error.message",
            pattern="(?i)api version",
            detail="api_version",
        ),
    ),
    dns_hint="azure_resource",
    models_dev="azure",
)
