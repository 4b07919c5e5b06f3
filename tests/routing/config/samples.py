"""Declarations and states for the pure tests, so that they stand without the registry."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from providers.spec.kind import FieldSpec, Group, ProviderSpec
from providers.spec.secret import Secret
from routing.config.agent import view_of
from routing.config.entries import ProviderState, RouteState
from routing.config.export import Exported, Mode, build_config
from routing.rules.explain import Configured

# kind, group, name of the key, default base
_TABLE: tuple[tuple[str, Group, str, str], ...] = (
    ("anthropic", "hosted", "ANTHROPIC_API_KEY", "https://api.anthropic.com"),
    ("openai", "hosted", "OPENAI_API_KEY", "https://api.openai.com/v1"),
    ("openrouter", "gateway", "OPENROUTER_API_KEY", "https://openrouter.ai/api/v1"),
    ("azure_openai", "hosted", "", ""),
    ("bedrock", "hosted", "AWS_BEARER_TOKEN_BEDROCK", ""),
    ("huggingface", "gateway", "HF_TOKEN", "https://router.huggingface.co/v1"),
    ("opencode_go", "gateway", "OPENCODE_GO_API_KEY", "https://opencode.ai/zen/go/v1"),
    ("deepseek", "hosted", "DEEPSEEK_API_KEY", "https://api.deepseek.com"),
    ("zhipu", "hosted", "ZAI_API_KEY", "https://open.bigmodel.cn/api/paas/v4"),
    ("groq", "hosted", "GROQ_API_KEY", "https://api.groq.com/openai/v1"),
    ("custom", "local", "", ""),
    ("vllm", "local", "", ""),
    ("ollama", "local", "", "http://localhost:11434/v1"),
    ("lm_studio", "local", "", "http://localhost:1234/v1"),
    ("openai_codex", "oauth", "", ""),
)


def _aws_secret(name: str) -> FieldSpec:
    return FieldSpec(name=name, label=name, is_secret=True, env_names=(f"AWS_{name.upper()}",))


_EXTRA = {
    "bedrock": (
        FieldSpec(name="region", label="Region", pattern="[a-z0-9-]+", config_key="region"),
        FieldSpec(name="profile", label="AWS profile", config_key="profile"),
        _aws_secret("access_key_id"),
        _aws_secret("secret_access_key"),
        _aws_secret("session_token"),
    ),
    "azure_openai": (FieldSpec(name="deployments", label="Deployment name", is_list=True),),
}
SPECS: dict[str, ProviderSpec] = {
    kind: ProviderSpec(
        kind=kind,
        label=kind,
        group=group,
        docs_url="https://example.test/",
        note="",
        env_key=env_key,
        env_aliases=("ZHIPUAI_API_KEY",) if kind == "zhipu" else (),
        env_also=("ZHIPUAI_API_KEY",) if kind == "zhipu" else (),
        api_base=base,
        extra_fields=_EXTRA.get(kind, ()),
    )
    for kind, group, env_key, base in _TABLE
}


def provider(kind: str, key: str = "", /, **more: Any) -> ProviderState:
    """A state by hand: provider("openai", "sk-1", extra_headers={"X": "y"})."""
    secrets = {"api_key": key, **more.pop("secrets", {})}
    headers = more.pop("extra_headers", {})
    return ProviderState(
        kind=kind,
        secrets={name: Secret(text) for name, text in secrets.items() if text},
        extra_headers={name: Secret(text) for name, text in headers.items()},
        **more,
    )


def main(model: str, provider_name: str = "auto") -> list[RouteState]:
    return [RouteState(slot="main", model=model, provider=provider_name)]


def build(
    base: dict[str, Any] | None = None,
    providers: list[ProviderState] | None = None,
    routes: list[RouteState] | None = None,
    mode: Mode = Mode.KEYS,
) -> Exported:
    return build_config(base, providers or [], routes or [], mode, specs=SPECS)


def configured(document: dict[str, Any]) -> tuple[Configured, ...]:
    """The providers of a document as the agent's routing sees them."""
    return view_of(document, SPECS).providers


# --- drawn states ---------------------------------------------------------------------------

PLAIN = st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cc"])
KEYS = st.text("abcXYZ019-_.$'\"{}# ", min_size=1, max_size=40) | st.sampled_from(
    ["sk-or-v1-abcdef0123456789", "${MY_KEY}", "${credentials.MY_KEY}"]
)
BODIES = st.dictionaries(
    st.text(PLAIN, max_size=8),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-9, 9)
        | st.floats(-2, 2)
        | st.text(PLAIN, max_size=8),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.text(PLAIN, max_size=5), inner, max_size=2)
        ),
        max_leaves=4,
    ),
    max_size=2,
)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Title", "X_Title", "HTTP-Referer", "x-title", "~!"]),
    KEYS.map(Secret),
    max_size=3,
)


@st.composite
def provider_states(draw: st.DrawFn) -> tuple[ProviderState, ...]:
    kinds = draw(
        st.lists(
            st.sampled_from([k for k in SPECS if k != "openai_codex"]), unique=True, max_size=5
        )
    )
    return tuple(
        ProviderState(
            kind=kind,
            api_base=draw(
                st.sampled_from(
                    ["", SPECS[kind].api_base, SPECS[kind].api_base + "/", "http://gpu:8000/v1"]
                )
            ),
            values=draw(st.fixed_dictionaries({}, optional={"region": st.just("eu-west-1")})),
            secrets=draw(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "api_key": KEYS.map(Secret),
                        "access_key_id": st.just("AKIA1").map(Secret),
                    },
                )
            ),
            extra_headers=draw(HEADERS),
            extra_body=draw(BODIES),
        )
        for kind in kinds
    )


ROUTES = st.lists(
    st.builds(
        RouteState,
        slot=st.sampled_from(["main", "subagent", "vision", "image", "video"]),
        model=st.sampled_from(["", "auto", "gpt-5", "fal-ai/flux/dev"])
        | st.text(PLAIN, max_size=9),
        provider=st.sampled_from(["auto", "auto", "openai", "azure_openai", "replicate"]),
    ),
    unique_by=lambda route: route.slot,
    max_size=5,
)
