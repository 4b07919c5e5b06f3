"""Catalog entries as pages show them, as rows of a table or items of a list.

Their markup stands in Python: a template takes ten times as long for a hundred rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from django.db.models import FloatField, TextField
from django.db.models.functions import Cast
from django.utils import formats
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from facio_site.templatetags.ui import short
from providers.catalog.search import Found
from providers.kinds import KINDS
from providers.models import CatalogEntry

USE = "/routing/?"  # the page above this app that takes a model for a route: ?use=...&kind=...


class ShownEntry(NamedTuple):
    """One entry in text that is ready to be shown, not yet escaped."""

    model_id: str
    name: str  # "" where it says no more than the id
    kind: str
    label: str
    context: str  # "200K", with a star where models.dev says so and not the provider
    media: str  # "text, image → text"
    price: str  # USD per million tokens in and out: "0.83 / 7.30"
    abilities: str  # "tools, reasoning"
    is_new: bool
    is_gone: bool
    retires: str  # a date
    use: str  # where it can be chosen for a route; "" where a route needs another name

    @property
    def facts(self) -> str:
        """What a model can and costs, in one line."""
        price = f"$ {self.price}" if "/" in self.price else self.price
        return " · ".join(filter(None, (self.context, self.media, price, self.abilities)))


# Lists and prices as the database keeps them: reading them is left to functions that remember.
_COLUMNS: tuple[Any, ...] = (
    "pk",
    "model_id",
    "name",
    "context_window",
    Cast("inputs", TextField()),
    Cast("outputs", TextField()),
    Cast("price_input", FloatField()),
    Cast("price_output", FloatField()),
    "tools",
    "reasoning",
    "retires_at",
    Cast("filled", TextField()),
)


def shown_entries(found: Sequence[Found]) -> list[ShownEntry]:
    """These entries, in their order; one query."""
    if not found:
        return []
    language = get_language() or ""
    pks = [one.pk for one in found]
    rows = CatalogEntry.objects.filter(pk__in=pks).order_by().values_list(*_COLUMNS)
    columns = {row[0]: row[1:] for row in rows}
    return [_entry(one, language, *columns[one.pk]) for one in found if one.pk in columns]


def _entry(
    found: Found,
    language: str,
    model_id: str,
    name: str,
    context_window: int | None,
    inputs: str | None,
    outputs: str | None,
    price_input: float | None,
    price_output: float | None,
    tools: bool | None,
    reasoning: bool | None,
    retires_at: date | None,
    filled: str,
) -> ShownEntry:
    price = ""
    if price_input == price_output == 0:
        price = _("free")
    elif price_input is not None or price_output is not None:
        price = f"{dollars(price_input, language)} / {dollars(price_output, language)}"
        price += "*" if '"price_input"' in filled else ""
    return ShownEntry(
        model_id=model_id,
        name="" if name.lower() == model_id.lower() else name,
        kind=found.kind,
        label=KINDS[found.kind].label,
        context=_tokens(context_window, language) + ("*" if '"context_window"' in filled else ""),
        media=_media(inputs or "[]", outputs or "[]", language),
        price=price,
        abilities=_abilities(bool(tools), bool(reasoning), language),
        is_new=found.is_new,
        is_gone=found.is_gone,
        retires=formats.date_format(retires_at, "DATE_FORMAT") if retires_at else "",
        use="" if KINDS[found.kind].has_deployments else use_link(model_id, found.kind),
    )


def use_link(model_id: str, kind: str) -> str:
    """Where this model of this provider can be chosen for a route."""
    return f"{USE}use={quote_plus(model_id)}&kind={kind}"


@lru_cache(maxsize=1000)
def _tokens(count: int | None, _language: str) -> str:
    return short(count)


@lru_cache(maxsize=2000)
def dollars(price: float | None, _language: str) -> str:
    """USD per million tokens: at least two places, more where a small price needs them."""
    if price is None:
        return "–"
    places = 2 if price == 0 or price >= 1 else 4
    text = f"{price:.{places}f}"
    while places > 2 and text.endswith("0"):
        text, places = text[:-1], places - 1
    return str(formats.number_format(Decimal(text), places))


@lru_cache(maxsize=500)
def _media(inputs: str, outputs: str, _language: str) -> str:
    """Two JSON lists in words."""
    words = {
        "text": pgettext("input or output of a model", "text"),
        "image": pgettext("input or output of a model", "image"),
        "audio": pgettext("input or output of a model", "audio"),
        "video": pgettext("input or output of a model", "video"),
        "file": pgettext("input or output of a model", "file"),
        "pdf": "PDF",
        "embedding": pgettext("input or output of a model", "embedding"),
    }
    sides = [
        ", ".join(words.get(name, name) for name in json.loads(x) or ()) for x in (inputs, outputs)
    ]
    return " → ".join(filter(None, sides))


@lru_cache(maxsize=16)
def _abilities(tools: bool, reasoning: bool, _language: str) -> str:
    words = ((tools, _("tools")), (reasoning, _("reasoning")))
    return ", ".join(word for is_there, word in words if is_there)


# Markup -----------------------------------------------------------------------------------------


def table_rows(entries: Iterable[ShownEntry]) -> SafeString:
    """<tr>s of the catalog; what does not fit on a phone stands there under the id."""
    use, rows = escape(_("Use")), []
    for one in entries:
        model, label = escape(one.model_id), escape(one.label)
        small = " · ".join(filter(None, (label, escape(one.facts))))
        act = f'<a class="btn btn-sm" href="{escape(one.use)}" aria-label="{use} {model}">{use}</a>'
        rows.append(
            f'<tr><th scope="row"><span class="model-id">{model}</span>{_chips(one)}'
            f'<small>{escape(one.name)}<span class="only-phone">{" · " * bool(one.name)}{small}'
            f'</span></small></th><td class="hide-phone"><a href="/providers/{one.kind}/">{label}'
            f'</a></td><td class="num hide-phone">{one.context}</td>'
            f'<td class="hide-phone">{escape(one.media)}</td>'
            f'<td class="num hide-phone">{one.price}</td>'
            f'<td class="hide-narrow">{one.abilities}</td>'
            f'<td class="act">{act if one.use and not one.is_gone else ""}</td></tr>'
        )
    return mark_safe("".join(rows))  # noqa: S308 - each part is escaped above


def list_items(entries: Iterable[ShownEntry]) -> SafeString:
    """<li>s of one provider's list."""
    use = escape(_("Use"))
    items = [
        f'<li class="model"><span class="model-id">{(model := escape(one.model_id))}{_chips(one)}'
        f'</span><span class="model-facts">{escape(one.facts)}</span>'
        + (
            f'<a class="btn btn-sm model-act" href="{escape(one.use)}" aria-label="{use} {model}">'
            f"{use}</a></li>"
            if one.use
            else "</li>"
        )
        for one in entries
    ]
    return mark_safe("".join(items))  # noqa: S308 - each part is escaped above


def _chips(one: ShownEntry) -> str:
    chips = ""
    if one.is_new:
        chips += f' <span class="chip" data-tone="ok">{escape(_("new"))}</span>'
    if one.is_gone:
        chips += f' <span class="chip" data-tone="warn">{escape(_("gone"))}</span>'
    if one.retires:
        words = escape(_("until %s") % one.retires)
        chips += f' <span class="chip" data-tone="warn">{words}</span>'
    return chips
