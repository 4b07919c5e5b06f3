"""The site under a path, behind a real nginx that keeps it: links, cookies, forms, htmx, admin."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.behind.servers import Proxy, nginx
from tests.journeys.stack import Stack, running
from tests.journeys.tab import OWNER, Tab, make_owner, opened, sign_in
from tests.lanes import free_port
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.alike, pytest.mark.journey, pytest.mark.browser]

PAGES = (
    *("", "providers/", "providers/openrouter/", "providers/new/", "catalog/", "routing/"),
    *("config/", "config/export/", "config/import/", "config/versions/", "activity/"),
    *("activity/tests/", "accounts/", "accounts/users/", "accounts/2fa/", "accounts/sessions/"),
    *("accounts/password/change/", "admin/", "admin/providers/provider/", "no/such/page/"),
    *("health/", "schedule/", "alerts/", "alerts/channels/", "alerts/channels/new/"),
)


@pytest.fixture(scope="module")
def site(
    simulators: Simulators, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, Proxy]]:
    folder, port = tmp_path_factory.mktemp("sub-path"), free_port()
    with nginx(folder / "nginx", port, "/facio/") as proxy:
        given = {"PORT": str(port), "PUBLIC_URL": f"{proxy.origin}/facio/"}
        more = {"TRUSTED_PROXY_COUNT": "1", "TESTS_PER_MINUTE": "1000"}
        with running(folder / "state", simulators=simulators, **given, **more) as stack:
            yield stack, proxy


@pytest.fixture(scope="module")
def owner(browser: Browser, site: tuple[Stack, Proxy]) -> Iterator[Tab]:
    stack, proxy = site
    choices = {"ignore_https_errors": True, "base_url": f"{proxy.origin}/facio/"}
    with opened(browser, stack, **choices) as tab:
        make_owner(tab, stack.link)
        yield tab


def test_the_printed_link_and_every_cookie_are_of_the_path(
    site: tuple[Stack, Proxy], owner: Tab
) -> None:
    stack, proxy = site
    assert stack.link.startswith(f"{proxy.origin}/facio/setup/?token=")
    answer = proxy.ask("/facio/accounts/login/")
    assert answer.status == 200
    assert answer.cookies
    for cookie in answer.cookies:
        assert re.match(r"__Secure-\w+=", cookie), cookie
        assert "Path=/facio/" in cookie
        assert "Secure" in cookie
    assert proxy.ask("/facio").headers["location"].endswith("/facio/")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/facio/healthz", "/facio/readyz"])
def test_health_is_asked_with_and_without_the_path(site: tuple[Stack, Proxy], path: str) -> None:
    assert site[0].get(path)[0] == 200


def test_whoever_asks_for_the_host_alone_is_led_to_the_path(site: tuple[Stack, Proxy]) -> None:
    status, _body = site[0].get("/providers/")
    assert status == 400  # without the proxy it says what is missing
    assert site[1].ask("/providers/").status == 404  # nginx's own: not the site's


def test_no_page_leads_out_of_the_path(owner: Tab, site: tuple[Stack, Proxy]) -> None:
    page, found = owner.page, 0
    for path in PAGES:
        with owner.watch.expecting("404"):
            page.goto(path)
        links = page.eval_on_selector_all(
            "a[href], form[action], link[href], script[src], [hx-get], [hx-post], [hx-delete]",
            """all => all.flatMap(one => ["href", "action", "src", "hx-get", "hx-post", "hx-delete"]
              .map(name => one.getAttribute(name)).filter(Boolean))""",
        )
        assert links, path
        found += len(links)
        outside = {
            link for link in links if link.startswith("/") and not link.startswith("/facio/")
        }
        assert outside == set(), path
    assert found > 300
    assert owner.watch.complaints == []


def test_a_key_is_tested_saved_and_listed_under_the_path(owner: Tab) -> None:
    owner.page.goto("providers/openrouter/")
    owner.fill("API key", demo_key("openrouter"))
    owner.press("Test connection")
    owner.check("ok")
    owner.press("Save")
    owner.page.goto("providers/openrouter/")
    owner.press("Fetch models")
    assert owner.catalog() > 0
    owner.page.goto("catalog/")
    owner.page.get_by_role("searchbox").first.fill("gpt")
    expect(owner.page).to_have_url(re.compile(r"/facio/catalog/\?.*q=gpt"))
    assert owner.watch.complaints == []


def test_palette_theme_and_language_stay_under_the_path(owner: Tab) -> None:
    page = owner.page
    page.goto("")
    page.keyboard.press("Control+k")
    page.locator("#palette-q").fill("routing")
    expect(page.locator("#found a").first).to_have_text("Routing")
    page.locator("#found a").first.click()
    expect(page).to_have_url(re.compile(r"/facio/routing/$"))
    page.locator("[data-theme-switch] input[value=dark]").check(force=True)
    cookies = {one["name"]: one["path"] for one in page.context.cookies()}
    assert cookies["theme"] == "/facio/"
    assert set(cookies.values()) == {"/facio/"}
    page.locator("#language button").first.click()
    expect(page).to_have_url(re.compile(r"/facio/routing/$"))
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.locator("#language button").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert owner.watch.complaints == []


def test_one_signs_out_and_in_and_is_back_on_the_page(owner: Tab) -> None:
    page = owner.page
    page.goto("routing/")
    page.locator("#sign-out button").click()
    expect(page).to_have_url(re.compile(r"/facio/accounts/login/"))
    page.goto("providers/")
    expect(page).to_have_url(re.compile(r"/facio/accounts/login/\?next=/facio/providers/"))
    sign_in(owner)
    expect(page).to_have_url(re.compile(r"/facio/providers/$"))
    assert OWNER in page.locator(".nav-foot").inner_text()
    assert owner.watch.complaints == []
