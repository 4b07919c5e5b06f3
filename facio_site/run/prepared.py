"""Migrate before a start, and collect static files where one of them is newer than the last time.

Both run as child processes, side by side.
"""

from collections.abc import Sequence
from pathlib import Path

from facio_site.run.children import Bell, Child, Command, until

ROOT = Path(__file__).resolve().parent.parent.parent
# Large files of other packages that no page asks for: compressing them takes seconds.
MIGRATE = ("migrate", "--noinput", "--verbosity=0")
NEVER_SERVED = (
    *("--ignore=htmax*", "--ignore=htmx-4*", "--ignore=*-4.js"),
    *("--ignore=jquery.js", "--ignore=select2.full.js", "--ignore=xregexp.js"),
)
COLLECT = ("collectstatic", "--noinput", "--verbosity=0", *NEVER_SERVED)


def is_collected(state: Path) -> bool:
    """Whether no static file and no lock is newer than what was collected."""
    manifest = state / "static" / "staticfiles.json"
    sources = (*(ROOT / "static").rglob("*"), *ROOT.glob("requirements*.txt"))
    return manifest.is_file() and all(
        path.stat().st_mtime <= manifest.stat().st_mtime for path in sources
    )


def prepare(steps: Sequence[Command], ground: Sequence[Child], bell: Bell) -> None:
    """Raises Refused, Stopped."""
    try:
        until(lambda: is_decided(steps), ground, bell)
        for step in sorted(steps, key=lambda step: not step.has_failed):
            step.text()
    finally:
        for step in steps:
            step.child.kill()


def is_decided(steps: Sequence[Command]) -> bool:
    return any(step.has_failed for step in steps) or not any(step.is_running for step in steps)
