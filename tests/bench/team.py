"""Figures of many people and of long use: fifty who watch one test, and memory over many pages."""

import itertools
import re
import sqlite3
import statistics
import threading
import time
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlencode

from tests.bench.client import Client, awaited
from tests.bench.measures import percentile
from tests.bench.pages import LIST
from tests.bench.report import Line, ms
from tests.bench.sides import pss_mb
from tests.bench.stage import Stage

PEOPLE, WATCHED, SLOW_MS = 50, "/providers/openai/", 12_000
AGAIN_SECONDS = 20.0  # after which one of them loads the page again
EASE_SECONDS = 1.0  # what a page waits before it asks again where too many are waiting
PAGE_MS, GROWTH_MB = 300.0, 1.0
PAGES = (LIST, WATCHED, "/routing/", "/catalog/", "/config/", "/activity/", "/")


def watching(stage: Stage) -> list[Line]:
    """Fifty people have the page of a provider open whose test is slow: each page waits for news,
    and each of them loads it again every AGAIN_SECONDS, whatever it shows."""
    client, until = stage.site.client, time.monotonic() + stage.plan.watch
    pages: list[float] = []
    heard: dict[str, list[float]] = defaultdict(list)  # of each job: when its end was shown
    errors: list[str] = []
    over = threading.Event()

    def person(number: int) -> None:
        time.sleep(number / PEOPLE * AGAIN_SECONDS)
        while not over.is_set():
            try:
                _look(client, pages, heard)
            except (OSError, RuntimeError) as error:
                errors.append(str(error))

    stage.upstream.delay("openai", SLOW_MS)
    with ThreadPoolExecutor(PEOPLE) as pool:
        people = [pool.submit(person, number) for number in range(PEOPLE)]
        while time.monotonic() < until:
            awaited(client, WATCHED + "check/", {})
        over.set()
    stage.upstream.delay("openai", 0)
    for one in people:
        one.result()
    p95 = percentile(pages, 95)
    figure = f"{PEOPLE} people watching one slow test for {stage.plan.watch:g} s, their pages"
    ours = f"{len(pages):,} pages, p50 {ms(statistics.median(pages))}, p95 {ms(p95)}"
    over_at = _ends(stage)
    late = [(at - over_at[job]) * 1000 for job, seen in heard.items() for at in seen]
    latest, told = percentile(late, 95), f"{len(heard)} tests, p50 {ms(statistics.median(late))}"
    target = f"p95 <= {PAGE_MS:.0f} ms"
    return [
        Line(figure, ours, "", target, p95 <= PAGE_MS, ms(p95)),
        Line(
            f"the same, from its end until it is shown, {len(late):,} times",
            told,
            "",
            target,
            latest <= PAGE_MS,
            ms(latest),
        ),
        Line("the same, errors", f"{len(errors)}", "", "0", not errors, f"{len(errors)}"),
    ]


def _look(client: Client, pages: list[float], heard: dict[str, list[float]]) -> None:
    """Load the page, then wait for news as it does until it is time to load it again."""
    again = time.monotonic() + AGAIN_SECONDS
    answer = client.get(WATCHED)
    if answer.status != 200:
        raise RuntimeError(f"{WATCHED} answered {answer.status}")
    pages.append(answer.ms)
    part = answer.text
    while watched := re.findall(r'name="w" value="([^"]+)"', part):
        begin = time.monotonic()
        if begin >= again:
            return
        news = client.get("/live/?" + urlencode([("w", one) for one in watched]))
        if news.status not in (200, 204):
            raise RuntimeError(f"/live/ answered {news.status}")
        part = news.text or part
        if news.text and 'data-state="done"' in part:
            heard[watched[0].split(":")[1]].append(time.time())
        elif time.monotonic() - begin < 1:
            time.sleep(EASE_SECONDS)
    time.sleep(max(0.0, again - time.monotonic()))


def _ends(stage: Stage) -> dict[str, float]:
    """Of each job that has ended: when."""
    assert stage.site.database is not None
    with sqlite3.connect(stage.site.database, timeout=20) as database:
        query = "SELECT id, finished_at FROM providers_job WHERE finished_at IS NOT NULL"
        rows = database.execute(query).fetchall()
    return {
        str(uuid.UUID(job)): datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
        for job, at in rows
    }


def memory(stage: Stage) -> list[Line]:
    """Pages of all kinds and tests between them; what grows at the end would grow for ever."""
    total, tests, client = stage.plan.long_pages, stage.plan.long_tests, stage.site.client
    path, done, seen = itertools.cycle(PAGES), 0, []
    lock = threading.Lock()

    def ask(_: int) -> None:
        with lock:
            one = next(path)
        client.page(one)

    with ThreadPoolExecutor(8) as pool:
        for _turn in range(10):
            for _test in range(tests // 10):
                awaited(client, WATCHED + "check/", {})
            list(pool.map(ask, range(total // 10)))
            done += total // 10
            seen.append((done, pss_mb(stage.site.pid)))
    half = seen[len(seen) // 2 :]
    slope = statistics.linear_regression(*zip(*half, strict=True)).slope * 1_000
    figure = f"memory over {total:,} pages and {tests} tests, growth in the second half"
    words = f"{seen[0][1]:.0f} MB, {half[0][1]:.0f} MB, {seen[-1][1]:.0f} MB"
    target = f"<= {GROWTH_MB:g} MB per 1,000 pages"
    return [Line(figure, words, "", target, slope <= GROWTH_MB, f"{slope:+.2f} MB")]
