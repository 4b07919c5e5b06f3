"""The tests that touch the store or the broker once more, on PostgreSQL and a real redis-server.

`python -m tests.lanes [words for pytest]` starts both in a throw-away folder, on loopback, and ends
them. What is not installed is said, and fails where nothing may be skipped (REQUIRE_ALL).
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOUCHING = (
    "tests/security/test_key_life.py",
    "tests/security/test_master_key.py",
    "tests/security/test_store.py",
    "tests/security/test_overtaken.py",
    "tests/security/test_backup.py",
    "tests/security/test_roles.py",
    "tests/security/test_activity.py",
    "tests/security/test_fuzz.py",
    "tests/providers/test_models.py",
    "tests/providers/test_jobs.py",
    "tests/providers/test_views.py",
    "tests/facio_site/test_audit.py",
    "tests/facio_site/accounts",
    "tests/journeys/test_worker.py",
    "tests/journeys/test_faults.py",
)
STARTS_WITHIN = 60.0


def postgres_folder() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def postgres(folder: Path, binaries: Path) -> Iterator[str]:
    """A server without disk guarantees, for itself alone; gives its URL.

    It refuses to run as root, so root gives the folder to the package's own user.
    """
    user = None
    if os.geteuid() == 0:
        user = "postgres"
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    data, port = folder / "data", free_port()

    def command(*words: str) -> list[str]:
        return ["runuser", "-u", user, "--", *words] if user else [*words]

    subprocess.run(
        command(str(binaries / "initdb"), "-D", str(data), "-U", "facio", "-A", "trust", "-N"),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    options = ["fsync=off", "full_page_writes=off", "listen_addresses=127.0.0.1"]
    options += [f"unix_socket_directories={folder}", f"port={port}", "max_connections=200"]
    words = [word for option in options for word in ("-c", option)]
    log = (folder / "log").open("wb")
    server = subprocess.Popen(
        command(str(binaries / "postgres"), "-D", str(data), *words),
        stdout=log,
        stderr=log,
        cwd=folder,
    )
    try:
        ready = command(str(binaries / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q")
        until = time.monotonic() + STARTS_WITHIN
        while subprocess.run(ready).returncode:
            if time.monotonic() > until or server.poll() is not None:
                raise SystemExit((folder / "log").read_text())
            time.sleep(0.1)
        yield f"postgres://facio:none@127.0.0.1:{port}/postgres"
    finally:
        stop = command(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        subprocess.run(stop, stdout=subprocess.DEVNULL, cwd=folder)
        server.wait(30)
        log.close()


def missing() -> list[str]:
    names = [] if postgres_folder() else ["PostgreSQL"]
    return names if shutil.which("redis-server") else [*names, "redis-server"]


def main(words: list[str]) -> int:
    binaries, redis = postgres_folder(), shutil.which("redis-server")
    if lacking := missing():
        print(f"lanes: {' and '.join(lacking)} not installed", flush=True)
        return int(bool(os.environ.get("REQUIRE_ALL")))
    assert binaries is not None
    assert redis is not None
    tests = words or [name for name in TOUCHING if (ROOT / name).exists()]
    with (
        tempfile.TemporaryDirectory(prefix="facio-lane-") as folder,
        postgres(Path(folder), binaries) as url,
    ):
        print("lanes: PostgreSQL and redis-server", flush=True)
        # Every broker that a test starts is a redis-server then; some of them are killed.
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "not sqlite", *tests],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url, "TEST_BROKER": redis},
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
