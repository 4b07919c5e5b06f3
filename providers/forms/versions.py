"""Two versions of a provider: what somebody entered, and what somebody else has saved since.

What was not touched follows what is saved now. What both set to different values is put side by
side, field by field, headers and parts of the body by name, to be chosen from; secrets only as
states. Nothing of either is lost before that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from facio_site.strictjson import BadDocument, read_json
from providers.forms.facts import EXPIRES, is_typed_in
from providers.forms.page import PageForm
from providers.forms.provider import initial_of
from providers.models import BODY, HEADERS, Entry, Provider
from providers.spec.kind import ProviderSpec
from providers.spec.masks import is_mask

SEEN, PICK = "seen", "pick-"  # what a page was made of; before the name of what was chosen
MINE, THEIRS = "mine", "theirs"
Seen = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clash:
    """One field, or one name in a mapping ("extra_headers:X-Team"), with both its values."""

    key: str
    label: str
    mine: str
    theirs: str
    pick: str = MINE
    has_choice: bool = True  # False: it was not touched here, so the other one stands

    @property
    def field(self) -> str:
        return self.key.partition(":")[0]


def seen_of(provider: Provider) -> str:
    """What is saved as the page is made: digests of plain values, moments of secrets, names."""
    stored = initial_of(provider.spec, provider)
    seen: dict[str, Any] = {name: _short(stored.get(name)) for name in plain_names(provider.spec)}
    seen |= {name: _set_at(provider, name) for name in _secret_names(provider.spec)}
    seen |= {name: [_set_at(provider, name), *provider.values.get(name, ())] for name in _MAPPINGS}
    return json.dumps(seen, separators=(",", ":"))


def read_seen(text: str) -> Seen:
    """{} = nothing that a page of ours has sent: then all of it counts as touched."""
    try:
        found = read_json(text.encode("utf-8", "replace")[:8_000])
    except BadDocument:
        return {}
    return found if isinstance(found, dict) else {}


def brought_forward(data: Any, provider: Provider, seen: Seen) -> Any:
    """What was sent, with what nobody touched on its page as it is saved now."""
    data, stored = data.copy(), initial_of(provider.spec, provider)
    for name in plain_names(provider.spec):
        if seen.get(name) == _short(data.get(name)):
            data[name] = _text(stored.get(name))
            if name == EXPIRES:
                data[f"initial-{EXPIRES}"] = data[name]
    for name in _MAPPINGS:
        names = list(seen.get(name, ()))[1:]
        if name in data and _text(data[name]) == _masked(provider.spec, name, names):
            data[name] = _text(stored.get(name))
        elif name in data:
            data[name] = _without_lost(name, str(data[name]), provider.values.get(name, ()))
    return data


def follow(mine: Entry, provider: Provider, seen: Seen) -> None:
    """Likewise for the secrets of values that were kept for a test."""
    for name in (*_secret_names(provider.spec), *_MAPPINGS):
        was = seen.get(name, "")
        if _set_at(mine, name) == (was[0] if isinstance(was, list) and was else was):
            mine.take(name, provider)


def clashes(mine: Entry, form: PageForm, seen: Seen, picks: Mapping[str, str]) -> list[Clash]:
    """All that differs from what is saved now, then what was taken over from it."""
    provider = form.provider
    found = [*_of_plain(mine, form), *_of_secrets(mine, form), *_of_mappings(mine, form)]
    open_ones = [
        Clash(one.key, one.label, one.mine, one.theirs, picks.get(one.key, MINE)) for one in found
    ]
    fields = {one.field for one in found}
    taken = taken_over(provider, form, seen)
    return [*open_ones, *(one for one in taken if one.field not in fields)]


def picks_of(data: Mapping[str, Any]) -> dict[str, str]:
    return {name.removeprefix(PICK): str(data[name]) for name in data if name.startswith(PICK)}


def settled(mine: Any, provider: Provider, picks: Mapping[str, str]) -> Any:
    """A copy of what was entered, with the saved one where that was chosen. Not stored."""
    chosen = copy(mine)
    chosen.values, chosen.sealed = dict(mine.values), dict(mine.sealed)
    for key, pick in picks.items():
        field, _colon, name = key.partition(":")
        if pick != THEIRS:
            continue
        if name:
            _settle_name(chosen, provider, field, name)
        elif field in plain_names(provider.spec):
            _settle_plain(chosen, provider, field)
        elif field in _secret_names(provider.spec):
            chosen.take(field, provider)
    return chosen


def with_settled(data: Any, chosen: Entry, picks: Mapping[str, str]) -> Any:
    """What was sent, with the fields that stood side by side as they were settled."""
    data, stored = data.copy(), initial_of(chosen.spec, chosen)
    for field in {key.partition(":")[0] for key in picks}:
        if field in stored:
            data[field] = _text(stored[field])
            if field == EXPIRES:
                data[f"initial-{EXPIRES}"] = data[field]
    return data


def _settle_plain(chosen: Entry, provider: Provider, field: str) -> None:
    if field == "api_base":
        chosen.api_base = provider.api_base
    elif field == EXPIRES:
        chosen.key_expires_on = provider.key_expires_on
    else:
        chosen.values.pop(field, None)
        if field in provider.values:
            chosen.values[field] = provider.values[field]


def _settle_name(chosen: Entry, provider: Provider, field: str, name: str) -> None:
    if field not in _MAPPINGS:
        return
    ours, saved = chosen.open_mapping(field), provider.open_mapping(field)
    ours.pop(name, None)
    if name in saved:
        ours[name] = saved[name]
    chosen.put_mapping(field, ours)


# Rows ---------------------------------------------------------------------------------------------


def _of_plain(mine: Entry, form: PageForm) -> Iterator[Clash]:
    ours, saved = (initial_of(form.spec, entry) for entry in (mine, form.provider))
    for name in plain_names(form.spec):
        one, other = _text(ours.get(name)), _text(saved.get(name))
        if one != other:
            yield Clash(name, _label(form, name), _shown(one), _shown(other))


def _of_secrets(mine: Entry, form: PageForm) -> Iterator[Clash]:
    provider = form.provider
    for name in _secret_names(form.spec):
        is_here, is_there = name in mine.sealed, name in provider.sealed
        if is_here != is_there or is_typed_in(mine, provider, name):
            yield Clash(name, _label(form, name), _told(mine, name), _told(provider, name))


def _of_mappings(mine: Entry, form: PageForm) -> Iterator[Clash]:
    for field in _MAPPINGS:
        ours, saved = mine.open_mapping(field), form.provider.open_mapping(field)
        for name in dict.fromkeys((*ours, *saved)):
            if ours.get(name) != saved.get(name) or (name in ours) != (name in saved):
                one, other = (_("set") if name in got else _("not there") for got in (ours, saved))
                yield Clash(f"{field}:{name}", f"{_label(form, field)}: {name}", one, other)


def taken_over(provider: Provider, form: PageForm, seen: Seen) -> Iterator[Clash]:
    stored, kept = initial_of(form.spec, provider), _("not changed")
    for name in plain_names(form.spec):
        if name in seen and seen[name] != _short(stored.get(name)):
            theirs = _shown(_text(stored.get(name)))
            yield Clash(name, _label(form, name), kept, theirs, THEIRS, has_choice=False)
    for name in _secret_names(form.spec):
        if name in seen and seen[name] != _set_at(provider, name):
            told = _told(provider, name)
            yield Clash(name, _label(form, name), kept, told, THEIRS, has_choice=False)
    for field in _MAPPINGS:
        was, now = list(seen.get(field, ()))[1:], provider.values.get(field, ())
        for name in dict.fromkeys((*was, *now)) if field in seen else ():
            if (name in was) != (name in now):
                told = _("set") if name in now else _("removed")
                label = f"{_label(form, field)}: {name}"
                yield Clash(f"{field}:{name}", label, kept, told, THEIRS, has_choice=False)


# Values -------------------------------------------------------------------------------------------

_MAPPINGS = (HEADERS, BODY)


def plain_names(spec: ProviderSpec) -> list[str]:
    return ["api_base", EXPIRES, *(item.name for item in spec.extra_fields if not item.is_secret)]


def _secret_names(spec: ProviderSpec) -> list[str]:
    return ["api_key", *(item.name for item in spec.extra_fields if item.is_secret)]


def _label(form: PageForm, name: str) -> str:
    return str(form.fields[name].label) if name in form.fields else name


def _told(entry: Entry, name: str) -> str:
    if name not in entry.sealed:
        return _("not there")
    hint = entry.sealed[name].get("hint", "")
    return f"{_('set')} …{hint}" if hint else _("set")


def _shown(text: str) -> str:
    return ", ".join(text.splitlines()) or "–"


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return str(value or "").replace("\r\n", "\n").strip()


def _short(value: Any) -> str:
    return hashlib.sha256(_text(value).encode("utf-8", "replace")).hexdigest()[:10]


def _set_at(entry: Entry, name: str) -> str:
    return str(entry.sealed.get(name, {}).get("set_at", ""))


def _masked(spec: ProviderSpec, name: str, names: list[str]) -> str:
    """What the field of a mapping shows where these names are stored."""
    blank = Provider(kind=spec.kind, name=spec.name, values={name: names})
    return _text(initial_of(spec, blank).get(name))


def _without_lost(field: str, text: str, stored: Any) -> str:
    """Without the masks of what nobody has any more: it was removed, and not typed here."""
    if field == HEADERS:
        pairs = [(line, line.partition(":")) for line in text.splitlines()]
        return "\n".join(
            line
            for line, (name, _colon, value) in pairs
            if not is_mask(value.strip()) or name.strip() in stored
        )
    try:
        body = read_json(text.encode("utf-8", "surrogatepass")) if text.strip() else {}
    except BadDocument:
        return text
    kept = {name: value for name, value in body.items() if not is_mask(value) or name in stored}
    return text if len(kept) == len(body) else json.dumps(kept, ensure_ascii=False)
