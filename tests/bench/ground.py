"""Figures of the installation: memory, size on disk, the start."""

import contextlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench.client import awaited, first_answer, signed_in
from tests.bench.measures import Series, ratio, turns
from tests.bench.report import Line, ms, times
from tests.bench.sides import (
    STARTS_WITHIN,
    Nanobot,
    Upstream,
    free_port,
    pss_mb,
    seed_site,
    site_environ,
)
from tests.bench.stage import NOT_HERE, Stage
from tests.processes import ROOT

OWN = ("facio_site", "providers", "routing", "static", "templates")
IDLE_SECONDS = 4.0


# Memory


def idle_memory(sides: Iterable[int]) -> list[float]:
    """PSS in MB of each tree after a while of rest."""
    time.sleep(IDLE_SECONDS)
    return [pss_mb(pid) for pid in sides if pid]


def memory_lines(stage: Stage, idle: list[float]) -> list[Line]:
    """The last figure: how much more it is after everything else."""
    site, peer = idle[0], idle[1] if len(idle) > 1 else None
    grown = idle_memory([stage.site.pid])[0] - site
    figure, target = "memory of all processes (PSS), idle", "<= 0.8 x nanobot"
    growth = Line(
        "growth over the whole run",
        f"{grown:+.0f} MB",
        "",
        "<= 40 MB",
        grown <= 40,
        f"{grown:+.0f} MB",
    )
    if peer is None:
        return [Line(figure, f"{site:.0f} MB", NOT_HERE, target, None), growth]
    share = site / peer
    theirs = f"nanobot {peer:.0f} MB"
    return [Line(figure, f"{site:.0f} MB", theirs, target, share <= 0.8, times(share)), growth]


# Size


def size_lines() -> list[Line]:
    """What the locks install, without compiled bytecode; ours with the project's own files."""
    own = sum(_size(path) for name in OWN for path in (ROOT / name).rglob("*"))
    names, size = installed(ROOT / "requirements.txt", None)
    count = Line(
        "distributions at run time", f"{len(names)}", "", "<= 45", len(names) <= 45, f"{len(names)}"
    )
    figure, target = "size of the installation", "<= 0.35 x nanobot"
    ours = f"{(size + own) / 1e6:.0f} MB"
    packages = next((ROOT / "var/nanobot/lib").glob("python*/site-packages"), None)
    if packages is None:
        return [Line(figure, ours, NOT_HERE, target, None), count]
    others, peer = installed(ROOT / "requirements-nanobot.txt", packages)
    share = (size + own) / peer
    theirs = f"nanobot {peer / 1e6:.0f} MB, {len(others)} distributions"
    return [Line(figure, ours, theirs, target, share <= 0.35, times(share)), count]


def installed(lock: Path, packages: Path | None) -> tuple[set[str], int]:
    """Names of a lock's distributions that are installed, and the bytes of their files."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(), re.M)
    wanted = {_plain(name) for name in found}
    where = [str(packages)] if packages else sys.path
    names, size = set(), 0
    for distribution in importlib.metadata.distributions(path=where):
        name = _plain(distribution.metadata["Name"])
        if name in wanted and name not in names:
            names.add(name)
            size += sum(_size(Path(str(file.locate()))) for file in distribution.files or ())
    return names, size


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _size(path: Path) -> int:
    if path.suffix == ".pyc" or not path.is_file():
        return 0
    return path.stat().st_size


# The start


def start_lines(folder: Path, found: Upstream, nanobot: Nanobot | None, rounds: int) -> list[Line]:
    """`make run` where everything is installed and migrated, until the list of providers is there,
    and on until a test has been through the worker."""
    state = folder / "starts"
    session = seed_site(state, found)
    with _site_up(state, found) as port:  # once, so that nothing is left to prepare
        _wait_for_page(port, session)
    site, task, peer = Series(), Series(), Series()
    for order in turns(["site", "nanobot"], rounds):
        for name in order:
            if name == "site":
                begin = time.perf_counter()
                with _site_up(state, found) as port:
                    there = _wait_for_page(port, session)
                    done = _first_task(port, session)
                site.rounds.append([(there - begin) * 1000])
                task.rounds.append([(done - there) * 1000])
            elif nanobot:
                peer.rounds.append([_nanobot_start(nanobot)])
    figure, target = "`make run` until the first 200", "<= 1.0 x nanobot webui"
    later = Line(
        "after that, first finished Celery task",
        ms(task.p50),
        "",
        "<= 1,000 ms",
        task.p50 <= 1000,
        ms(task.p50),
    )
    if not peer.rounds:
        return [Line(figure, ms(site.p50), NOT_HERE, target, None), later]
    share = ratio(site, peer)
    theirs = f"nanobot {ms(peer.p50)}"
    return [Line(figure, ms(site.p50), theirs, target, share <= 1.0, times(share)), later]


@contextlib.contextmanager
def _site_up(state: Path, found: Upstream) -> Iterator[int]:
    port = free_port()
    make = shutil.which("make") or "make"
    environ = site_environ(state, found, PORT=str(port))
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [make, "--no-print-directory", "run"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield port
        finally:
            os.killpg(process.pid, 15)  # make and the parent under it, as Ctrl-C would
            process.wait(20)
            _wait_until_free(state)


def _wait_until_free(state: Path) -> None:
    """make does not wait for what it started."""
    give_up = time.monotonic() + 20
    while (state / "up.pid").exists() and time.monotonic() < give_up:
        time.sleep(0.02)


def _wait_for_page(port: int, session: str) -> float:
    client = signed_in(f"http://127.0.0.1:{port}", session)
    return first_answer(client, "/providers/", seconds=STARTS_WITHIN)


def _first_task(port: int, session: str) -> float:
    client = signed_in(f"http://127.0.0.1:{port}", session)
    first_answer(client, "/readyz", seconds=STARTS_WITHIN)  # as long as there is no worker
    awaited(client, "/providers/openai/check/", {})
    return time.perf_counter()


def _nanobot_start(nanobot: Nanobot) -> float:
    begin = time.perf_counter()
    process = nanobot.start()
    try:
        there = first_answer(nanobot.door(), "/webui/bootstrap", seconds=STARTS_WITHIN)
        return (there - begin) * 1000
    finally:
        nanobot.end(process)
