"""References in a document that stand for keys which are stored here. Pure.

An export in mode `env` writes ${NAME} where a key is. When that file comes back, the name says
nothing new about the key: it counts as a mask, which never takes the place of a stored secret and
does not move it to another address either.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from providers.specs import ProviderSpec
from routing.config.difference import Path, value_at
from routing.config.document import snake
from routing.config.edits import Current, exported
from routing.config.export import Mode
from routing.config.owned import MASK, kind_of


def own_references(
    document: Mapping[str, Any], current: Current, specs: Mapping[str, ProviderSpec]
) -> tuple[Path, ...]:
    """Where `document` has exactly the reference that an export writes for a stored secret."""
    real = exported(current, Mode.KEYS, specs).document
    named = exported(current, Mode.ENV, specs).document
    return tuple(
        keys
        for keys, value in _leaves(document, specs)
        if isinstance(value, str)
        and value.startswith("${")
        and value == value_at(named, keys)
        and value != value_at(real, keys)
    )


def masked(document: Mapping[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """A copy with a mask at each of these paths that is there."""
    result = copy.deepcopy(dict(document))
    for *above, last in paths:
        here: Any = result
        for key in above:
            here = here.get(key) if isinstance(here, dict) else None
        if isinstance(here, dict) and last in here:
            here[last] = MASK
    return result


def _leaves(
    document: Mapping[str, Any], specs: Mapping[str, ProviderSpec]
) -> Iterator[tuple[Path, Any]]:
    """Each key and header of our kinds with its path, as the document spells it."""
    entries = document.get("providers")
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        if not kind_of(name, specs) or not isinstance(entry, dict):
            continue
        for key, value in entry.items():
            if snake(key) == "api_key":
                yield ("providers", name, key), value
            elif snake(key) == "extra_headers" and isinstance(value, dict):
                yield from (
                    (("providers", name, key, header), text) for header, text in value.items()
                )
