"""What a value of ours in an imported document means, and which values are left alone.

A value that no form here would take (a mask instead of a key, an address that is none) is not
understood: it is not stored, and an export leaves it in the document as it came. Pure.
"""

from __future__ import annotations

import json
import re
from typing import Any

from providers.dialects.adapters import Adapter, Entered
from providers.http import BadURL, check_headers
from providers.keyshapes import key_problem
from providers.specs import ProviderSpec
from routing.order import FACTS
from routing.rules import AUTO, known_name

MAX_BODY_BYTES = 64 * 1024
MAX_BASE = 2048
MAX_MODEL, MAX_PROVIDER = 300, 60

# ${NAME}, also behind a scheme word: only the agent can resolve it, so it stays a reference.
_REFERENCE = re.compile(r"(?:[A-Za-z]+ )?\$\{[A-Za-z_][\w.]*\}", re.ASCII)

# What stands in examples and masked exports instead of a secret.
_PLACEHOLDER = re.compile(
    r"""\*{3,} | [•…] | \.\.\. | ^<.*>$ | ^\[.*\]$ | (?:^|[-_])x{3,}$ | ^change[-_ ]?me
    | ^(?:your|my|insert|replace|paste|enter|add)[-_ ].*(?:key|token|secret|here)
    | ^(?:key|token|secret|api[-_ ]?key|redacted|placeholder|todo)$ | [-_ ]here$
    | ^[a-z]+[-_](?:your|my)[-_].*key""",
    re.IGNORECASE | re.VERBOSE,
)


def is_reference(text: str) -> bool:
    return _REFERENCE.fullmatch(text) is not None


def is_mask(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[*•]{3,}", value) is not None


def is_placeholder(text: str) -> bool:
    """A mask or an example: never a secret, so it never takes the place of one."""
    return not is_reference(text) and _PLACEHOLDER.search(text) is not None


def fault(spec: ProviderSpec, name: str, value: Any) -> str:
    """Why this value of an owned key is not understood; "" when it is, or when nothing is set.

    Codes: not_text, placeholder, bad_key, bad_base, bad_header, too_large, bad_value.
    """
    if value in (None, "", {}):
        return ""
    if name == "extraHeaders":
        return _headers_fault(value)
    if name == "extraBody":
        is_fine = isinstance(value, dict) and len(json.dumps(value)) <= MAX_BODY_BYTES
        return "" if is_fine else "too_large"
    if not isinstance(value, str):
        return "not_text"
    if any(item.config_key == name and not item.fits(value) for item in spec.extra_fields):
        return "bad_value"
    if is_reference(value):
        return ""
    if name == "apiKey":
        return "placeholder" if is_placeholder(value) else "bad_key" * bool(key_problem(value))
    if name == "apiBase":
        return "" if normal_base(spec, value) else "bad_base"
    return "" if len(value) <= MAX_BASE and value.isprintable() else "not_text"


def _headers_fault(value: Any) -> str:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        return "not_text"
    if any(is_placeholder(text) for text in value.values()):
        return "placeholder"
    try:
        check_headers(value.items())
    except ValueError:
        return "bad_header"
    return ""


def route_text(name: str, value: Any) -> str:
    """A model or provider of a route as it is kept here; "" when it is not set or not taken.

    "auto" is how a provider that is not set is written; known providers are named by their kind.
    """
    limit = MAX_PROVIDER if name.endswith("provider") else MAX_MODEL
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        return ""
    if not name.endswith("provider"):
        return value
    kind = known_name(value)
    return "" if value == AUTO else kind if kind in FACTS else value


def normal_base(spec: ProviderSpec, text: str) -> str:
    """An address in the form that calls use; "" when it is none."""
    try:
        return (spec.adapter or Adapter)(spec, Entered()).normalise_base(text)
    except BadURL:
        return ""


def meaning(spec: ProviderSpec, name: str, value: Any) -> Any:
    """A value in the form in which two of them are compared; None for all that means "not set":
    missing, null, empty, and a hosted kind's own default base."""
    if value in (None, "", {}):
        return None
    if name == "apiBase" and isinstance(value, str):
        base = normal_base(spec, value) or value
        default = spec.api_base and normal_base(spec, spec.api_base)
        return None if base == default and not spec.is_local else base
    return value
