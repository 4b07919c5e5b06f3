"""Figures of work for a worker: a click until its result, Test all, catalogs."""

import contextlib
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from tests.bench.browser import press, press_all
from tests.bench.client import Client, awaited
from tests.bench.measures import Series, alternate, ratio, turns
from tests.bench.pages import against
from tests.bench.report import Line, ms, times
from tests.bench.sides import BASES, LISTED
from tests.bench.stage import NOT_HERE, Stage
from tests.simulators.entries import HOSTED

SLOW_MS, HUNG_MS = 1_000, 14_000
HUNG = "openai"
SIZES = {400: 1.0, 5_000: 1.0, 20_000: 1.3}
TESTED = "/providers/openai/"


def click(stage: Stage) -> list[Line]:
    """In Chromium, at an upstream that answers at once."""
    with contextlib.ExitStack() as stack:

        def open_(side_url: str, path: str, session: str):  # type: ignore[no-untyped-def]
            return stack.enter_context(stage.browser.tab(side_url + path, session))

        site = open_(stage.site.url, TESTED, stage.site.session)
        waits = open_(stage.floor.url, "/waits/", stage.floor.session)
        polls = open_(stage.floor.url, "/polls/", stage.floor.session)
        found = alternate(
            {
                "site": lambda: press(site, f'[hx-post="{TESTED}check/"]', "#check"),
                "waits": lambda: press(waits, "#press", "#check"),
                "polls": lambda: press(polls, "#press", "#check"),
            },
            rounds=stage.plan.rounds,
            each=stage.plan.presses,
        )
    site_, waits_, polls_ = found["site"], found["waits"], found["polls"]
    figure = "test of an upstream that answers at once, click to shown result"
    ours = f"p50 {ms(site_.p50)}, p95 {ms(site_.p95)}"
    return [
        Line(figure, ours, "", "p50 <= 30 ms", site_.p50 <= 30, ms(site_.p50)),
        Line("the same, p95", ours, "", "p95 <= 60 ms", site_.p95 <= 60, ms(site_.p95)),
        against(figure, site_, "plainest click, task, row", waits_, 1.4),
        Line(
            "the same, beside a row polled `every 1s`",
            f"p50 {ms(site_.p50)}",
            f"polled p50 {ms(polls_.p50)}, p95 {ms(polls_.p95)}",
            "for comparison",
            None,
            times(ratio(site_, polls_)),
        ),
    ]


def test_all(stage: Stage) -> list[Line]:
    """All 17 hosted kinds answer a second late; then one of them does not answer at all."""
    plain, peer, late = Series(), Series(), []
    every = {f"card-{kind}" for kind in HOSTED}
    others = every - {f"card-{HUNG}"}
    for kind in (*HOSTED, "custom"):
        stage.upstream.delay(kind, SLOW_MS)
    with stage.browser.tab(stage.site.url + "/providers/", stage.site.session) as page:
        for order in turns(["plain", "nanobot", "hung"], stage.plan.rounds):
            last: dict[str, float] = {}
            for name in order:
                if name == "nanobot":
                    if stage.nanobot:
                        peer.rounds.append([_all_lists(stage.nanobot_client())])
                    continue
                stage.upstream.delay(HUNG, HUNG_MS if name == "hung" else SLOW_MS)
                most = 8 * SLOW_MS if name == "plain" else 3 * SLOW_MS
                shown = press_all(page, '[hx-post="/providers/check/"]', "[data-kind]", most=most)
                _need(every if name == "plain" else others, shown)
                if name == "plain":
                    plain.rounds.append([max(shown[one] for one in every)])
                last[name] = max(shown[one] for one in others)
                stage.site.client.post("/providers/check/cancel/")
                page.reload(wait_until="load")
            late.append(last["hung"] - last["plain"])
    for kind in (*HOSTED, "custom"):
        stage.upstream.delay(kind, 0)
    figure = f"Test all, {len(HOSTED)} providers at 1,000 ms each"
    by = statistics.median(late)
    lines = [
        Line(figure, f"{plain.p50:,.0f} ms", "", "<= 1,150 ms", plain.p50 <= 1150, ms(plain.p50)),
        Line(
            "the same with one provider hung: the others are later by",
            f"{by:+,.0f} ms",
            "",
            "<= 50 ms",
            by <= 50,
            f"{by:+,.0f} ms",
        ),
    ]
    target = f"<= 0.35 x nanobot's {len(LISTED)} model lists"
    if not stage.nanobot:
        return [*lines, Line(figure, ms(plain.p50), NOT_HERE, target, None)]
    share = ratio(plain, peer)
    theirs = f"nanobot {peer.p50:,.0f} ms"
    return [*lines, Line(figure, ms(plain.p50), theirs, target, share <= 0.35, times(share))]


def _need(wanted: set[str], shown: dict[str, float]) -> None:
    if missing := wanted - set(shown):
        raise RuntimeError(f"no result was shown for {sorted(missing)}")


def _all_lists(client: Client) -> float:
    begin = time.perf_counter()
    with ThreadPoolExecutor(len(LISTED)) as pool:
        list(pool.map(lambda kind: _model_list(client, kind), LISTED))
    return (time.perf_counter() - begin) * 1000


def _model_list(client: Client, kind: str, count: int = 0) -> float:
    answer = client.get(f"/api/settings/provider-models?provider={kind}")
    told = json.loads(answer.body)
    if told.get("status") != "available" or told["model_count"] < count:
        raise RuntimeError(f"nanobot lists no models of {kind}: {told.get('message')}")
    return answer.ms


def catalogs(stage: Stage) -> list[Line]:
    """Fetched and stored, and again without a change; nanobot only fetches."""
    client = stage.site.client
    lines = []
    for size, most in SIZES.items():
        first, again, peer = Series(), Series(), Series()
        fields = {"api_base": f"https://llm.example.com/~huge{size}/v1"}
        for order in turns(["site", "nanobot"], stage.plan.rounds):
            for name in order:
                if name == "site":
                    client.post("/providers/custom/remove/")
                    client.post("/providers/custom/", fields)
                    first.rounds.append([_fetched(client, fields, size)])
                    again.rounds.append([_fetched(client, fields, size)])
                elif stage.nanobot:
                    listed = _model_list(stage.nanobot_client(), BASES[size], size)
                    peer.rounds.append([listed])
        lines += _catalog_lines(size, most, first, again, peer)
    return lines


def _fetched(client: Client, fields: dict[str, str], size: int) -> float:
    took, part = awaited(client, "/providers/custom/catalog/", fields)
    if f'data-count="{size}"' not in part:
        raise RuntimeError(f"{size} models were not stored: {part[:300]}")
    return took


def _catalog_lines(
    size: int, most: float, first: Series, again: Series, peer: Series
) -> list[Line]:
    figure = f"catalog of {size:,} models, answered and stored"
    share = ratio(again, first)
    refresh = Line(
        "the same again without a change",
        ms(again.p50),
        f"first {ms(first.p50)}",
        "<= 0.7 x the first",
        share <= 0.7,
        times(share),
    )
    if not peer.rounds:
        return [Line(figure, ms(first.p50), NOT_HERE, f"<= {most} x nanobot", None), refresh]
    found = ratio(first, peer)
    theirs = f"nanobot {ms(peer.p50)}, stores nothing"
    target = f"<= {most} x nanobot"
    return [Line(figure, ms(first.p50), theirs, target, found <= most, times(found)), refresh]
