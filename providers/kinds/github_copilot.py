"""GitHub Copilot by GitHub sign-in. The token is the agent's; here it is a choice for a route."""

from facio_site.marked import marked as _
from providers.spec.kind import ProviderSpec

SPEC = ProviderSpec(
    kind="github_copilot",
    label="GitHub Copilot",
    group="oauth",
    docs_url="https://facio.bot/docs/providers/oauth",
    note=_(
        "Signs in with a GitHub account. The agent keeps the token; nothing is entered here. "
        "Chosen by the prefix github_copilot/ or as an explicit provider, never by fallback. Type "
        "the names of further models that your plan has."
    ),
    key_required=False,
    has_extra_headers=False,
    has_extra_body=False,
    sign_in="facio provider login github-copilot",
    console_url="https://github.com/settings/copilot",
    static_models=("github_copilot/gpt-5.4-mini", "github_copilot/gpt-4.1"),
    strip_prefixes=("*",),
)
