"""What every answer carries and what htmx needs of it: headers, page loads, session limits.

The content security policy is written here, not taken from settings: nobody loosens it by machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.middleware import HtmxDetails

from facio_site import trouble
from facio_site.accounts.roles import HtmxRequest
from facio_site.accounts.sessions import enforce_limits
from facio_site.audit import address_of
from facio_site.logs import tell_refused
from facio_site.web.errors import unavailable

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GetResponse = Callable[[HttpRequest], HttpResponseBase]

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PERMISSIONS = {
    "clipboard-write": "(self)",
    "publickey-credentials-create": "(self)",
    "publickey-credentials-get": "(self)",
    **dict.fromkeys(
        (
            "accelerometer",
            "autoplay",
            "browsing-topics",
            "camera",
            "clipboard-read",
            "display-capture",
            "encrypted-media",
            "fullscreen",
            "geolocation",
            "gyroscope",
            "hid",
            "idle-detection",
            "local-fonts",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "picture-in-picture",
            "screen-wake-lock",
            "serial",
            "usb",
            "xr-spatial-tracking",
        ),
        "()",
    ),
}
HEADERS = {
    "Content-Security-Policy": CSP,
    "Permissions-Policy": ", ".join(f"{name}={who}" for name, who in PERMISSIONS.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def security_headers(get_response: GetResponse) -> GetResponse:
    """Outermost: answers of other middleware and error pages pass through here as well. Nothing
    else writes these headers, and what a view says of them does not count.

    An answer that says nothing about caching is not stored; static files say so themselves. A
    cookie, whoever sets it, is for the path of the site alone.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        for cookie in response.cookies.values():
            cookie["path"] = settings.COOKIE_PATH
        return response

    return middleware


def session_limits(get_response: GetResponse) -> GetResponse:
    """Ends sessions that are too old; clears the browser's store when a session ended."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        has_cookie = settings.SESSION_COOKIE_NAME in request.COOKIES
        was_signed_in = has_cookie and request.user.is_authenticated
        if was_signed_in:
            enforce_limits(request)
        response = get_response(request)
        if was_signed_in and not request.user.is_authenticated:
            # Under a path, what other programs of that host have stored is theirs.
            response.headers["Clear-Site-Data"] = (
                '"cache"' if settings.BASE_PATH else '"cache", "storage"'
            )
        return response

    return middleware


class CompressPages(GZipMiddleware):
    """Not what is downloaded: a file that may hold keys is not mixed with anything it could be
    guessed by."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if response.has_header("Content-Disposition"):
            return response
        return super().process_response(request, response)


class InvalidForms:
    """A page that shows the errors of a posted form answers 422, also where allauth says 200."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        form = (response.context_data or {}).get("form")
        shows_errors = getattr(form, "is_bound", False) and getattr(form, "errors", None)
        if request.method == "POST" and response.status_code == HTTPStatus.OK and shows_errors:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response


def told_errors(get_response: GetResponse) -> GetResponse:
    """A page that shows a refused form says so first of all in its title, which is read first.
    Whoever has tried too often is named in the log."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            # Tries are counted in the database: one that takes nothing would lock everybody out.
            if found := trouble.look(afresh=True):
                return unavailable(request, found, is_refused=True)
            tell_refused(address_of(request), "too_many")
        is_refused = response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        if is_refused and isinstance(response, HttpResponse):
            title = f"<title>{escape(_('Error:'))} ".encode()
            response.content = response.content.replace(b"<title>", title, 1)
        return response

    return middleware


_REFUSED: Mapping[int, StrOrPromise] = {
    HTTPStatus.BAD_REQUEST: gettext_lazy(
        "Not done: what was sent is too large or damaged. Nothing was changed."
    ),
    HTTPStatus.NOT_FOUND: gettext_lazy(
        "Not done: this is no longer there. It was removed, or its time was over. What you typed "
        "is still here."
    ),
    HTTPStatus.CONFLICT: gettext_lazy(
        "Not done: someone else was faster. Reload the page to see what they changed."
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: gettext_lazy(
        "Something failed here. Reload the page to see what was done."
    ),
}


def htmx_refusals(get_response: GetResponse) -> GetResponse:
    """What is too large to be read, or damaged, is told in passing, as is what is gone, was changed
    by others, or failed: the page and what was typed or pasted into it stay."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        text = _REFUSED.get(response.status_code) if HtmxDetails(request) else None
        # A page that waits by itself asks again when it hears of a failure.
        is_ours = response.status_code != HTTPStatus.INTERNAL_SERVER_ERROR
        if text is None or not (is_ours or request.method == "POST"):
            return response
        told = {"messages": [Message(messages.ERROR, str(text))]}
        place = {"HX-Retarget": "#messages", "HX-Reswap": "outerHTML"}
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return HttpResponse(render_to_string("_messages.html", told), status=status, headers=place)

    return middleware


def htmx_page_loads(get_response: GetResponse) -> GetResponse:
    """Inside htmx a redirect, a lost session or a refusal loads a whole page.

    A redirect to a sign-in page becomes 401 and brings the visitor back to the page he was on; any
    other redirect of our own becomes 204; 403 reloads the page with a message.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        htmx = cast("HtmxRequest", request).htmx
        response = get_response(request)
        if not htmx or response.has_header("HX-Redirect"):
            return response
        if response.status_code == HTTPStatus.FORBIDDEN:
            told = getattr(response, "told", None)
            text = _("Not done: your role doesn't allow it, or the page was out of date.")
            messages.error(request, told or text)
            return _load(_current_page(request, htmx), HTTPStatus.FORBIDDEN, response)
        target = response.headers.get("Location", "")
        if not 300 <= response.status_code < 400 or not _is_own(request, target):
            return response
        parts = urlsplit(target)
        if parts.path in _entrances():
            query = urlencode({"next": _current_page(request, htmx)})
            return _load(f"{parts.path}?{query}", HTTPStatus.UNAUTHORIZED, response)
        own = parts._replace(scheme="", netloc="").geturl()
        return _load(own, HTTPStatus.NO_CONTENT, response)

    return middleware


def _load(path: str, status: HTTPStatus, old: HttpResponseBase | None = None) -> HttpResponse:
    text = "" if status == HTTPStatus.NO_CONTENT else _("Reload the page to continue.")
    response = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    response.headers["HX-Redirect"] = iri_to_uri(path)
    if old is not None:
        response.cookies = old.cookies
    return response


def _entrances() -> set[str]:
    names = ("account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn")
    return {resolve_url(settings.LOGIN_URL), *map(reverse, names)}


def _current_page(request: HttpRequest, htmx: HtmxDetails) -> str:
    """Path and query of the page that htmx runs on; the overview when it is not our own."""
    url = htmx.current_url or ""
    if not _is_own(request, url):
        return settings.COOKIE_PATH
    return (
        urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl() or settings.COOKIE_PATH
    )


def _is_own(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()})
