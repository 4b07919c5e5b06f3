"""What a pasted key looks like: tidy it, refuse what cannot be sent, warn about the rest. Pure.

A warning never blocks: prefixes are the vendors' habit, not a promise. Only text that no HTTP
header can carry is a problem. Codes, not sentences: wording.py has those.
"""

import re
from dataclasses import dataclass, field

from providers.spec.kind import ProviderSpec
from providers.spec.signs import foreign, trimmed


@dataclass(frozen=True, slots=True)
class KeyWarning:
    """`code` is one of WARNINGS; `params` fill its sentence and hold nothing of the key but a
    public prefix."""

    code: str
    params: dict[str, str] = field(default_factory=dict)


WARNINGS = (
    "other_provider",  # {prefix} is how keys of {owner} begin
    "own_kind",  # {prefix}: {text}, said by the declaration of this kind
    "url",  # an address was pasted
    "export",  # a line of a shell script or an .env file
    "quotes",
    "bearer",
)
PROBLEMS = ("too_long", "control", "masked", "invisible", "non_ascii", "blank", "quote")
MAX_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class Shape:
    """A prefix that belongs to one owner. `kind` is empty when that is none of our kinds."""

    prefix: str
    owner: str
    kind: str = ""


# Only prefixes that are safe to name an owner from; plain "sk-" is used by most vendors.
# Longest first, so that the first match is the most exact one.
SHAPES = tuple(
    sorted(
        (
            Shape("sk-ant-", "Anthropic", "anthropic"),
            Shape("sk-or-", "OpenRouter", "openrouter"),
            Shape("sk-proj-", "OpenAI", "openai"),
            Shape("sk-svcacct-", "OpenAI", "openai"),
            Shape("sk-admin-", "OpenAI", "openai"),
            Shape("gsk_", "Groq", "groq"),
            Shape("hf_", "Hugging Face", "huggingface"),
            Shape("AIza", "Gemini", "gemini"),
            Shape("AQ.", "Gemini", "gemini"),
            Shape("ABSK", "AWS Bedrock", "bedrock"),
            Shape("bedrock-api-key-", "AWS Bedrock", "bedrock"),
            Shape("AKIA", "AWS (access key ID)"),
            Shape("ASIA", "AWS (temporary access key ID)"),
            Shape("sk-cp-", "MiniMax", "minimax"),
            Shape("sk-api-", "MiniMax", "minimax"),
            Shape("sk-sp-", "Alibaba Cloud's coding plan"),
            Shape("sk-ws-", "DashScope", "dashscope"),
            Shape("LTAI", "Alibaba Cloud (AccessKey ID)"),
            Shape("sk-kimi-", "Kimi's coding product"),
            Shape("sk-lm-", "LM Studio", "lm_studio"),
            Shape("xai-", "xAI"),
            Shape("gho_", "GitHub"),
            Shape("ghu_", "GitHub"),
            Shape("ghp_", "GitHub"),
            Shape("github_pat_", "GitHub"),
        ),
        key=lambda shape: -len(shape.prefix),
    )
)

_EXPORT = re.compile(r"^(?:export\s+|set\s+|setx\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=\s*(?=[^\s=])")
# The name before a key in JSON, in YAML or in a header line; its value in quotes for the first two
_PAIR = re.compile(r"""^["'`]?[A-Za-z_][A-Za-z0-9_-]{0,60}["'`]?\s*[:=]\s*(?=["'`“‘«])""")
_BEARER = re.compile(
    r"^(?:authorization\s*:\s*)?bearer\s+|^(?:x-)?(?:goog-)?api-key\s*:\s*(?=[^\s\"'])",
    re.IGNORECASE,
)
_MASKED = re.compile(r"[*•●∙·⋆∗✱]{3,}|…|\.{3,}")
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "«": "»"}


def clean_key(text: str) -> str:
    """The key inside what was pasted: without blanks and invisible signs around it, quotes,
    `Bearer`, `export NAME=`, a name before it and a comma or semicolon behind it.

    The text after an equals sign counts as the key only when a name stands before it, so that a
    key which ends in base64 padding stays whole.
    """
    before = None
    while text != before:
        before = text
        text = trimmed(text)
        if text[:1] == "{" and text[-1:] == "}":
            text = trimmed(text[1:-1])
        for beginning in (_EXPORT, _PAIR, _BEARER):
            text = beginning.sub("", text, count=1)
        text = _unquoted(trimmed(trimmed(text).rstrip(",;")))
    return text


def key_problem(text: str) -> str:
    """Why this key cannot be sent at all (one of PROBLEMS); "" = it can."""
    if len(text) > MAX_LENGTH:
        return "too_long"
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        return "control"
    if _MASKED.search(text):
        return "masked"
    if found := foreign(text)[0]:
        return "invisible" if found == "invisible" else "non_ascii"
    if " " in text:
        return "blank"
    return "quote" if re.search("[\"'`]", text) else ""


def warnings_for(spec: ProviderSpec, key_text: str) -> list[KeyWarning]:
    """What is odd about a key as it was pasted, most telling first; [] = nothing.

    Kinds that may stand in front of any vendor (custom and local servers) are not told that a key
    belongs to another one.
    """
    found: list[KeyWarning] = []
    pasted, key = key_text.strip(), clean_key(key_text)
    if key.startswith("${"):
        return found
    if re.match(r"https?://", key, re.IGNORECASE):
        found.append(KeyWarning("url"))
    else:
        found += _by_prefix(spec, key)
    if _EXPORT.match(pasted):
        found.append(KeyWarning("export"))
    if _unquoted(_EXPORT.sub("", pasted, count=1)) != _EXPORT.sub("", pasted, count=1):
        found.append(KeyWarning("quotes"))
    if _BEARER.match(_unquoted(pasted)):
        found.append(KeyWarning("bearer"))
    return found


def _by_prefix(spec: ProviderSpec, key: str) -> list[KeyWarning]:
    for prefix in sorted(spec.key_warnings, key=len, reverse=True):
        if key.startswith(prefix):
            return [KeyWarning("own_kind", {"prefix": prefix, "text": spec.key_warnings[prefix]})]
    for shape in SHAPES:
        if key.startswith(shape.prefix):
            if shape.kind == spec.kind or spec.is_local:
                return []
            return [KeyWarning("other_provider", {"prefix": shape.prefix, "owner": shape.owner})]
    return []


def _unquoted(text: str) -> str:
    if len(text) >= 2 and _QUOTES.get(text[0]) == text[-1]:
        return text[1:-1].strip()
    return text
