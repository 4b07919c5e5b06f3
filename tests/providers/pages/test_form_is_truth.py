"""What a test or a save uses is what the form shows, field by field."""

import re

import pytest
from django.test import Client

from providers.catalog.fetch import Catalog, CatalogItem
from providers.models import CatalogEntry, Draft, Job, Provider, Task
from providers.spec.outcomes import Outcome
from providers.work import queue, tasks
from tests.desk import HTMX, KEY, saved, stocked
from tests.markup import flat
from tests.providers.pages.typed import PAGE, TYPED, ended, press, secret, stored_key
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("queued"),
    pytest.mark.battery,
    pytest.mark.alike,
]


# Typed, tested, then cleared -----------------------------------------------------------------


def test_s90_a_key_that_was_typed_tested_and_cleared_is_neither_tested_nor_saved(
    site: Client,
) -> None:
    saved()
    press(site, api_key=TYPED)
    ended()
    press(site, api_key="")
    assert Job.objects.count() == 2
    newest = Job.objects.order_by("-created_at")[0]
    assert newest.input_digest == Provider.objects.get().fingerprint()
    assert not newest.is_draft
    ended("ok", "valid")
    news = flat(site.get("/live/", {"w": f"check:{newest.pk}:0"}, headers=HTMX))
    assert 'data-outcome="ok"' in news  # and not what was found of the text that is gone
    assert secret(news) == ("stored", "cdef", "ok")
    site.post(PAGE, {"api_key": "", "version": "1"})
    assert stored_key() == KEY


def test_without_a_stored_key_a_cleared_one_is_asked_for(site: Client) -> None:
    press(site, api_key=TYPED)
    ended("ok", "valid")
    assert site.post(PAGE, {"api_key": ""}).status_code == 422
    assert not Provider.objects.configured().exists()


@pytest.mark.parametrize("field", ["extra_headers", "extra_body"])
def test_s90_extra_headers_and_body_that_were_cleared_are_not_saved(
    site: Client, field: str
) -> None:
    saved()
    text = "X-Team: blue" if field == "extra_headers" else '{"seed": 1}'
    press(site, **{field: text})
    ended("ok", "valid")
    site.post(PAGE, {field: "", "version": "1"})
    assert Provider.objects.get().open_mapping(field) == {}


def test_bedrock_is_saved_with_the_way_that_the_form_shows(site: Client) -> None:
    page = "/providers/bedrock/"
    pair = {"access_key_id": "AKIA" + "A" * 16, "secret_access_key": "s" * 40}
    common = {"region": "us-east-1"}
    site.post(f"{page}check/", {**common, "api_key": "ABSKtyped1234567890"}, headers=HTMX)
    site.post(page, {**common, **pair, "api_key": ""})
    assert set(Provider.objects.get().sealed) == {"access_key_id", "secret_access_key"}


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        (
            {"access_key_id": "AKIA" + "A" * 16, "secret_access_key": "s" * 40},
            "AWS Bedrock saved.",
        ),
        ({}, "AWS Bedrock saved. It has no key now."),
    ],
)
def test_a_key_that_made_room_for_another_way_to_sign_is_not_missed(
    site: Client, pair: dict[str, str], told: str
) -> None:
    saved("bedrock", demo_key("bedrock"), values={"region": "us-east-1"})
    gone = {"region": "us-east-1", "api_key": "", "clear_api_key": "on", "version": "1"}
    page = flat(site.post("/providers/bedrock/", {**gone, **pair}, follow=True))
    assert told in page
    assert ("It has no key now." in page) is told.endswith("now.")


def test_where_nothing_was_sent_no_way_to_sign_was_tested() -> None:
    row = saved("bedrock", demo_key("bedrock"), values={"region": "Frankfurt"})
    row.put_secret("access_key_id", "AKIA" + "A" * 16)
    row.put_secret("secret_access_key", "s" * 40)
    row.store()
    job = queue.start(row, Task.CHECK, hand_over=False)
    tasks.check_provider(str(job.pk))
    job.refresh_from_db()
    assert job.params["calls"] == []
    assert "used" not in job.params


def test_with_two_ways_to_sign_the_result_says_which_was_proven(
    site: Client, sims: Simulators
) -> None:
    row = saved("bedrock", demo_key("bedrock"), values={"region": "us-east-1"})
    row.put_secret("access_key_id", "AKIA" + "A" * 16)
    row.put_secret("secret_access_key", "s" * 40)
    row.store()
    site.post("/providers/bedrock/check/", {"region": "us-east-1"}, headers=HTMX)
    job = Job.objects.get()
    tasks.check_provider(str(job.pk))
    words = "Tested with: API key. Also entered and not used: Access keys."
    page = flat(site.get("/providers/bedrock/"))
    assert words in page
    told = dict(re.findall(r'data-secret="(\w+)".*?data-verdict="(\w*)"', page))
    assert told["api_key"] == "ok"
    assert told["access_key_id"] == told["secret_access_key"] == ""
    row.refresh_from_db()
    row.put_secret("access_key_id", None)
    row.put_secret("secret_access_key", None)
    row.store()
    site.post("/providers/bedrock/check/", {"region": "us-east-1"}, headers=HTMX)
    tasks.check_provider(str(Job.objects.order_by("-created_at")[0].pk))
    assert "Tested with" not in flat(site.get("/providers/bedrock/"))


def test_a_page_that_shows_unsaved_values_saves_those_and_no_others(site: Client) -> None:
    saved()
    press(site, api_key=TYPED)
    ended("ok", "valid")
    page = flat(site.get(PAGE))
    marker = re.search(r'name="draft" value="([\w-]+)"', page)
    assert marker
    press(site, api_key="sk-or-v1-a-newer-one-55555")  # in another tab
    answer = site.post(PAGE, {"api_key": "", "version": "1", "draft": marker[1]})
    assert "no longer kept" in flat(answer)
    assert stored_key() == KEY


def test_a_page_that_shows_unsaved_values_follows_to_newer_ones_and_to_the_saved(
    site: Client,
) -> None:
    saved()
    press(site, api_key=TYPED)
    first = str(Draft.objects.get().pk)
    answer = flat(press(site, api_key="sk-or-v1-a-newer-one-55555", draft=first))
    second = str(Draft.objects.get().pk)
    assert second != first
    assert f'id="draft" name="draft" value="{second}" hx-swap-oob="true"' in answer
    back = flat(press(site, api_key=KEY, draft=second))
    assert 'id="draft" hx-swap-oob="true"' in back
    assert not Draft.objects.exists()


# A draft that was rejected -------------------------------------------------------------------


def test_the_state_of_a_secret_says_typed_tail_and_verdict(site: Client) -> None:
    saved()
    assert secret(flat(site.get(PAGE))) == ("stored", "cdef", "")
    answer = press(site, api_key=TYPED)
    assert secret(flat(answer)) == ("typed", "3210", "")
    job = ended()
    news = flat(site.get("/live/", {"w": f"check:{job.pk}:0"}, headers=HTMX))
    assert secret(news) == ("typed", "3210", "bad_key")
    page = flat(site.get(PAGE))
    assert secret(page) == ("typed", "3210", "bad_key")
    assert "(typed, not saved)" in page
    assert "(unchanged)" not in page


def test_the_banner_names_both_keys_and_discard_comes_first(site: Client) -> None:
    saved()
    press(site, api_key=TYPED)
    ended()
    page = flat(site.get(PAGE))
    banner = page[page.index('id="unsaved"') : page.index('id="provider-form"')]
    for text in ("Key rejected", "…3210", "…cdef"):
        assert text in banner
    assert banner.index("Discard") < banner.index("Save </button>")
    assert TYPED not in page


def test_a_stored_secret_has_the_verdict_of_its_own_last_test(site: Client) -> None:
    saved()
    press(site)
    ended()
    assert secret(flat(site.get(PAGE))) == ("stored", "cdef", "bad_key")
    row = Provider.objects.get()
    row.put_secret("api_key", TYPED)
    row.store()
    assert secret(flat(site.get(PAGE))) == ("stored", "3210", "")


def test_save_after_a_rejected_test_asks_once(site: Client) -> None:
    saved()
    press(site, api_key=TYPED)
    ended()
    answer = site.post(PAGE, {"api_key": TYPED, "version": "1"})
    assert answer.status_code == 409
    page = flat(answer)
    assert "Save them all the same?" in page
    assert 'name="anyway" value="1"' in page
    assert stored_key() == KEY
    values = {"api_key": "", "version": "1", "draft": str(Draft.objects.get().pk), "anyway": "1"}
    assert site.post(PAGE, values).status_code == 302
    assert stored_key() == TYPED


@pytest.mark.parametrize(
    ("outcome", "models"),
    [("ok", ""), ("rate_limited", ""), ("cancelled", ""), ("model_not_found", "no-such")],
)
def test_save_after_any_other_test_asks_nothing(site: Client, outcome: str, models: str) -> None:
    saved()
    press(site, api_key=TYPED, test_model=models)
    ended(outcome, "unknown")
    assert site.post(PAGE, {"api_key": TYPED, "version": "1"}).status_code == 302
    assert stored_key() == TYPED


# Removing, and a form that is refused --------------------------------------------------------


@pytest.mark.parametrize("kind", ["openrouter", "anthropic", "azure_openai", "bedrock", "custom"])
def test_the_stored_key_can_be_removed_at_every_kind(site: Client, kind: str) -> None:
    base = "https://llm.example.com/v1" if kind == "custom" else ""
    base = "https://x.openai.azure.com" if kind == "azure_openai" else base
    saved(kind, api_base=base, values={"region": "us-east-1"} if kind == "bedrock" else {})
    page = f"/providers/{kind}/"
    assert "Remove the stored key" in flat(site.get(page))
    values = {"api_key": "", "clear_api_key": "on", "version": "1", "api_base": base}
    values |= {"region": "us-east-1", "deployments": "gpt-4o"}
    answer = site.post(page, values, follow=True)
    assert "It has no key now." in flat(answer)
    row = Provider.objects.get()
    assert row.is_configured
    assert row.sealed == {}
    assert secret(flat(answer)) == ("missing", "", "")


@pytest.mark.parametrize(("box", "left"), [({"clear_api_key": "on"}, ""), ({}, KEY)])
def test_a_removal_that_was_tested_stays_on_the_page_until_it_is_saved_or_taken_back(
    site: Client, box: dict[str, str], left: str
) -> None:
    saved()
    press(site, api_key="", clear_api_key="on")
    ended("incomplete", "unknown")
    page = flat(site.get(PAGE))
    assert re.search('<input[^>]*name="clear_api_key"[^>]* checked', page)
    values = {"api_key": "", "version": "1", "draft": str(Draft.objects.get().pk), **box}
    answer = site.post(PAGE, values)
    if box:
        assert answer.status_code == 409
        assert re.search('<input[^>]*name="clear_api_key"[^>]* checked', flat(answer))
        answer = site.post(PAGE, {**values, "anyway": "1"})
    assert answer.status_code == 302
    assert stored_key() == left
    assert not Draft.objects.exists()


def test_a_removal_that_is_taken_back_is_tested_with_the_stored_key(site: Client) -> None:
    saved()
    press(site, api_key="", clear_api_key="on")
    press(site, api_key="", draft=str(Draft.objects.get().pk))
    assert not Draft.objects.exists()
    assert not Job.objects.order_by("-created_at")[0].is_draft


@pytest.mark.parametrize(("what", "part"), [("check", "check"), ("catalog", "catalog")])
def test_a_form_that_is_refused_shows_no_older_result_as_its_own(
    site: Client, what: str, part: str
) -> None:
    saved()
    press(site, what)
    ended("ok", "valid")
    answer = press(site, what, api_key="has a blank inside")
    text = flat(answer)
    assert answer.status_code == 422
    assert f'id="{part}" data-state="never"' in text
    assert "Not sent" in text
    assert "Works" not in text
    assert "Nothing was sent." in text


def test_a_fetch_with_other_values_never_reaches_the_stored_list(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked("openrouter", "old/one")
    press(site, "catalog", api_key=TYPED)
    fetched = Catalog(items=(CatalogItem(model_id="new/one"),), digest="d")
    monkeypatch.setattr(tasks, "fetch_catalog", lambda *_, **__: fetched)
    job = Job.objects.get(task=Task.FETCH)
    tasks.refresh_catalog(str(job.pk))
    job.refresh_from_db()
    assert job.outcome == Outcome.OK
    assert [one.model_id for one in CatalogEntry.objects.all()] == ["old/one"]
    kept = Draft.objects.get().catalog
    assert kept is not None
    assert [values[0] for values in kept["items"]] == ["new/one"]
