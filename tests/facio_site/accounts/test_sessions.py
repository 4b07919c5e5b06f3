"""Sessions: what makes a new one and what ends the others."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facio_site.accounts.models import User
from facio_site.accounts.templatetags.site_accounts import browser
from facio_site.audit.models import AuditEntry
from tests.facio_site.accounts.person import PASSWORD, add_totp, change_password, code_of, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def test_s52_sign_in_makes_a_new_session(client, owner):
    client.get(reverse("account_login"))
    client.session["x"] = 1
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_a_key_that_nobody_gave_out_is_never_taken_up():
    planted = SessionStore("planted0planted0planted0planted0")
    planted["x"] = 1
    planted.save()
    assert planted.session_key != "planted0planted0planted0planted0"


def test_what_is_past_its_time_is_not_read(client, owner):
    client.force_login(owner)
    assert client.get(reverse("account")).status_code == 200
    Session.objects.update(expire_date=timezone.now())
    assert client.get(reverse("account")).status_code == 302


def test_a_deactivated_user_is_out_at_once_and_stays_out(client, owner, viewer):
    client.force_login(viewer)
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert client.get(reverse("account")).status_code == 302
    assert sign_in(client, "vic").url == reverse("account_inactive")


def test_s52_a_changed_password_keeps_this_session_and_ends_the_others(client, owner):
    other = Client()
    sign_in(client)
    sign_in(other)
    before = client.session.session_key
    assert change_password(client).status_code == 302
    assert client.get(reverse("account")).status_code == 200
    assert client.session.session_key != before
    assert other.get(reverse("account")).status_code == 302
    assert sign_in(Client(), password=PASSWORD).status_code == 422


def test_s52_a_new_factor_keeps_this_session_and_ends_the_others(client, owner):
    other = Client()
    sign_in(client)
    sign_in(other)
    add_totp(client, owner)
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


def test_s52_a_removed_factor_ends_the_other_sessions(client, owner):
    sign_in(client)
    add_totp(client, owner)
    other = Client()
    sign_in(other)
    other.post(reverse("mfa_authenticate"), {"code": code_of(owner)})
    assert other.get(reverse("account")).status_code == 200
    cache.clear()
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.exists()
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


def test_others_sessions_can_be_ended_from_the_list(client, owner):
    other = Client(headers={"User-Agent": "Other browser"})
    sign_in(client)
    sign_in(other)
    assert b"Other browser" in client.get(reverse("usersessions_list")).content
    client.post(reverse("usersessions_list"))
    assert other.get(reverse("account")).status_code == 302
    assert client.get(reverse("account")).status_code == 200
    assert AuditEntry.objects.filter(action="sessions.ended", result="1").exists()


def test_s52_a_session_is_dead_after_sign_out(client, owner):
    sign_in(client)
    cookies = client.cookies.copy()
    client.post(reverse("account_logout"))
    thief = Client()
    thief.cookies = cookies
    assert thief.get(reverse("account")).status_code == 302
    assert not Session.objects.exists()


def test_who_signs_out_has_not_lost_a_session_and_comes_back_to_no_page(client, owner):
    sign_in(client)
    answer = client.post(reverse("account_logout"), headers={"referer": "http://testserver/"})
    assert answer["Location"] == reverse("account_login")


def test_sign_out_needs_a_post(client, owner):
    sign_in(client)
    client.get(reverse("account_logout"))
    assert client.get(reverse("account")).status_code == 200


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/149.0.0.0 Safari/537.36 Edg/149.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/149.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_is_told_as_a_person_would_say_it(header: str, told: str) -> None:
    assert browser(header) == told
