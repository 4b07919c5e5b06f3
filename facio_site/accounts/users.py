"""Pages for owners: who has an account, with which role, and who is invited."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site.accounts.forms import InvitationForm, RoleForm
from facio_site.accounts.models import Invitation, Role, User
from facio_site.accounts.roles import SignedIn, fresh_login_required, owner_required
from facio_site.audit import record


@owner_required
@require_safe
def users(request: SignedIn) -> HttpResponse:
    return _page(request, InvitationForm())


@owner_required
@require_POST
@fresh_login_required
def invite(request: SignedIn) -> HttpResponse:
    """The link is in this one answer and nowhere else."""
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    name, role = form.cleaned_data["name"], form.cleaned_data["role"]
    with transaction.atomic():
        token = Invitation.objects.issue(role, by=request.user, name=name)
        record("user.invited", actor=request.user, target=name, result=role, request=request)
    made = Invitation.objects.of_token(token)
    return _page(request, InvitationForm(), link=setup_url(token), made=made)


@owner_required
@require_POST
@fresh_login_required
def withdraw(request: SignedIn, pk: int) -> HttpResponseRedirect:
    invited = Invitation.objects.exclude(created_by=None)
    with transaction.atomic():
        invitation = get_object_or_404(invited.select_for_update(), pk=pk)
        if invitation.state != "open":
            return _ended(request, invitation)
        record(
            "user.uninvited",
            actor=request.user,
            target=invitation.name,
            result=invitation.role,
            request=request,
        )
        invitation.delete()
    return redirect("users")


@owner_required
@require_POST
@fresh_login_required
def change_role(request: SignedIn, pk: int) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, InvitationForm(), status=422)
    role = form.cleaned_data["role"]
    with transaction.atomic():
        user = _held(pk)
        if role == user.role:
            return redirect("users")
        if user.is_last_owner():
            return _refused(request)
        before, user.role = user.role, role
        user.save(update_fields=["role"])
        if role != Role.OWNER:
            _withdraw_all(user)
        record(
            "user.role",
            actor=request.user,
            target=user.username,
            result=role,
            fields=["role"],
            changes=[("role", before, role)],
            request=request,
        )
    return redirect("users")


@owner_required
@require_POST
@fresh_login_required
def deactivate(request: SignedIn, pk: int) -> HttpResponse:
    with transaction.atomic():
        user = _held(pk)
        if user.is_last_owner():
            return _refused(request)
        _switch(request, user, active=False)
    return redirect("users")


@owner_required
@require_POST
@fresh_login_required
def activate(request: SignedIn, pk: int) -> HttpResponse:
    with transaction.atomic():
        _switch(request, get_object_or_404(User.objects.select_for_update(), pk=pk), active=True)
    return redirect("users")


def setup_url(token: str) -> str:
    return f"{settings.PUBLIC_URL}/setup/?token={token}"


def _held(pk: int) -> User:
    """The user, with all owners locked: two of them cannot take the role from each other."""
    list(User.objects.owners().select_for_update().order_by("pk").values_list("pk"))
    return get_object_or_404(User.objects.select_for_update(), pk=pk)


def _withdraw_all(user: User) -> None:
    """Links of somebody who may no longer invite lead nowhere, opened ones too."""
    Invitation.objects.filter(created_by=user).delete()


def _switch(request: SignedIn, user: User, *, active: bool) -> None:
    """Of a user whose row is locked. Nothing is done where it is so already."""
    if user.is_active == active:
        return
    user.is_active = active
    user.save(update_fields=["is_active"])
    user.end_sessions()
    if not active:
        _withdraw_all(user)
    record(
        "user.activated" if active else "user.deactivated",
        actor=request.user,
        target=user.username,
        fields=["is_active"],
        request=request,
    )


def _refused(request: SignedIn) -> HttpResponseRedirect:
    messages.error(request, _("There must be at least one active owner."))
    return redirect("users")


def _ended(request: SignedIn, invitation: Invitation) -> HttpResponseRedirect:
    """The page was out of date. A used link's row stays, to tell that it was used."""
    if invitation.state == "used":
        messages.warning(request, _("Not revoked: this invitation was used already."))
    else:
        messages.warning(request, _("Not revoked: this invitation has expired."))
    return redirect("users")


def _page(
    request: SignedIn,
    form: InvitationForm,
    *,
    link: str = "",
    made: Invitation | None = None,
    status: int = 200,
) -> HttpResponse:
    """`link` is the one that was just made, `made` what is known of it."""
    invitations = Invitation.objects.open().exclude(created_by=None)
    page = {
        "people": User.objects.order_by("username"),
        "invitations": invitations.select_related("created_by"),
        "roles": Role.choices,
        "form": form,
        "link": link,
        "made": made,
    }
    return render(request, "accounts/users.html", page, status=status)
