"""The counts of the navigation: those of the overview, on every page, at little cost."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from facio_site import sealing
from facio_site.attention import Needed
from providers import broker
from providers.models import Provider
from routing.models import Channel, Route, Standing
from routing.pages import attention
from routing.pages.attention import of_system, serving
from routing.pages.naming import named_by_each, routes_stamp
from tests.conftest import signed_in
from tests.desk import saved

pytestmark = pytest.mark.django_db
PAGES = ("/", "/providers/", "/catalog/", "/routing/", "/activity/", "/accounts/")


@pytest.fixture(autouse=True)
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker, whose clock is right."""
    workers(monkeypatch, {"worker-one-1": 0.0})


def workers(monkeypatch: pytest.MonkeyPatch, told: dict[str, float] | None) -> None:
    """None: the broker does not answer. A page may know it from before."""
    monkeypatch.setattr(broker, "count_workers", lambda: None if told is None else len(told))
    monkeypatch.setattr(broker, "skews", lambda: told or {})
    monkeypatch.setattr(broker, "_told", None)


def needed(client: Client, path: str = "/accounts/") -> Needed:
    """As the page says it."""
    html = client.get(path).content.decode()
    found = re.findall(r'id="needed-(\w+)">\s*(\d*)', html)
    return Needed(**{about: int(count or 0) for about, count in found})


def listed(client: Client) -> Needed:
    """As the overview lists it."""
    html = client.get("/").content.decode()
    found = re.findall(r'data-about="(\w+)', html)
    assert f'<span class="tile-value">{len(found)}</span>' in html
    return Needed(*(found.count(about) for about in ("provider", "route", "config", "system")))


def test_nothing_is_counted_where_nothing_is_wrong(site: Client) -> None:
    saved("groq")
    assert {path: needed(site, path) for path in PAGES} == dict.fromkeys(PAGES, Needed())


def test_every_page_counts_what_the_overview_lists(site: Client, settings: Any) -> None:
    saved("groq")
    saved("mistral")
    Provider.objects.update(check_outcome="bad_key")
    Route.objects.create(slot="main", model="deepseek-chat", provider="deepseek")
    Route.objects.create(slot="vision", model="llama-9", provider="groq")
    expected = Needed(providers=2, routes=1)
    assert listed(site) == expected
    assert {path: needed(site, path) for path in PAGES} == dict.fromkeys(PAGES, expected)


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ({"worker-one-1": 0.0}, 0),
        ({}, 1),
        (None, 1),
        ({"worker-one-1": 9.0, "worker-two-2": -90.0}, 2),
    ],
)
def test_what_the_broker_tells_is_counted_on_every_page(
    site: Client, monkeypatch: pytest.MonkeyPatch, told: dict[str, float] | None, count: int
) -> None:
    workers(monkeypatch, told)
    expected = Needed(system=count)
    assert {path: needed(site, path) for path in PAGES} == dict.fromkeys(PAGES, expected)
    assert listed(site) == expected


def test_what_the_system_lacks_is_counted_where_it_is_listed(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Channel.objects.create(kind="ntfy", name="phone", fault="timeout")
    assert listed(site) == needed(site) == Needed(system=1)
    Channel.objects.filter(pk=row.pk).update(is_on=False)
    assert listed(site) == needed(site) == Needed()
    Standing.objects.create(about="system:beat", is_failing=True)
    assert listed(site) == needed(site) == Needed(system=1)
    monkeypatch.setattr(sealing, "master_keys", list)
    assert listed(site).system == needed(site).system == 2


def test_pages_that_are_looked_at_together_ask_the_broker_once(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(broker, "count_workers", lambda: asked.append("") or 1)
    for path in PAGES[1:]:
        needed(site, path)
    assert len(asked) == 1
    monkeypatch.setattr(broker, "KNOWN_SECONDS", -1.0)
    needed(site)
    assert len(asked) == 2


def test_a_live_file_that_somebody_else_wrote_is_counted_and_listed(
    site: Client, settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "config.json"
    settings.FACIO_CONFIG_PATH = str(path)
    assert listed(site) == needed(site) == Needed()  # it was never there
    path.write_text("{}")
    assert listed(site) == needed(site) == Needed(config=1)
    assert needed(site, "/providers/") == Needed(config=1)


def test_a_count_is_as_new_as_the_rows_also_on_pages_that_are_kept(site: Client) -> None:
    saved("groq")
    for outcome, count in (("ok", 0), ("bad_key", 1), ("timeout", 1), ("ok", 0)):
        Provider.objects.update(check_outcome=outcome)
        for path in ("/catalog/", "/providers/", "/accounts/"):
            assert needed(site, path).providers == count, (outcome, path)


def test_a_count_is_read_out_with_its_meaning(site: Client) -> None:
    saved("groq")
    Provider.objects.update(check_outcome="bad_key")
    html = " ".join(site.get("/accounts/").content.decode().split())
    assert '1<span class="sr"> needs attention </span>' in html
    saved("mistral")
    Provider.objects.update(check_outcome="bad_key")
    html = " ".join(site.get("/accounts/").content.decode().split())
    assert '2<span class="sr"> need attention </span>' in html


@pytest.mark.usefixtures("one_minute")
def test_counting_again_what_is_unchanged_takes_five_small_queries(site: Client) -> None:
    saved("groq")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    needed(site)

    def queries() -> list[str]:
        caches["pages"].clear()
        with CaptureQueriesContext(connection) as captured:
            site.get("/accounts/")
        return [q["sql"] for q in captured if re.search(r"\b(providers|routing)_", q["sql"])]

    assert len(queries()) == 5  # the last of them is the bell's


def test_many_who_hear_the_same_news_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def count(*_rows: Any, **_more: Any) -> dict[str, Provider]:
        counted.append(1)
        time.sleep(0.1)
        return {}

    monkeypatch.setattr(attention, "provider_rows", count)
    monkeypatch.setattr(attention, "route_rows", lambda *_args, **_more: [])
    monkeypatch.setattr(attention, "attention", lambda *_args: [])
    monkeypatch.setattr(attention, "drift", lambda: None)
    attention._seen.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(attention._counted_once, ["one state"] * 8))
    attention._seen.cache_clear()
    assert (told, len(counted)) == ([(Needed(), (), frozenset())] * 8, 1)


def test_a_scheduler_that_starts_nothing_is_told_where_a_worker_lives() -> None:
    assert [one.label for one in of_system(1)] == []
    Standing.objects.create(about="system:beat", is_failing=True)
    assert [one.label for one in of_system(1)] == ["Scheduler"]
    assert [one.label for one in of_system(0)] == ["Worker"]


def test_users_stand_in_the_navigation_of_owners_only(site: Client, editor: Any) -> None:
    assert '<a href="/accounts/users/">' in site.get("/").content.decode()
    assert "/accounts/users/" not in signed_in(editor).get("/").content.decode()


def test_who_serves_a_route_is_told_of_the_document_that_would_be_exported() -> None:
    saved("groq")
    saved("mistral")
    Route.objects.create(slot="main", model="mistral-large", provider="auto")
    Route.objects.create(slot="vision", model="llama-9", provider="groq")
    Route.objects.create(slot="image", model="gpt-image", provider="openai_codex")
    assert serving() == {
        "mistral": ["Main"],
        "groq": ["Vision"],
        "openai_codex": ["Image generation"],
    }


def test_a_route_that_is_not_set_is_served_by_nobody() -> None:
    saved("groq")
    assert serving() == {}


def test_the_stamp_of_the_routes_changes_with_who_serves_them() -> None:
    before = routes_stamp()
    route = Route.objects.create(slot="vision", model="llama-9", provider="groq")
    after = routes_stamp()
    Route.objects.filter(pk=route.pk).update(provider="mistral")
    assert len({before, after, routes_stamp()}) == 3


@pytest.mark.usefixtures("one_minute")
def test_several_are_named_at_the_cost_of_one(site: Client) -> None:
    for kind in ("groq", "mistral", "openai"):
        saved(kind)
    Route.objects.create(slot="main", model="groq/llama-9", provider="mistral")
    Route.objects.create(slot="vision", model="groq/llama-9")
    with CaptureQueriesContext(connection) as one:
        named_by_each(["groq"])
    with CaptureQueriesContext(connection) as all_of_them:
        named = named_by_each(["groq", "mistral", "openai"])
    assert len(one) == len(all_of_them)
    assert (named["groq"].by_prefix, named["mistral"].served) == (("Vision",), ("Main",))
    assert named["openai"].served == ()
