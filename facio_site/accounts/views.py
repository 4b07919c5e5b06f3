"""Set-up by a one-time link, the account page. Users and invitations are in `people`."""

from __future__ import annotations

from contextlib import suppress

from allauth.account import views as allauth_views
from allauth.account.utils import perform_login
from allauth.decorators import rate_limit
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from facio_site.accounts.adapters import SeedUnreadable
from facio_site.accounts.forms import AccountForm
from facio_site.accounts.models import Invitation, User
from facio_site.accounts.roles import SignedIn, viewer_required
from facio_site.audit import address_of, record
from facio_site.logs import tell_refused

_GRANT = "invitation"
_GRANT_SECONDS = 3600


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponseBase:
    """The first owner and everybody who was invited make their account here."""
    if "token" in request.GET:
        response: HttpResponseBase = _look(request)
        return response
    if request.user.is_authenticated:
        raise Http404
    invitation = _granted(request)
    if invitation is None or invitation.state != "open":
        if _GRANT not in request.session and User.objects.has_owner():
            raise Http404
        return _closed(request, invitation)
    form = AccountForm(request.POST or None)
    if form.is_valid():
        user = _join(request, form, invitation)
        if user is None:
            return _closed(request, _granted(request))
        request.session.flush()
        return _signed_in(request, user)
    status = 422 if form.is_bound else 200
    page = {"form": form, "invitation": invitation}
    return render(request, "accounts/setup.html", page, status=status)


@rate_limit(action="setup_token", limit_get=True)  # type: ignore[untyped-decorator]
def _look(request: HttpRequest) -> HttpResponseBase:
    """A good token leaves the address bar at once. Whoever looks uses nothing up: mail programs and
    messengers look at links, too."""
    found = Invitation.objects.of_token(request.GET["token"])
    if found is None or found.state != "open":
        if found is None:
            tell_refused(address_of(request), "unknown_link")
        return _closed(request, found)
    if request.user.is_authenticated:
        return render(request, "accounts/setup_signed_in.html", {"invitation": found})
    if request.method == "GET":
        request.session.flush()
        request.session[_GRANT] = found.pk
        request.session.set_expiry(_GRANT_SECONDS)
    return redirect("setup")


def _closed(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    """What became of the link, and what to do now; without one, where it is to be found."""
    was_asked = "token" in request.GET or _GRANT in request.session
    page = {
        "invitation": invitation,
        "was_asked": was_asked,
        "has_owner": User.objects.has_owner(),
    }
    status = 410 if was_asked else 200
    return render(request, "accounts/setup_closed.html", page, status=status)


def _granted(request: HttpRequest) -> Invitation | None:
    """The link that this browser has opened, as it is now; None without one or when it is gone."""
    pk = request.session.get(_GRANT)
    if not isinstance(pk, int):
        return None
    return Invitation.objects.select_related("created_by").filter(pk=pk).first()


@sensitive_variables()
@transaction.atomic
def _join(request: HttpRequest, form: AccountForm, invitation: Invitation) -> User | None:
    """None when another request was quicker."""
    if not Invitation.objects.spend(invitation.pk):
        return None
    user: User = form.save(commit=False)
    user.role = invitation.role
    user.save()
    action = "owner.created" if invitation.is_first else "user.joined"
    record(action, actor=user, target=user.username, result=invitation.role, request=request)
    return user


def _signed_in(request: HttpRequest, user: User) -> HttpResponseBase:
    response: HttpResponseBase = perform_login(
        request, user, redirect_url=reverse("routing:overview")
    )
    return response


@login_not_required
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Before there is an owner nobody can sign in: the set-up page says what to do."""
    if not User.objects.has_owner():
        return redirect("setup")
    response: HttpResponseBase = allauth_views.login(request)
    return response


@viewer_required
@require_safe
def account(request: SignedIn) -> HttpResponse:
    factors = Authenticator.objects.filter(user_id=request.user.pk)
    codes = factors.filter(type=Authenticator.Type.RECOVERY_CODES).first()
    return render(
        request,
        "accounts/account.html",
        {
            "has_totp": factors.filter(type=Authenticator.Type.TOTP).exists(),
            "passkeys": factors.filter(type=Authenticator.Type.WEBAUTHN).count(),
            "has_codes": codes is not None,
            "codes_left": codes and _left(codes),
        },
    )


def _left(codes: Authenticator) -> int | None:
    """How many recovery codes were not used; None where they do not open."""
    with suppress(SeedUnreadable):
        return len(codes.wrap().get_unused_codes())
    return None
