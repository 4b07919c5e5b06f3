"""Guessing is limited: at every door, whatever address is claimed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facio_site import clock
from facio_site.accounts import limits
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

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.lane]


def test_s51_guessing_a_password_is_limited_and_a_forged_address_does_not_help(client, owner):
    for number in range(5):
        sign_in(client, password="wrong wrong", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    answer = sign_in(client, headers={"X-Forwarded-For": "192.0.2.99"})
    assert "_auth_user_id" not in client.session
    assert b"Too many" in answer.content


@pytest.mark.parametrize("part", ["port", "host", "spelling", "address"])
def test_s81_guesses_at_one_account_count_together_whatever_differs(client, owner, settings, part):
    settings.ALLOWED_HOSTS = ["testserver", "localhost", "facio.example"]
    hosts = {
        "port": [f"testserver:{8000 + number}" for number in range(6)],
        "host": [
            "testserver",
            "localhost",
            "facio.example",
            "LOCALHOST",
            "localhost:1",
            "Testserver",
        ],
    }.get(part, ["testserver"] * 6)
    names = ["ada", "Ada", "ADA", "ad\uff41", "\uff21DA", "ada"]
    for number, host in enumerate(hosts[1:], start=1):
        sign_in(
            Client(),
            names[number] if part == "spelling" else "ada",
            "wrong wrong",
            HTTP_HOST=host,
            REMOTE_ADDR=f"192.0.2.{number}",
        )
    answer = sign_in(client, HTTP_HOST=hosts[0], REMOTE_ADDR="192.0.2.99")
    assert "_auth_user_id" not in client.session
    assert b"Too many" in answer.content


def test_s81_a_try_on_an_ascii_name_does_not_count_for_its_neighbour(client, owner):
    for number in range(5):
        sign_in(Client(), "adah", "wrong wrong", REMOTE_ADDR=f"192.0.2.{number}")
    assert sign_in(client).status_code == 302


def test_s81_ten_thousand_other_names_free_nobody(client, owner):
    for number in range(5):
        sign_in(Client(), password="wrong wrong", REMOTE_ADDR=f"192.0.2.{number}")
    with connection.cursor() as cursor:  # as if each of them had been tried just now
        cursor.execute("SELECT cache_key, value, expires FROM cache WHERE cache_key LIKE '%/key:%'")
        ((key, *row),) = cursor.fetchall()
        others = [(f"{key[:-64]}{'f' * 24}{number:040x}", *row) for number in range(10_000)]
        cursor.executemany("INSERT INTO cache VALUES (%s, %s, %s)", others)
    sign_in(Client(), "one more", "wrong wrong", REMOTE_ADDR="192.0.2.98")
    assert b"Too many" in sign_in(client, REMOTE_ADDR="192.0.2.99").content


def test_s81_counters_leave_when_their_time_is_over_and_not_before(client, owner, monkeypatch):
    for number in range(5):
        sign_in(Client(), password="wrong wrong", REMOTE_ADDR=f"192.0.2.{number}")
    assert limits.sweep() == 0
    assert b"Too many" in sign_in(client, REMOTE_ADDR="192.0.2.99").content
    later = timezone.now() + timedelta(minutes=6)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert limits.expired() > 5
    assert limits.sweep() > 5
    assert limits.expired() == 0
    assert sign_in(client, REMOTE_ADDR="192.0.2.99").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_s81_of_many_guesses_at_one_moment_five_are_looked_at(owner):
    start = threading.Barrier(12)

    def guess(number):
        start.wait()
        try:
            page = sign_in(Client(), password="wrong wrong", REMOTE_ADDR=f"192.0.2.{number}")
            return b"Too many" not in page.content
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        looked_at = list(pool.map(guess, range(12)))
    assert 0 < sum(looked_at) <= 5


def test_s81_mapped_addresses_are_told_apart_and_those_of_one_network_are_not(client, owner):
    for number in range(10):
        address = "::ffff:192.0.2.1"
        sign_in(Client(), f"name{number}", "wrong wrong", REMOTE_ADDR=address)
    assert b"Too many" in sign_in(client, REMOTE_ADDR="192.0.2.1").content
    assert sign_in(client, REMOTE_ADDR="::ffff:192.0.2.2").status_code == 302
    for number in range(10):
        address = f"2001:db8::{number + 1:x}"
        sign_in(Client(), f"other{number}", "wrong wrong", REMOTE_ADDR=address)
    assert b"Too many" in sign_in(Client(), REMOTE_ADDR="2001:db8::ff").content


@pytest.mark.parametrize("door", ["code", "confirm", "change"])
def test_s81_host_and_port_free_no_other_door_either(client, owner, door):
    sign_in(client)
    if door == "code":
        add_totp(client, owner)
        client = Client()
        sign_in(client)

    def knock(number):
        place = {"HTTP_HOST": f"testserver:{8000 + number}", "REMOTE_ADDR": f"192.0.2.{number}"}
        if door == "code":
            return client.post(reverse("mfa_authenticate"), {"code": "000000"}, **place)
        if door == "confirm":
            data = {"password": "wrong wrong"}
            return client.post(reverse("account_reauthenticate"), data, **place)
        data = {"oldpassword": "wrong wrong", "password1": OTHER_PASSWORD}
        return client.post(reverse("account_change_password"), data, **place)

    pages = [knock(number).content for number in range(6)]
    assert [b"oo many" in page for page in pages] == [False] * 5 + [True]


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
