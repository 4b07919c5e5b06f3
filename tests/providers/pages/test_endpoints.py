"""Endpoints of one's own on pages: a new one, its name in every place, another name, its end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from providers.models import CatalogEntry, Draft, Job, Provider
from routing.models import BaseDocument, Route
from tests.desk import HTMX, stocked
from tests.markup import flat
from tests.routing.config.desk import given_back, import_all

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("queued"),
    pytest.mark.battery,
    pytest.mark.alike,
]

KEY = "corp-0123456789abcdef"
BASE = "https://llm.example.com/v1"
ODD = [
    *("__proto__", "Ünïcode", "my llm", "🙂", "a.b", "..", ".", "new", "cards", "check", "~x"),
    *("custom:dev", "--help", "100%", "a%2Fb", 'a"b<c>', "a&b?c#d", "x" * 60, "1", "constructor"),
]


def add(site: Client, name: str = "Corp-LLM", **more: str) -> Any:
    data = {"name": name, "api_base": BASE, "api_key": KEY, **more}
    return site.post("/providers/new/", data)


def endpoint(name: str = "Corp-LLM", **values: Any) -> Provider:
    row = Provider(kind="custom", name=name, api_base=BASE, **values)
    row.put_secret("api_key", KEY)
    assert row.store()
    return row


@pytest.mark.parametrize("field", ["id_name", "id_api_base"])
def test_what_a_new_endpoint_must_have_is_marked(site: Client, field: str) -> None:
    html = flat(site.get("/providers/new/"))
    assert re.search(rf'<input[^>]* required[^>]* id="{field}"', html)


def test_an_endpoint_is_saved_under_the_name_that_was_typed(site: Client) -> None:
    answer = add(site, display_name="Company proxy", extra_headers="X-Team: blue")
    assert answer.headers["Location"] == "/providers/Corp-LLM/"
    row = Provider.objects.get()
    assert (row.name, row.kind, row.display_name) == ("Corp-LLM", "custom", "Company proxy")
    assert given_back()["providers"] == {
        "Corp-LLM": {
            "apiKey": KEY,
            "apiBase": BASE,
            "extraHeaders": {"X-Team": "blue"},
            "displayName": "Company proxy",
        }
    }
    entry = AuditEntry.objects.get(action="provider.saved")
    assert entry.target == "Corp-LLM"
    assert "api_key" in entry.fields
    page = flat(site.get("/providers/Corp-LLM/"))
    assert "Company proxy" in page
    assert "providers.Corp-LLM" in page
    assert KEY not in page


@pytest.mark.parametrize("name", ODD)
def test_every_name_that_is_taken_is_kept_and_has_an_address(site: Client, name: str) -> None:
    answer = add(site, name)
    assert answer.status_code == 302, flat(answer)
    assert Provider.objects.get().name == name
    page = site.get(answer.headers["Location"])
    assert page.status_code == 200
    assert list(given_back()["providers"]) == [name]
    found = resolve(reverse("providers:detail", args=[name]))
    assert found.kwargs == {"name": name} or "%" in answer.headers["Location"]
    assert site.get("/providers/").status_code == 200


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Give it a name"),
        ("auto", "agent chooses"),
        ("Auto", "agent chooses"),
        ("../x", "no slash"),
        ("a\\b", "no slash"),
        ("a/b", "no slash"),
        ("a\nb", "control characters"),
        ("a\0b", "Null characters"),
        (" a", "blank"),
        ("a ", "blank"),
        ("x" * 300, "At most 60"),
        ("${CORP}", "dollar sign"),
        ("openai", "openai built in"),
        ("OpenAI", "openai built in"),
        ("LM-Studio", "lm_studio built in"),
        ("lmStudio", "lm_studio built in"),
        ("azure-openai", "azure_openai built in"),
        ("azureOpenai", "azure_openai built in"),
        ("nvidia", "nvidia built in"),
        ("Volcengine-Coding-Plan", "volcengine_coding_plan built in"),
        ("custom", "custom built in"),
        ("corp_llm", "Corp-LLM is there already"),
        ("CORP-LLM", "Corp-LLM is there already"),
        ("Corp-LLM", "Corp-LLM is there already"),
    ],
)
def test_a_name_that_is_no_good_is_told_at_its_field(site: Client, name: str, words: str) -> None:
    endpoint()
    answer = add(site, name, api_key=KEY[::-1])
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors["name"])
    assert Provider.objects.count() == 1


def test_without_an_address_there_is_no_endpoint(site: Client) -> None:
    answer = add(site, api_base="")
    assert answer.status_code == 422
    assert "api_base" in answer.context["form"].errors
    assert not Provider.objects.exists()


def test_it_is_tested_as_a_draft_and_saved_after(site: Client) -> None:
    answer = site.post(
        "/providers/new/", {"name": "gpu", "api_base": BASE, "api_key": KEY, "test": "1"}
    )
    assert answer.headers["Location"] == "/providers/gpu/"
    row, draft, job = Provider.objects.get(), Draft.objects.get(), Job.objects.get()
    assert not row.is_configured
    assert job.draft == draft
    assert "providers" not in given_back()
    page = site.get("/providers/gpu/")
    assert "are not saved" in flat(page)
    data = {"draft": str(draft.pk), "version": row.version, "api_base": BASE}
    assert site.post("/providers/gpu/", data).status_code == 302
    assert given_back()["providers"] == {"gpu": {"apiKey": KEY, "apiBase": BASE}}


def test_what_was_tested_and_discarded_is_gone(site: Client) -> None:
    site.post("/providers/new/", {"name": "gpu", "api_base": BASE, "test": "1"})
    answer = site.post("/providers/gpu/discard/")
    assert answer.headers["Location"] == "/providers/"
    assert not Provider.objects.exists()


def test_what_was_tested_and_never_saved_goes_with_its_draft(site: Client) -> None:
    site.post("/providers/new/", {"name": "gpu", "api_base": BASE, "test": "1"})
    kept = endpoint("kept")
    past = timezone.now() - timedelta(hours=1)
    Provider.objects.update(updated_at=past)
    assert Provider.objects.sweep() == 0
    Draft.objects.all().delete()
    Provider.objects.sweep()
    assert list(Provider.objects.values_list("name", flat=True)) == [kept.name]


def test_a_new_address_does_not_take_the_stored_key_along(site: Client) -> None:
    row = endpoint()
    data = {"version": row.version, "api_base": "https://elsewhere.example/v1"}
    answer = site.post("/providers/Corp-LLM/", data)
    assert answer.status_code == 422
    assert "address has changed" in " ".join(answer.context["form"]().errors["api_key"])


def test_cards_search_catalog_and_palette_call_it_by_its_display_name(site: Client) -> None:
    endpoint(values={"display_name": "Company proxy"})
    stocked("openai", "gpt-9")
    row = Provider.objects.get(name="Corp-LLM")
    CatalogEntry.objects.create(provider=row, model_id="gpt-corp", first_seen_at=timezone.now())
    Provider.objects.filter(pk=row.pk).update(catalog_at=timezone.now(), catalog_count=1)
    for path in ("/providers/?q=company", "/catalog/?provider=Corp-LLM", "/palette/?q=company"):
        page = flat(site.get(path))
        assert "Company proxy" in page, path
    shown = flat(site.get("/catalog/rows/?provider=Corp-LLM"))
    assert "gpt-corp" in shown
    assert "gpt-9" not in shown


def test_what_a_refresh_brought_is_found_by_an_odd_name_as_well(site: Client) -> None:
    row = endpoint("a&b?c#d")
    Provider.objects.filter(pk=row.pk).update(
        catalog_at=timezone.now(), catalog_new=2, catalog_changed=1, catalog_source="live"
    )
    now = timezone.now()
    CatalogEntry.objects.create(provider=row, model_id="old", first_seen_at=now, gone_at=now)
    html = site.get("/catalog/").content.decode()
    asked = "?provider=a%26b%3Fc%23d&amp;show="
    assert f'href="/catalog/{asked}new"' in html
    assert f'href="{asked}gone"' in html
    detail = site.get(reverse("providers:detail", args=[row.name])).content.decode()
    assert f'href="/catalog/{asked}new"' in detail


def test_it_can_be_chosen_for_a_route(site: Client) -> None:
    endpoint(values={"display_name": "Company proxy"})
    page = flat(site.get("/routing/"))
    assert '<option value="Corp-LLM">Company proxy</option>' in page
    data = {"main-model": "gpt-4", "main-provider": "Corp-LLM"}
    assert site.post("/routing/", data).status_code == 302
    assert given_back()["agents"]["defaults"] == {"model": "gpt-4", "provider": "Corp-LLM"}
    assert "Company proxy" in flat(site.get("/routing/?without=Corp-LLM"))


# Rename -----------------------------------------------------------------------------------------


def test_a_rename_keeps_all_and_takes_along_the_routes_that_force_it(site: Client) -> None:
    document = {
        "agents": {"defaults": {"model": "gpt-4", "provider": "corp_llm"}},
        "providers": {
            "openai": {"apiKey": "sk-proj-0123456789abcdef"},
            "Corp-LLM": {"apiKey": KEY, "apiBase": BASE, "extraQuery": {"v": "1"}},
            "zz": {"apiBase": "https://zz.example/v1"},
        },
    }
    import_all(site, document)
    row = Provider.objects.get(name="Corp-LLM")
    stocked_at = Provider.objects.filter(pk=row.pk).values_list("version", "sealed")
    before = list(stocked_at)
    Route(slot="vision", model="corp-llm/llava").store()
    page = flat(site.get("/providers/Corp-LLM/rename/"))
    assert "Main" in page
    assert "Vision" in page
    answer = site.post("/providers/Corp-LLM/rename/", {"name": "Proxy Two"}, follow=True)
    assert answer.redirect_chain[0][0] == "/providers/Proxy%20Two/"
    assert "Vision" in flat(answer)
    assert list(stocked_at) == before
    assert Provider.objects.get(pk=row.pk).name == "Proxy Two"
    assert given_back() == {
        "agents": {
            "defaults": {
                "model": "gpt-4",
                "provider": "Proxy Two",
                "vision_model": "corp-llm/llava",
            }
        },
        "providers": {
            "openai": document["providers"]["openai"],
            "Proxy Two": document["providers"]["Corp-LLM"],
            "zz": document["providers"]["zz"],
        },
    }
    assert list(given_back()["providers"]) == ["openai", "Proxy Two", "zz"]
    entry = AuditEntry.objects.get(action="provider.renamed")
    assert (entry.target, entry.fields) == ("Corp-LLM → Proxy Two", ["routes.main"])


def test_a_name_with_a_slip_is_put_right_before_anything_is_saved(site: Client) -> None:
    add(site, "Crop-LLM", display_name="Proxy", test="1")
    draft = Draft.objects.get()
    assert "/providers/Crop-LLM/rename/" in flat(site.get("/providers/Crop-LLM/"))
    assert "still waits to be saved" in flat(site.get("/providers/Crop-LLM/rename/"))
    place = "/providers/Corp-LLM/"
    answer = site.post("/providers/Crop-LLM/rename/", {"name": "Corp-LLM"}, follow=True)
    assert answer.redirect_chain == [(place, 302)]
    assert "are not saved" in flat(answer)
    assert "providers" not in given_back()
    data = {"draft": str(draft.pk), "version": "1", "api_base": BASE, "display_name": "Proxy"}
    assert site.post(place, data).status_code == 302
    entry = {"apiKey": KEY, "apiBase": BASE, "displayName": "Proxy"}
    assert given_back()["providers"] == {"Corp-LLM": entry}
    assert "Rename" in flat(site.get(place))


def test_a_name_can_be_spelled_otherwise_and_not_be_anothers(site: Client) -> None:
    endpoint()
    endpoint("other")
    for taken in ("OTHER", "openai", "a/b", "Corp-LLM"):
        assert site.post("/providers/Corp-LLM/rename/", {"name": taken}).status_code == 422
    assert site.post("/providers/Corp-LLM/rename/", {"name": "corp_llm"}).status_code == 302
    assert set(Provider.objects.own_names()) == {"corp_llm", "other"}


def test_a_built_in_kind_has_no_other_name(site: Client) -> None:
    stocked("openai")
    assert site.get("/providers/openai/rename/").status_code == 404


# Remove -----------------------------------------------------------------------------------------


def test_what_is_removed_does_not_come_back_from_the_imported_file(site: Client) -> None:
    providers = {"Corp-LLM": {"apiKey": KEY, "apiBase": BASE, "proxy": "http://p:1"}}
    import_all(site, {"providers": providers, "channels": {"x": 1}})
    Route(slot="main", model="gpt-4", provider="corp-llm").store()
    assert "Main" in flat(site.get("/providers/Corp-LLM/remove/"))
    assert site.post("/providers/Corp-LLM/remove/").status_code == 302
    assert not Provider.objects.exists()
    assert KEY not in str(given_back())
    assert given_back()["channels"] == {"x": 1}
    assert not given_back().get("providers")


# What only the file knows -----------------------------------------------------------------------


def test_what_the_agent_knows_beside_is_kept_and_shown_as_kept(site: Client) -> None:
    entry = {
        "apiKey": KEY,
        "apiBase": BASE,
        "displayName": "Proxy",
        "apiType": "auto",
        "extraQuery": {"token": "q-secret"},
        "proxy": "http://u:p-secret@proxy:3128",
        "thinkingStyle": "enable_thinking",
    }
    import_all(site, {"providers": {"corp": entry}})
    assert given_back() == {"providers": {"corp": entry}}
    page = flat(site.get("/providers/corp/"))
    for word in ("extraQuery", "proxy", "thinkingStyle", "enable_thinking", "apiType"):
        assert word in page
    for secret in ("q-secret", "p-secret", KEY):
        assert secret not in page


def test_names_that_only_the_agent_has_are_listed_and_stay(site: Client) -> None:
    document = {"providers": {"nvidia": {"apiKey": "nvapi-secret-1"}, "a/b": {"apiBase": BASE}}}
    import_all(site, document)
    assert not Provider.objects.exists()
    page = flat(site.get("/providers/"))
    assert "not set here" in page
    assert 'data-other="nvidia"' in page
    assert 'data-other="a/b"' in page
    assert "nvapi-secret-1" not in page
    assert given_back() == document


def test_an_endpoint_that_only_the_imported_document_has_is_set_up_by_one_press(
    site: Client,
) -> None:
    document = {"providers": {"corp": {"apiKey": KEY, "apiBase": BASE, "proxy": ""}}}
    BaseDocument.put(document)  # as an import of an earlier version left it
    assert given_back() == document
    assert 'data-other="corp"' in flat(site.get("/providers/"))
    answer = site.post("/config/take-over/", {"name": "corp"})
    assert answer.headers["Location"] == "/providers/corp/"
    secret = Provider.objects.get(name="corp").open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == KEY
    assert given_back() == document
    assert 'data-other="corp"' not in flat(site.get("/providers/"))


@pytest.mark.parametrize("name", ["nvidia", "a/b", "nothing", ""])
def test_nothing_else_is_taken_over(site: Client, name: str) -> None:
    BaseDocument.put({"providers": {"nvidia": {"apiKey": KEY}, "a/b": {"apiBase": BASE}}})
    assert site.post("/config/take-over/", {"name": name}).headers["Location"] == "/providers/"
    assert not Provider.objects.exists()


def test_an_unknown_name_has_no_page(site: Client) -> None:
    for name in ("nobody", "%00", quote("🙂"), "OpenAI", "~new"):
        assert site.get(f"/providers/{name}/").status_code == 404


def test_what_only_the_imported_file_says_of_a_name_is_told_before_and_after(site: Client) -> None:
    import_all(
        site,
        {
            "providers": {"corp": {"apiKey": KEY, "apiBase": BASE}},
            "modelPresets": {"fast": {"model": "gpt-5", "provider": "corp"}},
        },
    )
    for page in ("rename", "remove"):
        assert "modelPresets.fast.provider" in flat(site.get(f"/providers/corp/{page}/")), page
    answer = flat(site.post("/providers/corp/rename/", {"name": "proxy"}, follow=True))
    assert "still names corp here: modelPresets.fast.provider" in answer
    assert given_back()["modelPresets"]["fast"]["provider"] == "corp"
    for page in ("rename", "remove"):
        assert "in-file" not in flat(site.get(f"/providers/proxy/{page}/")), page


# Twice, and two at once ---------------------------------------------------------------------------


def test_what_is_saved_twice_is_there_once(site: Client) -> None:
    assert add(site).headers["Location"] == "/providers/Corp-LLM/"
    assert add(site).headers["Location"] == "/providers/Corp-LLM/"  # a double click
    assert Provider.objects.get().version == 1
    assert AuditEntry.objects.filter(action="provider.saved").count() == 1
    for other in ({"api_key": KEY[::-1]}, {"api_base": f"{BASE}/x"}, {"extra_headers": "X-A: b"}):
        assert add(site, **other).status_code == 422
    assert add(site, "CORP-LLM").status_code == 422


def test_what_was_only_tested_under_a_name_goes_on_from_the_first_page(site: Client) -> None:
    for more in ({"test": "1"}, {"test": "1", "api_key": KEY[::-1]}, {}):
        assert add(site, **more).headers["Location"] == "/providers/Corp-LLM/"
    row = Provider.objects.get()
    assert row.is_configured
    secret = row.open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == KEY


def test_an_old_name_leads_to_the_new_one_and_does_nothing(site: Client) -> None:
    endpoint("gpu")
    for old, new in (("gpu", "alpha"), ("alpha", "beta → c")):
        site.post(f"/providers/{old}/rename/", {"name": new})
    place = reverse("providers:detail", args=["beta → c"])
    for part in ("", "rename/", "remove/"):
        answer = site.get(f"/providers/gpu/{part}", follow=True)
        assert answer.redirect_chain == [(place, 302)]
        assert "gpu is now beta → c." in flat(answer)
    for part in ("", "rename/", "remove/", "undo/", "check/"):
        answer = site.post(f"/providers/alpha/{part}", {"name": "delta", "api_base": BASE})
        assert answer.headers["Location"] == place
    assert "Nothing was done" in flat(site.get(place))
    assert site.post("/providers/gpu/check/", headers=HTMX)["HX-Redirect"] == place
    assert list(Provider.objects.values_list("name", flat=True)) == ["beta → c"]
    endpoint("gpu")
    assert site.get("/providers/gpu/").status_code == 200
    site.post(f"{place}remove/")
    assert site.get("/providers/alpha/").status_code == 404
