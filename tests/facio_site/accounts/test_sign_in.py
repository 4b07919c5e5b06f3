"""Signing in: one answer to every wrong guess, the way back, passkeys."""

import re

import pytest
from django.urls import reverse

from tests.facio_site.accounts.person import PASSWORD, sign_in

pytestmark = pytest.mark.django_db


def test_wrong_password_and_unknown_name_read_the_same(client, owner):
    texts = set()
    for name in ("ada", "nobody"):
        answer = sign_in(client, name, "wrong wrong wrong")
        assert answer.status_code == 422
        texts.add(re.sub(r"<input[^>]*>", "", answer.content.decode()))
    assert len(texts) == 1


def test_next_never_leaves_the_site(client, owner):
    url = reverse("account_login") + "?next=https://evil.example/"
    answer = client.post(url, {"login": "ada", "password": PASSWORD})
    assert answer.url == "/"


@pytest.mark.parametrize(
    ("host", "offered"), [("localhost", True), ("127.0.0.1", False), ("[::1]", False)]
)
def test_passkeys_are_offered_where_browsers_allow_them(client, owner, settings, host, offered):
    settings.ALLOWED_HOSTS = [host.strip("[]"), host]
    page = client.get(reverse("account_login"), headers={"Host": host})
    assert (b'id="passkey_login"' in page.content) is offered


def test_a_passkey_challenge_is_open_to_strangers(client, owner):
    answer = client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["challenge"]


def test_the_ways_in_ask_for_the_name_that_the_account_was_made_with(client, owner):
    client.cookies["language"] = "de"
    html = client.get(reverse("account_login")).content.decode()
    assert "Benutzername" in html
    assert "Anmeldename" not in html


def test_the_question_for_the_password_says_the_word_once(client, owner):
    client.force_login(owner)
    html = client.get(reverse("account_reauthenticate")).content.decode()
    assert "Password</label>" in html
    assert "placeholder=" not in html
