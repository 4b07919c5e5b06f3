"""OpenAI Codex by ChatGPT sign-in. The token is the agent's; here it is a choice for a route."""

from facio_site.marked import marked as _
from providers.spec.kind import ProviderSpec

SPEC = ProviderSpec(
    kind="openai_codex",
    label="OpenAI Codex",
    group="oauth",
    docs_url="https://facio.bot/docs/providers/oauth",
    note=_(
        "Signs in with a ChatGPT account. The agent keeps the token; nothing is entered here. "
        "Chosen by the prefix openai-codex/ or as an explicit provider, never by fallback."
    ),
    key_required=False,
    has_extra_headers=False,
    has_extra_body=False,
    sign_in="facio provider login openai-codex",
    static_models=(
        "openai-codex/gpt-5.6-sol",
        "openai-codex/gpt-5.6-terra",
        "openai-codex/gpt-5.6-luna",
        "openai-codex/gpt-5.5",
        "openai-codex/gpt-5.4",
        "openai-codex/gpt-5.4-mini",
        "openai-codex/gpt-5.3-codex-spark",
    ),
    strip_prefixes=("openai-codex/", "openai_codex/"),
)
