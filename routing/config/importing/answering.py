"""A .env beside what is set here: the values of the names that an export refers to. Pure.

What a name means by itself, such as OPENAI_API_KEY, pasted/names.py says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from providers.spec.kind import Specs
from providers.spec.masks import is_placeholder, is_reference, names_in, variable_form
from routing.config.document import get, key_of, part, provider_of, texts
from routing.config.entries import with_own
from routing.config.export import Exported, Mode, in_mode
from routing.config.pasted import Ignored, Pasted

Place = tuple[str, str]  # a provider and one of its headers, "" = its key


def answered(pasted: Pasted, now: Exported, specs: Specs) -> Pasted:
    """With each value where an export of what is set here has nothing but its name.

    Not beside a new address: nothing stored goes along with that.
    """
    specs = with_own(specs, now.stored)
    written = in_mode(now, Mode.ENV, specs).document
    places = dict(_places(written, specs))
    document: dict[str, Any] = dict(pasted.document)
    left: dict[str, Ignored | None] = {}
    for name, secret in pasted.named.items():
        value = secret.reveal()
        is_value = not (is_reference(value) or variable_form(value) or is_placeholder(value))
        here = [place for place, named in places.items() if named == name]
        moved = [of for of, _ in here if key_of(part(document, "providers", of), "apiBase")]
        if here and (beside := _address_beside(name, pasted)):
            left[name] = Ignored(name, "key_without_base", {"name": beside})
        elif here and is_value and not moved:
            left[name] = None
            for place in here:
                document = _with(document, place, value, now, specs)
        elif path := next((path for path, text in texts(written) if name in names_in(text)), ""):
            left[name] = Ignored(name, "named_in_file", {"path": path})
    told = (
        left.get(one.path, one) if one.code == "unknown_name" else one for one in pasted.ignored
    )
    return replace(pasted, document=document, ignored=tuple(one for one in told if one))


def _address_beside(name: str, pasted: Pasted) -> str:
    """The variable of the same provider that holds an address which nothing here knows."""
    stem = re.sub(r"_HEADER_.*$|(?:_API)?_KEY(?:_\d+)?$", "", name)
    others = (one for one in pasted.named.items() if one[0] != name)
    return next(
        (
            other
            for other, secret in others
            if other.startswith(f"{stem}_") and re.match(r"\w+://", secret.reveal())
        ),
        "",
    )


def _places(document: Mapping[str, Any], specs: Specs) -> Iterator[tuple[Place, str]]:
    """Each key and header of ours that is nothing but the name of a variable, with that."""
    for entry, raw in part(document, "providers").items():
        name = provider_of(entry, specs)
        if not name or not isinstance(raw, dict) or specs[name].is_oauth:
            continue
        headers = get(raw, "extraHeaders")
        found = {"": get(raw, "apiKey"), **(headers if isinstance(headers, dict) else {})}
        for header, text in found.items():
            if isinstance(text, str) and is_reference(text) and names_in(text):
                yield (name, header), names_in(text)[0]


def _with(
    document: Mapping[str, Any], place: Place, value: str, now: Exported, specs: Specs
) -> dict[str, Any]:
    """The document with this value; beside a header stand the others, which would go else."""
    name, header = place
    entries = part(document, "providers")
    entry = dict(entries.get(name, {}))
    if header:
        stands = (
            get(raw, "extraHeaders")
            for key, raw in part(now.document, "providers").items()
            if provider_of(key, specs) == name and isinstance(raw, dict)
        )
        others = next((found for found in stands if isinstance(found, dict)), {})
        entry["extraHeaders"] = {**others, **entry.get("extraHeaders", {}), header: value}
    else:
        entry["apiKey"] = value
    return {**document, "providers": {**entries, name: entry}}
