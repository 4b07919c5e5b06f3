"""The state of each route as pages and overview print it, from real rows."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from facio_site.audit.models import AuditEntry
from providers import broker
from providers.models import Job, Provider
from providers.models.jobs import JobQuerySet
from providers.work import queue
from routing.models import Route
from tests.desk import HTMX, saved, stocked
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
SLOTS = ("main", "subagent", "vision", "image", "video")


@pytest.fixture(autouse=True)
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "count_workers", lambda: 1)


def ended(row: Provider, *models: str, rungs: dict[str, str] | None = None, **result: Any) -> Job:
    """A test of the stored values that has ended; `rungs`: model -> its own outcome."""
    row = Provider.objects.get(pk=row.pk)
    job: Job = Job.objects.create(
        provider=row,
        task="check",
        model_names=list(models),
        input_version=row.version,
        input_digest=row.fingerprint(),
        deadline=timezone.now() + timedelta(minutes=1),
    )
    told = [{"step": "key", "label": "", "outcome": "ok", "detail": ""}]
    told += [
        {"step": "model", "label": name, "outcome": outcome, "detail": ""}
        for name, outcome in (rungs or {}).items()
    ]
    result = {"outcome": "ok", "key_state": "valid", "params": {"pictured": models}, **result}
    job.finish(is_told=True, rungs=told, **result)
    return job


def states(site: Client) -> dict[str, str]:
    """What both pages print, which is the same."""
    found = [
        dict(re.findall(r'data-slot="(\w+)"\s+data-state="(\w+)"', flat(site.get(page))))
        for page in ("/routing/", "/")
    ]
    assert found[0] == found[1]
    assert tuple(found[0]) == SLOTS
    return found[0]


def matters(site: Client) -> list[str]:
    page = flat(site.get("/"))
    return re.findall(r'data-about="([\w:]+)"', page[page.index('id="attention"') :])


def test_an_empty_site_has_no_main_route_and_overrides_that_follow_it(site: Client) -> None:
    assert states(site) == {"main": "unset", **dict.fromkeys(SLOTS[1:], "as_main")}
    assert matters(site) == []


def test_a_route_goes_from_nobody_over_its_key_to_working_and_back(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    assert states(site)["main"] == "nobody"
    assert matters(site) == ["route:main"]
    row = saved("openai")
    assert states(site)["main"] == "attention"  # nothing is proven yet
    assert matters(site) == ["route:main"]
    ended(row)
    assert states(site)["main"] == "key_ok"
    assert matters(site) == []
    ended(row, "gpt-5", rungs={"gpt-5": "ok"})
    assert states(site)["main"] == "works"
    Route.objects.update(model="gpt-5-mini")
    assert states(site)["main"] == "key_ok"
    Route.objects.update(model="gpt-5")
    assert states(site)["main"] == "works"  # that very model did answer with these values


def test_new_values_of_the_provider_take_every_proof_back(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    row = saved("openai")
    ended(row, "gpt-5", rungs={"gpt-5": "ok"})
    assert states(site)["main"] == "works"
    row.put_secret("api_key", "sk-another-0123456789abcdef")
    row.store()
    assert states(site)["main"] == "attention"
    ended(row)
    assert states(site)["main"] == "key_ok"


def test_the_proof_of_another_provider_is_none(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    other = saved("openrouter")
    ended(other, "gpt-5", rungs={"gpt-5": "ok"})
    ended(saved("openai"))
    assert states(site)["main"] == "key_ok"


def test_a_call_that_failed_is_a_matter_of_the_route_and_not_of_its_provider(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-9", provider="openai")
    row = saved("openai")
    ended(row)
    ended(row, "gpt-9", rungs={"gpt-9": "model_not_found"}, outcome="model_not_found")
    assert states(site)["main"] == "attention"
    assert matters(site) == ["route:main"]
    assert "Model not found" in flat(site.get("/"))


def test_a_provider_that_fails_is_one_matter_for_all_of_its_routes(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    Route.objects.create(slot="vision", model="gpt-4o", provider="openai")
    row = saved("openai")
    ended(row, "gpt-5", "gpt-4o", rungs={"gpt-5": "ok", "gpt-4o": "ok"})
    ended(row, outcome="bad_key", key_state="invalid")
    assert (states(site)["main"], states(site)["vision"]) == ("attention", "attention")
    assert matters(site) == ["provider:openai"]


def test_one_test_of_several_models_tells_each_route_its_own(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    Route.objects.create(slot="vision", model="gpt-4o", provider="openai")
    Route.objects.create(slot="image", model="gpt-image-1", provider="openai")
    row = saved("openai")
    ended(
        row,
        "gpt-5",
        "gpt-4o",
        rungs={"gpt-5": "ok", "gpt-4o": "model_not_found"},
        outcome="model_not_found",
    )
    Provider.objects.update(check_outcome="ok", check_key_state="valid", checked_at=timezone.now())
    told = states(site)
    assert (told["main"], told["vision"], told["image"]) == ("works", "attention", "key_ok")


def test_a_finding_stands_against_a_route_that_answered(site: Client) -> None:
    row = stocked("openai", "gpt-4o")
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    ended(row, "gpt-5", rungs={"gpt-5": "ok"})
    assert states(site)["main"] == "attention"
    assert matters(site) == ["route:main"]
    for page in ("/", "/routing/"):
        assert "gpt-5 is not in the catalog of OpenAI." in flat(site.get(page))
        assert "Needs attention" in flat(site.get(page))


def test_a_test_that_told_nothing_leaves_the_state_as_it_was(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    row = saved("openai")
    ended(row, "gpt-5", rungs={"gpt-5": "ok"})
    ended(row, "gpt-5", outcome="cancelled", key_state="unknown")
    assert states(site)["main"] == "works"


def test_all_routes_are_tested_at_once_by_one_job_a_provider(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_hand_over", lambda jobs: None)
    saved("openai")
    saved("groq", "gsk_0123456789abcdefghij")
    for slot, model, kind in (
        ("main", "gpt-5", "openai"),
        ("subagent", "llama-9", "groq"),
        ("vision", "gpt-4o", "openai"),
        ("image", "gpt-image-1", "openai"),
    ):
        Route.objects.create(slot=slot, model=model, provider=kind)
    answer = site.post("/routing/test/", headers=HTMX)
    jobs = {job.provider.kind: job for job in Job.objects.select_related("provider")}
    assert {kind: job.model_names for kind, job in jobs.items()} == {
        "openai": ["gpt-5", "gpt-4o"],
        "groq": ["llama-9"],
    }
    assert {job.batch for job in jobs.values()} == {None}  # no round of the providers' page
    page = answer.content.decode()
    for slot in ("main", "vision", "image"):
        assert f'value="route-{slot}:{jobs["openai"].pk}:0"' in page
    assert f'value="route-subagent:{jobs["groq"].pk}:0"' in page
    assert 'id="test-video"' not in page
    assert AuditEntry.objects.get(action="route.tested").target == "all"


def test_each_route_that_waits_for_one_job_hears_of_its_end(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    Route.objects.create(slot="vision", model="gpt-4o", provider="openai")
    row = saved("openai")
    job = ended(row, "gpt-5", "gpt-4o", rungs={"gpt-5": "ok", "gpt-4o": "ok"})
    watched = [f"route-{slot}:{job.pk}:0" for slot in ("main", "vision")]
    news = flat(site.get("/live/", {"w": watched}, headers=HTMX))
    for slot in ("main", "vision"):
        assert f'id="state-{slot}" role="status" data-row="works"' in news


def test_a_limit_holds_for_all_routes_as_for_one(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("groq", "gsk_0123456789abcdefghij")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    monkeypatch.setattr(queue, "limit", lambda: 0)
    assert "Too many tests at once." in flat(site.post("/routing/test/", headers=HTMX))
    assert not Job.objects.exists()


def test_without_a_route_there_is_nothing_to_test(site: Client) -> None:
    answer = site.post("/routing/test/", follow=True)
    assert "Nothing to test" in flat(answer)
    assert "Test all routes" not in flat(site.get("/routing/"))


@pytest.mark.parametrize(
    ("moment", "before", "model", "main", "image"),
    [
        ("in_bulk", "ok", "model_not_found", "attention", "key_ok"),
        ("newest_asking", "bad_key", "ok", "works", "key_ok"),
    ],
)
def test_a_test_that_ends_while_the_page_is_read_is_on_it(
    site: Client,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    before: str,
    model: str,
    main: str,
    image: str,
) -> None:
    """News come for what is shown as running; what is not must be told as it ended."""
    Route.objects.create(slot="main", model="gpt-5", provider="openai")
    Route.objects.create(slot="image", model="gpt-image-1", provider="openai")
    ended(saved("openai"), outcome=before, key_state="valid" if before == "ok" else "invalid")
    job = queue.start(Provider.objects.get(), "check", model_names=["gpt-5"], hand_over=False)
    read = getattr(JobQuerySet, moment)

    def late(self: Any, *args: Any) -> Any:
        rungs = [{"step": "key", "label": "", "outcome": "ok"}]
        rungs += [{"step": "model", "label": "gpt-5", "outcome": model}]
        job.finish(is_told=True, outcome=model, key_state="valid", rungs=rungs)
        return read(self, *args)

    monkeypatch.setattr(JobQuerySet, moment, late)
    page = flat(site.get("/routing/"))
    assert 'name="w" value="route-' not in page
    told = dict(re.findall(r'data-slot="(\w+)"\s+data-state="(\w+)"', page))
    assert (told["main"], told["image"]) == (main, image)
