"""Behind a real nginx that says too little, or too much: told on the page, in a real browser."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.behind.servers import FORWARDED, Proxy, nginx
from tests.facio_site.test_logs import address_in
from tests.journeys.stack import Stack, running
from tests.journeys.tab import OWNER, PASSWORD, make_owner, opened
from tests.lanes import free_port

pytestmark = [pytest.mark.alike, pytest.mark.journey, pytest.mark.browser]
Site = tuple[Stack, Proxy]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("proxies"), free_port()
    with nginx(folder / "nginx", port) as proxy:
        given = {"PORT": str(port), "PUBLIC_URL": proxy.origin, "TRUSTED_PROXY_COUNT": "1"}
        more = {"LOG_FORMAT": "json", "LOG_ACCESS": "1"}
        with running(folder / "state", **given, **more) as stack:
            with opened(browser, stack, ignore_https_errors=True) as tab:
                make_owner(tab, stack.link)
            yield stack, proxy


def logged(stack: Stack, name: str) -> list[dict[str, object]]:
    lines = [line for line in stack.output().splitlines() if line.startswith("{")]
    return [one for one in map(json.loads, lines) if one["logger"] == name]


def test_a_form_is_told_why_under_a_policy_without_referrer(site: Site, browser: Browser) -> None:
    stack, proxy = site
    proxy.set(FORWARDED + "add_header Referrer-Policy no-referrer always;")
    with opened(browser, stack, ignore_https_errors=True) as tab, tab.watch.expecting("403"):
        for _ in range(2):
            tab.page.goto("/accounts/login/")
            tab.fill("Username", OWNER)
            tab.fill("Password", PASSWORD)
            tab.press("Sign in")
            expect(tab.page.get_by_text("Referrer-Policy: no-referrer")).to_be_visible()
    told = [str(one["message"]) for one in logged(stack, "facio")]
    assert len([text for text in told if "no-referrer" in text]) == 1
    proxy.set(FORWARDED)


def test_a_browser_is_not_led_round_in_circles_without_the_protocol(
    site: Site, browser: Browser
) -> None:
    stack, proxy = site
    proxy.set(FORWARDED.replace("proxy_set_header X-Forwarded-Proto https;", ""))
    with opened(browser, stack, ignore_https_errors=True) as tab, tab.watch.expecting("400"):
        tab.page.goto("/")
        expect(tab.page.get_by_text("X-Forwarded-Proto")).to_be_visible()
    proxy.set(FORWARDED)


def test_nor_where_the_proxy_says_http_whatever_the_visitor_used(
    site: Site, browser: Browser
) -> None:
    stack, proxy = site
    proxy.set(FORWARDED.replace("X-Forwarded-Proto https", "X-Forwarded-Proto http"))
    with opened(browser, stack, ignore_https_errors=True) as tab, tab.watch.expecting("400"):
        tab.page.goto("/")
        expect(tab.page.get_by_text("says that you came over http")).to_be_visible()
    assert proxy.ask("/").headers["location"].startswith(proxy.origin)
    proxy.set(FORWARDED)


def test_a_proxy_that_keeps_the_host_to_itself_is_told(site: Site) -> None:
    stack, proxy = site
    proxy.set(FORWARDED.replace("Host $http_host", "Host upstream.internal"))
    answer = proxy.ask("/accounts/login/")
    assert answer.status == 400
    assert "ALLOWED_HOSTS" in answer.text
    assert "upstream.internal" not in answer.text + stack.output()
    assert proxy.ask("/readyz").status == 200
    proxy.set(FORWARDED)


def test_two_sign_in_tabs_do_not_stand_in_each_others_way(site: Site, browser: Browser) -> None:
    stack, _proxy = site
    with opened(browser, stack, ignore_https_errors=True) as tab, tab.watch.expecting("403"):
        tab.page.goto("/accounts/login/")
        other = tab.page.context.new_page()
        for page in (tab.page, other):
            page.goto("/accounts/login/")
        for page in (tab.page, other):
            page.get_by_label("Username", exact=True).fill(OWNER)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.locator("main").get_by_role("button", name="Sign in", exact=True).first.click()
        expect(other.get_by_text("signed in already")).to_be_visible()
        other.get_by_role("link", name="Go to the overview").click()
        expect(other.get_by_role("heading", name="Overview", level=1)).to_be_visible()


def test_access_lines_and_refusals_have_the_visitors_address_and_no_query(site: Site) -> None:
    stack, proxy = site
    proxy.set(FORWARDED.replace("X-Forwarded-For $remote_addr", "X-Forwarded-For 203.0.113.7"))
    proxy.ask("/setup/?token=made-up-secret-0123456789")
    proxy.set(FORWARDED)
    line = logged(stack, "gunicorn.access")[-1]
    assert (line["address"], line["method"], line["path"]) == ("203.0.113.7", "GET", "/setup/")
    assert line["status"] == 410
    assert isinstance(line["ms"], int)
    refused = [one for one in stack.output().splitlines() if "facio.sign_in" in one]
    assert "203.0.113.7" in map(address_in, refused)
    assert "made-up-secret" not in stack.output()
    assert re.search(r'"logger": "gunicorn.access"', stack.output())
