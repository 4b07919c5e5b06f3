"""What stands in the place of a secret: masks, examples, and names that only the agent resolves.

A mask that comes back says nothing new: it never takes the place of a secret. Pure.
"""

from __future__ import annotations

import re
from typing import Any, Final

MASK: Final = "***"
DOTS: Final = "••••••••"  # the same in a form

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
