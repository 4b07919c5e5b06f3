"""The routing page: resolution, pin, what-if, drill, recipes, a route's test."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from providers.catalog.fetch import CatalogItem
from providers.models import Job, Provider, jobs
from providers.work import queue, tasks
from routing.models import BaseDocument, Route, Slot
from routing.pages.rows import route_rows
from tests.conftest import signed_in
from tests.desk import HTMX, stocked
from tests.markup import flat

pytestmark = pytest.mark.django_db


def give(kind: str, **values: Any) -> Provider:
    row = Provider(kind=kind, **values)
    if not row.spec.is_oauth:
        row.put_secret("api_key", f"key-of-{kind}-0123456789")
    row.store()
    return row


def set_route(slot: str, model: str, provider: str = "auto") -> Route:
    return Route.objects.create(slot=slot, model=model, provider=provider)


def five(**fields: str) -> dict[str, str]:
    """The whole form: empty but for what is given."""
    slots = ("main", "subagent", "vision", "image", "video")
    blank = {f"{slot}-model": "" for slot in slots} | {f"{slot}-provider": "auto" for slot in slots}
    return blank | {name.replace("__", "-"): value for name, value in fields.items()}


def html(site: Client, query: str = "") -> str:
    return flat(site.get(f"/routing/{query}"))


def test_saving_shows_who_serves_the_route_and_why(site: Client) -> None:
    give("anthropic")
    answer = site.post("/routing/", five(main__model="anthropic/claude-opus-4-7"), follow=True)
    page = flat(answer)
    assert (
        'data-slot="main" data-state="attention" data-provider="anthropic" data-rule="prefix"'
        in page
    )
    assert "because the model name starts with" in page
    assert Route.objects.get(slot="main").model == "anthropic/claude-opus-4-7"


def test_an_override_that_is_not_set_follows_main(site: Client) -> None:
    assert html(site).count('<p class="muted small">As main.</p>') == 4


def test_the_considered_list_says_why_the_others_lost(site: Client) -> None:
    give("anthropic")
    give("openrouter")
    set_route("main", "claude-opus-4-7")
    page = html(site)
    assert "Who would take it, in this order" in page
    assert "by fallback: a gateway that has a key" in page
    assert "no key" in html(site, "?model=gpt-9")


def test_a_provider_without_a_model_is_told_at_the_model(site: Client) -> None:
    answer = site.post("/routing/", five(main__provider="groq"))
    assert answer.status_code == 422
    assert 'id="id_main-model_error"' in answer.content.decode()
    assert not Route.objects.exists()


def test_pin_turns_auto_into_the_resolved_provider(site: Client) -> None:
    give("anthropic")
    set_route("main", "claude-opus-4-7")
    assert "Pin Anthropic" in html(site)
    site.post("/routing/main/pin/")
    assert Route.objects.get().provider == "anthropic"
    assert "Pin Anthropic" not in html(site)


def test_what_if_explains_any_name(site: Client) -> None:
    give("openrouter")
    page = html(site, "?model=some/unknown-model")
    assert 'data-provider="openrouter" data-rule="gateway_fallback"' in page
    assert "nobody chose it" in page


def test_the_drill_tells_what_stops_and_what_moves(site: Client) -> None:
    give("anthropic")
    give("openrouter")
    set_route("main", "claude-opus-4-7")
    set_route("subagent", "claude-opus-4-7", "anthropic")
    page = html(site, "?without=anthropic")
    assert "moves from Anthropic to OpenRouter" in page
    assert "stops: only Anthropic serves it" in page


def test_media_on_auto_is_left_to_the_agent_and_not_to_nobody(site: Client) -> None:
    give("openai")
    flux = "black-forest-labs/flux-schnell"
    set_route("image", "gpt-image-1")
    video = set_route("video", flux, "replicate")
    page = html(site, "?without=openai")
    assert "On auto, the agent decides." in page
    assert "On auto, no provider would serve it." not in page
    assert "no longer OpenAI: the agent decides" in page
    assert "stays with replicate" in page
    video.provider = "auto"
    video.store()
    page = html(site, "?without=openai")
    assert "The agent decides: no provider is chosen for media." in page
    assert page.count('data-verdict="agent"') == 2
    assert "the agent decides, as it does now" in page
    assert "serves it now either" not in page


def test_a_provider_that_is_not_set_up_serves_nothing_in_the_drill(site: Client) -> None:
    give("openai")
    for slot, name in (("vision", "groq"), ("subagent", "openai_codex"), ("video", "replicate")):
        set_route(slot, "some-model", name)
    set_route("main", "ollama/some-model")
    page = html(site, "?without=openai")
    assert page.count('data-verdict="idle"') == 2  # main and vision
    assert page.count('data-verdict="stays"') == 2  # by sign-in, by a media service
    assert "stays with Groq" not in page
    give("groq")
    Provider(kind="ollama", api_base="http://127.0.0.1:11434/v1").store()
    assert html(site, "?without=openai").count('data-verdict="stays"') == 4


def test_recipes_fill_the_form_and_say_what_is_missing(site: Client) -> None:
    page = html(site, "?recipe=anthropic")
    assert 'value="anthropic/claude-opus-4-7"' in page
    assert "Anthropic is not set up yet" in page
    assert not Route.objects.exists()
    give("azure_openai", api_base="https://demo.openai.azure.com", values={"deployments": ["prod"]})
    page = html(site, "?recipe=azure")
    assert 'value="prod"' in page


def test_saving_a_recipe_unchanged_stores_it(site: Client) -> None:
    fields = five(main__model="anthropic/claude-opus-4-7")
    site.post("/routing/?recipe=anthropic", fields)
    assert Route.objects.get(slot="main").model == "anthropic/claude-opus-4-7"


def test_a_route_is_tested_with_exactly_its_model_and_provider(
    site: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    handed: list[Job] = []
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(tasks, "enqueue", handed.append)
    row = give("anthropic")
    set_route("main", "anthropic/claude-opus-4-7")
    with django_capture_on_commit_callbacks(execute=True):
        answer = site.post("/routing/main/test/", headers={"HX-Request": "true"})
    assert 'id="test-main"' in answer.content.decode()
    assert [(job.provider, job.model_names) for job in handed] == [
        (row, ["anthropic/claude-opus-4-7"])
    ]
    handed[0].finish(outcome="model_not_found", key_state="valid")
    assert 'data-outcome="model_not_found"' in html(site)


def test_without_javascript_a_test_of_a_route_is_seen_to_its_end(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    give("anthropic")
    set_route("main", "anthropic/claude-opus-4-7")
    assert 'action="/routing/main/test/#route-main"' in html(site)
    site.post("/routing/main/test/")
    assert 'content="3;url=/routing/?again=1#route-main"' in html(site)
    assert "Reload to see the result" in html(site)
    Job.objects.update(deadline=timezone.now())  # and nobody worked at it
    assert 'data-outcome="no_answer"' in html(site)


def test_without_javascript_a_test_over_the_limit_says_so(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    give("groq")
    set_route("main", "llama-9", "groq")
    monkeypatch.setattr(queue, "limit", lambda: 0)
    answer = site.post("/routing/main/test/", follow=True)
    assert "Too many tests at once." in answer.content.decode()


def asked(row: Provider) -> Job:
    """A test of a route's model that is under way."""
    return Job.objects.create(
        provider=row,
        task="check",
        model_names=["claude-x"],
        input_version=row.version,
        deadline=timezone.now() + timedelta(minutes=1),
    )


def test_a_row_tells_a_routes_own_test_while_it_holds(site: Client) -> None:
    row = give("anthropic")
    set_route("main", "claude-x", "anthropic")
    Provider.objects.update(check_outcome="ok", checked_at=timezone.now())
    job = asked(row)
    job.finish(outcome="model_not_found", key_state="valid")
    news = flat(site.get(f"/live/?w=route-main:{job.pk}:0"))
    for told in (html(site), news):
        for part in ("state", "details"):
            assert "Model not found" in told[told.index(f'id="{part}-main"') :][:700]
    assert 'id="state-main" role="status" data-row="attention" hx-swap-oob="true"' in news
    assert "main-model" not in news  # what is typed there stays
    Provider.objects.update(check_outcome="bad_key", checked_at=timezone.now())
    assert route_rows(with_tests=True)[0].tested == "bad_key"  # newer, and stops the route too
    Provider.objects.update(check_outcome="ok", version=row.version + 1)
    assert route_rows(with_tests=True)[0].tested == "key_ok"  # the test was of other values


def test_a_test_that_told_nothing_is_named_beside_what_an_older_one_told(site: Client) -> None:
    row = give("anthropic")
    set_route("main", "claude-x", "anthropic")
    for outcome in ("ok", "no_worker", "ok"):
        job = asked(row)
        job.finish(is_told=outcome == "ok", outcome=outcome, key_state="unknown")
        told = flat(site.get(f"/live/?w=route-main:{job.pk}:0"))
        assert "Works" in told
        assert ("Last test: No worker" in told) is (outcome == "no_worker")


@pytest.mark.parametrize("page", ["/", "/routing/"])
def test_a_providers_good_test_is_never_told_as_its_routes(site: Client, page: str) -> None:
    give("anthropic")
    set_route("main", "no-such-model", "anthropic")
    Provider.objects.update(check_outcome="ok", check_key_state="valid", checked_at=timezone.now())
    told = site.get(page).content.decode()
    start = told.index("no-such-model")
    assert "Key accepted" in told
    assert "provider's test" in told.replace("&#x27;", "'")
    assert 'data-tone="ok"' not in told[start:].split("</tr>")[0]


def test_a_media_route_is_tested_without_a_completion(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    give("openai")
    set_route("image", "gpt-image-1", "openai")
    site.post("/routing/image/test/")
    assert Job.objects.get().model_names == []


@pytest.mark.parametrize("path", ["pin", "test"])
def test_an_unknown_slot_is_404_and_a_viewer_gets_403(site: Client, viewer: Any, path: str) -> None:
    assert site.post(f"/routing/nothing/{path}/").status_code == 404
    client = Client()
    client.force_login(viewer)
    assert client.post(f"/routing/main/{path}/").status_code == 403


def test_all_pages_of_a_fresh_installation_open(site: Client) -> None:
    for path in ("/", "/routing/", "/config/", "/activity/", "/providers/", "/admin/"):
        assert site.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/", "/routing/"])
def test_a_test_that_nobody_ends_any_more_ends_at_the_next_reload(site: Client, path: str) -> None:
    job = queue.start(give("anthropic"), jobs.Task.CHECK, hand_over=False)
    Job.objects.update(deadline=timezone.now())
    assert site.get(path).status_code == 200
    job.refresh_from_db()
    assert (job.state, job.outcome) == ("done", "no_answer")


def test_a_viewer_is_told_who_may_and_sees_what_is_saved(viewer: Any) -> None:
    site = signed_in(viewer)
    page = html(site, "?use=llama-9&kind=groq")
    assert "Only editors and owners can change" in page[page.index('id="use"') :][:600]
    assert 'value="llama-9"' not in page
    assert "?recipe=" not in page
    assert "btn-primary push" not in site.get("/").content.decode()


def test_the_save_bar_counts_what_differs_from_what_is_saved(site: Client, viewer: Any) -> None:
    def unsaved(query: str) -> str:
        return re.findall(r'id="savebar" .*? data-unsaved="(\d+)"', html(site, query))[0]

    give("groq")
    set_route("main", "llama-9", "groq")
    assert unsaved("") == "0"
    assert unsaved("?use=llama-8&kind=groq") == "1"
    assert unsaved("?use=llama-9&kind=groq") == "0"
    assert unsaved("?use=llama-9&kind=groq&slot=vision") == "2"
    assert "2 unsaved changes" in html(site, "?recipe=anthropic")
    refused = site.post("/routing/", five(main__provider="groq", vision__provider="groq"))
    assert 'data-unsaved="2"' in flat(refused)
    assert 'id="savebar"' not in html(signed_in(viewer))


def test_a_viewer_can_type_nothing_into_the_rows(viewer: Any) -> None:
    page = html(signed_in(viewer))
    found = re.findall(r'<(?:input|select) [^>]*name="\w+-(?:model|provider)"[^>]*>', page)
    assert len(found) == 10
    assert all(" disabled" in one for one in found)


@pytest.mark.parametrize("slot", Slot)
def test_every_row_names_its_fields_and_its_test(site: Client, slot: Slot) -> None:
    give("openai")
    set_route(slot, "gpt-5", "openai")
    page = html(site)
    row = page[page.index(f'data-slot="{slot}"') :].partition("</tr>")[0]
    assert f'<label for="id_{slot}-model">{slot.label} model</label>' in row
    assert f'<label for="id_{slot}-provider">{slot.label} provider</label>' in row
    assert f'aria-label="Test {slot.label}"' in row
    assert page.count(f'data-slot="{slot}"') == 1


def test_what_if_and_the_drill_answer_alone_where_the_page_asks(site: Client) -> None:
    give("openrouter")
    set_route("main", "a/b", "openrouter")

    def answer(query: str, part: str) -> str:
        return flat(site.get(f"/routing/{query}", headers={**HTMX, "HX-Target": part}))

    told = answer("?model=some/model&provider=auto", "tried")
    assert told.startswith('<div id="tried" role="status" data-provider="openrouter"')
    assert answer("?model=", "tried").endswith('data-rule=""> </div>')
    assert "stops: only OpenRouter serves it" in answer("?without=openrouter", "gone")
    assert "<html" in answer("?model=x", "elsewhere")


def test_the_drill_tells_what_the_replacement_costs(site: Client) -> None:
    def priced(kind: str, name: str, *prices: int) -> None:
        dear = {"price_input": Decimal(prices[0]), "price_output": Decimal(prices[1])}
        stocked(kind, CatalogItem(model_id=name, **(dear if any(prices) else {})))

    give("anthropic")
    give("openrouter")
    set_route("main", "claude-x")
    moved = html(site, "?without=anthropic")
    assert "What it costs there is not known." in moved
    priced("openrouter", "claude-x", 4, 20)
    moved = html(site, "?without=anthropic")
    assert "It costs $ 4.00 / 20.00 per million tokens in / out there." in moved
    priced("anthropic", "claude-x", 3, 15)
    moved = html(site, "?without=anthropic")
    assert "It costs $ 4.00 / 20.00 instead of $ 3.00 / 15.00 per million tokens" in moved


def test_the_drill_tells_a_move_to_where_there_is_no_such_model(site: Client) -> None:
    give("ollama", api_base="http://localhost:11434/v1")
    named = {"api_base": "https://a.openai.azure.com", "values": {"deployments": ["prod"]}}
    azure = give("azure_openai", **named)
    set_route("main", "qwen3:8b")
    set_route("subagent", "prod")
    told = "is not in its list: calls would fail there."
    page = html(site, "?without=ollama")
    assert page.count("moves from Ollama to Azure OpenAI") == 2
    assert f"qwen3:8b {told}" in page
    assert page.count(told) == 1  # prod is there
    azure.delete()
    stocked("openrouter", "prod")
    page = html(site, "?without=ollama")
    assert page.count("moves from Ollama to OpenRouter") == 2
    assert page.count(told) == 1
    stocked("openrouter", "prod", "qwen3:8b")
    assert told not in html(site, "?without=ollama")


def test_what_if_and_the_drill_know_every_entry_of_the_file(site: Client) -> None:
    give("openai")
    proxy = {"apiKey": "sk-corp-0123456789", "apiBase": "https://llm.example.com/v1"}
    BaseDocument.put({"providers": {"lab-2": proxy, "siliconflow": {"apiKey": "k"}}})
    set_route("main", "lab_2/qwen3")
    page = html(site, "?model=gpt-5&provider=lab-2")
    assert 'data-provider="lab-2" data-rule="forced"' in page
    assert "On auto, OpenAI would serve it." in page
    assert '<option value="siliconflow">siliconflow</option>' in page
    assert "moves from lab-2 to siliconflow" in html(site, "?without=lab-2")


def test_the_ranking_is_an_ordered_list_and_the_rest_is_folded(site: Client) -> None:
    give("openai")
    give("openrouter")
    set_route("main", "gpt-claude")
    page = html(site)
    ranking = page[page.index('<ol class="ranking">') :]
    takers = ranking[: ranking.index("</ol>")]
    assert takers.index("OpenAI") < takers.index("OpenRouter")
    assert "Anthropic" not in takers
    assert "1 would never take it" in page
