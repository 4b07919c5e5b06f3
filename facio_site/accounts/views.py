"""Set-up by a one-time link, the account page. Users and invitations are in `people`."""

from __future__ import annotations

from allauth.account import views as allauth_views
from allauth.account.utils import perform_login
from allauth.decorators import rate_limit
from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from facio_site.accounts.forms import AccountForm
from facio_site.accounts.models import Invitation, User
from facio_site.accounts.roles import SignedIn, viewer_required
from facio_site.audit import record

_GRANT = "invitation"
_GRANT_SECONDS = 3600


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponseBase:
    """The first owner and everybody who was invited make their account here."""
    if request.user.is_authenticated:
        raise Http404
    if "token" in request.GET:
        response: HttpResponseBase = _exchange(request)
        return response
    invitation = _granted(request)
    if invitation is None:
        if User.objects.has_owner():
            raise Http404
        return render(request, "accounts/setup_closed.html")
    form = AccountForm(request.POST or None)
    if form.is_valid() and (user := _join(request, form, invitation)):
        request.session.flush()
        return _signed_in(request, user)
    status = 422 if form.is_bound else 200
    page = {"form": form, "invitation": invitation, "is_first": invitation.created_by_id is None}
    return render(request, "accounts/setup.html", page, status=status)


@rate_limit(action="setup_token", limit_get=True)  # type: ignore[untyped-decorator]
def _exchange(request: HttpRequest) -> HttpResponseBase:
    """The token leaves the address bar at once; a HEAD request uses nothing up."""
    if request.method == "GET" and (found := Invitation.objects.redeem(request.GET["token"])):
        request.session.flush()
        request.session[_GRANT] = found.pk
        request.session.set_expiry(_GRANT_SECONDS)
    return redirect("setup")


def _granted(request: HttpRequest) -> Invitation | None:
    pk = request.session.get(_GRANT)
    if not isinstance(pk, int):
        return None
    return Invitation.objects.open().filter(pk=pk).exclude(redeemed_at=None).first()


@sensitive_variables()
@transaction.atomic
def _join(request: HttpRequest, form: AccountForm, invitation: Invitation) -> User | None:
    """None, and an error in the form, when another request was quicker."""
    deleted, _rows = Invitation.objects.open().filter(pk=invitation.pk).delete()
    if not deleted:
        form.add_error(None, _("This link has already been used."))
        return None
    user: User = form.save(commit=False)
    user.role = invitation.role
    user.save()
    first = invitation.created_by_id is None
    action = "owner.created" if first else "user.joined"
    record(action, actor=user, target=user.username, result=invitation.role, request=request)
    return user


def _signed_in(request: HttpRequest, user: User) -> HttpResponseBase:
    response: HttpResponseBase = perform_login(request, user, redirect_url="/")
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
    return render(
        request,
        "accounts/account.html",
        {
            "has_totp": factors.filter(type=Authenticator.Type.TOTP).exists(),
            "passkeys": factors.filter(type=Authenticator.Type.WEBAUTHN).count(),
            "has_codes": factors.filter(type=Authenticator.Type.RECOVERY_CODES).exists(),
        },
    )
