"""A list and a test of unsaved values: whose they are, and what the page says of them."""

import re
from typing import Any

import pytest
from django.test import Client

from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import keep_with
from providers.models import CatalogEntry, Draft, Job, Provider
from providers.spec.outcomes import UNTOLD
from tests.conftest import signed_in
from tests.desk import HTMX, KEY, saved, stocked
from tests.markup import flat
from tests.providers.pages.typed import PAGE, TYPED, ended, press

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("queued"),
    pytest.mark.battery,
    pytest.mark.alike,
]


def test_a_list_of_unsaved_values_is_the_drafts_until_they_are_saved(
    site: Client, editor: Any
) -> None:
    stocked("openrouter", "old/one", "old/two")
    press(site, "catalog", api_key=TYPED)
    job = ended("ok", "valid")
    keep_with(Draft.objects.get(), Catalog(items=(CatalogItem(model_id="new/one", name="N"),)))
    part = flat(site.get("/live/", {"w": f"catalog:{job.pk}:0"}, headers=HTMX))
    assert 'id="draft-models"' in part
    assert "new/one" in part
    assert 'data-count="1"' in part
    assert {one.model_id for one in CatalogEntry.objects.present()} == {"old/one", "old/two"}
    other = flat(signed_in(editor).get(PAGE))
    assert "new/one" not in other
    assert 'data-count="2"' in other
    site.post(PAGE, {"api_key": TYPED, "version": "1"})
    assert {one.model_id for one in CatalogEntry.objects.present()} == {"new/one"}


def test_a_list_of_other_values_than_are_saved_is_not_taken_over(site: Client) -> None:
    stocked("openrouter", "old/one")
    press(site, "catalog", api_key=TYPED)
    keep_with(Draft.objects.get(), Catalog(items=(CatalogItem(model_id="new/one"),)))
    site.post(PAGE, {"api_key": "sk-or-v1-quite-another-0000", "version": "1"})
    assert {one.model_id for one in CatalogEntry.objects.present()} == {"old/one"}


AZURE = {"api_key": "azure-0123456789abcdef", "api_base": "https://d.openai.azure.com"}


@pytest.mark.parametrize("is_tested", [False, True])
@pytest.mark.parametrize(
    ("changed", "listed"),
    [
        ({"deployments": "one"}, {"gpt-5"}),
        ({"api_key": "azure-another-0123456789"}, set()),
        ({"api_base": "https://other.openai.azure.com"}, set()),
    ],
)
def test_a_list_goes_with_what_it_was_asked_for_by_and_with_nothing_else(
    site: Client, changed: dict[str, str], listed: set[str], is_tested: bool
) -> None:
    page = "/providers/azure_openai/"
    typed = {**AZURE, "deployments": "one\ntwo"}
    site.post(f"{page}catalog/", typed, headers=HTMX)
    keep_with(Draft.objects.get(), Catalog(items=(CatalogItem(model_id="gpt-5"),)))
    if is_tested:
        site.post(f"{page}check/", {**typed, **changed}, headers=HTMX)
    assert site.post(page, {**typed, **changed}).status_code == 302
    assert {one.model_id for one in CatalogEntry.objects.present()} == listed


def test_an_extra_body_changes_no_list_and_a_region_does(site: Client) -> None:
    row = Provider(kind="bedrock", values={"region": "us-east-1"})
    row.put_secret("api_key", TYPED)
    other = Draft(provider=row)
    other.copy_from(row)
    assert other.lists_like(row)
    other.put_mapping("extra_body", {"top_k": 1})
    assert other.lists_like(row)
    assert other.fingerprint() != row.fingerprint()
    for name, value in (("extra_headers", {"X-Team": "b"}), ("api_key", KEY)):
        changed = Draft(provider=row)
        changed.copy_from(row)
        if isinstance(value, dict):
            changed.put_mapping(name, value)
        else:
            changed.put_secret(name, value)
        assert not changed.lists_like(row)
    other.values["region"] = "eu-west-1"
    assert not other.lists_like(row)


def test_after_a_fetch_of_other_values_the_old_test_is_no_longer_shown_as_theirs(
    site: Client,
) -> None:
    saved()
    press(site)
    ended("ok", "valid")
    part = flat(press(site, "catalog", api_key=TYPED))
    assert re.search(r'id="check" data-state="never" data-outcome=""', part)
    same = flat(press(site, "catalog"))
    assert 'id="check"' not in same


def test_what_a_fetch_of_older_values_met_is_not_said_of_those_that_are_saved(site: Client) -> None:
    saved()
    press(site, "catalog")
    ended()
    refused = flat(site.get(PAGE))
    assert "refused the key" in refused
    assert 'data-outcome="bad_key"' in refused.partition('id="catalog"')[2]
    site.post(PAGE, {"api_key": TYPED, "version": "1"})
    page = flat(site.get(PAGE))
    assert "refused the key" not in page
    assert "bad_key" not in page.partition('id="catalog"')[2].partition("</section>")[0]


UNSAVED, TESTED = "These values are not saved.", "These values were tested and are not saved."


@pytest.mark.parametrize("end", sorted({"running", *UNTOLD, "reference", "blocked_address"}))
def test_values_that_nobody_asked_with_are_not_called_tested(site: Client, end: str) -> None:
    press(site, api_key=TYPED)
    assert TESTED not in flat(site.get(PAGE))  # it waits
    if end == "running":
        Job.objects.update(status=end)
    else:
        ended(end, "unknown")
    page = flat(site.get(PAGE))
    assert UNSAVED in page
    assert TESTED not in page


@pytest.mark.parametrize("outcome", ["ok", "reachable_unverified", "rate_limited"])
def test_values_that_were_tested_are_called_that(site: Client, outcome: str) -> None:
    press(site, api_key=TYPED)
    ended(outcome, "unknown")
    assert TESTED in flat(site.get(PAGE))


def test_a_banner_tells_of_the_values_that_were_tested_last(site: Client) -> None:
    saved()
    press(site, api_key=TYPED)
    ended()
    page = flat(site.get(PAGE))
    assert "did not pass" in page
    assert 'name="told" value="1" form="provider-form"' in page
    shown = {"told": "1", "draft": str(Draft.objects.get().pk)}
    again = flat(press(site, api_key="sk-or-v1-another-9876543210", **shown))
    banner = again[again.index('id="unsaved"') :]
    assert 'hx-swap-oob="true"' in banner[:150]
    assert "These values are not saved." in banner
    assert "did not pass" not in again
    shown["draft"] = str(Draft.objects.get().pk)
    back = flat(press(site, api_key=KEY, **shown))  # as it is saved
    assert '<div id="unsaved" hx-swap-oob="delete">' in back
