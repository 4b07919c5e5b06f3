"""Migrate and collect static files before a start, and know when neither has anything to do.

Both run as child processes: `manage` starts one by the words of its command.
"""

import contextlib
import hashlib
import sqlite3
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from facio_site.run.children import Bell, Child, Command, until

ROOT = Path(__file__).resolve().parent.parent.parent
# Values that may hold a secret are never hashed into a file: where one is set, nothing is skipped.
SECRETS = ("DATABASE_URL", "MASTER_KEYS", "REDIS_URL", "SECRET_KEY")
# Another value of one of these is a reason to look at settings and tables again.
WATCHED = (
    *("ALLOWED_HOSTS", "AWS_PROFILES_ALLOWED", "CSRF_TRUSTED_ORIGINS", "DEBUG"),
    *("DJANGO_SETTINGS_MODULE", "FACIO_CONFIG_GROUP", "FACIO_CONFIG_MODE", "FACIO_CONFIG_PATH"),
    *("HOST", "MASTER_KEY_FILE", "OUTBOUND_ALLOW", "OUTBOUND_CA_FILE", "OUTBOUND_HOSTS_FILE"),
    *("OUTBOUND_PUBLIC_HTTP", "PUBLIC_URL", "TRUSTED_PROXY_COUNT"),
)
# Large files of other packages that no page asks for: compressing them takes seconds.
NEVER_SERVED = (
    *("--ignore=htmax*", "--ignore=htmx-4*", "--ignore=*-4.js"),
    *("--ignore=jquery.js", "--ignore=select2.full.js", "--ignore=xregexp.js"),
)
MADE_AT_START = ("db.sqlite3", "master_keys", "secret_key", "static/staticfiles.json")


def mark_of(state: Path, environ: Mapping[str, str]) -> str:
    """Stands for code, packages, settings and applied migrations; empty when it cannot be told.

    As long as it is the same as after the last migrate and collectstatic, both have nothing to do.
    """
    if any(environ.get(name) for name in SECRETS):
        return ""
    if not all((state / name).exists() for name in MADE_AT_START):
        return ""
    seen: list[object] = [sys.version, *(f"{name}={environ.get(name)}" for name in WATCHED)]
    seen += sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    for folder in ("facio_site", "providers", "routing", "static"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix != ".pyc" and path.is_file():
                found = path.stat()
                seen.append((str(path), found.st_size, found.st_mtime_ns))
    key_file = Path(environ.get("MASTER_KEY_FILE") or state / "master_keys")
    with contextlib.suppress(OSError):  # another key is a reason to look whether it fits
        seen.append((key_file.stat().st_size, key_file.stat().st_mtime_ns))
    try:
        address = f"file:{quote(str(state / 'db.sqlite3'))}?mode=rw"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=1)) as database:
            seen += database.execute("SELECT app, name FROM django_migrations ORDER BY id")
    except sqlite3.Error:
        return ""
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def prepare(
    state: Path,
    given: Mapping[str, str],
    manage: Callable[..., Command],
    ground: Sequence[Child],
    bell: Bell,
) -> None:
    """Migrate and collect static files, side by side, unless nothing changed.

    Raises Refused, Stopped.
    """
    stamp = state / "prepared"
    mark = mark_of(state, given)
    if mark and stamp.exists() and stamp.read_text() == mark:
        return
    stamp.unlink(missing_ok=True)
    steps = [
        manage("migrate", "--noinput", "--verbosity=0"),
        manage("collectstatic", "--noinput", "--verbosity=0", *NEVER_SERVED),
    ]
    try:
        until(lambda: is_decided(steps), ground, bell)
        for step in sorted(steps, key=lambda step: not step.has_failed):
            step.text()
    finally:
        for step in steps:
            step.child.kill()
    stamp.write_text(mark_of(state, given))


def is_decided(steps: Sequence[Command]) -> bool:
    return any(step.has_failed for step in steps) or not any(step.is_running for step in steps)
