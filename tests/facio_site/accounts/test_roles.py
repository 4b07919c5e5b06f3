"""Who may what: strangers, roles, the admin."""

import pytest
from django.urls import NoReverseMatch, reverse

from facio_site.accounts.models import Invitation, Role, User
from tests.facio_site.accounts.person import form_data

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def test_staff_and_superuser_follow_from_the_role(owner, viewer):
    assert owner.is_staff
    assert owner.is_superuser
    owner.role = Role.EDITOR
    owner.save(update_fields=["role"])
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser) == (False, False)
    assert not viewer.is_staff


def test_two_names_that_differ_in_case_only_are_one_name(client, owner):
    token = Invitation.objects.issue(Role.VIEWER, by=owner)
    client.get("/setup/", {"token": token})
    assert client.post("/setup/", form_data("ADA")).status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_email",
        "account_reset_password",
        "account_set_password",
        "account_email_verification_sent",
        "mfa_signup_webauthn",
        "mfa_trust",
    ],
)
def test_doors_that_nobody_needs_do_not_exist(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_s53_a_stranger_reaches_nothing_but_sign_in(client, owner):
    open_names = ["account_login", "account_inactive", "providers:healthz"]
    for name in open_names:
        assert client.get(reverse(name)).status_code == 200
    closed = ["account", "users", "mfa_index", "usersessions_list", "account_change_password"]
    closed += ["account_reauthenticate", "mfa_list_webauthn", "mfa_view_recovery_codes"]
    closed += ["mfa_activate_totp", "mfa_add_webauthn", "admin_password_change"]
    for name in closed:
        answer = client.get(reverse(name))
        assert answer.status_code == 302, name
        assert answer.url.startswith(reverse("account_login")), name
    assert client.get("/admin/", follow=True).request["PATH_INFO"] == reverse("account_login")


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("eve", 403), ("vic", 403)])
def test_only_an_owner_sees_users_and_admin(client, owner, editor, viewer, name, status):
    client.force_login(User.objects.get(username=name))
    assert client.get(reverse("users")).status_code == status
    assert client.get("/admin/").status_code in ({200} if status == 200 else {302, 403})
    assert client.get(reverse("account")).status_code == 200


def test_what_each_role_can_do(owner, editor, viewer):
    can = [(user.can_edit, user.can_export_keys) for user in (owner, editor, viewer)]
    assert can == [(True, True), (True, False), (False, False)]


def test_s31_the_admin_shows_neither_seeds_nor_session_keys_nor_password_hashes(client, owner):
    from django.contrib import admin

    names = {model._meta.label for model in admin.site._registry}
    assert not names & {"mfa.Authenticator", "usersessions.UserSession", "sessions.Session"}
    client.force_login(owner)
    page = client.get(reverse("admin:accounts_user_change", args=[owner.pk]))
    assert owner.password not in page.content.decode()
    assert b'name="role"' not in page.content


def test_the_admins_own_password_door_leads_to_ours(client, owner):
    client.force_login(owner)
    assert client.get("/admin/password_change/").url == reverse("account_change_password")
