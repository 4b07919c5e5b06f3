"""Two tabs: what one typed and what another has saved meanwhile, field by field."""

import re
from typing import Any

import pytest
from django.test import Client

from facio_site.accounts.models import User
from providers.models import Draft, Provider
from tests.conftest import signed_in
from tests.desk import KEY, saved
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
PAGE = "/providers/openrouter/"
MY_KEY, THEIR_KEY = "sk-or-v1-mine-9876543210", "sk-or-v1-theirs-111122223333"
HERE = "https://openrouter.ai"


def seen(page: str) -> dict[str, str]:
    """What the page sends along, whatever is typed."""
    names = ("version", "seen", "draft")
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in names}
    return {name: one[1].replace("&quot;", '"') for name, one in found.items() if one}


def opened(site: Client, page: str = PAGE) -> dict[str, str]:
    return seen(site.get(page).content.decode())


def rows(page: str) -> dict[str, tuple[str, ...]]:
    """Field -> its texts, without tags."""
    found = re.findall(r'<tr data-field="([^"]+)"> ?<th scope="row">(.*?)</tr>', page)
    return {
        key: tuple(re.sub(r"<[^>]+>", " ", cell).strip() for cell in cells.split("<td")[1:])
        for key, cells in found
    }


def has_choice(page: str, key: str) -> bool:
    return f'name="pick-{key}"' in page


def plain(kind: str = "openrouter") -> Any:
    return Provider.objects.get(kind=kind)


def secret(name: str = "api_key") -> str:
    return plain().open_secret(name).reveal()


def test_s78_a_field_that_only_somebody_else_changed_follows_what_is_saved(site: Client) -> None:
    saved()
    mine = {**opened(site), "api_base": "", "extra_headers": "X-Team: blue"}
    site.post(PAGE, {"api_base": f"{HERE}/theirs/v1", "version": "1"})
    answer = site.post(PAGE, mine)
    page = flat(answer)
    assert answer.status_code == 409
    assert not has_choice(page, "api_base")
    assert f"{HERE}/theirs/v1" in rows(page)["api_base"][1]
    assert has_choice(page, "extra_headers:X-Team")
    site.post(
        PAGE, {**seen(page), "api_base": f"{HERE}/theirs/v1", "pick-extra_headers:X-Team": "mine"}
    )
    assert plain().api_base == f"{HERE}/theirs/v1"
    assert plain().open_mapping("extra_headers") == {"X-Team": "blue"}


@pytest.mark.parametrize(
    ("pick", "base"), [("mine", f"{HERE}/mine/v1"), ("theirs", f"{HERE}/theirs/v1")]
)
def test_s78_what_both_changed_is_chosen_between(site: Client, pick: str, base: str) -> None:
    saved()
    mine = {**opened(site), "api_base": f"{HERE}/mine/v1"}
    site.post(PAGE, {"api_base": f"{HERE}/theirs/v1", "version": "1"})
    page = flat(site.post(PAGE, mine))
    told = rows(page)["api_base"]
    assert f"{HERE}/mine/v1" in told[0]
    assert f"{HERE}/theirs/v1" in told[1]
    assert 'name="api_base"' not in page  # the choice is the field
    assert site.post(PAGE, {**seen(page), "pick-api_base": pick}).status_code == 302
    assert plain().api_base == base
    assert not Draft.objects.exists()


@pytest.mark.parametrize(("pick", "key"), [("mine", MY_KEY), ("theirs", THEIR_KEY)])
def test_s78_two_new_keys_are_told_by_their_state_and_none_is_lost(
    site: Client, pick: str, key: str
) -> None:
    saved()
    mine = {**opened(site), "api_base": "", "api_key": MY_KEY}
    site.post(PAGE, {"api_key": THEIR_KEY, "version": "1"})
    answer = site.post(PAGE, mine)
    page = flat(answer)
    assert MY_KEY not in page
    assert THEIR_KEY not in page
    told = rows(page)["api_key"]
    assert "set …3210" in told[0]
    assert "set …3333" in told[1]
    site.post(PAGE, {**seen(page), "pick-api_key": pick})
    assert secret() == key


def test_s78_headers_are_told_by_name_and_each_is_chosen_alone(site: Client) -> None:
    saved()
    site.post(PAGE, {"extra_headers": "X-Old: one\nX-Kept: two", "version": "1"})
    before = opened(site)
    mine = {**before, "extra_headers": "X-Old: changed\nX-Kept: ••••••••\nX-Mine: three"}
    theirs = {**before, "extra_headers": "X-Old: other\nX-Theirs: four"}
    assert site.post(PAGE, theirs).status_code == 302
    page = flat(site.post(PAGE, mine))
    found = rows(page)
    assert {key for key in found if has_choice(page, key)} == {
        *("extra_headers:X-Old", "extra_headers:X-Mine", "extra_headers:X-Theirs")
    }
    for value in ("changed", "other", "three", "four"):
        assert not any(value in text.split() for cells in found.values() for text in cells)
    picks = {
        "pick-extra_headers:X-Old": "theirs",
        "pick-extra_headers:X-Mine": "mine",
        "pick-extra_headers:X-Theirs": "theirs",
    }
    assert site.post(PAGE, {**seen(page), **picks}).status_code == 302
    assert plain().open_mapping("extra_headers") == {
        "X-Old": "other",
        "X-Mine": "three",
        "X-Theirs": "four",
    }


def test_s78_a_third_save_in_between_asks_again(site: Client, editor: User) -> None:
    saved()
    another = signed_in(editor)
    mine = {**opened(site), "api_base": f"{HERE}/mine/v1"}
    site.post(PAGE, {"api_base": f"{HERE}/theirs/v1", "version": "1"})
    page = flat(site.post(PAGE, mine))
    another.post(PAGE, {"api_base": f"{HERE}/third/v1", "version": "2"})
    answer = site.post(PAGE, {**seen(page), "pick-api_base": "mine"})
    page = flat(answer)
    assert answer.status_code == 409
    assert f"{HERE}/mine/v1" in rows(page)["api_base"][0]
    assert f"{HERE}/third/v1" in rows(page)["api_base"][1]


def test_s78_a_key_of_mine_never_goes_to_the_address_of_somebody_else(site: Client) -> None:
    saved("custom", KEY, api_base="https://one.example/v1")
    page = "/providers/custom/"
    mine = {**opened(site, page), "api_base": "https://mine.example/v1", "api_key": MY_KEY}
    site.post(page, {"api_base": "https://theirs.example/v1", "api_key": KEY, "version": "1"})
    both = flat(site.post(page, mine))
    picks = {"pick-api_base": "theirs", "pick-api_key": "mine"}
    answer = site.post(page, {**seen(both), **picks})
    assert answer.status_code == 422
    assert "The address has changed" in answer.content.decode()
    assert has_choice(answer.content.decode(), "api_base")
    assert plain("custom").version == 2


def test_who_saves_the_same_is_told_so_and_nothing_is_asked(site: Client) -> None:
    saved()
    mine = {**opened(site), "api_base": f"{HERE}/same/v1"}
    site.post(PAGE, {"api_base": f"{HERE}/same/v1", "version": "1"})
    answer = site.post(PAGE, mine, follow=True)
    assert answer.status_code == 200
    assert "Someone else saved the same in the meantime." in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "theirs", "field", "typed"),
    [
        ("openrouter", {"extra_body": '{"seed": 1}'}, "key_expires", "2027-01-31"),
        ("lab", {"extra_headers": "X-Team: blue"}, "display_name", "The lab"),
    ],
)
def test_what_no_call_depends_on_is_not_the_same_and_is_kept(
    site: Client, name: str, theirs: dict[str, str], field: str, typed: str
) -> None:
    is_own = name == "lab"
    base = "https://one.example/v1" if is_own else ""
    saved("custom" if is_own else name, KEY, name=name, api_base=base)
    page, common = f"/providers/{name}/", {"api_base": base, **dict.fromkeys(theirs, "")}
    mine = {**common, **opened(site, page), field: typed}
    site.post(page, {**common, **opened(site, page), **theirs})
    answer = site.post(page, mine)
    assert answer.status_code == 409
    both = answer.content.decode()
    assert has_choice(both, field)
    site.post(page, {**common, **theirs, **seen(both), f"pick-{field}": "mine"})
    row = Provider.objects.get()
    assert typed in (str(row.key_expires_on), row.display_name)
    assert row.open_mapping(next(iter(theirs)))


def test_a_provider_that_was_removed_meanwhile_is_told(site: Client) -> None:
    saved()
    mine = {**opened(site), "api_base": "", "api_key": MY_KEY}
    Provider.objects.all().delete()
    answer = site.post(PAGE, mine)
    assert answer.status_code == 409
    assert "Someone else removed this provider in the meantime." in flat(answer)


def test_an_error_beside_a_newer_version_shows_both(site: Client) -> None:
    saved()
    mine = {**opened(site), "api_base": "", "extra_body": "{"}
    site.post(PAGE, {"api_base": f"{HERE}/theirs/v1", "version": "1"})
    answer = site.post(PAGE, mine)
    assert answer.status_code == 422
    assert f"{HERE}/theirs/v1" in rows(flat(answer))["api_base"][1]
    again = {**mine, **seen(answer.content.decode()), "extra_body": "", "api_base": ""}
    assert again["version"] == "1"
