"""Texts of NAME=value lines: the .env beside config.json. Pure.

Not here: which names there are and what they mean (export.py, importer.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class Lines:
    """What a .env text says. `bad` are the numbers of lines that say nothing readable."""

    values: Mapping[str, str] = field(repr=False)
    bad: tuple[int, ...]


_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def read_env(text: str) -> Lines:
    """NAME=value lines, as Docker Compose reads them, except that nothing is expanded.

    The last line of a name counts. Values that span lines are not read.
    """
    values: dict[str, str] = {}
    bad = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        value = _unquoted(match[2].strip()) if match else None
        if match and value is not None:
            values[match[1]] = value
        else:
            bad.append(number)
    return Lines(values, tuple(bad))


def _unquoted(text: str) -> str | None:
    """None when a quote is never closed."""
    if text.startswith("'"):
        match = _SINGLE.fullmatch(text)
        return match[1] if match else None
    if text.startswith('"'):
        match = _DOUBLE.fullmatch(text)
        if not match:
            return None
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), match[1])
    return re.split(r"\s#", text, maxsplit=1)[0].rstrip()
