"""What a visitor gets when something fails or is refused: a page that says why, never a detail.

None of these pages needs the database or believes the Host: they are drawn without the request.
"""

from __future__ import annotations

import sys
from collections.abc import ItemsView
from types import FrameType
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.views.debug import SafeExceptionReporterFilter
from django.views.defaults import server_error
from django_htmx.middleware import HtmxDetails

from facio_site import trouble
from facio_site.logs import tell
from facio_site.web import typed

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RETRY_SECONDS = "5"


def failed(request: HttpRequest) -> HttpResponse:
    """503 for a database that cannot be used, which passes; 500 for a fault of ours."""
    found = trouble.of_database(sys.exc_info()[1])
    return unavailable(request, found) if found else server_error(request)


def unavailable(request: HttpRequest, found: str, *, is_refused: bool = False) -> HttpResponse:
    """Inside htmx the sentence takes the place of the page's messages.

    `is_refused`: the view has refused the request, and so saved nothing.
    """
    tell(f"database {found}", trouble.SENTENCES[found])
    page = {"trouble": found, "saved": _saved(request, is_refused=is_refused)}
    if HtmxDetails(request):
        response = _message(request, "503.html#message", 503, page)
    else:
        response = _page(request, "503.html", 503, page)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _saved(request: HttpRequest, *, is_refused: bool = False) -> str:
    """What is known of what was to be saved: "nothing", "perhaps", "" = nothing was to be.

    The fault may come after it was, as with the session, which is written last of all.
    """
    if request.method in ("GET", "HEAD"):
        return ""
    is_asked = request.resolver_match is not None  # else no view has been reached
    return "perhaps" if is_asked and not is_refused else "nothing"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. A session that could not be written for want of room comes here, too: that is a 503."""
    if found := trouble.of_database(exception):
        return unavailable(request, found)
    if isinstance(exception, SessionInterrupted):
        return interrupted(request)
    if not isinstance(exception, DisallowedHost):
        return refused(request)
    tell(
        "host",
        "a request under a name that is not in ALLOWED_HOSTS was refused; there are: "
        f"{', '.join(settings.ALLOWED_HOSTS)}. If people use another name, add it; a proxy must "
        "pass Host on.",
    )
    return refused(
        request,
        gettext_lazy(
            "This site doesn't answer to the name in the address bar. Its operator can add the "
            "name to ALLOWED_HOSTS, or let the proxy pass on the header Host."
        ),
    )


def interrupted(request: HttpRequest) -> HttpResponse:
    """400 where the session was gone when it was to be written, after the view has done its work.

    As in another tab signed out. Inside htmx it is 422, which takes the place of the messages.
    """
    page = {"is_interrupted": True, "saved": _saved(request)}
    if HtmxDetails(request):
        return _message(request, "400.html#message", 422, page)
    return _page(request, "400.html", 400, page)


def refused(request: HttpRequest, told: StrOrPromise = "") -> HttpResponse:
    """400 with a sentence for whoever runs the site, who is often who asks."""
    return _page(request, "400.html", 400, {"told": told})


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that is not known to be ours: the page says which of the causes it is.

    What the browser sent as its origin is neither shown nor logged.
    """
    cause = _cause(request, reason)
    tell(f"form {cause}", _LOGGED[cause])
    is_sign_in = request.path == resolve_url(settings.LOGIN_URL)
    is_signed_in = is_sign_in and request.user.is_authenticated
    kept = typed.kept_of_stale(request) if cause == "stale" and not is_sign_in else ""
    page = {
        "kept": typed.page_of(request) if kept else "",
        "heading": _HEADINGS["signed_in" if is_signed_in else cause],
        "is_signed_in": is_signed_in,
        "told": _TOLD.get(cause),
        "again": request.get_full_path() if is_sign_in else "",
    }
    response = _page(request, "403_csrf.html", 403, page)
    if kept:
        typed.put(response, kept)
    # htmx_page_loads says it: to load the page anew would not mend it.
    response.told = _TOLD.get(cause)  # type: ignore[attr-defined]
    return response


_LOGGED = {
    "silent": (
        "a form without an origin was refused: a proxy or a browser's extension makes it so by "
        "Referrer-Policy: no-referrer, where same-origin is needed"
    ),
    "origin": (
        "a form from another origin was refused. If people reach the site under another address "
        "than PUBLIC_URL, name it in CSRF_TRUSTED_ORIGINS; a proxy must pass Host on and set "
        "X-Forwarded-Proto"
    ),
    "no_cookie": (
        "a form came without the cookie that belongs to it: it is blocked, or the site is reached "
        "by http while PUBLIC_URL is https"
    ),
    "stale": "a form with an older token was refused: from a page that was open for too long",
}


def _cause(request: HttpRequest, reason: str) -> str:
    """By Django's own words, which are no part of what was sent."""
    if reason.startswith(("Origin checking failed", "Referer checking failed")):
        is_silent = request.headers.get("Origin", "null") == "null" and (
            reason.startswith("Origin") or reason == csrf.REASON_NO_REFERER
        )
        return "silent" if is_silent else "origin"
    return "no_cookie" if reason == csrf.REASON_NO_CSRF_COOKIE else "stale"


_FORM_REFUSED = gettext_lazy("Form refused")
_HEADINGS = {
    "signed_in": gettext_lazy("You're signed in already"),
    "silent": _FORM_REFUSED,
    "origin": _FORM_REFUSED,
    "no_cookie": _FORM_REFUSED,
    "stale": gettext_lazy("Page out of date"),
}
_TOLD = {
    "silent": gettext_lazy(
        "Your browser didn't say which page this form is on, so it was refused. A proxy or an "
        "extension sets Referrer-Policy: no-referrer; this site needs same-origin."
    ),
    "origin": gettext_lazy(
        "This form came from an address that the site doesn't know as its own, so it was "
        "refused. If you did send it here, the site's operator must set PUBLIC_URL to the "
        "address in your browser, or name it in CSRF_TRUSTED_ORIGINS."
    ),
    "no_cookie": gettext_lazy(
        "Your browser didn't send back this site's cookie, so the form was refused. Allow "
        "cookies for this site, and open it by the address its operator gave you."
    ),
}


def _page(request: HttpRequest, name: str, status: int, page: dict[str, Any]) -> HttpResponse:
    with translation.override(_language(request)):
        return HttpResponse(render_to_string(name, page), status=status)


def _message(request: HttpRequest, name: str, status: int, page: dict[str, Any]) -> HttpResponse:
    response = _page(request, name, status, page)
    response.headers["HX-Retarget"] = "#messages"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _language(request: HttpRequest) -> str:
    """The visitor's, which nothing may have looked for yet."""
    return translation.get_language_from_request(request)


class NoValues(SafeExceptionReporterFilter):
    """Django's reports with names and lines and no value: any of them may hold a key.

    Django's own filter leaves out what is marked as sensitive, and nothing at all with DEBUG.
    """

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(request.META, self.cleansed_substitute)

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(request.COOKIES, self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        names = request.POST if request is not None else ()
        return dict.fromkeys(names, self.cleansed_substitute)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()
