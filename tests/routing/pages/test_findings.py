"""Each lint on the page, with its fix one click away."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from providers.models import CatalogEntry, Provider
from routing.models import Route
from tests.desk import saved
from tests.markup import flat

pytestmark = pytest.mark.django_db


def give(
    kind: str, outcome: str = "ok", models: dict[str, Any] | None = None, **values: Any
) -> Any:
    row = saved(kind, f"key-of-{kind}-0123456789", **values)
    if models is not None:
        row.catalog_at, row.catalog_source, row.catalog_count = timezone.now(), "live", len(models)
        for name, facts in models.items():
            CatalogEntry.objects.create(
                provider=row, model_id=name, first_seen_at=row.catalog_at, **facts
            )
    row.check_outcome = outcome
    row.save()
    return row


def route(slot: str, model: str, provider: str = "auto") -> None:
    Route.objects.create(slot=slot, model=model, provider=provider)


def html(site: Client) -> str:
    return flat(site.get("/routing/"))


def lint(code: str, slot: str) -> str:
    return f'data-lint="{code}" data-slot="{slot}"'


def fix(site: Client, slot: str, name: str, value: str = "") -> None:
    site.post(f"/routing/{slot}/fix/", {"fix": name, "value": value})


def recorded() -> tuple[str, str, list[str]]:
    """The one entry of what the fix has changed."""
    entry = AuditEntry.objects.get(action__endswith=".saved")
    return entry.action, entry.target, entry.fields


def test_a_gateway_that_nobody_chose_is_told_and_pinned(site: Client) -> None:
    give("openrouter")
    route("main", "some/unknown")
    assert lint("gateway_fallback", "main") in html(site)
    fix(site, "main", "pin", "openrouter")
    assert Route.objects.get().provider == "openrouter"
    assert lint("gateway_fallback", "main") not in html(site)


def test_a_model_that_nobody_serves_is_told(site: Client) -> None:
    route("main", "some/unknown")
    assert lint("unresolved", "main") in html(site)


def test_a_provider_whose_last_test_failed_is_told(site: Client) -> None:
    give("groq", "bad_key")
    route("main", "any", "groq")
    page = html(site)
    assert lint("known_bad", "main") in page
    assert "Key rejected" in page


def test_a_model_outside_the_catalog_is_told_with_the_nearest_name(site: Client) -> None:
    give("groq", models={"llama-9-70b": {}, "whisper-2": {}})
    route("main", "llama-9-71b", "groq")
    assert "Use llama-9-70b" in html(site)
    fix(site, "main", "use_model", "llama-9-70b")
    assert Route.objects.get().model == "llama-9-70b"


def test_a_model_that_the_last_refresh_lost_is_told(site: Client) -> None:
    row = give("groq", models={"llama-9": {}, "old-one": {"gone_at": timezone.now()}})
    row.save()
    route("main", "old-one", "groq")
    assert lint("model_gone", "main") in html(site)


def test_a_prefixed_name_is_found_under_the_name_that_is_sent(site: Client) -> None:
    give("anthropic", models={"claude-opus-4-7": {}})
    route("main", "anthropic/claude-opus-4-7")
    assert "data-lint" not in html(site)


@pytest.mark.parametrize(
    ("slot", "facts", "code"),
    [
        ("vision", {"inputs": ["text"]}, "no_image_input"),
        ("image", {"outputs": ["text"]}, "no_image_output"),
        ("video", {"outputs": ["text"]}, "no_video_output"),
    ],
)
def test_a_model_that_cannot_do_its_job_is_told(
    site: Client, slot: str, facts: dict[str, Any], code: str
) -> None:
    give("openai", models={"plain-chat": facts})
    route("main", "plain-chat", "openai")
    route(slot, "plain-chat", "openai")
    assert lint(code, slot) in html(site)


def test_localhost_in_docker_is_told_and_replaced(site: Client) -> None:
    give("ollama", api_base="http://localhost:11434/v1")
    route("main", "qwen3:8b", "ollama")
    assert lint("docker_localhost", "main") in html(site)
    fix(site, "main", "use_docker_host", "http://host.docker.internal:11434/v1")
    assert Provider.objects.get().api_base == "http://host.docker.internal:11434/v1"
    assert recorded() == ("provider.saved", "ollama", ["api_base"])


def test_an_override_while_main_fails_is_told_and_cleared(site: Client) -> None:
    give("groq")
    route("main", "some", "anthropic")
    route("subagent", "any", "groq")
    assert lint("main_fails", "subagent") in html(site)
    fix(site, "subagent", "clear_override")
    assert not Route.objects.get(slot="subagent").is_set
    assert recorded() == ("routes.saved", "", ["subagent"])


def test_an_unknown_deployment_is_told_and_added(site: Client) -> None:
    give("azure_openai", api_base="https://d.openai.azure.com", values={"deployments": ["prod"]})
    route("main", "staging", "azure_openai")
    assert lint("deployment_unknown", "main") in html(site)
    fix(site, "main", "add_deployment", "staging")
    assert Provider.objects.get().values["deployments"] == ["prod", "staging"]
    assert recorded() == ("provider.saved", "azure_openai", ["deployments"])


def test_a_fix_that_is_not_on_offer_does_nothing(site: Client) -> None:
    give("groq", models={"llama-9": {}})
    route("main", "llama-9", "groq")
    for name, value in (("pin", "anthropic"), ("use_model", "x"), ("clear_override", "")):
        fix(site, "main", name, value)
    kept = Route.objects.get()
    assert (kept.model, kept.provider) == ("llama-9", "groq")


@pytest.mark.parametrize("notes", [[], ["goes_on"], ["not_exhaustive"]])
def test_a_name_is_missed_in_a_whole_list_only(site: Client, notes: list[str]) -> None:
    row = give("groq", models={"some/model": {}})
    row.catalog_notes = notes
    row.save()
    route("main", "another/model", "groq")
    assert (lint("model_missing", "main") in html(site)) is (notes == [])
