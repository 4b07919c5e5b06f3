"""`make bench`: start all sides, let every figure be measured, print the table, write the page."""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import ground, pages, report, scale, sides, team, watch, watched, work, workers
from tests.bench.browser import browser
from tests.bench.report import Line, say
from tests.bench.stage import QUICK, Plan, Stage
from tests.processes import ROOT
from tests.simulators.entries import demo_key

FIGURES: dict[str, Callable[[Stage], list[Line]]] = {
    "page": pages.server_time,
    "load": pages.throughput,
    "cold": pages.cold_page,
    "click": work.click,
    "all": work.test_all,
    "catalog": work.catalogs,
    "search": pages.search,
    "picker": pages.picker,
    "team": team.watching,
    "long": team.memory,
}
NAMES = ("start", *FIGURES, "memory", "watch", "watched", "scale", "workers", "size")
NOTES = (
    "A click's result counts from the click to the mutation that puts the result into the page. "
    "The plainest way is an htmx button, a Celery task that calls the same simulated provider "
    "once, and a row that waits for one Redis message.",
    "Test all runs in Chromium and also tests the five local kinds, which answer at once. nanobot "
    "has no such button: its 17 lists are asked for at the same time by 17 clients.",
    "nanobot tests no key, so its figures stand beside ours only where it has something like it.",
    "The size is that of the files that the two locks install, without bytecode, ours with the "
    "project's own files.",
    "The scheduled checks are those of 15 minutes, 90 ticks and their calls, in one process: what "
    "Celery needs to bring them about is not in it. The year is pruned month by month.",
    "Before the tests by several workers are counted, each number of workers does them once.",
    "The plainest task makes one call of 1,000 ms and writes one row, by bare Celery with as many "
    "workers and threads: about what this machine can do at best.",
    "Queries a page are counted by the test suite, not here.",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few samples; writes no page")
    parser.add_argument("--only", default="", help=f"some of {','.join(NAMES)}; writes no page")
    choice = parser.parse_args()
    wanted = choice.only.split(",") if choice.only else list(NAMES)
    if unknown := set(wanted) - set(NAMES):
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    plan = QUICK if choice.quick else Plan()
    begin = time.monotonic()
    nanobot = _nanobot_version()
    with tempfile.TemporaryDirectory(prefix="facio-bench-") as folder:
        about, lines = _measure(Path(folder), plan, wanted, nanobot)
    say("\n" + "\n".join([*about, "", *report.table(lines)]))
    if not choice.quick and not choice.only:
        report.write(report.page(lines, NOTES, about, plan.words))
        say(f"\nwritten: {report.PAGE.relative_to(ROOT)}")
    say(f"{time.monotonic() - begin:.0f} s")
    return 0


def _measure(
    folder: Path, plan: Plan, wanted: list[str], nanobot_version: str
) -> tuple[list[str], list[Line]]:
    lines: list[Line] = []
    with contextlib.ExitStack() as stack:
        chromium = stack.enter_context(browser())
        about = report.machine(chromium.version, nanobot_version or "no nanobot-ai")
        found = stack.enter_context(sides.upstream(folder / "upstream"))
        peer = sides.prepared_nanobot(folder / "nanobot", found) if nanobot_version else None
        if "start" in wanted:
            _tell("start")
            lines += ground.start_lines(folder, found, peer, plan.rounds)
        if set(wanted) & {*FIGURES, "memory"}:
            site = stack.enter_context(sides.site(folder / "site", found))
            floor = stack.enter_context(sides.floor(folder / "floor", found))
            other = stack.enter_context(sides.nanobot(peer)) if peer else None
            pid = other.pid if other else 0
            stage = Stage(plan, found, site, floor, peer, pid, chromium)
            site.client.page(pages.LIST)
            idle = ground.idle_memory([site.pid, pid]) if "memory" in wanted else []
            for name, measure in FIGURES.items():
                if name in wanted:
                    _tell(name)
                    lines += measure(stage)
            if "memory" in wanted:
                lines += ground.memory_lines(stage, idle)
        if "watch" in wanted:
            _tell("watch")
            lines += watch.measure(folder / "watch", found)
        if "watched" in wanted:
            _tell("watched")
            lines += watched.measure(folder / "watched", found, demo_key("custom"))
        if "scale" in wanted:
            _tell("scale")
            lines += scale.measure(folder / "scale", found, plan)
        if "workers" in wanted:
            _tell("workers")
            lines += workers.measure(folder / "workers", found, demo_key("custom"))
    if "size" in wanted:
        lines += ground.size_lines()
    return about, lines


def _tell(name: str) -> None:
    say(f"{name} ...")


def _nanobot_version() -> str:
    """Empty when it is not installed."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        argv = [str(sides.NANOBOT), "--version"]
        run = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        return f"nanobot-ai {run.stdout.split()[-1].lstrip('v')}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
