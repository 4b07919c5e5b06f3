"""Accounts in a real browser: passkeys with a virtual key, and nothing on the console."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from facio_site.accounts.models import Invitation, Role
from tests.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.facio_site.accounts.person import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def visitor(playwright: Any, live_server: Any, settings: Any, fresh: None) -> Iterator[Any]:
    """A browser tab on http://localhost (passkeys need a name) that holds a security key."""
    settings.ALLOWED_HOSTS = ["localhost"]
    base = live_server.url.replace("127.0.0.1", "localhost")
    settings.PUBLIC_URL = base
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
    try:
        tab = browser.new_context(base_url=base).new_page()
        complaints: list[str] = []
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.extend(_complaint(message)))
        session = tab.context.new_cdp_session(tab)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        yield SimpleNamespace(tab=tab, base=base, complaints=complaints)
    finally:
        browser.close()


def _complaint(message: Any) -> list[str]:
    """Notes of the browser (what Clear-Site-Data cleared) are no complaint."""
    url = message.location.get("url", "")
    return [f"{url} {message.text}"] if message.type in ("error", "warning") else []


def sign_out(tab):
    tab.goto(reverse("account"))
    tab.locator("main").get_by_role("button", name="Sign out").click()
    tab.wait_for_url("**/accounts/login/")


def fill_account(tab, *labels):
    tab.get_by_label("Username").fill("ada")
    for label in labels:
        tab.get_by_label(label, exact=True).fill(PASSWORD)


def test_s50_from_the_setup_link_to_a_sign_in_by_passkey(visitor):
    tab = visitor.tab
    tab.goto(f"/setup/?token={Invitation.objects.issue(Role.OWNER)}")
    assert tab.url == f"{visitor.base}/setup/"
    fill_account(tab, "Password", "Confirm password")
    tab.get_by_role("button", name="Create account").click()
    tab.wait_for_url(f"{visitor.base}/")

    tab.goto(reverse("mfa_add_webauthn"))
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Confirm").click()
    tab.get_by_label("Passwordless").check(force=True)
    tab.get_by_role("button", name="Add a passkey").click()
    tab.wait_for_url("**/recovery-codes/")

    sign_out(tab)
    tab.get_by_role("button", name="Sign in with a passkey").click()
    tab.wait_for_url(f"{visitor.base}/")

    sign_out(tab)
    fill_account(tab, "Password")
    tab.get_by_role("button", name="Sign in", exact=True).click()
    tab.get_by_role("button", name="Use a passkey").click()
    tab.wait_for_url(f"{visitor.base}/")
    for name in ("account", "users", "mfa_index", "mfa_list_webauthn", "usersessions_list"):
        tab.goto(reverse(name))
    for path in ("/admin/", "/admin/audit/auditentry/", "/admin/accounts/user/"):
        tab.goto(path)
    assert visitor.complaints == []


def test_s59_back_after_sign_out_shows_nothing(visitor, django_user_model):
    tab = visitor.tab
    django_user_model.objects.create_user("ada", password=PASSWORD, role=Role.OWNER)
    tab.goto(reverse("account_login"))
    fill_account(tab, "Password")
    tab.get_by_role("button", name="Sign in", exact=True).click()
    sign_out(tab)
    tab.go_back()
    tab.wait_for_url("**/accounts/login/**")
    assert visitor.complaints == []
