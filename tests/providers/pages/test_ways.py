"""Of several ways to sign in the chosen one counts, and the page says what goes."""

import re
from typing import Any

import pytest
from django.test import Client

from providers.models import Draft, Provider
from tests.desk import HTMX, saved
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
PAGE = "/providers/bedrock/"
KEY = "ABSKtyped1234567890"
PAIR = {"access_key_id": "AKIA" + "A" * 16, "secret_access_key": "s" * 40}
REGION = {"region": "us-east-1"}


def stored() -> Any:
    return Provider.objects.get()


def bedrock(*names: str) -> Provider:
    row = saved("bedrock", KEY, values={"region": "us-east-1"})
    for name in names:
        row.put_secret(name, PAIR[name])
    row.store()
    return row


def test_what_is_typed_for_another_way_is_neither_tested_nor_saved(site: Client) -> None:
    typed = {**REGION, **PAIR, "api_key": "AKIA and broken", "sign_in": "access_keys"}
    assert site.post(f"{PAGE}check/", typed, headers=HTMX).status_code == 200
    assert set(Draft.objects.get().sealed) == set(PAIR)
    assert site.post(PAGE, typed).status_code == 302
    assert set(stored().sealed) == set(PAIR)
    page = flat(site.get(PAGE))
    assert re.search(r'<input type="radio" name="sign_in" value="access_keys"[^>]* checked', page)


def test_choosing_another_way_removes_what_is_stored_and_says_so(site: Client) -> None:
    bedrock()
    assert "Save removes what is stored for the other sign-in method: Key." in flat(site.get(PAGE))
    site.post(PAGE, {**REGION, **PAIR, "sign_in": "access_keys"})
    assert set(stored().sealed) == set(PAIR)
    assert "Undo" in flat(site.get(PAGE))


def test_what_is_stored_for_an_idle_way_stays_until_the_choice_changes(site: Client) -> None:
    bedrock(*PAIR)
    assert "Also stored, and not used: Access keys." in flat(site.get(PAGE))
    body = {"extra_body": '{"seed": 1}', "sign_in": "api_key"}
    assert site.post(PAGE, {**REGION, **body}).status_code == 302
    assert set(stored().sealed) == {"api_key", "extra_body", *PAIR}


def test_secrets_of_an_idle_way_go_when_the_region_moves_them_elsewhere(site: Client) -> None:
    bedrock(*PAIR)
    moved = {"region": "eu-west-1", "api_key": KEY, "sign_in": "api_key"}
    assert site.post(PAGE, moved).status_code == 302
    assert set(stored().sealed) == {"api_key"}


@pytest.mark.parametrize(
    ("way", "field"),
    [("api_key", "api_key"), ("access_keys", "secret_access_key"), ("profile", "profile")],
)
def test_the_chosen_way_must_be_filled_in(site: Client, way: str, field: str) -> None:
    answer = site.post(PAGE, {**REGION, "sign_in": way})
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()


def test_without_a_choice_all_that_is_typed_counts(site: Client) -> None:
    site.post(PAGE, {**REGION, **PAIR, "api_key": KEY})
    assert set(stored().sealed) == {"api_key", *PAIR}


def test_regions_are_offered_and_any_other_can_be_typed(site: Client) -> None:
    page = flat(site.get(PAGE))
    assert 'list="region-options"' in page
    assert '<option value="eu-central-1"></option>' in page
    site.post(PAGE, {"region": "xx-new-9", "api_key": KEY, "sign_in": "api_key"})
    assert stored().values["region"] == "xx-new-9"


def test_where_no_profile_is_allowed_the_page_says_how_one_is(site: Client, settings: Any) -> None:
    settings.AWS_PROFILES_ALLOWED = []
    told = "None can be chosen: AWS_PROFILES_ALLOWED names none."
    assert told in flat(site.get(PAGE))
    settings.AWS_PROFILES_ALLOWED = ["work"]
    assert told not in flat(site.get(PAGE))


@pytest.mark.parametrize(("way", "left"), [("access_keys", set(PAIR)), ("api_key", {"api_key"})])
def test_a_way_that_was_left_for_a_test_goes_unless_it_is_chosen_again(
    site: Client, way: str, left: set[str]
) -> None:
    bedrock()
    site.post(f"{PAGE}check/", {**REGION, **PAIR, "sign_in": "access_keys"}, headers=HTMX)
    draft = str(Draft.objects.get().pk)
    assert site.post(PAGE, {**REGION, "sign_in": way, "draft": draft}).status_code == 302
    assert set(stored().sealed) == left
