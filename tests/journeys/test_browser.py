"""The main job in a real browser, against the whole running product.

Every console error, page error, failed request and broken policy fails the test that meets it.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack
from tests.journeys.tab import PASSWORD, Tab, sign_in
from tests.simulators import Simulators
from tests.simulators.entries import demo_key
from tests.simulators.sigv4 import SECRET

pytestmark = [pytest.mark.journey, pytest.mark.browser]
MAIN = '[data-slot="main"]'


def ground(page: Page) -> int:
    """How light the page is, from 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(n) for n in re.findall(r"\d+", colour)[:3])
    return (red + green + blue) // 3


def downloaded(tab: Tab) -> dict[str, Any]:
    with tab.page.expect_download() as waiting:
        tab.press("Download")
    assert waiting.value.suggested_filename == "config.json"
    return json.loads(waiting.value.path().read_text())


# The main job


def from_key_to_config(tab: Tab, kind: str, key_rung: str = "Key") -> None:
    """A bad key, a good key, the models, a route and the file, on one provider."""
    tab.go("/providers/")
    tab.page.locator(f'article[data-kind="{kind}"] a').click()
    tab.fill("API key", demo_key(kind, "bad"))
    tab.press("Test connection")
    section = tab.check("bad_key")
    expect(tab.rung(key_rung)).to_contain_text("refused")
    expect(tab.rung("TLS")).to_have_attribute("data-tone", "ok")
    expect(section.get_by_role("button", name="Save")).to_have_count(0)

    tab.fill("API key", demo_key(kind))
    tab.press("Test connection")
    section = tab.check("ok")
    expect(section.get_by_role("button", name="Save")).to_be_visible()
    tab.press("Fetch models")
    assert tab.catalog() > 2
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.check("ok")  # what was tested is what was saved
    assert demo_key(kind) not in tab.page.content()


def route_main_to(tab: Tab, typed: str, model: str) -> None:
    tab.go("/routing/")
    field = tab.page.get_by_label("Main model", exact=True)
    field.fill("")
    field.press_sequentially(typed)
    tab.page.locator(f'#models [data-value="{model}"]').first.click()
    expect(field).to_have_value(model)
    tab.press("Save")
    expect(tab.page.locator(MAIN)).to_have_attribute("data-provider", re.compile(r".+"))


@pytest.mark.way
def test_from_the_printed_link_to_a_config_that_the_agent_can_load(
    first_tab: Tab, simulators: Simulators
) -> None:
    tab = first_tab
    assert ground(tab.page) > 200
    from_key_to_config(tab, "openrouter")
    route_main_to(tab, "opus-4", "anthropic/claude-opus-4-7")
    expect(tab.page.locator(MAIN)).to_have_attribute("data-provider", "openrouter")

    tab.go("/config/export/")
    entry = downloaded(tab)["providers"]["openrouter"]
    assert entry["apiKey"] == "${OPENROUTER_API_KEY}"
    tab.page.get_by_role("link", name="Redacted").click()
    config = downloaded(tab)
    assert config["providers"]["openrouter"]["apiKey"] == "***"
    assert config["agents"]["defaults"]["model"] == "anthropic/claude-opus-4-7"

    tab.page.get_by_role("link", name="Real keys").click()
    expect(tab.page.locator("#preview")).not_to_contain_text(demo_key("openrouter"))
    tab.press("Download")
    expect(tab.page).to_have_url(re.compile("/accounts/reauthenticate/"))
    tab.fill("Password", PASSWORD)
    with tab.page.expect_download():  # it goes on by itself
        tab.press("Confirm")
    expect(tab.page).to_have_url(re.compile("/config/export/"))
    assert downloaded(tab)["providers"]["openrouter"]["apiKey"] == demo_key("openrouter")
    tab.go("/activity/tests/")
    expect(tab.page.get_by_role("table").last).to_contain_text("OpenRouter")
    assert tab.watch.complaints == []


@pytest.mark.long
def test_the_same_in_the_dark(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(signed_in=False, color_scheme="light")
    tab.go("/")
    expect(tab.page).to_have_url(re.compile("/accounts/login/"))
    sign_in(tab)
    tab.page.get_by_role("radio", name="Dark").check(force=True)
    assert ground(tab.page) < 60
    from_key_to_config(tab, "anthropic")
    assert ground(tab.page) < 60
    route_main_to(tab, "opus-4-7", "claude-opus-4-7")
    tab.go("/config/export/?secrets=redacted")
    assert downloaded(tab)["providers"]["anthropic"]["apiKey"] == "***"
    assert ground(tab.page) < 60


def test_a_route_is_green_only_after_its_own_call(tab: Tab, simulators: Simulators) -> None:
    page = tab.page

    def state(expected: str) -> None:
        for path in ("", "/", "/routing/"):
            if path:
                tab.go(path)
            row = page.locator('[data-slot="main"][data-state]')
            expect(row).to_have_attribute("data-state", expected, timeout=20_000)

    def set_main(model: str) -> None:
        tab.fill("Main model", model)
        page.get_by_label("Main provider", exact=True).select_option("mistral")
        tab.press("Save")

    tab.go("/providers/mistral/")
    tab.fill("API key", demo_key("mistral"))
    tab.press("Test connection")
    tab.check("ok")
    tab.press("Save")
    expect(page.get_by_text("saved.")).to_be_visible()
    tab.go("/routing/")
    set_main("no-such-model")
    state("key_ok")
    tab.press("Test Main")
    state("attention")
    tab.go("/")
    expect(page.locator('#attention [data-about="route:main"]')).to_contain_text("Model not found")
    tab.go("/routing/")
    set_main("mistral-large-latest")
    state("key_ok")
    tab.fill("Main model", "typed, not saved")
    tab.press("Test all routes")
    expect(page.locator('#route-main [data-outcome="ok"]')).to_be_attached(timeout=20_000)
    expect(page.locator('[data-slot="main"][data-state="works"]')).to_contain_text("Works")
    expect(page.get_by_label("Main model", exact=True)).to_have_value("typed, not saved")
    state("works")
    assert tab.watch.complaints == []


def test_a_system_in_the_dark_gets_a_dark_page(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(color_scheme="dark")
    for path in ("/", "/providers/", "/routing/", "/config/", "/activity/", "/accounts/"):
        tab.go(path)
        assert ground(tab.page) < 60, path


# What single kinds need


def test_azure_tests_the_deployment(tab: Tab) -> None:
    tab.go("/providers/azure_openai/")
    tab.fill("Endpoint", "https://demo.openai.azure.com/openai/v1/")
    tab.fill("Deployment name", "no-such-deployment")
    tab.fill("API key", demo_key("azure_openai"))
    expect(tab.page.get_by_text("tried by a small completion")).to_be_visible()
    tab.press("Test connection")
    tab.check("model_not_found")
    expect(tab.rung("Model no-such-deployment")).to_contain_text(re.compile("deployment", re.I))
    tab.fill("Deployment name", "gpt-prod")
    tab.press("Test connection")
    tab.check("ok")
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    expect(tab.page.get_by_label("Deployment name", exact=True)).to_have_value("gpt-prod")


def test_azure_without_a_deployment_says_what_is_missing_and_sends_nothing(
    tab: Tab, simulators: Simulators
) -> None:
    tab.go("/providers/azure_openai/")
    tab.fill("Endpoint", "https://demo.openai.azure.com")
    tab.fill("Deployment name", "")
    tab.fill("API key", demo_key("azure_openai"))
    with tab.watch.expecting("422"):
        tab.press("Test connection")
        expect(
            tab.page.get_by_text("Give at least one deployment name.", exact=True)
        ).to_be_visible()
    expect(tab.page.get_by_label("API key", exact=True)).to_have_value(demo_key("azure_openai"))
    assert simulators.calls == []


@pytest.mark.long
def test_bedrock_needs_a_region_and_a_key_or_access_keys(tab: Tab, simulators: Simulators) -> None:
    def carriers() -> set[str]:
        found = {call.key_carrier for call in simulators.calls_of("bedrock")}
        simulators.clear()
        return found

    tab.go("/providers/bedrock/")
    tab.fill("Region", "us-east-1")
    tab.fill("API key", demo_key("bedrock", "bad"))
    tab.press("Test connection")
    tab.check("bad_key")
    tab.fill("API key", demo_key("bedrock"))
    tab.press("Test connection")
    tab.check("ok")
    tab.press("Fetch models")
    assert tab.catalog() > 2
    assert carriers() == {"authorization"}
    expect(tab.page.get_by_label("Access key ID", exact=True)).to_be_hidden()
    tab.page.get_by_role("radio", name="Access keys").check()
    expect(
        tab.page.get_by_label("API key", exact=True).and_(tab.page.locator("input[type=password]"))
    ).to_be_hidden()
    tab.fill("Access key ID", "AKIADEMOGOOD00000000")
    tab.fill("Secret access key", "wrong/secret+0123456789")
    tab.press("Test connection")  # the key that stands in its hidden field is not used
    tab.check("bad_key")
    tab.fill("Secret access key", SECRET)
    tab.press("Test connection")
    tab.check("ok")
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.go("/providers/bedrock/")
    tab.press("Test connection")
    tab.check("ok")
    tab.press("Fetch models")
    assert tab.catalog() > 2
    assert carriers() == {"sigv4"}


def test_ollama_on_this_machine_needs_nothing_typed(tab: Tab) -> None:
    tab.go("/providers/ollama/")
    tab.press("Test connection")
    tab.check("ok")
    tab.press("Fetch models")
    assert tab.catalog() > 0
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()


# What goes wrong


def test_a_double_click_is_one_call(tab: Tab, simulators: Simulators) -> None:
    tab.go("/providers/groq/")
    tab.fill("API key", demo_key("groq", "slow600"))
    tab.page.get_by_role("button", name="Test connection").dblclick()
    tab.check("ok")
    assert len(simulators.calls_of("groq")) == 1


def test_rungs_appear_one_after_the_other(tab: Tab, simulators: Simulators) -> None:
    tab.go("/providers/groq/")
    tab.fill("API key", demo_key("groq", "hang"))
    tab.press("Test connection")
    expect(tab.page.locator('#check[data-state="running"]')).to_be_visible()
    expect(tab.rung("TLS")).to_have_attribute("data-tone", "ok")
    simulators.release_hangs()
    tab.check("ok")


def test_test_all_updates_the_cards_in_place(
    first_tab: Tab, open_tab: Callable[..., Tab], simulators: Simulators
) -> None:
    tab = open_tab()
    for kind in ("mistral", "deepseek"):
        tab.go(f"/providers/{kind}/")
        tab.fill("API key", demo_key(kind, "slow400" if kind == "mistral" else "bad"))
        tab.press("Save")
        expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.go("/providers/")
    tab.page.evaluate("window.loadedOnce = true")
    tab.press("Test all")
    done = '[data-kind="{}"][data-state="done"][data-outcome="{}"]'
    expect(tab.page.locator(done.format("deepseek", "bad_key"))).to_be_visible()
    expect(tab.page.locator(done.format("mistral", "ok"))).to_be_visible()
    over = tab.page.locator("#progress").get_by_role("link", name="Show what needs attention")
    expect(over).to_be_visible()
    assert tab.page.evaluate("window.loadedOnce")


def test_a_provider_that_was_removed_elsewhere_leaves_no_page_waiting(
    tab: Tab, open_tab: Callable[..., Tab]
) -> None:
    other = open_tab()
    tab.go("/providers/moonshot/")
    tab.fill("API key", demo_key("moonshot", "hang"))
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.press("Test connection")
    expect(tab.page.locator('#check[data-state="running"]')).to_be_visible()
    other.go("/providers/moonshot/")
    other.page.get_by_role("link", name="Remove Moonshot").click()
    other.press("Remove")
    expect(tab.page.locator('#check[data-state="never"]')).to_be_visible(timeout=20_000)


def test_a_session_that_ended_leads_from_inside_htmx_to_the_whole_sign_in_page(
    open_tab: Callable[..., Tab],
) -> None:
    tab = open_tab()
    tab.go("/providers/groq/")
    tab.fill("API key", demo_key("groq"))
    tab.page.context.clear_cookies(name="session")
    with tab.watch.expecting("401"):
        tab.press("Test connection")
        expect(tab.page).to_have_url(re.compile("/accounts/login/"))
    expect(tab.page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    expect(tab.page.locator("nav, form")).to_have_count(1)
    sign_in(tab)
    expect(tab.page).to_have_url(re.compile("/providers/groq/"))


def test_s59_the_back_button_shows_nothing_after_signing_out(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(signed_in=False)
    tab.go("/accounts/login/")
    sign_in(tab)
    expect(tab.page.get_by_role("heading", name="Overview", level=1)).to_be_visible()
    tab.go("/providers/openrouter/")
    tab.page.get_by_role("button", name="Sign out").first.click()
    expect(tab.page).to_have_url(re.compile("/accounts/login/"))
    tab.page.go_back()
    expect(tab.page).to_have_url(re.compile("/accounts/login/"))
    expect(tab.page.get_by_text("OpenRouter")).to_have_count(0)


# Other ways to get there


def test_without_javascript_a_provider_is_tested_saved_and_fetched(
    open_tab: Callable[..., Tab],
) -> None:
    """Each result comes by itself, at the place where it was asked for."""
    tab = open_tab(java_script_enabled=False)
    reload = tab.page.get_by_role("link", name="Reload to see the result")
    tab.go("/providers/zhipu/")
    tab.fill("API key", demo_key("zhipu", "slow"))
    tab.press("Test connection")
    expect(reload).to_be_visible()
    tab.check("ok")
    expect(reload).to_have_count(0)
    expect(tab.page.get_by_text("are not saved")).to_be_visible()
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    tab.press("Fetch models")
    expect(reload).to_be_visible()
    assert tab.catalog() > 2

    tab.go("/providers/")
    tab.press("Test all")
    expect(tab.page).to_have_url(re.compile("#progress$"))
    expect(reload).to_be_visible()
    expect(tab.page.get_by_text("Last round:")).to_be_visible(timeout=20_000)

    tab.go("/routing/")
    tab.fill("Sub-agents model", "glm-4.6")
    tab.page.get_by_label("Sub-agents provider", exact=True).select_option("zhipu")
    tab.press("Save")
    tab.press("Test Sub-agents")
    expect(tab.page).to_have_url(re.compile("#route-subagent$"))
    expect(reload).to_be_visible()
    done = tab.page.locator('#route-subagent .detail [data-state="done"]')
    expect(done).to_be_in_viewport(timeout=20_000)  # its row has opened


def test_the_main_form_can_be_used_by_keyboard_alone(tab: Tab) -> None:
    tab.go("/providers/dashscope/")
    tab_to(tab, "API key")
    tab.page.keyboard.type(demo_key("dashscope"))
    tab_to(tab, "Test connection")
    tab.page.keyboard.press("Enter")
    tab.check("ok")
    tab_to(tab, "Save")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("saved.")).to_be_visible()


FOCUSED = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const name = at.labels?.[0]?.textContent ?? at.getAttribute("aria-label") ?? at.textContent;
  return {name: name.trim(), seen: box.width > 0 && style.visibility === "visible",
          ring: style.outlineStyle !== "none" || style.boxShadow !== "none"};
}"""


def tab_to(tab: Tab, name: str) -> None:
    """Press Tab until the focus is there; on the way it is always on something that shows it."""
    for _ in range(80):
        tab.page.keyboard.press("Tab")
        found = tab.page.evaluate(FOCUSED)
        assert found["seen"], found
        if found["name"] == name:
            assert found["ring"], found
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_models_are_searched_as_one_types(tab: Tab) -> None:
    tab.go("/providers/huggingface/")
    tab.fill("API key", demo_key("huggingface"))
    tab.press("Fetch models")
    tab.catalog()
    tab.press("Save")
    expect(tab.page.get_by_text("saved.")).to_be_visible()
    names = tab.page.locator("#listed .model-id")
    others = names.filter(has_not_text=re.compile("qwen", re.I))
    expect(others).not_to_have_count(0)
    tab.page.get_by_label("Search models").press_sequentially("qwen")
    expect(others).to_have_count(0)
    expect(names).not_to_have_count(0)
    tab.page.get_by_label("Search models").fill("no such model anywhere")
    expect(tab.page.get_by_text("No model matches")).to_be_visible()


# The watch itself


def test_complaints_of_a_page_are_heard(stack: Stack, open_tab: Callable[..., Tab]) -> None:
    tab = open_tab(signed_in=False)
    tab.go("/accounts/login/")
    tab.page.evaluate("console.error('one'), setTimeout(() => { throw new Error('two') })")
    tab.page.evaluate("document.body.setAttribute('style', 'color: red')")
    tab.page.evaluate("fetch('/nowhere.js').then(() => 0)")
    tab.page.wait_for_timeout(300)
    heard = "\n".join(tab.watch.complaints)
    for word in ("one", "two", "policy: style-src", "status 404"):
        assert word in heard
    tab.watch.complaints.clear()


def test_the_site_itself_has_logged_no_fault(stack: Stack) -> None:
    """Last: what the parent and all its children wrote while the others ran."""
    assert "Traceback" not in stack.output()
    assert "ended (" not in stack.output()
    assert "-good-" not in stack.output()
