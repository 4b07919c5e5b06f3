"""What stands in the place of a secret: masks, examples, and names that only the agent resolves.

A mask that comes back says nothing new: it never takes the place of a secret. Pure.
"""

from __future__ import annotations

import re
from typing import Any, Final

MASK: Final = "***"
DOTS: Final = "••••••••"  # the same in a form

# ${NAME}: only the agent can resolve it, so it stays a reference.
_REFERENCE = re.compile(r"\$\{(?:[A-Za-z_]\w*|credentials\.[\w.-]+)\}", re.ASCII)

# What the agent's loader puts a value of its environment in for, anywhere in a text (inherited).
_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

# Other ways to write a variable, which the agent sends as they stand; the group is its name.
_NAME = r"([A-Za-z_][\w.-]*)"
_VARIABLES = re.compile(
    "|".join(
        (
            rf"\$(?:env:)?{_NAME}",  # shells
            rf"[%!]{_NAME}[%!]",  # cmd
            rf"\$?\{{\s*env:{_NAME}[^{{}}]*\}}",  # {env:X}, ${env:X}
            rf"\$\{{{_NAME}:?[-=?+][^{{}}]*\}}",  # ${X:-default}
            rf"\$?\{{\{{\s*(?:(?:secrets|env|vars)\.)?{_NAME}\s*\}}\}}",  # templates
            rf"\$\({_NAME}\)",  # Kubernetes
            rf"(?:os\.environ/|os\.environ\.|process\.env\.|import\.meta\.env\.|env[.:/]){_NAME}",
            rf"(?:os\.environ(?:\.get)?|os\.getenv|process\.env|ENV|env)[\[(]\s*['\"]?{_NAME}['\"]?[^\])]*[\])]",
            rf"\$\{{{_NAME}\}}",  # no name of a variable: ${a.b}
            r"\$\(.+\)|`.+`",  # what a command would print
        )
    ),
    re.ASCII | re.DOTALL,
)

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


def is_header_reference(text: str) -> bool:
    """The same behind a scheme word, as in a header: before a key the agent writes its own."""
    return is_reference(re.sub(r"^[A-Za-z]+ ", "", text))


def is_credential(text: str) -> bool:
    """A reference to the agent's credential store, which is resolved in the environment and the
    headers of MCP servers; of a provider's values that is not documented.

    Source: https://facio.bot/docs/configuration/credentials
    """
    return is_header_reference(text) and "${credentials." in text


def names_in(text: str) -> tuple[str, ...]:
    """The variables that the agent resolves in a text, wherever they stand in it."""
    return tuple(_NAMED.findall(text))


def variable_in(text: str) -> str:
    """The first of them; "" = there is none."""
    return next(iter(names_in(text)), "")


def is_mask(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[*•]{3,}", value) is not None


def is_placeholder(text: str) -> bool:
    """A mask or an example: never a secret, so it never takes the place of one."""
    return not is_header_reference(text) and _PLACEHOLDER.search(text) is not None


_NAMES_SECRET = re.compile(r"auth|cookie|key|pass|secret|token", re.IGNORECASE)


def is_example(name: str, text: str) -> bool:
    """A mask or an example in a header whose name promises a secret."""
    bare = re.sub(r"^(?:Bearer|Basic|Token)\s+", "", text, flags=re.IGNORECASE)
    return _NAMES_SECRET.search(name) is not None and is_placeholder(bare)


def holds_mask(value: Any) -> bool:
    """Whether a mask stands anywhere in a JSON value."""
    if isinstance(value, dict):
        return any(map(holds_mask, value.values()))
    return any(map(holds_mask, value)) if isinstance(value, list) else is_mask(value)


def variable_form(text: str) -> str:
    """The form that the agent reads, for a text that stands for a variable in another one; "" = it
    is no such text. A sign of these inside a key is only a sign.
    """
    if is_header_reference(text) or len(text) > 400:
        return ""
    found = _VARIABLES.fullmatch(re.sub(r"^Bearer\s+", "", text.strip(), flags=re.IGNORECASE))
    if found is None:
        return ""
    name = re.sub(r"\W", "_", next(filter(None, found.groups()), "NAME"))
    return f"${{{name}}}"
