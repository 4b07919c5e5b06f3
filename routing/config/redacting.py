"""A config.json without its secrets: as a file to hand out, and as a page shows it. Pure.

Here only what is set here; what a look tells of a secret is clear.py's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from providers.spec.kind import Specs
from providers.spec.masks import MASK, is_header_reference, is_reference
from routing.config.clear import told
from routing.config.document import is_beside, snake
from routing.config.entries import is_owned

Path = tuple[str, ...]


def redacted(value: Mapping[str, Any], specs: Specs) -> dict[str, Any]:
    """What is ours, without secrets and what looks like one."""
    return _ours(value, specs, _redacted_field, None)


def shown_document(value: Mapping[str, Any], specs: Specs) -> dict[str, Any]:
    """The same for a page: references stay, and what is not ours is named."""
    return _ours(value, specs, _shown_field, "…")


def _ours(
    value: Mapping[str, Any],
    specs: Specs,
    look: Callable[[Path, Any], Any],
    others: str | None,
    path: Path = (),
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, item in value.items():
        here = (*path, key)
        ours = is_owned(here, specs)
        if ours is None and isinstance(item, dict):
            kept[key] = _ours(item, specs, look, others, here)
        elif ours and not is_beside(value, key):
            kept[key] = look(here, item)
        elif others is not None:
            kept[key] = others
    return kept


def _redacted_field(keys: Path, value: Any) -> Any:
    name = snake(keys[-1])
    if name in ("api_key", "extra_headers", "extra_body"):
        return _masked(value)
    if name == "api_base" and re.search(r"[@?#]", str(value)):
        return MASK  # more than an address: it may carry a password or a token
    # The whole gives way to a part that is hidden: no import takes the rest for a value.
    return value if told(value, keys) == value else MASK


def _shown_field(keys: Path, value: Any) -> Any:
    if isinstance(value, str) and is_reference(value):
        return value
    if snake(keys[-1]) == "extra_headers" and isinstance(value, dict):
        return {n: v if is_header_reference(str(v)) else MASK for n, v in value.items()}
    return _redacted_field(keys, value)


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value if value is None or value == "" else MASK
