"""The admin in a real browser: what it lets a person save or start arrives in the database."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from facio_site.audit import record
from providers.forms.plain import form_for
from providers.kinds import KINDS
from providers.models import Job, Provider
from providers.work import queue, tasks
from routing.models import Alert, Channel, Route, Slot, WatchSettings
from routing.models import Watch as Watched
from tests.conftest import signed_in
from tests.journeys.interface.conftest import DESK
from tests.journeys.interface.test_barriers import barriers, too_wide
from tests.journeys.watch import Watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STORED: dict[str, Any] = {"region": "us-east-1", "profile": "work", "deployments": ["first"]}
TYPED = {  # by the name of the field
    "model": "vendor/other",
    "provider": "openrouter",
    "api_base": "https://gateway.example/other",
    "region": "eu-west-1",
    "profile": "home",
    "deployments": "first\nsecond",
    "key_expires": "2031-01-31",
}
TASKS = {"test_connection": "check", "fetch_models": "fetch"}  # what an action queues
FIELDS = "fieldset :is(input:not([type=hidden]), select, textarea)"


@pytest.fixture
def tab(browser: Any, live_server: Any, owner: Any) -> Iterator[Page]:
    """An owner's tab, in which no page may complain."""
    cookie = signed_in(owner).cookies[django_settings.SESSION_COOKIE_NAME]
    with browser.new_context(base_url=live_server.url) as context:
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        watch = Watch(context)
        yield context.new_page()
        assert watch.complaints == []


@pytest.fixture
def request_of_owner(rf: Any, owner: Any) -> Any:
    request = rf.get("/admin/")
    request.user = owner
    return request


@pytest.fixture
def rows(transactional_db: None, settings: Any) -> None:
    """Every slot, and a provider for each set of fields that kinds have in the admin."""
    settings.AWS_PROFILES_ALLOWED = ["work", "home"]
    for slot in Slot:
        assert Route(slot=slot.value, model="vendor/model", provider="groq").store()
    for kind in {tuple(form_for(spec).base_fields): kind for kind, spec in KINDS.items()}.values():
        row = Provider(kind=kind)
        if not row.spec.is_oauth:
            row.api_base = "https://gateway.example/one"
            names = {field.name for field in row.spec.extra_fields}
            row.values = {name: value for name, value in STORED.items() if name in names}
            if "profile" not in names:
                row.put_secret("api_key", "key-of-the-test-0123456789")
        assert row.store()


def address(model: Any, page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def fill(field: Locator) -> tuple[str, str]:
    """Type or choose another value; returns the field's name and that value."""
    name = field.get_attribute("name") or ""
    if field.evaluate("one => one.tagName") == "SELECT":
        field.select_option(TYPED[name])
    else:
        field.fill(TYPED[name])
    return name, TYPED[name]


def told(tab: Page) -> Locator:
    return tab.locator(".messagelist li.success")


def stored(row: Any, name: str) -> str:
    """The value as one would type it."""
    name = {"key_expires": "key_expires_on"}.get(name, name)
    value = row.values[name] if name in getattr(row, "values", ()) else getattr(row, name)
    return "\n".join(value) if isinstance(value, list) else str(value)


@pytest.mark.long
def test_every_form_saves_what_is_typed_into_it(
    tab: Page, rows: None, request_of_owner: Any
) -> None:
    filled: set[str] = set()
    for model, page in admin.site._registry.items():
        assert not page.has_add_permission(request_of_owner), model
        if not page.has_change_permission(request_of_owner):
            continue
        found = list(model._default_manager.all())
        assert found, f"no row to try the form of {model}"
        for row in found:
            tab.goto(address(model, "change", row.pk))
            form = tab.locator(f"#{model._meta.model_name}_form")
            typed = dict(fill(field) for field in form.locator(FIELDS).all())
            form.get_by_role("button", name="Save", exact=True).click()
            expect(told(tab)).to_be_visible()
            before = row.version
            row.refresh_from_db()
            if "api_key" not in getattr(row, "sealed", ("api_key",)):
                assert row.key_expires_on is None  # there is no key that could expire
                typed.pop("key_expires", None)
            assert {name: stored(row, name) for name in typed} == typed, repr(row)
            assert row.version == before + 1, repr(row)
            filled |= set(typed)
    assert filled == set(TYPED)


def test_every_action_of_a_list_is_done(
    tab: Page, rows: None, request_of_owner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(queue.broker, "announce", lambda: None)
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    tried = []
    for model, page in admin.site._registry.items():
        for action in page.get_actions(request_of_owner):
            tab.goto(address(model, "changelist"))
            tab.locator("#action-toggle").check()
            tab.locator("select[name=action]").select_option(action)
            tab.locator(".actions").get_by_role("button").first.click()
            count = len(Provider.objects.checkable())  # all but the sign-in
            expect(tab.locator(".messagelist li")).to_have_text(f"{count} queued.")
            assert Job.objects.filter(task=TASKS[action]).count() == count
            tried.append(action)
    assert sorted(tried) == sorted(TASKS)


# What the pages look like


@pytest.fixture
def filled(rows: None, owner: Any) -> None:
    """A row of every table that the admin shows, with all that such a row may hold."""
    provider = Provider.objects.get(kind="vllm")
    provider.entries.create(
        model_id="a-model",
        inputs=["text", "image"],
        outputs=["text"],
        filled=["context_window"],
        first_seen_at=timezone.now(),
    )
    provider.jobs.create(
        task="check",
        status="done",
        outcome="bad_key",
        key_state="invalid",
        model_names=["a-model"],
        params={"calls": [{"curl": "curl", "status": 401, "ms": 9}]},
        rungs=[
            {"step": "dns", "outcome": "ok", "ms": 2},
            {"step": "key", "outcome": "bad_key", "ms": 9},
            {"step": "model", "label": "a-model", "outcome": "skipped"},
        ],
        requested_by=owner,
        input_version=1,
        deadline=timezone.now(),
    )
    record("provider.saved", actor=owner, target="vllm", fields=["api_key", "api_base"])
    Watched.objects.create(about="provider:vllm", every=60)
    WatchSettings.objects.create(pk=WatchSettings.ONLY)
    Alert.objects.create(kind="fails", about="provider:vllm", mark="one")
    Channel.objects.create(name="mail", kind="email", fault="timeout")


def marked(model: Any) -> Any:
    """Tables that people look into often, in the gate; the others are long."""
    marks = [] if model.__name__ in ("Job",) else [pytest.mark.long]
    return pytest.param(model, marks=marks, id=model.__name__)


def pages_of(model: Any) -> list[str]:
    """The list of a table and the page of one of its rows."""
    row = model._default_manager.first()
    return [address(model, "changelist"), address(model, "change", row.pk)]


@pytest.mark.axe
@pytest.mark.parametrize("model", [marked(model) for model in admin.site._registry])
def test_no_page_of_the_admin_has_a_barrier_or_shows_raw_data(
    tab: Page, filled: None, model: Any
) -> None:
    """Light and dark, on desk and phone: see `barriers`."""
    app = reverse("admin:app_list", args=[model._meta.app_label])
    for path in (reverse("admin:index"), app, *pages_of(model)):
        tab.set_viewport_size(DESK)
        tab.goto(path)
        assert not re.search(r"[\[{]['\"\[{]|None", tab.locator("#content").inner_text()), path
        assert [*too_wide(tab), *barriers(tab)] == [], path


def test_a_test_is_drawn_as_the_ladder_of_its_steps(tab: Page, filled: None) -> None:
    tab.goto(address(Job, "change", Job.objects.get().pk))
    rungs = tab.locator("ol.ladder > li.rung")
    expect(rungs.locator(".rung-head > span:first-child")).to_have_text(
        ["Name resolves", "Key", "Model a-model"]
    )
    tones = [rung.get_attribute("data-tone") for rung in rungs.all()]
    assert tones == ["ok", "error", "idle"]


def test_all_routes_are_listed_and_one_that_nobody_has_set_can_be_set(tab: Page) -> None:
    assert Route(slot="vision", model="a").store()
    tab.goto(address(Route, "changelist"))
    expect(tab.locator("#result_list tbody th")).to_have_text([str(slot.label) for slot in Slot])
    expect(tab.locator("#result_list .field-shown_model")).to_have_text(
        ["Not set", "Not set", "a", "Not set", "Not set"]
    )
    tab.get_by_role("link", name="Sub-agents").click()
    tab.get_by_label("Model").fill("vendor/small")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(told(tab)).to_be_visible()
    assert Route.objects.get(slot="subagent").model == "vendor/small"


def test_the_theme_of_the_site_holds_in_the_admin_and_the_other_way_round(tab: Page) -> None:
    scheme = "getComputedStyle(document.documentElement).colorScheme"
    tab.goto(reverse("account"))
    tab.get_by_role("radio", name="Dark").check(force=True)
    tab.goto(reverse("admin:index"))
    assert tab.evaluate(scheme) == "dark"
    expect(tab.get_by_role("radio", name="Dark")).to_be_checked()
    tab.get_by_role("radio", name="Light").check(force=True)
    assert tab.evaluate(scheme) == "light"
    tab.reload()
    assert tab.evaluate(scheme) == "light"
    tab.get_by_role("radio", name="As the system").check(force=True)
    assert tab.evaluate(scheme) == "light dark"
    tab.get_by_role("link", name="Back to the site").click()
    expect(tab.locator("html")).to_have_attribute("data-theme", "system")


def test_what_happened_to_a_row_is_on_the_page_of_changes(tab: Page, filled: None) -> None:
    tab.goto(address(Provider, "change", Provider.objects.get(kind="vllm").pk))
    expect(tab.get_by_role("link", name="History")).to_have_count(0)
    tab.get_by_role("link", name="Changes").click()
    assert tab.url.endswith("/activity/?target=vllm")
    expect(tab.get_by_role("cell", name="Saved a provider").first).to_be_visible()
    for model in admin.site._registry:
        tab.goto(address(model, "history", model._default_manager.first().pk))
        assert "/activity/" in tab.url, model
    tab.goto(reverse("admin:index"))
    expect(tab.get_by_text("Recent actions")).to_have_count(0)


@pytest.mark.long
def test_every_filter_of_a_list_narrows_it_without_a_fault(tab: Page, filled: None) -> None:
    tried = 0
    for model in admin.site._registry:
        path = address(model, "changelist")
        tab.goto(path)
        links = tab.locator("#changelist-filter li a")
        asked = {link.get_attribute("href") for link in links.all()} - {"?"}
        for query in asked:
            answer = tab.goto(path + str(query))
            assert answer
            assert answer.ok
            assert "e=1" not in tab.url, query  # how the admin says that it knows no such filter
        tried += len(asked)
    assert tried > 30
