"""How much needs attention, for the navigation. The apps above the site know it and say so by
`NEEDS_ATTENTION` and `NEWS_FOR`; here both are asked once for each request."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.module_loading import import_string


class Needed(NamedTuple):
    """Causes by the page that mends them; each stands in one of them, those of the system itself in
    the overview. `alerts` are those that this person has not seen."""

    providers: int = 0
    routes: int = 0
    config: int = 0
    system: int = 0
    alerts: int = 0


def needed(request: HttpRequest | None) -> Needed:
    """Nothing for a stranger, and where there is no request."""
    if request is None or not request.user.is_authenticated:
        return Needed()
    kept: Needed | None = getattr(request, "attention_needed", None)
    return tell(request, import_string(settings.NEEDS_ATTENTION)()) if kept is None else kept


def counters(request: HttpRequest) -> str:
    """What stands beside the links, to be put into a page that is open: something has ended."""
    counts = needed(request)._asdict().items()
    told = [{"about": about, "count": count, "oob": True} for about, count in counts]
    bell = render_to_string("_bell.html", {"count": needed(request).alerts, "oob": True})
    return "".join([*(render_to_string("_needed.html", one) for one in told), bell])


def tell(request: HttpRequest, found: Needed) -> Needed:
    """For a page that has counted already: then its navigation says the same."""
    whole = found._replace(alerts=import_string(settings.NEWS_FOR)(request.user))
    request.attention_needed = whole  # type: ignore[attr-defined]
    return whole
