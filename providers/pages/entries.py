"""Catalog entries in the words that pages show; templates/providers/_entries.html draws them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypedDict
from urllib.parse import quote_plus

from django.conf import settings
from django.db.models import FloatField, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from facio_site.templatetags.ui import short
from providers.catalog.search import Found
from providers.kinds import KINDS
from providers.models import CatalogEntry

# The page above this app with the routes that can take a model: ?use=...&kind=...
USE = f"{settings.BASE_PATH}/routing/use/?"
# Of the table: what it is sorted by ("" = it is not), its head, how it shows.
COLUMNS = (
    ("model", gettext_lazy("Model"), ""),
    ("provider", gettext_lazy("Provider"), "hide-phone"),
    ("context", gettext_lazy("Context"), "num hide-phone"),
    ("", gettext_lazy("In → out"), "hide-phone"),
    ("price", gettext_lazy("$ in / out"), "num hide-phone"),
    ("", gettext_lazy("Abilities"), "hide-narrow"),
    ("released", gettext_lazy("Released"), "num hide-narrow"),
)
HEADS = [{"label": label, "css": css} for sort, label, css in COLUMNS if sort != "provider"]


class ShownEntry(TypedDict):
    """One entry in text that is ready to be shown, not escaped.

    A dictionary: templates read its keys a quarter faster than attributes.
    """

    model_id: str
    name: str  # "" where it says no more than the id
    provider: str  # by name
    label: str
    page: str  # of its provider
    context: str  # "200K", with a star where models.dev says so and not the provider
    media: str  # "text, image → text"
    price: str  # USD per million tokens in and out: "0.83 / 7.30"
    abilities: str  # "tools, reasoning"
    released: str  # "Aug 2025"
    facts: str  # what it can and costs, in one line
    is_new: bool
    is_gone: bool
    retires: str  # a date
    is_retired: bool  # that day is over
    is_marked: bool  # one of these three, or in use
    use: str  # where it can be put to use; "" where a route needs another name
    routes: str  # that use it: "Main, Vision"; told where it is asked for


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
    "released_on",
    Cast("filled", TextField()),
)


def shown_entries(
    found: Sequence[Found], uses: Mapping[int, str] | None = None
) -> list[ShownEntry]:
    """These entries, in their order; one query. `uses`: the routes of an entry by its key."""
    if not found:
        return []
    language = get_language() or ""
    pks = [one.pk for one in found]
    rows = CatalogEntry.objects.filter(pk__in=pks).order_by().values_list(*_COLUMNS)
    columns = {row[0]: row[1:] for row in rows}
    told = uses or {}
    return [
        _entry(one, told.get(one.pk, ""), language, *columns[one.pk])
        for one in found
        if one.pk in columns
    ]


def _entry(
    found: Found,
    routes: str,
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
    released_on: date | None,
    filled: str,
) -> ShownEntry:
    price = ""
    if price_input == price_output == 0:
        price = _("free")
    elif price_input is not None or price_output is not None:
        price = f"{dollars(price_input, language)} / {dollars(price_output, language)}"
        price += "*" if '"price_input"' in filled else ""
    context = _tokens(context_window, language) + ("*" if '"context_window"' in filled else "")
    media = _media(inputs or "[]", outputs or "[]", language)
    abilities = _abilities(bool(tools), bool(reasoning), language)
    retires = formats.date_format(retires_at, "DATE_FORMAT") if retires_at else ""
    released = _month(released_on, language)
    in_dollars = f"$ {price}" if "/" in price else price
    facts = filter(None, (context, media, in_dollars, abilities, released))
    return ShownEntry(
        model_id=model_id,
        name="" if name.lower() == model_id.lower() else name,
        provider=found.provider,
        label=found.label,
        page=_page(found.provider),
        context=context,
        media=media,
        price=price,
        abilities=abilities,
        released=released,
        facts=" · ".join(facts),
        is_new=found.is_new,
        is_gone=found.is_gone,
        retires=retires,
        is_retired=bool(retires_at and retires_at < timezone.now().date()),
        is_marked=found.is_new or found.is_gone or bool(retires or routes),
        use="" if _has_deployments(found.provider) else use_link(model_id, found.provider),
        routes=routes,
    )


def use_link(model_id: str, provider: str) -> str:
    """Where this model of this provider can be chosen for a route."""
    return f"{USE}use={quote_plus(model_id)}&kind={quote_plus(provider)}"


def _has_deployments(provider: str) -> bool:
    return provider in KINDS and KINDS[provider].has_deployments


@lru_cache(maxsize=64)
def _page(provider: str) -> str:
    return reverse("providers:detail", args=[provider])


@lru_cache(maxsize=1000)
def _month(day: date | None, _language: str) -> str:
    return formats.date_format(day, "M Y") if day else ""


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


def media_words(inputs: list[str] | None, outputs: list[str] | None) -> str:
    """What a model takes and what it makes; "" = nobody says."""
    return _media(json.dumps(inputs or []), json.dumps(outputs or []), get_language() or "")


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
        "transcription": pgettext("input or output of a model", "text"),
        "embedding": pgettext("input or output of a model", "embedding"),
    }
    sides = [
        ", ".join(words.get(name, name) for name in json.loads(x) or ()) for x in (inputs, outputs)
    ]
    return "\u00a0→\u00a0".join(filter(None, sides))  # a line breaks between words, not here


@lru_cache(maxsize=16)
def _abilities(tools: bool, reasoning: bool, _language: str) -> str:
    words = ((tools, _("tools")), (reasoning, _("reasoning")))
    return ", ".join(word for is_there, word in words if is_there)
