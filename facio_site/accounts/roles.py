"""Who may do what: questions and decorators. Every view of the site has one of the decorators."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django_htmx.middleware import HtmxDetails

    from facio_site.accounts.models import User

    Visitor = User | AnonymousUser

    class HtmxRequest(HttpRequest):
        """A request behind django-htmx's middleware."""

        htmx: HtmxDetails

    class SignedIn(HtmxRequest):
        """The request behind one of these decorators: its user is a real one."""

        user: User
else:
    HtmxRequest = SignedIn = HttpRequest

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
SignedInView = Callable[Concatenate[SignedIn, P], HttpResponseBase]


def can_view(user: Visitor) -> bool:
    """May see the pages: everybody who is signed in."""
    return user.is_authenticated and user.is_active


def can_edit(user: Visitor) -> bool:
    """May save and test."""
    return user.is_authenticated and user.can_edit


def can_export_keys(user: Visitor) -> bool:
    """May take stored keys out."""
    return user.is_authenticated and user.can_export_keys


def can_manage_users(user: Visitor) -> bool:
    return user.is_authenticated and user.can_manage_users


def viewer_required(view: SignedInView[P]) -> View[P]:
    """Signed in: else to the login page."""
    return _only_for(can_view, view)


def editor_required(view: SignedInView[P]) -> View[P]:
    """Editor or owner: else 403."""
    return _only_for(can_edit, view)


def owner_required(view: SignedInView[P]) -> View[P]:
    """Owner: else 403."""
    return _only_for(can_manage_users, view)


def fresh_login_required(view: SignedInView[P]) -> SignedInView[P]:
    """Identity confirmed within ACCOUNT_REAUTHENTICATION_TIMEOUT; stands below a role.

    A POST that comes too early is kept in the session and done after the confirmation: never use it
    on a view whose form holds a secret.
    """
    return cast("SignedInView[P]", reauthentication_required(view))


def confirmed_lately(request: HttpRequest) -> bool:
    """Identity confirmed within ACCOUNT_REAUTHENTICATION_TIMEOUT; for what asks in its own way."""
    try:
        _confirmed(request)
    except ReauthenticationRequired:
        return False
    return True


@reauthentication_required  # type: ignore[untyped-decorator]
def _confirmed(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _only_for(allowed: Callable[[Any], bool], view: SignedInView[P]) -> View[P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not allowed(request.user):
            raise PermissionDenied
        return view(cast("SignedIn", request), *args, **kwargs)

    return guarded
