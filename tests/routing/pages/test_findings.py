"""Each lint on the page, with its fix one click away."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format

from facio_site.audit.models import AuditEntry
from providers.models import CatalogEntry, Provider
from routing.models import BaseDocument, Route
from tests.conftest import signed_in
from tests.desk import saved
from tests.markup import flat

pytestmark = [pytest.mark.alike, pytest.mark.django_db, pytest.mark.battery]


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
    return f'data-lint="{code}" data-route="{slot}"'


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


def test_a_viewer_is_told_of_it_and_led_to_nothing_to_do(site: Client, viewer: Any) -> None:
    give("openrouter", "bad_key", {"near/model": {}})
    route("main", "near/modell", "openrouter")
    give("github_copilot", "")
    route("vision", "gpt-5", "github_copilot")
    reader = signed_in(viewer)
    for label in ("Choose a model", "Test OpenRouter", "Replace its key"):
        assert f">{label}</a>" not in html(reader)
    assert any(f">{label}</a>" in html(site) for label in ("Choose a model", "Replace its key"))
    assert lint("model_missing", "main") in html(reader)
    assert ">How to sign in</a>" in html(reader)


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


@pytest.mark.parametrize(
    ("days", "code", "words"),
    [(20, "model_retires", "Mistral retires old-1 on"), (-20, "model_retired", "has retired")],
)
def test_the_end_of_a_model_is_told_everywhere_and_its_follower_taken(
    site: Client, days: int, code: str, words: str
) -> None:
    on = timezone.now().date() + timedelta(days)
    give("mistral", models={"old-1": {"retires_at": on, "replacement": "new-2"}, "new-2": {}})
    route("main", "old-1", "mistral")
    page = html(site)
    assert lint(code, "main") in page
    assert words in page
    assert date_format(on, "DATE_FORMAT") in page
    assert "names new-2 in its place" in page
    assert 'data-slot="main" data-state="attention"' in flat(site.get("/"))
    about = flat(site.get("/")).partition('data-about="route:main"')[2]
    assert words in about[: about.index("</li>")]
    fix(site, "main", "use_model", "new-2")
    assert Route.objects.get().model == "new-2"
    assert recorded() == ("routes.saved", "", ["main"])
    assert "data-lint" not in html(site)


def test_the_end_of_a_model_without_a_follower_leads_to_the_choice(site: Client) -> None:
    on = timezone.now().date() + timedelta(59)
    give("anthropic", models={"claude-old": {"retires_at": on}, "claude-new": {}})
    route("main", "claude-old", "anthropic")
    assert lint("model_retires", "main") in html(site)
    assert "in its place" not in html(site)
    CatalogEntry.objects.update(retires_at=on + timedelta(2))
    assert "data-lint" not in html(site)


def test_a_retired_model_that_has_left_the_list_is_told_once(site: Client) -> None:
    on = timezone.now().date() - timedelta(3)
    gone = {"retires_at": on, "gone_at": timezone.now(), "replacement": "gpt-6"}
    give("openai", models={"gpt-5": gone, "gpt-6": {}})
    route("main", "gpt-5", "openai")
    page = html(site)
    assert lint("model_retired", "main") in page
    assert page.count("data-lint") == 1


def test_the_same_name_elsewhere_ends_nothing_here(site: Client) -> None:
    give("openai", models={"gpt-5": {"retires_at": timezone.now().date()}})
    give("groq", models={"gpt-5": {}})
    route("main", "gpt-5", "groq")
    assert "data-lint" not in html(site)


@pytest.mark.usefixtures("one_minute")
def test_the_end_of_models_costs_one_query_however_many_routes_there_are(site: Client) -> None:
    def asked(path: str) -> list[str]:
        site.get("/accounts/")  # the navigation has counted what needs attention
        with CaptureQueriesContext(connection) as captured:
            site.get(path)
        return [query["sql"] for query in captured if "replacement" in query["sql"]]

    on = timezone.now().date()
    for kind in ("mistral", "groq", "openai"):
        give(kind, models={"one": {"retires_at": on, "replacement": "two"}})
    for slot, kind in (("main", "mistral"), ("subagent", "groq"), ("vision", "openai")):
        route(slot, "one", kind)
    assert [len(asked(path)) for path in ("/", "/routing/")] == [1, 1]


@pytest.mark.parametrize(
    ("days", "code", "words"),
    [(12, "key_expires", "Groq expires on"), (-12, "key_expired", "Groq expired on")],
)
def test_the_end_of_a_key_is_told_at_each_route_and_leads_to_its_provider(
    site: Client, days: int, code: str, words: str
) -> None:
    on = timezone.now().date() + timedelta(days)
    give("groq")
    Provider.objects.update(key_expires_on=on)
    route("main", "llama-9", "groq")
    route("vision", "llama-9", "groq")
    page = html(site)
    assert lint(code, "main") in page
    assert lint(code, "vision") in page
    assert words in page
    assert date_format(on, "DATE_FORMAT") in page
    part = page[page.index(lint(code, "main")) :]
    assert '<a class="btn btn-sm" href="/providers/groq/">Replace its key</a>' in part
    for slot in ("main", "vision"):
        assert f'data-slot="{slot}" data-state="attention"' in flat(site.get("/"))
        assert f'data-slot="{slot}" data-state="attention"' in page
    assert f'data-expiry="{code.removeprefix("key_")}"' in flat(site.get("/providers/groq/"))


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


def hold(providers: dict[str, Any]) -> None:
    """An imported document; nothing of it is set up here."""
    BaseDocument.put({"providers": providers})


def test_an_example_that_the_agent_counts_is_told_with_the_way_to_its_page(site: Client) -> None:
    hold({"deepseek": {"apiKey": "sk-xxx"}})
    route("main", "deepseek-chat")
    page = html(site)
    assert lint("key_example", "main") in page
    assert 'href="/providers/deepseek/">Enter it anew' in page
    assert 'data-slot="main" data-state="attention"' in page
    assert "config.json has an example or a mask for DeepSeek" in flat(site.get("/"))
    assert "config.json has an example or a mask for DeepSeek" in flat(site.get("/config/"))


def test_an_entry_that_is_only_in_the_file_serves_and_can_be_pinned(site: Client) -> None:
    hold({"nvidia": {"apiKey": "nvapi-0123456789"}})
    route("main", "some/unknown")
    page = html(site)
    assert 'data-slot="main" data-state="attention" data-provider="nvidia"' in page
    assert lint("only_in_file", "main") in page
    site.post("/routing/main/pin/")
    assert Route.objects.get().provider == "nvidia"


def test_an_empty_provider_names_nobody_until_it_is_set_to_auto(site: Client) -> None:
    give("openai")
    route("main", "gpt-5", "")
    page = html(site)
    assert 'data-slot="main" data-state="nobody"' in page
    assert "An empty text names no provider" in page
    fix(site, "main", "use_auto")
    assert Route.objects.get().provider == "auto"
    assert 'data-provider="openai" data-rule="keyword"' in html(site)


def test_what_main_cannot_do_is_off_where_no_other_model_is_set(site: Client) -> None:
    give("openai", models={"gpt-5": {"inputs": ["text"], "outputs": ["text"]}})
    route("main", "gpt-5")
    for page in (html(site), flat(site.get("/"))):
        assert "Off: the main model takes no images." in page
        assert "Off: the main model makes no images." in page
        assert "Off: the main model makes no videos." in page
        assert page.count("As main.") == 1
    assert lint("no_eyes", "main") in html(site)
    CatalogEntry.objects.update(inputs=["text", "image"], outputs=None)
    assert "Off:" not in html(site)
    assert lint("no_eyes", "main") not in html(site)
