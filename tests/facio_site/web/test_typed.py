"""What was typed when a session had ended: for the person who typed it, and for nobody else."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from facio_site.accounts.models import User
from providers.models import Provider
from routing.models import ConfigVersion
from tests.desk import HTMX
from tests.facio_site.accounts.person import PASSWORD, sign_in
from tests.markup import flat
from tests.routing.watch.alerts.desk import made

pytestmark = [pytest.mark.alike, pytest.mark.django_db]

PAGE, BASE = "/providers/vllm/", "http://127.0.0.1:8000/other"


@pytest.fixture
def typed(client: Client, owner: Any) -> Client:
    """A browser in which the owner typed an address after the session had ended."""
    Provider.objects.create(kind="vllm")
    sign_in(client)
    owner.end_sessions()
    assert client.post(PAGE, {"api_base": BASE, "version": 1}).status_code == 302
    assert client.cookies["typed"].value
    return client


def test_it_comes_back_once_for_the_person_who_typed_it(typed: Client) -> None:
    sign_in(typed)
    assert BASE in typed.get(PAGE).content.decode()
    assert BASE not in typed.get(PAGE).content.decode()


def test_whoever_else_signs_in_on_that_browser_does_not_see_it(typed: Client) -> None:
    User.objects.create_user("eve", password=PASSWORD, role="owner")
    sign_in(typed, username="eve")
    assert BASE not in typed.get(PAGE).content.decode()
    assert not typed.cookies["typed"].value  # it is gone from the browser, too
    sign_in(typed)
    assert BASE not in typed.get(PAGE).content.decode()


def test_a_cookie_that_nobody_here_signed_is_dropped(typed: Client) -> None:
    typed.cookies["typed"] = typed.cookies["typed"].value[:-1] + "~"
    sign_in(typed)
    assert BASE not in typed.get(PAGE).content.decode()
    assert not typed.cookies["typed"].value


def test_nothing_is_kept_of_a_browser_in_which_nobody_had_signed_in(client: Client) -> None:
    Provider.objects.create(kind="vllm")
    client.post(PAGE, {"api_base": BASE, "version": 1})
    assert "typed" not in client.cookies


@pytest.mark.parametrize("part", ["check/", "catalog/"])
@pytest.mark.parametrize(
    "headers", [{"Referer": f"http://testserver{PAGE}"}, {"HX-Request": "true"}]
)
def test_a_test_of_what_was_typed_keeps_it_as_well(
    client: Client, owner: Any, part: str, headers: dict[str, str]
) -> None:
    Provider.objects.create(kind="vllm")
    sign_in(client)
    owner.end_sessions()
    here = {**headers, "HX-Current-URL": f"http://testserver{PAGE}"}
    client.post(f"{PAGE}{part}", {"api_base": BASE, "version": 1}, headers=here)
    sign_in(client)
    assert BASE in client.get(PAGE).content.decode()


def test_who_signs_in_again_is_told_why(client: Client, owner: Any) -> None:
    told = "Your session has ended."
    assert told not in client.get("/accounts/login/?next=/providers/").content.decode()
    sign_in(client)
    owner.end_sessions()
    assert told in client.get("/accounts/login/?next=/providers/").content.decode()
    assert told not in client.get("/accounts/login/").content.decode()


def given_back(
    client: Client, owner: Any, page: str, data: dict[str, str], **secrets: str
) -> dict[str, str]:
    """What the page has again after what was sent without a session, and a sign-in."""
    sign_in(client)
    owner.end_sessions()
    assert client.post(page, data | secrets).status_code == 302
    kept = str(signing.loads(client.cookies["typed"].value, salt="facio_site.web.typed"))
    assert not any(secret in kept for secret in secrets.values())
    sign_in(client)
    html = flat(client.get(page))
    assert "Your session had ended, so nothing was saved." in html
    found = re.search(r'<script id="typed-values"[^>]*>(.*?)</script>', html)
    assert found
    return {name: value for name, _label, value in json.loads(found[1])["fields"]}


@pytest.mark.parametrize("button", [{}, {"test": "1"}])
def test_a_new_endpoint_comes_back_but_for_its_secrets(
    client: Client, owner: Any, button: dict[str, str]
) -> None:
    plain = {"name": "corp", "display_name": "Corp", "api_base": BASE}
    plain["key_expires"] = "2027-01-31"
    secrets = {"api_key": "quite plain", "extra_headers": "X-Team: quite plain"}
    assert given_back(client, owner, "/providers/new/", plain | button, **secrets) == plain


def test_another_name_of_an_endpoint_comes_back(client: Client, owner: Any) -> None:
    Provider.objects.create(kind="custom", name="corp")
    plain = {"name": "corp-2"}
    assert given_back(client, owner, "/providers/corp/rename/", plain) == plain


def test_a_new_channel_comes_back_but_for_its_secrets(client: Client, owner: Any) -> None:
    plain = {"name": "Ops", "language": "de", "is_on": "on", "server": "https://receiver.example"}
    secrets = {"topic": "quite-plain", "token": "tk_plain"}
    page = "/alerts/channels/new/ntfy/"
    assert given_back(client, owner, page, plain, **secrets) == plain


def test_a_changed_channel_comes_back_but_for_its_secrets(client: Client, owner: Any) -> None:
    plain = {"name": "Ops", "language": "de", "is_on": "on"}
    secrets = {"url": "https://receiver.example/quite/plain", "signing": "quite plain"}
    page = f"/alerts/channels/{made('json').pk}/"
    assert given_back(client, owner, page, plain, **secrets) == plain


@pytest.mark.parametrize(
    ("page", "boxes"),
    [("/alerts/channels/new/ntfy/", ["is_on"]), ("/schedule/", ["is_on", "reminds"])],
)
def test_a_box_that_was_switched_off_comes_back_as_that(
    client: Client, owner: Any, page: str, boxes: list[str]
) -> None:
    given = given_back(client, owner, page, {"name": "Ops", "zone": "UTC"})
    assert [name for name, value in given.items() if not value] == boxes


def test_whom_an_invitation_is_for_comes_back_on_the_page_of_users(
    client: Client, owner: Any
) -> None:
    sign_in(client)
    owner.end_sessions()
    page = "http://testserver/accounts/users/"
    given = {"name": "Edda from operations", "role": "viewer"}
    assert (
        client.post("/accounts/users/invite/", given, headers={"Referer": page}).status_code == 302
    )
    sign_in(client)
    typed = client.get("/accounts/users/").wsgi_request.typed  # type: ignore[attr-defined]
    assert [one[::2] for one in typed["fields"]] == [["name", "Edda from operations"]]


def test_the_note_of_a_version_comes_back(client: Client, owner: Any) -> None:
    ConfigVersion.objects.create(number=1, reason="import")
    sign_in(client)
    owner.end_sessions()
    page = "/config/versions/1/"
    headers = {"Referer": f"http://testserver{page}"}
    client.post(f"{page}note/", {"note": "before the move"}, headers=headers)
    sign_in(client)
    assert "before the move" in str(client.get(page).wsgi_request.typed)  # type: ignore[attr-defined]


def token(client: Client, page: str) -> str:
    found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', flat(client.get(page)))
    assert found
    return found[1]


def enter(client: Client) -> None:
    """As a real browser signs in."""
    login = "/accounts/login/"
    data = {"login": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token(client, login)}
    assert client.post(login, data).status_code == 302


@pytest.mark.parametrize(("part", "headers"), [("", {}), ("check/", HTMX)])
def test_a_page_from_before_a_sign_in_in_another_tab_loses_nothing_either(
    owner: Any, part: str, headers: dict[str, str]
) -> None:
    Provider.objects.create(kind="vllm")
    browser = Client(enforce_csrf_checks=True)
    enter(browser)
    old = token(browser, PAGE)
    owner.end_sessions()
    enter(browser)
    data = {"api_base": BASE, "api_key": "quite plain", "csrfmiddlewaretoken": old, "version": "1"}
    here = f"http://testserver{PAGE}"
    answer = browser.post(
        PAGE + part, data, headers={**headers, "Referer": here, "HX-Current-URL": here}
    )
    assert answer.status_code == 403
    assert answer.headers.get("HX-Redirect") == (PAGE if headers else None)
    assert headers or f'href="{PAGE}"' in answer.content.decode()
    assert "quite plain" not in str(
        signing.loads(browser.cookies["typed"].value, salt="facio_site.web.typed")
    )
    html = flat(browser.get(PAGE))
    assert "The page was out of date, so nothing was saved." in html
    assert BASE in html
    assert "The page was out of date" not in flat(browser.get(PAGE))
    assert Provider.objects.get().api_base == ""


@pytest.mark.parametrize("place", ["new/pager", "00000000-0000-0000-0000-000000000001"])
def test_of_a_channel_that_is_not_there_nothing_is_kept(
    client: Client, owner: Any, place: str
) -> None:
    sign_in(client)
    owner.end_sessions()
    assert client.post(f"/alerts/channels/{place}/", {"name": "Ops"}).status_code == 302
    assert "typed" not in client.cookies
