"""Figures of what is watched: a year of its rows, its pages, and what its checks cost."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.bench import sides
from tests.bench.report import Line, ms
from tests.processes import ROOT

MOST_MB, MOST_MS, MOST_CPU, MOST_MEMORY = 50.0, 250.0, 1.0, 20.0
QUARTER_SECONDS = 900
NOT_YET = "not in this version"


def measure(folder: Path, found: sides.Upstream) -> list[Line]:
    state = folder / "state"
    state.mkdir(parents=True)
    sides.seed_site(state, found)
    environ = sides.site_environ(state, found, DJANGO_SETTINGS_MODULE="facio_site.settings")
    argv = [sys.executable, "-m", "tests.bench.year"]
    run = subprocess.run(argv, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return lines(json.loads(run.stdout.splitlines()[-1]))


def lines(found: dict[str, Any]) -> list[Line]:
    return [
        _size(found),
        *(_page(found[f"page_{name}"], name) for name in ("90d", "7d")),
        *_cost(found),
    ]


def _size(found: dict[str, Any]) -> Line:
    rows = f"{found['hours']:,} hours, {found['days']:,} days, {found['outages']:,} outages"
    return Line(
        "a year of 24 providers and 5 routes every 15 minutes, on SQLite",
        f"{found['mb']:.1f} MB",
        rows,
        f"<= {MOST_MB:.0f} MB",
        found["mb"] <= MOST_MB,
        f"{found['mb']:.1f} MB",
    )


def _page(page: dict[str, float], name: str) -> Line:
    rows = (
        f"{page['rows']:,.0f} rows, {page['queries']:.0f} statements, {page['bytes'] / 1000:.1f} KB"
    )
    return Line(
        f"`/health/?range={name}` of it, in the process",
        f"p50 {ms(page['ms'])}",
        rows,
        f"<= {MOST_MS:.0f} ms",
        page["ms"] <= MOST_MS,
        ms(page["ms"]),
    )


def _cost(found: dict[str, Any]) -> list[Line]:
    figure, target = (
        "scheduled checks of all of them every 15 minutes",
        f"<= {MOST_CPU:g} % of a core",
    )
    if "tick_seconds" not in found:
        return [Line(figure, NOT_YET, "", target, None)]
    ticks, checks = found["tick_seconds"], found["check_seconds"]
    share = (ticks + checks) / QUARTER_SECONDS * 100
    beside = f"ticks {ticks:.2f} s, {found['checks']} checks {checks:.2f} s of CPU"
    if found["worked"] != found["checks"] or found["judged"] < found["checks"] - 1:
        raise RuntimeError(f"not every check was made and judged: {found}")
    grown = found["memory_mb"]
    return [
        Line(figure, f"{share:.2f} %", beside, target, share <= MOST_CPU, f"{share:.2f} %"),
        Line(
            "the same, memory",
            f"{grown:+.1f} MB",
            "",
            f"<= {MOST_MEMORY:.0f} MB",
            grown <= MOST_MEMORY,
            f"{grown:+.1f} MB",
        ),
    ]
