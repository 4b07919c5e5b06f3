"""The pages of accounts: our shell around each, errors at their fields."""

import re

import pytest
from django.urls import reverse

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


@pytest.mark.parametrize(
    "name",
    [
        "account",
        "users",
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "usersessions_list",
    ],
)
def test_every_page_is_drawn_by_our_shell_without_inline_code(confirmed, name):
    page = confirmed.get(reverse(name), headers={"Host": "localhost"}).content.decode()
    assert "app.css" in page
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert "src=" in script or "application/json" in script
    for field in re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', page):
        assert f'for="{field}"' in page


def test_an_error_stands_at_its_field(client, owner):
    page = client.post(reverse("account_login"), {"login": "ada"}).content.decode()
    assert 'id="id_password_error"' in page
