"""What was typed when a session had ended: for the person who typed it, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from facio_site.accounts.models import User
from providers.models import Provider
from tests.facio_site.accounts.person import PASSWORD, sign_in

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
