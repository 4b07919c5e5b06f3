"""The .env beside config.json: its text, and the names that it must have. Pure.

Not here: which names a secret gets and what they mean (export.py, pasted/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from providers.spec.masks import names_in
from providers.spec.secret import Secret
from routing.config.document import texts
from routing.config.export import Exported, Mode
from routing.config.schema import as_read


@dataclass(frozen=True, slots=True)
class Needed:
    """A name that the agent's environment must hold."""

    name: str
    paths: tuple[str, ...]  # what refers to it in the file; () = the agent reads it unasked
    is_stored: bool  # whether its value is known here


def needed_names(exported: Exported) -> tuple[Needed, ...]:
    """All names in order, for the file as the agent reads it. A redacted one is not for one."""
    if exported.mode is Mode.REDACTED:
        return ()
    found: dict[str, list[str]] = {name: [] for name in exported.env}
    for path, text in texts(as_read(exported.document)):
        for name in names_in(text):
            found.setdefault(name, []).append(path)
    return tuple(
        Needed(name, tuple(dict.fromkeys(paths)), name in exported.env)
        for name, paths in sorted(found.items())
    )


def env_text(env: Mapping[str, Secret]) -> str:
    """One NAME=value a line, in the order given, quoted for Docker Compose where needed."""
    return "".join(f"{name}={_quoted(secret.reveal())}\n" for name, secret in env.items())


def _quoted(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_./:+=@%,~-]*", text):
        return text
    if "'" not in text and "\n" not in text:
        return f"'{text}'"
    escaped = re.sub(r'([\\"$])', r"\\\1", text).replace("\n", "\\n")
    return f'"{escaped}"'
