"""Texts of NAME=value lines: the .env beside config.json. Pure.

Not here: which names there are and what they mean (export.py, pasted/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.spec.secret import Secret


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
