"""A database that is full, read-only or away, under the running site: told as that, everywhere."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.behind.servers import Relay, Visitor
from tests.conftest import absent
from tests.journeys.stack import STARTS_WITHIN, Stack, running
from tests.lanes import free_port, postgres, postgres_folder
from tests.processes import ROOT, wait_for
from tests.security import command

pytestmark = [pytest.mark.alike, pytest.mark.journey]

NAME, PASSWORD = "ada", "right horse battery"
OWNER = ("create_owner", "--username", NAME, "--password-stdin")
KEY = {"api_key": "sk-or-v1-" + "0" * 40}


def ready(visitor: Visitor) -> tuple[int, dict[str, bool]]:
    answer = visitor.ask("/readyz")
    assert answer.headers["content-type"] == "application/json"
    return answer.status, json.loads(answer.text)


# A full disk, under SQLite


@dataclass
class Full:
    """A site whose state is on a small disk of its own, seen by nobody else."""

    process: "subprocess.Popen[bytes]"
    state: Path
    log: Path
    port: int

    @property
    def inside(self) -> Path:
        return Path(f"/proc/{self.process.pid}/root{self.state}")

    def fill(self) -> None:
        """To the last byte; the journal begins anew, so that nothing in it can be written over."""
        path = self.inside / "db.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=20)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with (self.inside / "fill").open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass

    def command(self, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        enter = ["nsenter", "--target", str(self.process.pid), "--mount", f"--wd={ROOT}"]
        return subprocess.run(
            [*enter, sys.executable, "manage.py", *words],
            env=command.environ(self.state, DATABASE_URL=""),
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Full]:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        absent("root", "is needed for a small disk")
    state, log, port = tmp_path / "state", tmp_path / "log", free_port()
    state.mkdir()
    script = (
        'mount -t tmpfs -o size=64m,mode=700 none "$STATE_DIR" && '
        f'printf %s "{PASSWORD}" | "$0" manage.py {" ".join(OWNER)} && exec "$0" -m facio_site.up'
    )
    given = command.environ(state, PORT=str(port), DATABASE_URL="")
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script, sys.executable],
            cwd=ROOT,
            env=given,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: "Ctrl-C" in log.read_text(), seconds=STARTS_WITHIN)
        yield Full(process, state, log, port)
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.long
def test_s94_a_full_disk_is_told_on_the_page_in_the_log_by_readiness_and_by_commands(
    full: Full,
) -> None:
    owner, stranger = Visitor(full.port), Visitor(full.port)
    assert owner.sign_in(NAME, PASSWORD).status == 302
    stranger.ask("/accounts/login/")
    wait_for(lambda: ready(owner)[0] == 200, seconds=30)
    full.fill()

    status, state = ready(stranger)
    assert (status, state["database"]) == (503, False)
    assert owner.ask("/healthz").status == 200
    assert owner.ask("/").status in (200, 503)
    for _ in range(3):
        full.fill()  # what the site has freed meanwhile, too
        answer = owner.send("/providers/openrouter/", **KEY)
        assert answer.status == 503
        assert "disk of the database is full" in answer.text
    for _ in range(3):
        answer = stranger.sign_in(NAME, PASSWORD)
        assert answer.status == 503, answer.text
        assert "Too many" not in answer.text
    assert full.log.read_text().count("its disk is full") == 1
    assert "Traceback" not in full.log.read_text()

    done = full.command("set_provider", "openrouter", given='{"apiKey": "sk-or-v1-0000"}')
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "disk is full" in line

    (full.inside / "fill").unlink()
    wait_for(lambda: ready(stranger)[1]["database"], seconds=30)
    assert stranger.sign_in(NAME, PASSWORD).status == 302


@pytest.mark.parametrize("size", ["64k", pytest.param("256k", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "words",
    [
        "-m facio_site.up",
        *(
            pytest.param(f"manage.py {one}", marks=pytest.mark.long)
            for one in ("migrate", "backup /x")
        ),
    ],
)
def test_s94_a_start_on_a_full_disk_ends_in_one_line(tmp_path: Path, size: str, words: str) -> None:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        absent("root", "is needed for a small disk")
    script = (
        f'mount -t tmpfs -o size={size},mode=700 none "$STATE_DIR" && mkdir "$STATE_DIR/logs" && '
        'touch "$STATE_DIR/db.sqlite3" && printf key > "$STATE_DIR/secret_key" && '
        'cat /dev/zero > "$STATE_DIR/fill" 2> /dev/null; '
        f'exec "$0" {words}'
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, sys.executable],
        cwd=ROOT,
        env=command.environ(tmp_path, PORT="0", DATABASE_URL=""),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert "No space left on device" in line or "disk is full" in line


# A PostgreSQL that goes away


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Relay, str]]:
    binaries = postgres_folder()
    if binaries is None:
        absent("PostgreSQL")
    assert binaries is not None
    folder, port = tmp_path_factory.mktemp("away"), free_port()
    with (
        # Beside pytest's own folders: those are closed to the server's user.
        tempfile.TemporaryDirectory(prefix="facio-away-") as store,
        postgres(Path(store), binaries) as direct,
    ):
        relay = Relay(int(urlsplit(direct).port or 0))
        url = direct.replace(f":{relay.target}/", f":{relay.port}/")
        done = command.run(folder, *OWNER, given=PASSWORD, DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        with running(folder, PORT=str(port), DATABASE_URL=url) as stack:
            yield stack, relay, direct
        relay.cut()


def test_s94_a_database_that_is_away_is_told_and_health_goes_on(
    served: tuple[Stack, Relay, str], tmp_path: Path
) -> None:
    stack, relay, _direct = served
    owner, stranger = Visitor(stack.behind), Visitor(stack.behind)
    assert owner.sign_in(NAME, PASSWORD).status == 302
    assert owner.ask("/").status == 200
    stranger.ask("/accounts/login/")
    relay.cut()
    assert owner.ask("/healthz").status == 200
    for visitor in (owner, stranger):
        status, state = ready(visitor)
        assert (status, state["database"], state["broker"]) == (503, False, True)
    for _ in range(3):
        answer = owner.ask("/")
        assert answer.status == 503
        assert "responding" in answer.text
    answer = stranger.ask("/accounts/login/", "POST", login=NAME, password=PASSWORD)
    assert answer.status in (403, 503)
    url = f"postgres://facio:none@127.0.0.1:{relay.port}/postgres"
    done = command.run(tmp_path, "export_config", "-", DATABASE_URL=url)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "none" not in line
    relay.mend()
    wait_for(lambda: ready(stranger)[1]["database"], seconds=30)
    wait_for(lambda: owner.ask("/").status == 200, seconds=30)
    assert "Traceback" not in stack.output()
    said = [line for line in stack.output().splitlines() if " facio: " in line]
    assert len([line for line in said if "does not answer" in line]) == 1


def test_s94_a_database_that_takes_nothing_is_not_ready(
    served: tuple[Stack, Relay, str],
) -> None:
    stack, relay, direct = served
    owner = Visitor(stack.behind)
    assert owner.sign_in(NAME, PASSWORD).status == 302
    with psycopg.connect(direct, autocommit=True) as server:
        server.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        relay.cut()
        relay.mend()
        try:
            wait_for(lambda: not ready(owner)[1]["database"], seconds=30)
            # connections that were cut are told once each
            wait_for(lambda: owner.ask("/providers/openrouter/").status == 200, seconds=30)
            answer = owner.send("/providers/openrouter/", **KEY)
            assert answer.status == 503
            assert "be written" in answer.text
        finally:
            server.execute("SET default_transaction_read_only = off")
            server.execute("ALTER DATABASE postgres RESET default_transaction_read_only")
            relay.cut()
            relay.mend()
    wait_for(lambda: ready(owner)[1]["database"], seconds=30)
