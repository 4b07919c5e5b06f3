"""What needs attention, as the overview lists it: each matter once, with cause and a way there."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from providers import broker
from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog
from providers.kinds import KINDS
from providers.models import Provider
from routing.models import Route
from tests import desk
from tests.routing.pages.overview import attention, saved, tried

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_workers")]


def test_what_fails_is_named_with_its_cause_and_a_way_there(site: Client) -> None:
    saved("groq", "bad_key")
    saved("mistral", "ok")
    html = site.get("/").content.decode()
    part = html[html.index('id="attention"') : html.index('id="system"')]
    assert 'href="/providers/groq/"' in part
    assert "Key rejected" in part
    assert "Mistral" not in part


def test_a_provider_that_fails_stands_once_with_the_routes_that_it_serves(site: Client) -> None:
    saved("deepseek", "timeout")
    saved("groq", "bad_key")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Route.objects.create(slot="vision", model="llama-9", provider="groq")
    part = attention(site)
    assert part.index("/providers/groq/") < part.index("/providers/deepseek")
    assert part.count("<li ") == 2
    assert "serves Main, Vision" in part


def test_a_route_whose_own_test_failed_is_named_first(site: Client) -> None:
    saved("deepseek", "timeout")
    groq = saved("groq", "ok")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    tried(groq, "llama-9", "model_not_found")
    part = attention(site)
    assert part.index("#route-main") < part.index("/providers/deepseek")
    assert "Model not found" in part


def test_a_route_that_nobody_serves_is_named(site: Client) -> None:
    Route.objects.create(slot="vision", model="claude-x", provider="anthropic")
    html = site.get("/").content.decode()
    assert 'href="/routing/#route-vision"' in html[html.index('id="attention"') :]


def expiring(row: Provider, days: int) -> str:
    """The day on which its key ends, as the page writes it."""
    on = timezone.now().date() + timedelta(days)
    Provider.objects.filter(pk=row.pk).update(key_expires_on=on)
    return date_format(on, "DATE_FORMAT")


@pytest.mark.parametrize(("days", "words"), [(30, "expires on"), (-1, "expired on")])
def test_a_key_that_ends_is_named_although_no_route_uses_it(
    site: Client, days: int, words: str
) -> None:
    day = expiring(saved("groq", "ok"), days)
    part = attention(site)
    assert part.count("<li ") == part.count('data-about="provider:groq"') == 1
    assert f"Its key {words} {day}." in part
    assert 'href="/providers/groq/"' in part
    assert "pill" not in part


def test_a_key_that_ends_later_is_not_named(site: Client) -> None:
    expiring(saved("groq", "ok"), 31)
    assert "data-about" not in attention(site)


def test_a_key_that_ends_stands_once_with_its_failed_test_and_the_routes(site: Client) -> None:
    groq = saved("groq", "bad_key")
    day = expiring(groq, -5)
    for slot in ("main", "vision"):
        Route.objects.create(slot=slot, model="llama-9", provider="groq")
    part = attention(site)
    assert part.count("<li ") == 1
    assert f"Its key expired on {day}. · serves Main, Vision" in part
    assert "Key rejected" in part


def test_a_route_with_a_matter_of_its_own_stands_beside_the_key_that_ends(site: Client) -> None:
    groq = saved("groq", "ok")
    expiring(groq, 5)
    for slot, model in (("main", "llama-9"), ("vision", "llama-8")):
        Route.objects.create(slot=slot, model=model, provider="groq")
    tried(groq, "llama-8", "model_not_found")
    part = attention(site)
    assert re.findall('data-about="([^"]+)"', part) == ["provider:groq", "route:vision"]
    assert "serves Main, Vision" in part


def test_nothing_to_do_says_so(site: Client) -> None:
    saved("groq", "ok")
    assert "every provider passed its last test" in site.get("/").content.decode()
    saved("mistral")
    assert "1 provider has not been tested" in site.get("/").content.decode()


def test_what_only_the_agent_can_test_is_not_said_to_have_passed(site: Client) -> None:
    def told() -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", attention(site)).split())

    sign_in = next(kind for kind, spec in KINDS.items() if spec.is_oauth)
    Provider(kind=sign_in).store()
    assert "Nothing failed. 1 provider can only be tested by the agent." in told()
    groq = desk.saved("groq", "${GROQ_API_KEY}")
    Provider.objects.filter(pk=groq.pk).update(check_outcome="reference")
    assert "Nothing failed. 2 providers can only be tested by the agent." in told()
    saved("mistral", "ok")
    assert "Nothing failed. 2 providers can only be tested by the agent." in told()
    assert "passed" not in told()
    Provider.objects.exclude(name="mistral").delete()
    assert "every provider passed its last test" in told()


def about(client: Client) -> list[str]:
    return re.findall('data-about="([^"]+)"', attention(client))


def test_little_money_is_named_although_every_test_passes(site: Client) -> None:
    row = saved("deepseek", "ok")
    told = {"money_currency": "USD", "money_means": "balance", "money_at": timezone.now()}
    Provider.objects.filter(pk=row.pk).update(money_amount=900, **told)
    assert about(site) == []
    Provider.objects.filter(pk=row.pk).update(money_amount="0.2")
    assert about(site) == ["provider:deepseek"]
    assert "0.20" in attention(site)


def test_a_secret_that_cannot_be_used_any_more_is_named(site: Client, settings: Any) -> None:
    groq, other = saved("groq", "ok"), saved("mistral", "ok")
    Provider.objects.filter(pk=groq.pk).update(api_base="https://elsewhere.example/v1")
    assert about(site) == ["provider:groq"]
    assert "A stored secret is for another address" in attention(site)
    box = {**other.sealed["api_key"], "box": "v1.00000000.AAAA"}
    Provider.objects.filter(pk=other.pk).update(sealed={"api_key": box})
    assert about(site) == ["provider:groq", "provider:mistral"]
    assert "be opened: type it again." in attention(site)


def retiring(model: str, days: int) -> CatalogItem:
    return CatalogItem(model_id=model, retires_at=timezone.now().date() + timedelta(days))


def test_a_model_that_retires_is_named_by_its_route(site: Client) -> None:
    row = saved("groq", "ok")
    replace_catalog(row, Catalog(items=(retiring("llama-9", 20), CatalogItem(model_id="llama-8"))))
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    tried(row, "llama-9", "ok")
    assert about(site) == ["route:main"]
    assert "retires" in attention(site)


def test_findings_of_a_route_stand_beside_a_provider_that_fails(site: Client) -> None:
    row = saved("groq", "ok")
    replace_catalog(row, Catalog(items=(retiring("llama-9", -1), CatalogItem(model_id="llama-8"))))
    Provider.objects.update(check_outcome="timeout")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Route.objects.create(slot="vision", model="llama-8", provider="groq")
    assert about(site) == ["provider:groq", "route:main"]


def test_a_route_that_fails_tells_its_findings_as_well(site: Client) -> None:
    row = saved("groq", "ok")
    replace_catalog(row, Catalog(items=(retiring("llama-9", -1),)))
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    tried(row, "llama-9", "model_not_found")
    assert about(site) == ["route:main"]
    assert "Model not found" in attention(site)
    assert "retired" in attention(site)


def test_parts_of_the_system_that_are_missing_need_attention(
    site: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any
) -> None:
    assert about(site) == []
    monkeypatch.setattr(broker, "workers", set)
    assert about(site) == ["system"]
    assert "none running" in attention(site)
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], str(tmp_path / "none")
    assert about(site) == ["system", "system"]
