"""The pages of health: rows, drawings, and what stands there when nothing was asked."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from facio_site.audit import record
from providers.models import Provider
from routing.models import Route, Span, Watch, WatchSettings
from tests.conftest import signed_in
from tests.desk import saved
from tests.markup import flat
from tests.routing.pages.healthy import day, hour, outage, own, row, sheet, span

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
NAMES = ["=1+1", "a&b", '"><b>', "..", "new", "~x", "ü 你", "a%2Fb", "x;y", "-dash"]


# All of them


def test_each_row_says_how_many_tests_its_uptime_comes_from(site: Client) -> None:
    saved("groq")
    Provider.objects.update(check_outcome="timeout")
    outcomes = {"ok": 1194, "timeout": 10, "rate_limited": 3}
    span("provider:groq", good=1194, bad=10, outcomes=outcomes, times=[100, 200, 1500])
    told = row(flat(site.get("/health/")), "provider:groq")
    assert "99.1% of 1,204 tests" in told
    assert "200 ms / 1.50 s" in told
    assert "Groq Timed out 24 hours: 1 failed in part, 23 without a test" in told


def test_what_nobody_asked_is_never_good(site: Client) -> None:
    for kind in ("groq", "mistral", "openai"):
        saved(kind)
    span("provider:groq", good=1)
    span("provider:mistral", outcomes={"rate_limited": 2})
    html = flat(site.get("/health/"))
    assert "nobody asked" in row(html, "provider:openai")
    assert "24 hours: 24 without a test" in row(html, "provider:openai")
    assert "inconclusive" in row(html, "provider:mistral")
    for about in ("provider:openai", "provider:mistral"):
        assert "%" not in row(html, about)


def test_routes_that_are_set_come_first_with_their_model(site: Client) -> None:
    saved("groq")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    span("route:main", good=3)
    html = flat(site.get("/health/"))
    assert re.findall('data-about="([^"]+)"', html) == ["route:main", "provider:groq"]
    assert row(html, "route:main").startswith("Main llama-9")
    assert "100% of 3 tests" in row(html, "route:main")
    assert 'href="/health/route/main/?range=24h"' in html


def test_a_sign_in_of_the_agent_is_no_row_since_nobody_can_ask_it(site: Client) -> None:
    saved("groq")
    Provider.objects.create(kind="openai_codex", configured_at=timezone.now())
    span("provider:groq", good=1)
    assert re.findall('data-about="([^"]+)"', flat(site.get("/health/"))) == ["provider:groq"]


@pytest.mark.parametrize(
    ("asked", "shown"), [("24h", "24h"), ("7d", "7d"), ("90d", "90d"), ("1y", "24h"), ("", "24h")]
)
def test_the_time_is_one_of_three_whatever_is_asked(site: Client, asked: str, shown: str) -> None:
    saved("groq")
    span("provider:groq", good=1)
    span("provider:groq", day(), Span.DAY, good=1)
    for path in ("/health/", "/health/provider/groq/"):
        html = flat(site.get(path, {"range": asked} if asked else {}))
        marked = re.findall(r'<a href="\?range=(\w+)" aria-current="page"', html)
        assert marked == [shown], path


def test_ninety_days_are_told_by_the_day(site: Client) -> None:
    saved("groq")
    for back, told in ((0, {"good": 1}), (89, {"bad": 1}), (90, {"bad": 50})):
        span("provider:groq", day(back), Span.DAY, **told)
    told = row(flat(site.get("/health/?range=90d")), "provider:groq")
    assert "90 days: 1 passed, 1 failed, 88 without a test" in told
    assert "50% of 2 tests" in told


def test_an_empty_site_shows_the_way_to_a_provider(site: Client) -> None:
    html = flat(site.get("/health/"))
    assert "Nothing is set up yet" in html
    assert "<table" not in html


def test_a_time_without_a_test_says_so_and_what_to_do(site: Client) -> None:
    saved("groq")
    span("provider:groq", hour(30), good=1)
    html = flat(site.get("/health/"))
    assert "Nothing was tested in this time" in html
    assert "Switch on scheduled checks." in html
    assert "data-about" not in html
    assert 'data-about="provider:groq"' in flat(site.get("/health/?range=7d"))


SWITCH, OPEN = "Switch on scheduled checks.", "Open the schedule"
IS_ON = "Scheduled checks are on. The next result is shown here."


def test_what_is_on_need_not_be_switched_on(site: Client) -> None:
    saved("groq")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Watch.objects.create(about="provider:groq", every=60)
    for path in ("/health/", "/health/provider/groq/"):
        html = flat(site.get(path))
        assert IS_ON in html, path
        assert SWITCH not in html, path
    html = flat(site.get("/health/route/main/"))
    assert "This route's own model was not tested in this time" in unescape(html)
    assert "Its provider is checked by itself; the route's own model is not." in unescape(html)
    assert "No outage was seen in this time." in html
    assert SWITCH not in html
    Watch.objects.create(about="route:main", every=60)
    assert IS_ON in flat(site.get("/health/route/main/"))
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=False)
    for path in ("/health/", "/health/provider/groq/", "/health/route/main/"):
        assert SWITCH in flat(site.get(path)), path


def test_a_list_of_models_alone_brings_no_result_here(site: Client) -> None:
    saved("groq")
    Watch.objects.create(about="catalog:groq", every=60)
    html = flat(site.get("/health/"))
    assert IS_ON not in html
    assert SWITCH not in html
    assert OPEN in html


@pytest.mark.parametrize(
    ("slot", "model", "kind", "why"),
    [
        ("image", "some-image", "openrouter", "a call would bill an image or a video"),
        ("main", "github_copilot/gpt-5", "github_copilot", "the agent signs in itself"),
        ("vision", "", "", "not set, or nobody here serves it"),
    ],
)
def test_what_cannot_be_checked_says_why(
    site: Client, slot: str, model: str, kind: str, why: str
) -> None:
    if kind:
        Provider.objects.create(name=kind, kind=kind, configured_at=timezone.now())
        Route.objects.create(slot=slot, model=model, provider=kind)
    Watch.objects.create(about=f"route:{slot}", every=60)
    html = flat(site.get(f"/health/route/{slot}/"))
    assert f"Not checked by itself: {why}." in html
    assert SWITCH not in html
    assert IS_ON not in html


def test_a_viewer_is_not_told_to_switch_anything_on(viewer: Any) -> None:
    saved("groq")
    for path in ("/health/", "/health/provider/groq/"):
        html = flat(signed_in(viewer).get(path))
        assert SWITCH not in html
        assert OPEN in html


def test_outages_are_listed_with_cause_length_and_the_routes_they_hit(site: Client) -> None:
    saved("groq")
    span("provider:groq", good=1)
    outage("provider:groq", 90, "main", "vision", ended=48)
    outage("provider:gone", 30, "main", "nosuchslot", ended=None)
    html = flat(site.get("/health/"))
    part = re.sub(r"<[^>]+>", " ", html[html.index('id="outages"') :])
    part = " ".join(part[: part.index("</")].split()) if "</" in part else " ".join(part.split())
    assert "Groq Timed out 1 h ago 42 min Main, Vision" in part
    assert "gone Timed out 30 min ago 30 min so far Main" in part
    assert part.index("gone Timed") < part.index("Groq Timed")
    assert 'href="/health/provider/gone/' not in html
    assert "first failed" not in row(html, "provider:groq")


def test_an_outage_that_lasts_stands_beside_the_state(site: Client) -> None:
    saved("groq")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    span("provider:groq", bad=1)
    outage("provider:groq", 30, "main", ended=None)
    html = flat(site.get("/health/"))
    assert "first failed 30 min ago" in row(html, "provider:groq")
    assert "first failed 30 min ago" in row(html, "route:main")


def test_no_outage_is_said_only_where_somebody_watches(site: Client) -> None:
    saved("groq")
    span("provider:groq", good=1)
    for path in ("/health/", "/health/provider/groq/"):
        assert "Not watched, so no outage is known." in flat(site.get(path))
    Watch.objects.create(about="provider:groq", every=15)
    for path in ("/health/", "/health/provider/groq/"):
        assert "No outage was seen in this time." in flat(site.get(path))


def test_of_many_outages_the_newest_are_listed_and_the_rest_is_counted(site: Client) -> None:
    saved("groq")
    span("provider:groq", good=1)
    for minutes in range(10, 130, 10):
        outage("provider:groq", minutes, ended=minutes - 5)
    for path in ("/health/", "/health/provider/groq/"):
        html = flat(site.get(path))
        assert html.count("data-outage=") == 10
        assert "2 earlier ones are in the file." in html


# One of them


def test_a_page_of_one_draws_and_lists_what_was_told(site: Client) -> None:
    saved("groq")
    span("provider:groq", hour(5), good=2, outcomes={"ok": 2}, times=[100, 300])
    outcomes = {"ok": 2, "timeout": 1, "bad_key": 2, "rate_limited": 1}
    span("provider:groq", good=2, bad=3, outcomes=outcomes, times=[200, 250])
    html = flat(site.get("/health/provider/groq/"))
    assert '<path data-tone="ok" stroke-width="8" d="M185 120v-40m50 40v-40"/>' in html
    assert 'stroke-width="8" stroke-dasharray="4 2" d="M235 60v-60"/>' in html
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "57.1% of 7 tests" in text
    assert "3 failed: Key rejected 2, Timed out 1" in text
    assert "1 inconclusive: Rate limited 1" in text
    numbers = html[html.index('id="numbers"') :]
    assert f'<th scope="row"><time>{hour(5):%H:%M}</time></th>' in numbers
    assert numbers.count('<th scope="row">') - numbers.count("data-outage") == 2
    assert numbers.index("40%") < numbers.index("100%")


def test_a_route_tells_the_outages_of_providers_that_served_it(site: Client) -> None:
    saved("groq")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    span("route:main", good=1)
    outage("provider:groq", 60, "main", ended=40)
    outage("route:main", 55, ended=35)
    outage("provider:groq", 20, "vision", ended=10)
    html = flat(site.get("/health/route/main/"))
    assert html.count("data-outage=") == 2
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    assert "Outages 1 25 min altogether" in text
    assert 'href="/routing/#route-main"' in html


def test_what_is_not_set_up_has_no_page(site: Client) -> None:
    span("provider:mistral", good=1)
    for path in ("provider/mistral/", "provider/none/", "route/none/", "catalog/groq/", "x/y/"):
        assert site.get(f"/health/{path}").status_code == 404, path
    assert site.get("/health/route/vision/").status_code == 200


def test_an_endpoints_old_name_leads_to_the_newer(site: Client, owner: Any) -> None:
    own("lab-2")
    record("provider.renamed", actor=owner, target="lab → lab-2")
    answer = site.get("/health/provider/lab/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/providers/lab-2/")


@pytest.mark.parametrize("name", NAMES)
def test_any_name_has_its_row_its_page_and_its_file(site: Client, name: str) -> None:
    own(name)
    span(f"provider:{name}", good=1)
    html = flat(site.get("/health/"))
    href = re.search(r'<a href="(/health/provider/[^"]+)\?range=24h"', html)
    assert href
    answer = site.get(unescape(href[1]))
    assert answer.status_code == 200
    asked = re.search(r'href="(/health/export/\?[^"]+)"', answer.content.decode())
    assert asked
    query = unescape(asked[1]).removeprefix("/health/export/")
    (told,) = sheet(site, query)
    shielded = f"'{name}" if name[0] in "=+-@" else name
    assert (told["sort"], told["name"], told["good"]) == ("provider", shielded, "1")


def test_a_provider_that_was_removed_leaves_no_row(site: Client) -> None:
    groq, _other = saved("groq"), saved("mistral")
    for kind in ("groq", "mistral"):
        span(f"provider:{kind}", good=1)
    groq.delete()
    assert re.findall('data-about="([^"]+)"', flat(site.get("/health/"))) == ["provider:mistral"]


def test_a_viewer_sees_all_of_it(viewer: Any) -> None:
    saved("groq")
    span("provider:groq", good=1)
    client = signed_in(viewer)
    for path in ("/health/", "/health/provider/groq/", "/health/export/"):
        assert client.get(path).status_code == 200, path


def test_provider_and_route_lead_to_their_health(site: Client) -> None:
    saved("groq")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    assert 'href="/health/provider/groq/"' in flat(site.get("/providers/groq/"))
    assert "/health/provider/" not in flat(site.get("/providers/mistral/"))
    html = flat(site.get("/routing/"))
    assert re.findall(r'href="/health/route/(\w+)/"', html) == ["main"]
