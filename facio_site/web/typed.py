"""What was typed into a form comes back after a sign-in: its session had ended, or its page was of
the session before.

Only fields that a view has named as plain are kept, never what may be a secret: in a signed cookie
of this browser, for a quarter of an hour, and for the person who had signed in here last. Kept out:
what the page does with them (static/app.js).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from facio_site.sealing.redaction import redact

# Of a request and the arguments of its address: field -> its label.
Names = Callable[..., Mapping[str, str]]
View = TypeVar("View", bound=Callable[..., Any])
GetResponse = Callable[[HttpRequest], HttpResponseBase]

SECONDS = 900
_LONGEST, _MOST = 300, 3000  # characters of a value and of the cookie
_COOKIE, _SALT = "typed", "facio_site.web.typed"
_WHO, _WHO_SALT = "typed_by", "facio_site.web.typed.by"
_OWN = ("csrfmiddlewaretoken", "version", "draft")


def keeps_typed(names: Names, boxes: Sequence[str] = ()) -> Callable[[View], View]:
    """Of a view whose form comes back: which of its fields are plain, and which of these are boxes,
    of which a browser sends nothing once they are off. Stands outermost."""

    def mark(view: View) -> View:
        view.plain_names, view.boxes = names, boxes  # type: ignore[attr-defined]
        return view

    return mark


def typed_values(get_response: GetResponse) -> GetResponse:
    """Keeps them beside the way to the sign-in; has them ready as `request.typed` on their page."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        given = _given(request)
        request.typed = given  # type: ignore[attr-defined]
        response = get_response(request)
        if given is not None:
            response.delete_cookie(_COOKIE)
        elif request.method == "POST" and request.path != resolve_url("account_logout"):
            who = _read(request, _WHO, _WHO_SALT, settings.SESSION_ABSOLUTE_AGE)
            if not request.user.is_authenticated:
                _keep(request, response, who)
            elif who != str(request.user.pk):  # signed in just now
                text = signing.dumps(str(request.user.pk), salt=_WHO_SALT)
                _set(response, _WHO, text, settings.SESSION_ABSOLUTE_AGE)
        return response

    return middleware


def _given(request: HttpRequest) -> dict[str, Any] | None:
    """What belongs to this page, {} when another person typed it; None = it stays as it is."""
    has_cookie = request.method == "GET" and _COOKIE in request.COOKIES
    if not has_cookie or not request.user.is_authenticated:
        return None
    found: dict[str, Any] = _read(request, _COOKIE, _SALT, SECONDS) or {}
    if found.get("who") != str(request.user.pk):
        return {}
    return found if found["page"] == request.path else None


def _read(request: HttpRequest, cookie: str, salt: str, seconds: int) -> Any:
    """None = it is not there, too old, or not ours."""
    try:
        return signing.loads(request.COOKIES.get(cookie, ""), salt=salt, max_age=seconds)
    except signing.BadSignature:
        return None


def _set(response: HttpResponseBase, cookie: str, text: str, seconds: int) -> None:
    response.set_cookie(
        cookie, text, max_age=seconds, httponly=True, samesite="Lax", secure=settings.IS_HTTPS
    )


def _keep(request: HttpRequest, response: HttpResponseBase, who: str | None) -> None:
    sign_in = resolve_url(settings.LOGIN_URL)
    is_inside = response.has_header("HX-Redirect")  # which names the page already
    target = urlsplit(response.headers.get("HX-Redirect" if is_inside else "Location", ""))
    if target.path != sign_in:
        return
    page = (
        dict(parse_qsl(target.query)).get("next", settings.COOKIE_PATH)
        if is_inside
        else page_of(request)
    )
    if not is_inside:
        response.headers["Location"] = f"{sign_in}?{urlencode({'next': page})}"
    if who and (text := _kept(request, page, who)):
        _set(response, _COOKIE, text, SECONDS)


def kept_of_stale(request: HttpRequest) -> str:
    """Of a form from a page of an older session of this person, for `put`; "" = nothing."""
    if not request.user.is_authenticated:
        return ""
    return _kept(request, page_of(request), str(request.user.pk), is_stale=True)


def put(response: HttpResponseBase, kept: str) -> None:
    _set(response, _COOKIE, kept, SECONDS)


def _kept(request: HttpRequest, page: str, who: str, *, is_stale: bool = False) -> str:
    """What may be kept of the form that was sent, signed; "" = nothing."""
    match = request.resolver_match
    names = getattr(match.func, "plain_names", None) if match else None
    if match is None or names is None:
        return ""
    plain = names(request, *match.args, **match.kwargs)
    sent = dict.fromkeys(match.func.boxes, "") | request.POST.dict()  # type: ignore[attr-defined]
    fields = [
        (name, plain[name], value)
        for name, value in sent.items()
        if name in plain and _is_plain(str(value))
    ]
    lost = [
        name
        for name, value in request.POST.items()
        if value and name not in _OWN and name not in {kept for kept, _label, _value in fields}
    ]
    kept = {"who": who, "page": urlsplit(page).path, "fields": fields, "lost": lost}
    text = signing.dumps(kept | {"is_stale": is_stale}, salt=_SALT, compress=True)
    return text if fields and len(text) <= _MOST else ""


def page_of(request: HttpRequest) -> str:
    """The page that the form stands on: after the sign-in it is asked for, not sent to."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
        return (
            urlsplit(came_from)._replace(scheme="", netloc="", fragment="").geturl()
            or settings.COOKIE_PATH
        )
    return request.get_full_path()


def _is_plain(value: str) -> bool:
    """An address may hold a password, or a key in its query; a key may be in a wrong field."""
    is_odd = any(sign in value for sign in "@?") or redact(value) != value
    return len(value) <= _LONGEST and not is_odd
