"""Every simulated kind, and which one answers for a host name and path."""

from tests.simulators.kinds import (
    anthropic,
    ark,
    azure_openai,
    bedrock,
    custom,
    dashscope,
    deepseek,
    gemini,
    groq,
    huggingface,
    lm_studio,
    minimax,
    mistral,
    moonshot,
    ollama,
    openai,
    opencode_go,
    openrouter,
    ovms,
    vllm,
    zhipu,
)
from tests.simulators.kinds.kind import Kind

# Where two share a name, the one that says which paths are its own stands first.
KINDS: tuple[Kind, ...] = (
    anthropic.KIND,
    openai.KIND,
    openrouter.KIND,
    azure_openai.KIND,
    bedrock.KIND,
    huggingface.KIND,
    ark.CODING_PLAN,
    ark.KIND,
    opencode_go.KIND,
    deepseek.KIND,
    gemini.KIND,
    zhipu.KIND,
    dashscope.KIND,
    moonshot.KIND,
    minimax.KIND,
    mistral.KIND,
    groq.KIND,
    ollama.CLOUD,
    ollama.KIND,
    lm_studio.KIND,
    ovms.KIND,
    vllm.KIND,
    custom.KIND,
)

HOST_NAMES: tuple[str, ...] = tuple(dict.fromkeys(host for kind in KINDS for host in kind.hosts))
PLAIN_NAMES: tuple[str, ...] = tuple(dict.fromkeys(name for kind in KINDS for name in kind.plain))


def _by_name() -> dict[str, list[Kind]]:
    table: dict[str, list[Kind]] = {}
    for kind in KINDS:
        for name in (*kind.hosts, *kind.plain):
            table.setdefault(name, []).append(kind)
    return table


_TABLE = _by_name()


def kind_for(host: str, path: str) -> Kind | None:
    """`host` as in the Host header. A name with its port counts before the bare name."""
    candidates = _TABLE.get(host) or _TABLE.get(host.partition(":")[0], [])
    owners = [kind for kind in candidates if kind.owns is None or kind.owns(path)]
    return next(iter(owners or candidates), None)


__all__ = ["HOST_NAMES", "KINDS", "PLAIN_NAMES", "Kind", "kind_for"]
