"""What a pasted key looks like: tidy it, refuse what cannot be sent, warn about the rest. Pure.

A warning never blocks: prefixes are the vendors' habit, not a promise. Only text that no HTTP
header can carry is a problem. Codes, not sentences: wording.py has those.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from providers.spec.kind import ProviderSpec
from providers.spec.masks import is_credential, variable_form
from providers.spec.signs import odd_sign, trimmed


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
    "leftover",  # a comma or semicolon behind it
    "bearer",
    "credential",  # a reference that the agent may not resolve there
)
PROBLEMS = (
    *("too_long", "control", "variable", "masked", "invisible", "full_width", "non_ascii"),
    *("quote", "blank"),
)
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

# NAME= as a shell, an .env file or a program has it; "name": as JSON, YAML or a header has it.
_FIELD = r"[A-Za-z_][A-Za-z0-9_.-]{0,60}"
_EXPORT = re.compile(
    r"^(?:export\s+|set\s+|setx\s+|\$env:)?[A-Za-z_][A-Za-z0-9_.]*\s*=\s*(?=[^\s=])"
    r"|^[\"'`“„‟]" + _FIELD + r"[\"'`“”‟]\s*(?::|=>?)\s*(?=\S)"
    r"|^" + _FIELD + r"\s*:(?:\s+(?=\S)|(?=[\"'`“„‟‘«]))"
    r"|^(?i:(?:x-)?(?:goog-)?api-key):(?=\S)"
)
_BEARER = re.compile(r"^(?:authorization\s*:\s*)?bearer\s+", re.IGNORECASE)
_QUOTES = "\"'`“”„‟‘’‚‛«»‹›＂＇"
_MASKS = re.compile(r"[•●∙⬤◦·▪■⋆∗✱…]|\*{3}|\.{3}")


def clean_key(text: str) -> str:
    """The key inside what was pasted: without what no eye sees at its ends, quotes, a comma or
    semicolon behind it, `Bearer`, `export NAME=`, `"name":`, the braces around these.

    The text after an equals sign counts as the key only when a name stands before it, so that a
    key which ends in base64 padding stays whole.
    """
    if len(text) > 2 * MAX_LENGTH:
        return text
    text = trimmed(text)
    while True:
        before = text
        for cut in (_without_name, _without_leftover, _unquoted, _without_braces):
            text = trimmed(cut(text))
        if text == before:
            return text


def _without_name(text: str) -> str:
    return _BEARER.sub("", _EXPORT.sub("", text, count=1), count=1)


def _without_leftover(text: str) -> str:
    return text.rstrip(",;，；、 ")


def _without_braces(text: str) -> str:
    has_braces = text[:1] == "{" and text[-1:] == "}" and not variable_form(text)
    return text[1:-1] if has_braces else text


def _unquoted(text: str) -> str:
    """Without quotes at either end, be they a pair or not, and what escapes them."""
    start, end = 0, len(text)
    while start < end and (text[start] in _QUOTES or text[start : start + 2] in ('\\"', "\\'")):
        start += 1
    while start < end and text[end - 1] in _QUOTES:
        end -= 1
    return text[start:end].rstrip("\\") if end < len(text) else text[start:end]


def key_problem(text: str) -> str:
    """Why this key cannot be sent at all (one of PROBLEMS); "" = it can."""
    return problem_of(text)[0]


def problem_of(text: str) -> tuple[str, dict[str, Any]]:
    """The same, with what its sentence tells: the place of a sign from 1 on, and its name."""
    if len(text) > MAX_LENGTH:
        return "too_long", {}
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        return "control", {}
    if form := variable_form(text):
        return "variable", {"form": form}
    if _MASKS.search(text):
        return "masked", {}
    sign, told = odd_sign(text)
    if sign:
        return (sign if sign in PROBLEMS else "non_ascii"), told
    quote = next((place for place, char in enumerate(text, start=1) if char in _QUOTES), 0)
    if quote:
        return "quote", {"at": quote}
    return ("blank" if " " in text else ""), {}


def warnings_for(spec: ProviderSpec, key_text: str) -> list[KeyWarning]:
    """What is odd about a key as it was pasted, most telling first; [] = nothing.

    Kinds that may stand in front of any vendor (custom and local servers) are not told that a key
    belongs to another one.
    """
    found: list[KeyWarning] = []
    pasted, key = trimmed(key_text), clean_key(key_text)
    if key.startswith("${"):
        return [KeyWarning("credential")] if is_credential(key) else found
    if re.match(r"https?://", key, re.IGNORECASE):
        found.append(KeyWarning("url"))
    else:
        found += _by_prefix(spec, key)
    if _EXPORT.match(pasted):
        found.append(KeyWarning("export"))
    value = trimmed(_EXPORT.sub("", pasted, count=1))
    plain = trimmed(_without_leftover(value))
    if _unquoted(plain) != plain:
        found.append(KeyWarning("quotes"))
    if plain != value:
        found.append(KeyWarning("leftover"))
    if _BEARER.match(trimmed(_unquoted(pasted))):
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
