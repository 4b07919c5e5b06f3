"""What of a config.json may be shown in clear, and what stands for its secrets. Pure.

A secret is known by the name that it stands under (a key, a token, a password, a header) and by
its look: a word that looks like a key is hidden wherever it stands, also in the arguments of a
command. Numbers, switches, addresses and plain texts are told. Kept out: who may look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from providers.spec.keyshapes import SHAPES
from providers.spec.masks import MASK, is_header_reference, is_mask, names_in, variable_form
from routing.config.document import snake

HIDDEN: Any = object()  # a whole value that is a secret

_SECRET = frozenset(
    (
        *("key", "keys", "apikey", "apikeys", "token", "tokens", "secret", "secrets", "password"),
        *("passwords", "passwd", "passphrase", "pass", "pwd", "pin", "otp", "auth", "credential"),
        *("authorization", "credentials", "cookie", "cookies", "bearer", "pat", "jwt", "private"),
        *("signature", "webhook"),
    )
)
_ENDS = ("apikey", "token", "secret", "password", "passwd")
_NUMBERS = frozenset(("password", "passwd", "passphrase", "pwd", "pin", "otp", "secret"))
# What ends in one of these is about a secret and holds none.
_ABOUT = frozenset(
    (
        *("file", "path", "dir", "folder", "env", "name", "type", "mode", "count", "limit", "size"),
        *("budget", "ttl", "timeout", "url", "uri", "host", "port", "header", "prefix", "window"),
        *("enabled", "required", "algorithm", "provider", "model"),
    )
)
_HEADERS = frozenset(("headers", "extra_headers"))
_VARIABLES = frozenset(("env", "extra_query"))
_HOLDERS = frozenset(("secrets", "credentials", "tokens", "passwords", "keys", "api_keys"))
_MODELS = frozenset(("model", "models", "fallback_models", "provider", "id"))

_PREFIXES = tuple(shape.prefix for shape in SHAPES)
_WORD = re.compile(r"""[^\s/?&=:,;@"'()<>\[\]{}|]{9,}""")
_RUN = re.compile(r"(?<![A-Za-z0-9])(?=[0-9]*+[A-Za-z])(?=(?:[A-Za-z]*+[0-9]){2})[A-Za-z0-9]{16,}+")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_SCHEME = re.compile(r"\b(bearer|basic)(\s+)(?!\$\{)[^\s\"',;]+", re.IGNORECASE)
_FLAG = re.compile(r"-{1,2}[A-Za-z][\w-]*")
_FLAGGED = re.compile(r"(?<![\w-])(-{1,2}[A-Za-z][\w-]*+)(\s+)(?!-|\$\{)([^\s\"']+)")
_NAMED = re.compile(r"(?<![\w.-])(-*+[A-Za-z_][\w.-]*+)(\s*[=:]\s*)(?!\$\{|//)([^\s&;,\"']+)")
_PLAIN_WORD = re.compile(r"[A-Za-z_.-]{0,24}|-?[0-9.:]{0,15}|[~.]?/.*|https?://.*")


def told(value: Any, keys: tuple[str, ...] = ()) -> Any:
    """`value`, which stands at `keys`, as it may be shown: HIDDEN for a secret, with MASK for one
    inside it and for a mask; what is a reference stays."""
    if isinstance(value, dict):
        inner = {key: told(item, (*keys, key)) for key, item in value.items()}
        return {key: MASK if item is HIDDEN else item for key, item in inner.items()}
    if isinstance(value, list):
        found = [told(item, keys) for item in value]
        if value and all(item is HIDDEN for item in found):
            return HIDDEN
        found = [MASK if item is HIDDEN else item for item in found]
        return [_argument(found[at - 1] if at else "", item) for at, item in enumerate(found)]
    if isinstance(value, str):
        return _text(value, keys)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return HIDDEN if is_number and keys and _words(keys[-1])[-1:] in _NUMBER_ENDS else value


_NUMBER_ENDS = frozenset((word,) for word in _NUMBERS)


def _text(text: str, keys: tuple[str, ...]) -> Any:
    if not text or is_header_reference(text) or variable_form(text):
        return text
    if is_mask(text):
        return MASK
    if _is_secret_at(keys, text):
        return HIDDEN
    if keys and (snake(keys[-1]) in _MODELS or keys[:2] == ("agents", "defaults")):
        return HIDDEN if text.startswith(_PREFIXES) and len(text) > 15 else text
    return clear_text(text)


def all_masked(value: Any) -> Any:
    """With a mask for each value in it; its shape, its names and what is empty stay."""
    if isinstance(value, dict):
        return {key: all_masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [all_masked(item) for item in value]
    return value if value is None or value == "" else MASK


def in_clear(value: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a secret stands as it is, as far as its name or its look tells. A name of the
    environment tells nothing; what stands beside one may."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from in_clear(item, (*keys, key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        yield from dict.fromkeys(found for item in value for found in in_clear(item, keys))
    elif isinstance(value, str) and names_in(value):
        around = re.sub(r"\$\{\w+\}", " ", value)
        is_more = re.search(r"\d|\w{13}", around)  # than the words of a scheme
        if is_more and (_is_secret_at(keys, value) or clear_text(value) != value):
            yield keys
    elif not is_mask(value) and told(value, keys) != value:
        yield keys


def _is_secret_at(keys: tuple[str, ...], text: str) -> bool:
    names = [snake(key) for key in keys]
    if _HEADERS.intersection(names[:-1]) or _HOLDERS.intersection(names[:-1]):
        return True
    if names and is_secret_name(keys[-1]):
        return not (names[-1].endswith("tokens") and text.isdigit())
    is_variable = bool(_VARIABLES.intersection(names[:-1]))
    return is_variable and _PLAIN_WORD.fullmatch(text) is None


def clear_text(text: str) -> str:
    """A text with a mask over each part that looks like a key or a password."""
    if len(text) < 9 and "=" not in text and ":" not in text:
        return text
    text = _USER.sub(f"{MASK}@", text)
    text = _SCHEME.sub(rf"\1\2{MASK}", text)
    text = _FLAGGED.sub(_named, _NAMED.sub(_named, text))
    return _WORD.sub(lambda word: MASK if _is_keylike(word[0]) else word[0], text)


def _named(found: re.Match[str]) -> str:
    name, between, value = found.groups()
    if not is_secret_name(name) or value.lower() in ("bearer", "basic"):
        return found[0]
    return found[0] if value.isdigit() and len(value) < 7 else f"{name}{between}{MASK}"


def _argument(before: Any, item: Any) -> Any:
    """An argument of a command behind the one that names it, as in --token VALUE."""
    if not isinstance(item, str) or not isinstance(before, str) or item.startswith("-"):
        return item
    is_named = _FLAG.fullmatch(before) and is_secret_name(before)
    return MASK if is_named and not is_header_reference(item) else item


def _is_keylike(word: str) -> bool:
    if word.startswith(_PREFIXES) or word.startswith("sk-"):
        return len(word) > 11
    return bool(_RUN.search(word) or _UUID.search(word))


@lru_cache(maxsize=2048)
def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is a secret: apiKey, BOT_TOKEN, --password."""
    words = _words(name)
    if not words or words[-1] in _ABOUT:
        return False
    return bool(_SECRET.intersection(words)) or words[-1].endswith(_ENDS)


@lru_cache(maxsize=2048)
def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", snake(name)))
