"""A canary in every demo key of the whole suite, and eyes on each place where it must not turn up.

Answers, log records at DEBUG (before any mask), the database as it lies on the disk, files, the
broker, command lines. What is found goes into one file of the run's state folder, to which children
write as well; a run in which there is one fails at its end (`clean_end` in tests/conftest.py).
"""

import base64
import contextlib
import logging
import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created
from django.http import FileResponse

from tests import stores

CANARY = os.environ.setdefault("TEST_CANARY", f"c{secrets.token_hex(12)}")
ALLOWED = ("/config/download/",)  # the one door by which keys may leave, and does so on purpose
STARTED = time.time()


def _forms() -> dict[bytes, str]:
    half = len(CANARY) // 2
    plain = {
        CANARY: "plain",
        CANARY[::-1]: "reversed",
        CANARY[:half]: "first half",
        CANARY[half:]: "second half",
        "".join(f"%{ord(c):02X}" for c in CANARY): "URL-encoded",
        CANARY.encode().hex(): "hex",
    }
    for before in range(3):  # wherever it stands in what was encoded
        text = base64.b64encode(b"-" * before + CANARY.encode()).decode()
        plain[text[4 if before else 0 : -4]] = "base64"
    return {form.encode(): name for form, name in plain.items()}


FORMS = _forms()
connection_created.connect(lambda **sent: watch_writes(**sent), weak=False, dispatch_uid="sweep")


def found(data: bytes) -> list[str]:
    """In which forms the canary stands in `data`."""
    return [name for form, name in FORMS.items() if form in data]


# What was seen while the suite ran


def findings() -> Path:
    from django.conf import settings

    return Path(settings.STATE_DIR) / "findings"


def look(place: str, data: bytes, detail: str = "") -> None:
    for form in found(data):
        test = os.environ.get("PYTEST_CURRENT_TEST", "")
        with findings().open("a") as file:
            file.write(f"{place}: {form} {detail} in {test}\n")


def watch_responses(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Middleware of the tests, outermost: what leaves is looked at with its headers."""

    def middleware(request: Any) -> Any:
        response = get_response(request)
        if request.path not in ALLOWED:
            detail = f"{request.method} {request.path} {response.status_code}"
            look("answer", repr(dict(response.items())).encode(), detail)
            if not response.streaming:
                look("answer", response.content, detail)
            elif not isinstance(response, FileResponse):  # those serve static files
                response.streaming_content = _watched(response.streaming_content, detail)
        return response

    return middleware


def _watched(pieces: Iterable[bytes], detail: str) -> Iterator[bytes]:
    for piece in pieces:
        look("answer", piece, detail)
        yield piece


def watch_writes(connection: Any, **_kwargs: Any) -> None:
    """What is written into the database, also by tests whose transaction is rolled back."""
    if watch_write not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch_write)


def watch_write(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if sql.startswith(("INSERT", "UPDATE")):
        look("database", repr(params).encode(errors="replace"), sql[:60])
    return execute(sql, params, many, context)


class Search(logging.Handler):
    """First of the root's handlers: sees each record as it was made, before it is masked."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - a bad log call is somebody else's test
            return
        look("log", text.encode(errors="replace"), record.name)


LOOKS = 3  # at one process: the first may come before it has become another program
CONTROL = b"the sweep's own control"  # stands on a command line that holds the canary on purpose


def command_lines(looks: dict[int, int]) -> Iterator[tuple[int, bytes]]:
    """Of processes that were not looked at often enough; `looks` counts them by process id."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    for gone in looks.keys() - set(pids):
        del looks[gone]
    for pid in pids:
        looks[pid] = looks.get(pid, 0) + 1
        if looks[pid] > LOOKS:
            continue
        try:
            yield pid, Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue


def watch_command_lines() -> None:
    """A thread that looks at every process of the machine, twice a second, until the end."""

    def watch() -> None:
        looks: dict[int, int] = {}
        while True:
            for pid, line in command_lines(looks):
                if found(line) and CONTROL not in line:
                    look("command line", line, str(pid))
            time.sleep(0.5)

    threading.Thread(target=watch, name="command lines", daemon=True).start()


# What is left at the end


def look_at_broker(url: str) -> None:
    import redis

    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter("*", count=1000):
            look("broker", key + b" " + (client.dump(key) or b""), repr(key))


def read_apart(paths: Iterable[Path]) -> bytes:
    """What these files hold, read by another process.

    SQLite's locks belong to the process: closing any file of a database here would drop those of
    its open connections, and a worker that then finds itself alone cuts the shared memory under
    them.
    """
    names = [str(path) for path in paths]
    return subprocess.run(["cat", *names], stdout=subprocess.PIPE).stdout if names else b""


def look_at_files(*folders: Path) -> int:
    """Every file below these folders, the database and its journal among them; returns how many."""
    count = 0
    for folder in folders:
        for path in folder.rglob("*"):
            if path == findings() or not path.is_file() or path.is_symlink():
                continue
            count += 1
            look("file", read_apart([path]), str(path))
    return count


def stored() -> bytes:
    """The tests' own database: its files, or each row as a server writes it out."""
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return read_apart(Path(name).parent.glob(f"{Path(name).name}*"))
    return b"".join(stores.dump(stores.databases(name)[0]))


def look_at_rows() -> int:
    """Every row of every database that this run made on a server; returns how many.

    SQLite's are files. What was changed or rolled back meanwhile was seen as it was written.
    """
    from django.db import connection

    if connection.vendor == "sqlite":
        return 0
    count = 0
    for url in stores.databases(str(connection.settings_dict["NAME"])):
        for row in stores.dump(url):
            count += 1
            look("row", row, url.rpartition("/")[2])
    return count


def look_at_temp() -> None:
    for path in left_in_temp():
        with contextlib.suppress(FileNotFoundError):  # by another run, which has ended it since
            look("temporary file", path.read_bytes(), str(path))


def look_at_audit() -> None:
    from facio_site.audit.models import AuditEntry

    for entry in AuditEntry.objects.all():
        look("audit", repr(entry.as_dict()).encode())


def left_in_temp() -> list[Path]:
    """Our own files that appeared in the temporary folder since the start, outside of pytest's.

    Those in folders that the site or its broker makes there are among them.
    """
    fresh = []
    top = Path(tempfile.gettempdir())
    inside = [
        path for folder in (*top.glob("facio-*"), *top.glob("fb-*")) for path in _below(folder)
    ]
    for path in [*top.iterdir(), *inside]:
        try:
            stat = path.lstat()
        except OSError:
            continue
        if path.is_file() and stat.st_uid == os.getuid() and stat.st_mtime >= STARTED:
            fresh.append(path)
    return fresh


def _below(folder: Path) -> list[Path]:
    try:
        is_a_runs_own = folder.name.startswith(findings().parent.name[:-8])  # it looks there itself
        return [] if is_a_runs_own else list(folder.rglob("*"))
    except OSError:
        return []
