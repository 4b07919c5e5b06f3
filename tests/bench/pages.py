"""Figures of pages: server time, throughput, a cold page in Chromium, search over many models."""

import itertools
import re
from urllib.parse import quote

from tests.bench.browser import LONG_TASKS
from tests.bench.client import Client, per_second
from tests.bench.measures import Sample, Series, alternate, ratio
from tests.bench.report import Line, ms, times
from tests.bench.stage import NOT_HERE, Stage

LIST = "/providers/"
CLIENTS = 8
SEARCHED = ("model-01", "demo", "123", "demo 99", "vision", "no such model", "e")
SEARCH_MS, SEARCH_BYTES, SEARCH_ROWS = 12.0, 15_000, 100
PICKED = ("c", "claude", "gpt", "o", "model-01", "")  # typed into a field of Routing
LONG_TASK_MS = 50


def server_time(stage: Stage) -> list[Line]:
    sides: dict[str, Sample] = {
        "site": lambda: stage.site.client.page(LIST),
        "floor": lambda: stage.floor.client.page("/"),
    }
    if stage.nanobot:
        peer = stage.nanobot_client()
        sides["nanobot"] = lambda: peer.page("/api/settings")
    found = alternate(sides, rounds=stage.plan.rounds, each=stage.plan.pages, warm=3)
    site, floor = found["site"], found["floor"]
    figure = "`/providers/`, 24 kinds set up, server time"
    return [
        against(figure, site, "floor", floor, 1.5),
        _against_nanobot(figure, site, found.get("nanobot"), 0.8, "`/api/settings`"),
        Line(
            "the same, p95",
            ms(site.p95),
            f"floor {ms(floor.p95)}",
            "<= 2 x own p50",
            site.p95 <= 2 * site.p50,
            times(site.p95 / site.p50),
        ),
    ]


def against(figure: str, site: Series, name: str, other: Series, most: float) -> Line:
    found = ratio(site, other)
    ours, theirs = f"p50 {ms(site.p50)}", f"{name} p50 {ms(other.p50)}"
    return Line(figure, ours, theirs, f"<= {most} x {name}", found <= most, times(found))


def _against_nanobot(
    figure: str, site: Series, other: Series | None, most: float, what: str
) -> Line:
    name = f"nanobot {what}".strip()
    if other is None:
        return Line(figure, ms(site.p50), NOT_HERE, f"<= {most} x {name}", None)
    found = ratio(site, other)
    theirs = f"{name} p50 {ms(other.p50)}"
    return Line(
        figure, f"p50 {ms(site.p50)}", theirs, f"<= {most} x nanobot", found <= most, times(found)
    )


def throughput(stage: Stage) -> list[Line]:
    def load(client: Client, path: str) -> float:
        return per_second(client, path, clients=CLIENTS, seconds=stage.plan.seconds)

    sides: dict[str, Sample] = {
        "site": lambda: load(stage.site.client, LIST),
        "floor": lambda: load(stage.floor.client, "/"),
    }
    if stage.nanobot:
        peer = stage.nanobot_client()
        sides["nanobot"] = lambda: load(peer, "/api/settings")
    found = alternate(sides, rounds=stage.plan.rounds, each=1, warm=0)
    figure, target = f"throughput of it, {CLIENTS} clients", ">= 1.1 x nanobot"
    ours = f"{found['site'].p50:.0f}/s"
    floor = f"floor {found['floor'].p50:.0f}/s"
    if "nanobot" not in found:
        return [Line(figure, ours, f"{floor}; {NOT_HERE}", target, None)]
    gain = ratio(found["site"], found["nanobot"])
    others = f"nanobot {found['nanobot'].p50:.0f}/s, {floor}"
    return [Line(figure, ours, others, target, gain >= 1.1, times(gain))]


def cold_page(stage: Stage) -> list[Line]:
    site, floor, browser = stage.site, stage.floor, stage.browser
    last = re.findall(r'data-kind="[^"]+".*?<a [^>]*>([^<]+)</a>', site.client.get(LIST).text, re.S)
    sides: dict[str, Sample] = {
        "site": lambda: browser.cold(site.url + LIST, last[-1].strip(), site.session),
        "floor": lambda: browser.cold(floor.url + "/", "row 24", floor.session),
    }
    if nanobot := stage.nanobot:
        place = f"#/settings?section=models&bootstrapSecret={quote(nanobot.password)}"
        words = "Add your own model provider"  # below the last of its providers
        sides["nanobot"] = lambda: browser.cold(f"{nanobot.url}/{place}", words)
    found = alternate(sides, rounds=stage.plan.rounds, each=stage.plan.cold)
    figure = "cold page ready in Chromium"
    return [
        _against_nanobot(figure, found["site"], found.get("nanobot"), 0.4, "settings page"),
        against(figure, found["site"], "floor", found["floor"], 1.4),
    ]


def search(stage: Stage) -> list[Line]:
    """Comes after the catalogs: it needs the large one."""
    client = stage.site.client
    path = "/catalog/rows/"
    words, largest, most_rows = itertools.cycle(SEARCHED), 0, 0

    def ask() -> float:
        nonlocal largest, most_rows
        answer = client.get(f"{path}?q={quote(next(words))}", **{"HX-Request": "true"})
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        largest = max(largest, answer.sent)
        most_rows = max(most_rows, len(re.findall(r"<tr>\s*<th", answer.text)))
        return answer.ms

    found = alternate({"site": ask}, rounds=stage.plan.rounds, each=stage.plan.searches, warm=3)[
        "site"
    ]
    figure = f"search over 20,000 models (`{path}?q=`)"
    is_small = largest <= SEARCH_BYTES and most_rows <= SEARCH_ROWS
    return [
        Line(
            figure,
            f"p50 {ms(found.p50)}, p95 {ms(found.p95)}",
            "",
            f"p95 <= {SEARCH_MS:.0f} ms",
            found.p95 <= SEARCH_MS,
            ms(found.p95),
        ),
        Line(
            "the same, sent",
            f"{largest / 1000:.1f} KB, {most_rows} rows",
            "",
            f"<= {SEARCH_BYTES // 1000} KB, <= {SEARCH_ROWS} rows",
            is_small,
            f"{largest / 1000:.1f} KB",
        ),
    ]


def picker(stage: Stage) -> list[Line]:
    """Long tasks of Chromium while a model is searched on Routing; comes after the catalogs."""
    site, found, keys = stage.site, [], 0
    with stage.browser.tab(f"{site.url}/routing/", site.session) as page:
        page.wait_for_timeout(500)
        page.evaluate(LONG_TASKS)
        field = page.locator("input[role=combobox]").first
        for text in PICKED * stage.plan.rounds:
            with page.expect_response(lambda answer: "/routing/models/" in answer.url):
                field.fill(text)
            page.wait_for_timeout(250)  # until it is drawn
            keys += 1
        found = [float(took) for took in page.evaluate("window.longTasks")]
    longest = f", longest {ms(max(found))}" if found else ""
    return [
        Line(
            f"long tasks while models are searched on `/routing/`, {keys} times, 20,000 at hand",
            f"{len(found)}{longest}",
            "",
            f"none over {LONG_TASK_MS} ms",
            not found,
            str(len(found)),
        )
    ]
