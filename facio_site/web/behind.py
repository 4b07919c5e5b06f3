"""What a reverse proxy says of a visitor, looked at before anything believes it.

A proxy that says too little would lead every visitor round in circles, or make them one person for
the limits; so the page names what is missing. Kept out: reading the address (allauth does).
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from facio_site.logs import tell
from facio_site.web.errors import refused

GetResponse = Callable[[HttpRequest], HttpResponseBase]
MOVED = HTTPStatus.MOVED_PERMANENTLY
_LED, _LED_SECONDS = "led_to_https", 4


def proxies(get_response: GetResponse) -> GetResponse:
    """400 where TRUSTED_PROXY_COUNT promises more than the headers hold."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        count = settings.TRUSTED_PROXY_COUNT
        if not count or _is_open(request.path):
            return get_response(request)
        if settings.IS_HTTPS and not request.headers.get("X-Forwarded-Proto", "").strip():
            tell(
                "proxy",
                "a request without X-Forwarded-Proto was refused: the proxy must set it "
                "(TRUSTED_PROXY_COUNT says that there is one)",
            )
            return refused(
                request,
                _(
                    "The proxy in front of this site doesn't say whether you came over https. Its "
                    "operator must let it set the header X-Forwarded-Proto."
                ),
            )
        if request.COOKIES.get(_LED) and not request.is_secure():
            tell(
                "proxy",
                "a visitor was led to https and came back as http: the proxy says http in "
                "X-Forwarded-Proto whatever the visitor used, as where TLS ends before it",
            )
            return refused(
                request,
                _(
                    "The proxy in front of this site says that you came over http, also after you "
                    "were led to https. Its operator must let it set the header X-Forwarded-Proto "
                    "to what your browser used."
                ),
            )
        named = [
            part for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
        ]
        if len(named) >= count:
            return _led(request, get_response(request))
        tell(
            "proxy",
            f"a request with fewer addresses in X-Forwarded-For ({len(named)}) than "
            f"TRUSTED_PROXY_COUNT says ({count}) was refused",
        )
        return refused(
            request,
            format_lazy(
                _(
                    "TRUSTED_PROXY_COUNT is {count}, but the header X-Forwarded-For names {named}. "
                    "The site's operator must set the number to how many proxies of theirs stand "
                    "in front, and let each of them add to the header."
                ),
                count=count,
                named=len(named),
            ),
        )

    return middleware


def _led(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Marks a visitor who is sent from http to https, for the moment that this takes."""
    if settings.IS_HTTPS and not request.is_secure() and response.status_code == MOVED:
        response.set_cookie(_LED, "1", max_age=_LED_SECONDS, httponly=True, samesite="Lax")
    return response


def _is_open(path: str) -> bool:
    """What a machine beside this one asks without a proxy, and what an error page is drawn with."""
    name = path.removeprefix(settings.BASE_PATH).removeprefix("/")
    return name in settings.ASKED_DIRECTLY or path.startswith(settings.STATIC_URL)


def doubts() -> list[str]:
    """What the settings allow and hardly anybody means, for the terminal at the start."""
    if settings.IS_HTTPS and not settings.TRUSTED_PROXY_COUNT:  # nothing here speaks TLS
        return [
            "PUBLIC_URL is https, but TRUSTED_PROXY_COUNT is 0: every visitor counts as the proxy, "
            "in limits and in the record. Set it to 1 behind one proxy."
        ]
    return []
