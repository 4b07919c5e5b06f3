"""The suite once more, on PostgreSQL (DATABASE_URL) and a real redis-server (REDIS_URL).

`python -m tests.lanes [words for pytest]` starts both in a throw-away folder, on loopback, and ends
them. `make check` runs here what touches the database or a broker (`store`, a mark that conftest.py
gives by a test's fixtures); what is marked `alike` is the same on both sides. Of the tests in a
browser it takes those that go a whole `way` through the site; `make lanes` runs every test there
is. What is not installed is said, and fails where nothing may be skipped (REQUIRE_ALL).
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
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
    options = ["fsync=off", "full_page_writes=off", "autovacuum=off", "wal_level=minimal"]
    options += ["max_wal_senders=0", "listen_addresses=127.0.0.1"]
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


@contextlib.contextmanager
def redis_server(program: str) -> Iterator[str]:
    """A server that keeps nothing; gives its URL. Tests that stop theirs start more of them."""
    port = free_port()
    words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with tempfile.TemporaryDirectory(prefix="fb-") as folder:
        server = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, cwd=folder)
        try:
            until = time.monotonic() + STARTS_WITHIN
            while not answers(port):
                if time.monotonic() > until or server.poll() is not None:
                    raise SystemExit("redis-server did not start")
                time.sleep(0.05)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait(30)


def answers(port: int) -> bool:
    with socket.socket() as caller:
        return not caller.connect_ex(("127.0.0.1", port))


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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and end the servers
    with (
        tempfile.TemporaryDirectory(prefix="facio-lane-") as folder,
        contextlib.ExitStack() as stack,
    ):
        url = stack.enter_context(postgres(Path(folder), binaries))
        broker = stack.enter_context(redis_server(redis))
        print("lanes: PostgreSQL and redis-server", flush=True)
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *words],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url, "REDIS_URL": broker},
        ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
