"""What leads on a provider's page: looks of a key, folded parts, unsaved changes, the next step."""

import re
from typing import Any

import pytest
from django.test import Client

from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog
from providers.models import Draft, Job, Provider
from routing.models import Route
from tests.conftest import signed_in
from tests.desk import HTMX, KEY, saved
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued"), pytest.mark.alike]
PAGE = "/providers/openrouter/"


def looks(site: Client, kind: str = "openrouter", **typed: str) -> tuple[str, str]:
    answer = site.post(f"/providers/{kind}/shape/", typed, headers=HTMX)
    assert answer.status_code == 200
    found = re.search(r'data-tone="(\w+)">(.*?)</p>', flat(answer))
    return (found[1], found[2]) if found else ("", "")


@pytest.mark.parametrize(
    ("kind", "key", "tone", "text"),
    [
        ("openrouter", "sk-or-v1-0123", "ok", "Looks like a key of OpenRouter."),
        ("openrouter", "has a blank inside", "error", "blank"),
        ("openrouter", "gsk_0123456789", "warn", "Groq"),
        ("openrouter", "something-else", "warn", "usually begin with sk-or-."),
        ("openrouter", "some", "", ""),
        ("openrouter", "", "", ""),
        ("openrouter", "${OPENROUTER_API_KEY}", "error", ""),
        ("gemini", "something-else", "warn", "usually begin with AQ., AIza."),
        ("custom", "anything-at-all", "", ""),
    ],
)
def test_the_looks_of_a_key_are_told_as_it_is_typed(
    site: Client, kind: str, key: str, tone: str, text: str
) -> None:
    found = looks(site, kind, api_key=key)
    if not key.startswith("${"):
        assert found[0] == tone
    assert text in found[1]
    assert not Provider.objects.exists()
    assert not Draft.objects.exists()


def test_a_typed_secret_of_another_field_is_looked_at_as_well(site: Client) -> None:
    tone, _text = looks(site, "bedrock", secret_access_key="with a blank")
    assert tone == "error"
    assert "with a blank" not in _text


def advanced(page: str) -> bool:
    found = re.search(r'<details class="disclosure" id="advanced"( open)?>', page)
    assert found, page
    return bool(found[1])


def test_advanced_is_open_where_something_in_it_is_set_or_wrong(site: Client) -> None:
    assert not advanced(flat(site.get(PAGE)))
    assert advanced(flat(site.post(PAGE, {"api_key": KEY, "extra_body": "{"})))
    site.post(PAGE, {"api_key": KEY, "extra_headers": "X-Team: blue"})
    assert advanced(flat(site.get(PAGE)))


def unsaved(page: str) -> int:
    found = re.search(r'id="savebar".*?data-unsaved="(\d+)"', page)
    assert found, page
    return int(found[1])


def test_the_save_bar_counts_what_is_not_saved_and_a_typed_secret_is_one(site: Client) -> None:
    saved()
    page = flat(site.get(PAGE))
    assert unsaved(page) == 0
    # Without scripts nobody counts what is typed.
    assert '<p role="status" class="needs-js">No unsaved changes</p>' in page
    typed = {"api_key": "sk-or-v1-typed-9876543210", "api_base": "https://openrouter.ai/x/v1"}
    site.post(f"{PAGE}check/", typed, headers=HTMX)
    page = flat(site.get(PAGE))  # the draft is shown
    assert unsaved(page) == 2
    assert '<p role="status">2 unsaved changes</p>' in page
    assert typed["api_key"] not in page
    assert unsaved(flat(site.post(PAGE, {"api_base": "x y", "extra_body": "{"}))) == 2


def next_step(page: str) -> str:
    found = re.search(r'id="next" ?(?:data-step="(\w+)")?', page)
    assert found, page
    return found[1] or ""


def passed(site: Client, page: str, **params: Any) -> None:
    site.post(f"{page}check/", {}, headers=HTMX)
    job = Job.objects.order_by("-created_at")[0]
    job.finish(is_told=True, outcome="ok", key_state="valid", params=params)


def test_after_a_save_the_next_step_is_to_fetch_and_then_to_choose(
    site: Client, viewer: Any
) -> None:
    row = saved("groq", "gsk_0123456789abcdef")
    page = "/providers/groq/"
    assert next_step(flat(site.get(page))) == ""
    passed(site, page, listed=13)
    assert next_step(flat(site.get(page))) == "fetch"
    assert "Fetch 13 models" in flat(site.get(page))
    passed(site, page)
    assert next_step(flat(site.get(page))) == "list"
    replace_catalog(row, Catalog(items=(CatalogItem(model_id="llama-9"),)))
    html = flat(site.get(page))
    assert next_step(html) == "use"
    assert "Choose for Main" in html
    assert "Choose for Main" not in flat(signed_in(viewer).get(page))
    Route(slot="main", model="llama-9", provider="groq").store()
    assert next_step(flat(site.get(page))) == ""


def test_a_completion_is_announced_only_where_one_would_be_made(site: Client) -> None:
    told = "This test makes one short completion"
    refused = site.post("/providers/openai/", {"api_base": "x y", "test_model": " "})
    assert refused.status_code == 422
    assert told not in flat(refused)
    refused = site.post("/providers/openai/", {"api_base": "x y", "test_model": "gpt-9"})
    assert told in flat(refused)


def test_no_field_points_to_a_list_that_is_not_there(site: Client) -> None:
    for kind in ("openai", "bedrock", "dashscope"):
        page = flat(site.get(f"/providers/{kind}/"))
        for name in re.findall(r' list="([^"]*)"', page):
            assert f'<datalist id="{name}"' in page, (kind, name)


def test_a_viewer_puts_no_deployment_to_use(site: Client, viewer: Any) -> None:
    saved("azure_openai", "0123456789abcdef0123", values={"deployments": ["gpt-prod"]})
    page = "/providers/azure_openai/"
    assert "/routing/use/" in flat(site.get(page))
    html = flat(signed_in(viewer).get(page))
    assert "gpt-prod" in html
    assert "/routing/use/" not in html
