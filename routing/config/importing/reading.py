"""What was handed in, read once beside what is set here, for every choice that can be made. Pure.

Here is said whether it is a whole config.json or a part of one. What taking it in would do is
importer.py's to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from providers.spec.keyshapes import warnings_for
from providers.spec.kind import Specs
from providers.spec.masks import holds_mask, is_credential, is_mask
from routing.config.difference import Path, masked, same, shown_path, value_at, with_value
from routing.config.document import camel, get, part, provider_of, snake
from routing.config.edits import Current, exported
from routing.config.entries import (
    ABSENT,
    EMPTY,
    Entries,
    is_owned,
    named_in,
    own_names,
    read_entries,
    with_own,
)
from routing.config.export import Exported, Mode, in_mode, own_references
from routing.config.importing.answering import answered
from routing.config.importing.risks import Risk, risks_of
from routing.config.pasted import Ignored, Pasted, Warned
from routing.config.schema import Refused, near_misses, out_of_reach, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was handed in, beside what is set here; both are read once for all choices."""

    pasted: Pasted
    current: Current
    specs: Specs
    is_merge: bool
    kept: tuple[Path, ...]  # where a reference names a stored secret, which stays
    now: Exported  # what is set here, in plain
    incoming: Entries
    unmasked: tuple[Ignored, ...]
    warnings: tuple[Warned, ...]
    risks: tuple[Risk, ...]


def read_import(
    pasted: Pasted,
    current: Current,
    *,
    specs: Specs,
    is_merge: bool | None = None,
    keeps_keys: bool = True,
) -> Reading:
    """`is_merge` None: as what was handed in asks for (`is_part`). `keeps_keys`: where it has the
    reference that an export writes for a stored secret, that secret stays.

    Raises Refused for a document that the agent would not load.
    """
    now = exported(current, Mode.KEYS, specs)
    pasted = answered(pasted, now, specs) if pasted.named else pasted
    handed = whole(pasted.document, specs)
    if faults := problems(handed):
        raise Refused(faults)
    there = own_names(current.providers)
    specs = with_own(specs, (*there, *named_in(handed, there)))
    if is_merge is None:
        is_merge = is_part(pasted)
        if not is_merge and _is_own_redacted(handed, now, specs):
            is_merge, handed = True, {}  # it says nothing new
    document: Mapping[str, Any]
    document, unmasked, masks = _unmasked(handed, now.document, specs)
    incoming = read_entries(document, specs)
    kept = own_references(incoming, now, specs) if keeps_keys else ()
    document, kept = _resolved(document, kept, now, specs)
    incoming = read_entries(document, specs, incoming)
    said = read_entries(masked(document, kept), specs, incoming)
    return Reading(
        pasted=pasted,
        current=current,
        specs=specs,
        is_merge=is_merge or pasted.source != "config",
        kept=kept,
        now=now,
        incoming=incoming,
        unmasked=tuple(unmasked),
        warnings=(*pasted.warnings, *masks, *_near_misses(document), *_doubtful_keys(said, specs)),
        risks=risks_of(now.document, said, specs),
    )


def _is_own_redacted(handed: Mapping[str, Any], now: Exported, specs: Specs) -> bool:
    """Whether it is this site's own export in mode `redacted`. Without a mask it may as well be a
    whole config.json, and in another order the agent may take it otherwise."""
    if not holds_mask(handed):
        return False
    return json.dumps(handed) == json.dumps(in_mode(now, Mode.REDACTED, specs).document)


def _resolved(
    document: Mapping[str, Any], kept: tuple[Path, ...], now: Exported, specs: Specs
) -> tuple[Mapping[str, Any], tuple[Path, ...]]:
    """With the value itself where the file names one that only the imported document holds: nobody
    stores it, so the name would take its place. At another address it stays a name."""
    stored = []
    for keys in kept:
        entry = now.stored.get(provider_of(keys[1], specs))
        value = entry.value(camel(keys[2])) if entry else ABSENT
        if value.raw not in EMPTY:
            stored.append(keys)
        elif same(*(get(part(one, *keys[:2]), "apiBase") for one in (document, now.document))):
            document = with_value(document, keys, value_at(now.document, keys))
    return document, tuple(stored)


def is_part(pasted: Pasted) -> bool:
    """Whether it is a part of a config.json, which takes nothing away: what is no JSON, and a JSON
    that speaks of neither providers nor agents."""
    return pasted.source != "config" or not (
        "providers" in pasted.document or "agents" in pasted.document
    )


def whole(document: dict[str, Any], specs: Specs) -> dict[str, Any]:
    """The inside of "providers" alone is put where it belongs."""
    fields = {"api_key", "api_base", "extra_headers", "extra_body"}
    told = {name: value for name, value in document.items() if name[:1] not in ("_", "$")}
    fitting = [
        fields.intersection(map(snake, value)) if isinstance(value, dict) else set()
        for value in told.values()
    ]
    is_known = any(provider_of(name, specs) for name in told)
    if not fitting or not all(fitting) or not (is_known or all(len(one) > 1 for one in fitting)):
        return document
    others = {name: value for name, value in document.items() if name not in told}
    return {**others, "providers": told}


def _unmasked(
    incoming: Mapping[str, Any], now: Mapping[str, Any], specs: Specs
) -> tuple[dict[str, Any], list[Ignored], list[Warned]]:
    """Masks in parts that are not ours give way to what stands there now. Where nothing does, they
    come into the file, and the agent takes them for the value."""
    found: list[Path] = []
    masks: list[Path] = []

    def without(value: Any, keys: Path) -> Any:
        if isinstance(value, dict):
            return {key: without(item, (*keys, key)) for key, item in value.items()}
        if not holds_mask(value) or is_owned(keys[:3], specs):
            return value
        stands = value_at(now, keys)
        if stands is None or same(stands, value) or not is_mask(value):
            masks.append(keys)
            return value
        found.append(keys)
        return stands

    result = without(dict(incoming), ())
    ignored = [Ignored(shown_path(keys), "placeholder") for keys in found]
    return result, ignored, [Warned(shown_path(keys), "mask") for keys in masks]


def _near_misses(document: Mapping[str, Any]) -> Iterator[Warned]:
    for keys, reads in near_misses(document):
        yield Warned(shown_path(keys), "near_miss", {"name": keys[-1], "reads": reads})
    for keys, reads in out_of_reach(document):
        yield Warned(shown_path(keys), "out_of_reach", {"name": keys[-1], "reads": reads})


def _doubtful_keys(said: Entries, specs: Specs) -> Iterator[Warned]:
    """Keys that begin like another vendor's, and the like."""
    for entry in said.by_name.values():
        key = entry.value("apiKey")
        if isinstance(key.taken, str):
            for found in warnings_for(specs[entry.provider], key.taken):
                path = shown_path(("providers", entry.name, key.spelling))
                yield Warned(path, f"key_{found.code}", found.params)
        headers = entry.value("extraHeaders")
        for name, text in headers.taken.items() if headers.taken else ():
            if is_credential(text):
                path = shown_path(("providers", entry.name, headers.spelling, name))
                yield Warned(path, "key_credential")
