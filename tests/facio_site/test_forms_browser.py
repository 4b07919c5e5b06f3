"""Forms in a real browser: what was wrong is said, found and reached, and focus is never lost."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.urls import reverse
from playwright.sync_api import Page, expect

from providers.models import Provider
from providers.work import queue, tasks
from tests.facio_site.accounts.person import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_refused_form_says_so_in_the_title_and_begins_at_its_first_wrong_field(
    opened: Callable[..., Page], scripts: bool
) -> None:
    tab = opened(java_script_enabled=scripts)
    tab.goto(reverse("account_change_password"))
    tab.get_by_label("Current password").fill("wrong")
    tab.get_by_label("New password").fill("tiny")
    tab.get_by_label("Confirm password").fill("other")
    tab.locator("main").get_by_role("button", name="Change password").click()
    expect(tab).to_have_title("Error: Change password · Facio Settings")
    summary = tab.get_by_role("alert").first
    links = summary.get_by_role("link")
    assert links.count() >= 2
    for link in links.all():
        field = tab.locator(str(link.get_attribute("href")))
        expect(field).to_have_attribute("aria-invalid", "true")
    expect(tab.locator(str(links.first.get_attribute("href")))).to_be_focused()
    links.last.click()
    expect(tab.locator(str(links.last.get_attribute("href")))).to_be_focused()


def test_a_form_that_is_right_says_nothing_of_errors(opened: Callable[..., Page]) -> None:
    tab = opened()
    tab.goto(reverse("users"))
    expect(tab).to_have_title("Users · Facio Settings")
    expect(tab.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("way", ["Enter", "Space"])
def test_a_pressed_button_keeps_its_focus_while_it_works_and_cannot_be_pressed_twice(
    opened: Callable[..., Page], way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(queue.broker, "announce", lambda: None)
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    stored("groq")
    tab = opened()
    tab.goto("/providers/groq/")
    held: list[Any] = []
    tab.route("**/check/**", lambda route: held.append(route))
    button = tab.get_by_role("button", name="Test connection", exact=True)
    button.focus()
    tab.keyboard.press(way)
    tab.wait_for_timeout(200)
    expect(button).to_be_focused()
    tab.keyboard.press(way)
    tab.wait_for_timeout(200)
    assert len(held) == 1
    expect(button).to_be_focused()
    held[0].continue_()
    expect(tab.locator('#check[data-state="queued"]')).to_be_visible()
    inside = "document.activeElement !== document.body && document.activeElement.isConnected"
    assert tab.evaluate(inside)


def test_a_button_can_be_pressed_again_wherever_the_person_went_while_it_worked(
    opened: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue.broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(queue.broker, "announce", lambda: None)
    monkeypatch.setattr(tasks, "enqueue", lambda job: None)
    stored("groq")
    tab = opened()
    tab.goto("/providers/groq/")
    held: list[Any] = []
    tab.route("**/check/**", lambda route: held.append(route))
    button = tab.get_by_role("button", name="Test connection", exact=True)
    button.click()
    expect(button).to_have_attribute("aria-disabled", "true")
    tab.get_by_label("API base").click()
    held[0].continue_()
    expect(tab.locator('#check[data-state="queued"]')).to_be_visible()
    expect(button).to_be_enabled()


@pytest.mark.long
def test_of_a_route_nothing_is_told_that_only_holds_for_what_was_saved_before(
    opened: Callable[..., Page],
) -> None:
    tab = opened()
    tab.goto(reverse("routing:routing"))
    told = tab.get_by_text("No model set: the agent uses its own default.")
    expect(told).to_be_visible()
    model = tab.get_by_label("Main model", exact=True)
    model.fill("claude-opus-4-7")
    expect(told).to_be_hidden()
    model.fill("")
    expect(told).to_be_visible()


# What the password was asked for


def stored(kind: str) -> Provider:
    row = Provider(name=kind, kind=kind)
    row.put_secret("api_key", "key-of-the-test-0123456789")
    assert row.store()
    return row


@pytest.mark.parametrize("scripts", [True, False])
def test_a_download_that_asked_for_the_password_goes_on_after_it(
    opened: Callable[..., Page], scripts: bool
) -> None:
    stored("groq")
    tab = opened(java_script_enabled=scripts)
    tab.goto("/config/export/?secrets=keys")
    tab.get_by_role("button", name="Download", exact=True).click()
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Confirm").click()
        if not scripts:
            tab.get_by_role("button", name="Go on").click()
    assert "key-of-the-test-0123456789" in download.value.path().read_text()
    expect(tab).to_have_url(re.compile("/config/export/[?]secrets=keys"))


def test_users_are_changed_after_the_password_without_a_second_press(
    opened: Callable[..., Page], viewer: Any
) -> None:
    tab = opened()
    tab.goto(reverse("users"))
    tab.get_by_label(f"Role of {viewer.username}").select_option("editor")
    tab.get_by_role("button", name="Change").last.click()
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Confirm").click()
    expect(tab).to_have_title(re.compile("Users"))
    viewer.refresh_from_db()
    assert viewer.role == "editor"


# What was typed when the session had ended


def sign_in_again(tab: Page) -> None:
    tab.get_by_label("Username").fill("ada")
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("scripts", [True, False])
def test_what_was_typed_comes_back_after_a_session_has_ended_and_secrets_do_not(
    opened: Callable[..., Page], owner: Any, scripts: bool
) -> None:
    secret = "a-key-that-is-kept-nowhere-0123456789"  # gitleaks:allow
    stored("vllm")
    tab = opened(java_script_enabled=scripts)
    owner.end_sessions()
    tab.goto("/providers/vllm/")
    sign_in_again(tab)
    tab.locator("[name=api_base]").fill("http://127.0.0.1:8000/other")
    tab.locator("[name=api_key]").fill(secret)
    owner.end_sessions()
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(tab).to_have_url(re.compile("/accounts/login/[?]next=%2Fproviders%2Fvllm%2F$"))
    (cookie,) = [one for one in tab.context.cookies() if one.get("name") == "typed"]
    assert secret not in str(signing.loads(str(cookie.get("value")), salt="facio_site.web.typed"))
    sign_in_again(tab)
    expect(tab.locator("#typed")).to_contain_text("Your session had ended, so nothing was saved.")
    if scripts:
        expect(tab.locator("[name=api_base]")).to_have_value("http://127.0.0.1:8000/other")
        expect(tab.locator("[name=api_key]")).to_have_value("")
        expect(tab.get_by_text("Type this again: it was not kept.")).to_be_visible()
    else:
        expect(tab.locator("#typed li")).to_contain_text(["http://127.0.0.1:8000/other"])
    assert secret not in tab.content()
    tab.reload()
    expect(tab.locator("#typed")).to_have_count(0)
    assert Provider.objects.get().api_base == ""


def test_a_test_after_the_session_has_ended_asks_nothing_and_keeps_what_was_typed(
    opened: Callable[..., Page], owner: Any
) -> None:
    stored("vllm")
    tab = opened()
    owner.end_sessions()
    tab.goto("/providers/vllm/")
    sign_in_again(tab)
    tab.locator("[name=api_base]").fill("http://127.0.0.1:8000/other")
    tab.locator("[name=api_key]").fill("typed-0123")
    asked: list[str] = []
    tab.on("dialog", lambda one: (asked.append(one.type), one.accept()))
    owner.end_sessions()
    tab.get_by_role("button", name="Test connection").click()
    expect(tab).to_have_url(re.compile("/accounts/login/"))
    sign_in_again(tab)
    expect(tab.locator("[name=api_base]")).to_have_value("http://127.0.0.1:8000/other")
    assert asked == []


@pytest.mark.long
@pytest.mark.parametrize("status", [0, 502])
def test_a_site_that_is_gone_says_so_and_what_was_typed_stays(
    opened: Callable[..., Page], status: int
) -> None:
    stored("vllm")
    tab = opened()
    tab.goto("/providers/vllm/")
    tab.locator("[name=api_base]").fill("http://127.0.0.1:8000/other")
    tab.route(
        "**/check/**", lambda one: one.fulfill(status=status) if status else one.abort("failed")
    )
    button = tab.get_by_role("button", name="Test connection")
    button.click()
    said = tab.get_by_role("alert").get_by_text("The site doesn't answer.")
    expect(said).to_be_visible()
    expect(tab.locator("[name=api_base]")).to_have_value("http://127.0.0.1:8000/other")
    tab.unroute_all()
    button.click()
    expect(said).to_be_hidden()


@pytest.mark.long
def test_a_test_after_a_sign_in_in_another_tab_keeps_what_was_typed(
    opened: Callable[..., Page], owner: Any
) -> None:
    stored("vllm")
    tab = opened()
    tab.goto("/providers/vllm/")
    tab.locator("[name=api_base]").fill("http://127.0.0.1:8000/other")
    owner.end_sessions()
    other = tab.context.new_page()
    other.goto("/accounts/")
    sign_in_again(other)
    expect(other.get_by_role("heading", level=1)).to_be_visible()
    asked: list[str] = []
    tab.on("dialog", lambda one: (asked.append(one.type), one.accept()))
    tab.get_by_role("button", name="Test connection").click()
    expect(tab.locator("#typed")).to_contain_text("The page was out of date")
    expect(tab.locator("[name=api_base]")).to_have_value("http://127.0.0.1:8000/other")
    assert asked == []


def test_a_question_asked_while_somebody_types_leads_nobody_away(
    opened: Callable[..., Page], owner: Any
) -> None:
    stored("groq")
    tab = opened()
    owner.end_sessions()
    tab.goto("/providers/groq/")
    sign_in_again(tab)
    asked: list[str] = []
    tab.on("dialog", lambda one: (asked.append(one.type), one.dismiss()))
    owner.end_sessions()
    with tab.expect_response(lambda answer: answer.url.endswith("/shape/")) as answered:
        tab.locator("[name=api_key]").press_sequentially("gsk_typed")
    assert answered.value.status == 401
    expect(tab.locator(".htmx-request")).to_have_count(0)
    expect(tab).to_have_url(re.compile("/providers/groq/$"))
    expect(tab.locator("[name=api_key]")).to_have_value("gsk_typed")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(tab).to_have_url(re.compile("/accounts/login/"))
    assert asked == []


def test_after_the_sign_in_the_page_of_a_form_is_asked_for_and_not_its_target(
    opened: Callable[..., Page], owner: Any
) -> None:
    tab = opened()
    tab.goto(reverse("users"))
    tab.get_by_label("For", exact=True).fill("Eve")
    owner.end_sessions()
    tab.get_by_role("button", name="Create link").click()
    sign_in_again(tab)
    expect(tab).to_have_title("Users · Facio Settings")
