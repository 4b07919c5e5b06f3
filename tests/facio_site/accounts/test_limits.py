"""Guessing is limited: at every door, whatever address is claimed."""

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.facio_site.accounts.person import (
    OTHER_PASSWORD,
    PASSWORD,
    add_totp,
    change_password,
    code_of,
    confirm,
    forged,
    setup_token,
    sign_in,
)

pytestmark = pytest.mark.django_db


def test_s51_guessing_a_password_is_limited_and_a_forged_address_does_not_help(client, owner):
    for number in range(5):
        sign_in(client, password="wrong wrong", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    answer = sign_in(client, headers={"X-Forwarded-For": "192.0.2.99"})
    assert "_auth_user_id" not in client.session
    assert b"Too many" in answer.content


def test_s51_guessing_at_reauthentication_is_limited(client, owner):
    sign_in(client)
    for _ in range(5):
        confirm(client, "wrong wrong")
    assert b"Too many" in confirm(client).content
    assert client.get(reverse("mfa_activate_totp")).status_code == 302


def test_s51_guessing_totp_codes_is_limited(client, owner):
    sign_in(client)
    add_totp(client, owner)
    other = Client()
    sign_in(other)
    for _ in range(5):
        other.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = other.post(reverse("mfa_authenticate"), {"code": code_of(owner)})
    assert answer.status_code == 422
    assert b"Too many" in answer.content


def test_s51_guessing_over_many_names_is_limited_by_the_real_address(client, owner):
    for number in range(10):
        sign_in(Client(), f"name{number}", "wrong wrong", headers=forged(number))
    answer = sign_in(client, headers=forged(99))
    assert "_auth_user_id" not in client.session
    assert b"Too many" in answer.content
    assert sign_in(client, headers=forged(99), REMOTE_ADDR="203.0.113.7").status_code == 302


def test_s51_behind_a_proxy_its_own_word_counts_and_what_came_before_it_does_not(
    client, owner, settings
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def claimed(number, real):
        return {"X-Forwarded-For": f"192.0.2.{number}, {real}"}

    for number in range(10):
        headers = claimed(number, "203.0.113.5")
        sign_in(Client(), f"name{number}", "wrong wrong", headers=headers)
    assert b"Too many" in sign_in(client, headers=claimed(99, "203.0.113.5")).content
    assert sign_in(client, headers=claimed(1, "203.0.113.6")).status_code == 302


def test_s51_guessing_recovery_codes_is_limited(client, owner):
    sign_in(client)
    add_totp(client, owner)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    other = Client()
    sign_in(other)
    for number in range(5):
        wrong = {"code": f"{number:08x}"}
        page = other.post(reverse("mfa_authenticate"), wrong, headers=forged(number))
        assert b"Incorrect code" in page.content
    answer = other.post(reverse("mfa_authenticate"), {"code": code}, headers=forged(99))
    assert answer.status_code == 422
    assert b"Too many" in answer.content
    assert other.get(reverse("account")).status_code == 302
    cache.clear()
    assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302


def test_s51_a_new_sign_in_does_not_lift_the_limit_of_codes(client, owner):
    sign_in(client)
    add_totp(client, owner)
    for number in range(5):
        other = Client()
        sign_in(other)
        other.post(reverse("mfa_authenticate"), {"code": "000000"}, headers=forged(number))
    other = Client()
    sign_in(other)
    page = other.post(reverse("mfa_authenticate"), {"code": code_of(owner)}, headers=forged(99))
    assert b"Too many" in page.content


def test_s51_guessing_codes_at_reauthentication_is_limited(client, owner):
    sign_in(client)
    add_totp(client, owner)
    recovery = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    for number in range(5):
        client.post(reverse("mfa_reauthenticate"), {"code": "000000"}, headers=forged(number))
    for code in (code_of(owner), recovery):
        page = client.post(reverse("mfa_reauthenticate"), {"code": code}, headers=forged(99))
        assert b"Too many" in page.content


def test_s51_confirmations_are_limited_by_person_whatever_they_are_made_with(client, owner):
    sign_in(client)
    add_totp(client, owner)
    for name in (*["mfa_reauthenticate"] * 5, *["account_reauthenticate"] * 5):
        client.post(reverse(name), {"code": "000000", "password": "wrong"}, headers=forged(1))
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer.status_code == 429


def test_s51_confirming_by_passkey_is_limited(client, owner):
    Authenticator.objects.create(user=owner, type="webauthn", data={"name": "key"})
    client.force_login(owner)
    url = reverse("mfa_reauthenticate_webauthn")
    for number in range(10):
        answer = client.post(url, {"credential": "{}"}, headers=forged(number))
        assert answer.status_code == 302
    assert client.post(url, {"credential": "{}"}, headers=forged(99)).status_code == 429


def test_s51_guessing_the_old_password_is_limited(client, owner):
    sign_in(client)
    for number in range(5):
        wrong = {"oldpassword": "wrong wrong", "password1": OTHER_PASSWORD}
        wrong["password2"] = OTHER_PASSWORD
        client.post(reverse("account_change_password"), wrong, headers=forged(number))
    assert change_password(client).status_code == 429
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_s51_the_passkey_door_is_limited(client, owner):
    url = reverse("mfa_login_webauthn")
    for number in range(10):
        answer = client.post(url, {"credential": "{}"}, headers=forged(number))
        assert answer.status_code == 302
    assert client.post(url, {"credential": "{}"}, headers=forged(99)).status_code == 429
    assert "_auth_user_id" not in client.session


def test_s51_the_admins_own_door_takes_no_password(client, owner):
    for password in ("wrong wrong", PASSWORD):
        data = {"username": "ada", "password": password, "next": "/admin/"}
        answer = client.post(reverse("admin:login"), data, headers=forged(1))
        assert answer.url.startswith(reverse("account_login"))
        assert "_auth_user_id" not in client.session


def test_s51_guessing_setup_tokens_is_limited(client, capsys):
    token = setup_token(capsys)
    for number in range(20):
        answer = client.get("/setup/", {"token": f"guess{number}"}, headers=forged(number))
        assert answer.status_code == 410
    assert client.get("/setup/", {"token": token}, headers=forged(99)).status_code == 429
    assert b"<form" not in client.get("/setup/").content
    cache.clear()
    client.get("/setup/", {"token": token})
    assert b"<form" in client.get("/setup/").content
