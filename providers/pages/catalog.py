"""The catalog over all providers: its filters, its order, its rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from facio_site.accounts.roles import can_edit, editor_required, viewer_required
from facio_site.audit import record
from facio_site.templatetags.ui import short
from facio_site.web.cached import kept_page, kept_part
from providers.catalog.search import (
    ASIDE,
    IMAGE,
    MAKES_IMAGE,
    MAKES_VIDEO,
    REASONING,
    SORTS,
    TOOLS,
    Shelf,
    Wanted,
    shelf,
)
from providers.models import Provider, Task
from providers.pages.entries import COLUMNS, shown_entries
from providers.pages.refreshed import refreshed
from providers.pages.rounds import Progress, fetching
from providers.pages.uses import Uses, uses
from providers.work import queue

ROWS = 50
CONTEXTS = (8_000, 32_000, 128_000, 200_000, 1_000_000)
PRICES = (0, 0.5, 1, 3, 10)
SHOWS = {"": gettext_lazy("All"), "new": gettext_lazy("New"), "gone": gettext_lazy("Gone")}
FLAGS = {
    "image": (IMAGE, gettext_lazy("Reads images")),
    "makes-image": (MAKES_IMAGE, gettext_lazy("Makes images")),
    "makes-video": (MAKES_VIDEO, gettext_lazy("Makes video")),
    "tools": (TOOLS, gettext_lazy("Uses tools")),
    "reasoning": (REASONING, gettext_lazy("Reasoning")),
    "aside": (ASIDE, gettext_lazy("Embeddings and speech")),
}
AGES_HOLD_SECONDS = 60


@viewer_required
@require_safe
def catalog(request: HttpRequest) -> HttpResponse:
    round_ = fetching()  # before the lists: of a fetch that ends between them news will come
    full, news = shelf(), refreshed()
    wanted, page, used = _asked_for(request.GET, full)

    def context() -> dict[str, Any]:
        providers = Provider.objects.filter(catalog_at__isnull=False).order_by("name")
        return rows_context(full, wanted, page, used) | {
            "providers": [
                (row.name, row.spec.label, row.catalog_count, row.catalog_at) for row in providers
            ],
            "contexts": [(str(tokens), short(tokens)) for tokens in CONTEXTS],
            "prices": [(f"{price:g}", price) for price in PRICES],
            "shows": SHOWS.items(),
            "news": news,
            **_fetching_context(round_),
        }

    now = int(timezone.now().timestamp()) // AGES_HOLD_SECONDS
    key = (full.stamp, round_, news, used, now)
    return kept_page(request, "providers/catalog.html", context, key)


def _fetching_context(round_: Progress | None) -> dict[str, Any]:
    return {"fetching": round_, "pending": "fetching" if round_ and round_.is_pending else ""}


@editor_required
@require_POST
def fetch_all(request: HttpRequest) -> HttpResponse:
    """Fetch the lists of all configured providers side by side."""
    try:
        with transaction.atomic():
            providers = Provider.objects.checkable()
            queue.start_all(providers, Task.FETCH, user=request.user)
            record("catalog.fetched", actor=request.user, target="all", request=request)
    except queue.TooMany:
        messages.warning(request, _("Too many tests at once. Wait a minute, then try again."))
    else:
        if not providers:
            messages.info(request, _("Set up a provider first."))
    return redirect("providers:catalog")


def render_fetching(request: HttpRequest, _names: set[str]) -> str:
    """How far the round has come, to take the place of the old; at its end the rows come anew."""
    context = {**_fetching_context(fetching()), "oob": True}
    return render_to_string("providers/catalog.html#fetching", context, request)


@viewer_required
@require_GET
def catalog_rows(request: HttpRequest) -> HttpResponse:
    """The rows alone, as one types; the address bar follows."""
    full = shelf()
    wanted, page, used = _asked_for(request.GET, full)
    can_use = can_edit(request.user)
    response = kept_part(
        "providers/catalog.html#rows",
        lambda: {**rows_context(full, wanted, page, used), "can_use": can_use},
        (full.stamp, wanted, page, used, can_use),
    )
    address = _address(_fields(wanted), page=page if page > 1 else "")
    response["HX-Replace-Url"] = reverse("providers:catalog") + address
    return response


def rows_context(full: Shelf, wanted: Wanted, page: int, used: Uses) -> dict[str, Any]:
    """What is asked for and one page of what is found; `used` where that is asked for."""
    asked = _fields(wanted)
    total, found = full.find(wanted, (page - 1) * ROWS, page * ROWS)
    pages = _pages(total)
    return {
        "asked": asked,
        "is_filtered": any(value for name, value in asked.items() if name != "sort"),
        "entries": shown_entries(found, used),
        "flags": [(name, label, asked[name]) for name, (_flag, label) in FLAGS.items()],
        "total": total,
        "of": len(full.pks),
        "first": (page - 1) * ROWS + 1,
        "last": min(total, page * ROWS),
        "page": page,
        "pages": pages,
        "heads": [_head(asked, *column) for column in COLUMNS],
        "previous": _address(asked, page=page - 1 if page > 2 else "") if page > 1 else "",
        "next": _address(asked, page=page + 1) if page < pages else "",
    }


def _asked_for(query: QueryDict, full: Shelf) -> tuple[Wanted, int, Uses]:
    """What is wanted, which page of it, the last one at most, and what the routes use where that
    is asked for. Unknown values ask for nothing."""
    used = uses() if query.get("used") else {}
    wanted = _wanted(query, full.labels, used)
    page = _number(query.get("page"), (), 1) or 1
    return wanted, min(page, _pages(full.find(wanted)[0])) if page > 1 else 1, used


def _pages(total: int) -> int:
    return max(1, -(-total // ROWS))


def _wanted(query: QueryDict, names: Collection[str], used: Uses) -> Wanted:
    name, show, sort = query.get("provider", ""), query.get("show", ""), query.get("sort", "")
    price = query.get("price", "")
    return Wanted(
        text=" ".join(query.get("q", "")[:200].split()),
        provider=name if name in names else "",
        need=sum(flag for word, (flag, _label) in FLAGS.items() if query.get(word)),
        among=tuple(used) if query.get("used") else None,
        context=_number(query.get("context"), CONTEXTS, 0),
        price=float(price) if price in {f"{one:g}" for one in PRICES} else None,
        show=show if show in SHOWS else "",
        sort=sort if sort.removeprefix("-") in SORTS else "model",
    )


def _fields(wanted: Wanted) -> dict[str, str]:
    """The same as the fields of the filters hold it."""
    return {
        "q": wanted.text,
        "provider": wanted.provider,
        **{name: "on" if wanted.need & flag else "" for name, (flag, _label) in FLAGS.items()},
        "used": "" if wanted.among is None else "on",
        "context": str(wanted.context or ""),
        "price": "" if wanted.price is None else f"{wanted.price:g}",
        "show": wanted.show,
        "sort": "" if wanted.sort == "model" else wanted.sort,
    }


def _number(text: str | None, known: tuple[int, ...], default: int) -> int:
    number = int(text) if text and text.isdecimal() and len(text) < 10 else default
    return number if not known or number in known else default


def _address(asked: dict[str, str], **changed: Any) -> str:
    """The query of a page with these filters; "?" where it asks for nothing."""
    return "?" + urlencode({name: value for name, value in {**asked, **changed}.items() if value})


def _head(asked: dict[str, str], sort: str, label: Any, css: str) -> dict[str, Any]:
    """One column's head. A second press turns the order round; context begins with the largest,
    days with the latest."""
    if not sort:
        return {"label": label, "css": css}
    now = asked["sort"] or "model"
    is_down_first = sort in ("context", "released")
    turned = sort if now == f"-{sort}" else f"-{sort}"
    if now.removeprefix("-") != sort:
        turned = f"-{sort}" if is_down_first else sort
    states = {sort: "ascending", f"-{sort}": "descending"}
    href = _address({**asked, "sort": "" if turned == "model" else turned})
    return {"label": label, "css": css, "href": href, "state": states.get(now, "none")}
