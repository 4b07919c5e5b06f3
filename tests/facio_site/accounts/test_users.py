"""Users and invitations: made, changed, ended, and by whom."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facio_site.accounts.models import Invitation, Role, User
from facio_site.audit.models import AuditEntry
from tests.facio_site.accounts.person import PASSWORD, form_data, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def invitation_token(page):
    return re.search(r"/setup/\?token=([\w-]+)", page.content.decode())[1]


def test_an_invitation_makes_one_account_with_its_role(confirmed):
    page = confirmed.post(reverse("user_invite"), {"role": "editor", "name": "Eve"})
    token = invitation_token(page)
    assert token not in confirmed.get(reverse("users")).content.decode()
    guest = Client()
    guest.get("/setup/", {"token": token})
    assert guest.post("/setup/", {**form_data("eve"), "role": "owner"}).url == "/"
    assert User.objects.get(username="eve").role == "editor"
    late = Client()
    assert late.get("/setup/", {"token": token}).status_code == 410


def test_an_invitation_ends_by_withdrawal_or_time(confirmed):
    confirmed.post(reverse("user_invite"), {"role": "viewer", "name": "Vic"})
    page = confirmed.post(reverse("user_invite"), {"role": "viewer", "name": "Wim"})
    first, second = Invitation.objects.all()
    confirmed.post(reverse("user_uninvite", args=[second.pk]))
    guest = Client()
    assert guest.get("/setup/", {"token": invitation_token(page)}).status_code == 410
    Invitation.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(1))
    assert not Invitation.objects.open().exists()


@pytest.mark.parametrize("way", ["user_role", "user_deactivate"])
def test_invitations_end_with_the_right_of_their_issuer(confirmed, way):
    issuer = User.objects.create_user("otto", password=PASSWORD, role=Role.OWNER)
    token = Invitation.objects.issue(Role.OWNER, by=issuer)
    guest = Client()
    guest.get("/setup/", {"token": token})  # opened, and kept for later
    confirmed.post(reverse(way, args=[issuer.pk]), {"role": "editor"})
    assert guest.post("/setup/", form_data("mallory")).status_code == 410
    assert not User.objects.filter(username="mallory").exists()


def test_an_opened_invitation_is_listed_and_can_be_withdrawn(confirmed):
    page = confirmed.post(reverse("user_invite"), {"role": "owner", "name": "Mallory"})
    token = invitation_token(page)
    guest = Client()
    guest.get("/setup/", {"token": token})
    (invitation,) = confirmed.get(reverse("users")).context["invitations"]
    confirmed.post(reverse("user_uninvite", args=[invitation.pk]))
    assert guest.post("/setup/", form_data("mallory")).status_code == 410


@pytest.mark.parametrize(
    ("change", "words"),
    [("redeemed_at", "was used already"), ("expires_at", "has expired")],
)
def test_what_is_no_longer_open_is_not_revoked(confirmed, owner, change, words):
    token = Invitation.objects.issue(Role.VIEWER, by=owner, name="Vic")
    invitation = Invitation.objects.get()
    Invitation.objects.update(**{change: timezone.now() - timedelta(minutes=1)})
    page = confirmed.post(reverse("user_uninvite", args=[invitation.pk]), follow=True)
    assert f"Not revoked: this invitation {words}." in page.content.decode()
    assert Invitation.objects.of_token(token)
    assert not AuditEntry.objects.filter(action="user.uninvited").exists()


def test_an_invitation_has_a_name_which_both_sides_see(confirmed, client, owner):
    assert confirmed.post(reverse("user_invite"), {"role": "editor"}).status_code == 422
    page = confirmed.post(reverse("user_invite"), {"role": "editor", "name": "Eve"})
    assert "Invitation for Eve (Editor)" in " ".join(page.content.decode().split())
    listed = " ".join(confirmed.get(reverse("users")).content.decode().split())
    assert "Eve · Editor" in listed
    seen = Client().get("/setup/", {"token": invitation_token(page)}, follow=True)
    text = " ".join(seen.content.decode().split())
    assert "This invitation is for Eve, from ada." in text
    assert "this role: Editor." in text
    entry = AuditEntry.objects.get(action="user.invited")
    assert (entry.target, entry.result) == ("Eve", "editor")


def test_who_is_signed_in_can_look_at_a_link_and_keeps_the_session(confirmed, owner):
    page = confirmed.post(reverse("user_invite"), {"role": "editor", "name": "Eve"})
    seen = confirmed.get("/setup/", {"token": invitation_token(page)})
    assert seen.status_code == 200
    assert "You are signed in as ada." in seen.content.decode()
    assert confirmed.get(reverse("account")).status_code == 200
    assert Invitation.objects.open().count() == 1


def test_managing_users_asks_for_the_password_first(client, owner, viewer):
    sign_in(client)
    answer = client.post(reverse("user_role", args=[viewer.pk]), {"role": "owner"})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER


def test_the_kept_post_is_done_after_the_confirmation(client, owner, viewer):
    sign_in(client)
    answer = client.post(reverse("user_role", args=[viewer.pk]), {"role": "editor"})
    client.post(answer.url, {"password": PASSWORD})
    viewer.refresh_from_db()
    assert viewer.role == Role.EDITOR


def test_an_owner_changes_roles_and_the_change_is_recorded(confirmed, viewer):
    confirmed.post(reverse("user_role", args=[viewer.pk]), {"role": "editor"})
    viewer.refresh_from_db()
    assert viewer.role == Role.EDITOR
    entry = AuditEntry.objects.get(action="user.role")
    assert (entry.actor_name, entry.target, entry.result) == ("ada", "vic", "editor")


def test_the_role_that_somebody_has_is_no_change(confirmed, viewer):
    confirmed.post(reverse("user_role", args=[viewer.pk]), {"role": "viewer"})
    assert not AuditEntry.objects.filter(action="user.role").exists()


def test_what_is_sent_twice_is_done_and_recorded_once(confirmed, viewer):
    for action in ("deactivate", "activate"):
        for _again in range(2):
            confirmed.post(reverse(f"user_{action}", args=[viewer.pk]))
        assert AuditEntry.objects.filter(action=f"user.{action}d").count() == 1
    viewer.refresh_from_db()
    assert viewer.is_active
    confirmed.post(reverse("user_activate", args=[viewer.pk]))
    epoch = viewer.session_epoch
    viewer.refresh_from_db()
    assert viewer.session_epoch == epoch  # nobody was signed out


@pytest.mark.parametrize("name", ["user_role", "user_deactivate"])
def test_the_last_owner_stays(confirmed, owner, name):
    confirmed.post(reverse(name, args=[owner.pk]), {"role": "viewer"})
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == (Role.OWNER, True)


def test_deactivating_ends_sessions_and_activating_does_not_revive_them(confirmed, viewer):
    guest = Client()
    sign_in(guest, "vic")
    confirmed.post(reverse("user_deactivate", args=[viewer.pk]))
    assert guest.get(reverse("account")).status_code == 302
    confirmed.post(reverse("user_activate", args=[viewer.pk]))
    assert guest.get(reverse("account")).status_code == 302
    assert sign_in(guest, "vic").url == "/"


@pytest.mark.parametrize("role", ["", "root", "owner\x00"])
def test_an_unknown_role_is_refused(confirmed, viewer, role):
    assert confirmed.post(reverse("user_role", args=[viewer.pk]), {"role": role}).status_code == 422
    assert confirmed.post(reverse("user_invite"), {"role": role, "name": "Eve"}).status_code == 422


@pytest.mark.parametrize("name", ["eve", "vic"])
def test_nobody_else_manages_users(client, owner, editor, viewer, name):
    client.force_login(User.objects.get(username=name))
    for target, args in [("user_invite", []), ("user_role", [1]), ("user_deactivate", [1])]:
        answer = client.post(reverse(target, args=args), {"role": "owner"})
        assert answer.status_code == 403
