"""The parent with its real children."""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection  # noqa: TID251 - to this machine's own site
from pathlib import Path

import pytest

from facio_site.run import up
from tests import stores
from tests.facio_site.run.start import environment, refused
from tests.processes import wait_for
from tests.security import command

ROOT = Path(up.__file__).resolve().parents[2]
pytestmark = pytest.mark.alike
LEAVE_AN_OLD_DRAFT = """
from datetime import timedelta
from django.utils import timezone
from providers.models import Draft, Provider
old = timezone.now() - timedelta(minutes=1)
provider = Provider.objects.create(kind="openai")
Draft.objects.create(provider=provider, base_version=0, expires_at=old)
print(Draft.objects.count())
"""
wait_until = partial(wait_for, seconds=40.0)
PARTS = ("valkey-server", "facio-web", "facio-worker")


@dataclass
class Site:
    process: "subprocess.Popen[bytes]"
    said: str
    state: Path

    @property
    def url(self) -> str:
        return self.said.split("running at ")[1].split()[0]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def get(self, path: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def family(self) -> dict[int, str]:
        """Names and command lines by pid: the parent and all below it."""
        found = {self.process.pid: ""}
        table = processes()
        for _ in range(4):
            found |= {pid: line for pid, (parent, line) in table.items() if parent in found}
        return found

    def pid_of(self, part: str) -> int | None:
        """The lowest pid: a web server's own worker comes after it."""
        return min((pid for pid, line in self.family().items() if part in line), default=None)

    def all_up(self) -> bool:
        lines = self.family().values()
        return all(any(part in line for line in lines) for part in PARTS) and self.is_ready()


def processes() -> dict[int, tuple[int, str]]:
    """Parent, name and command line of each process that is not a zombie."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            name = (folder / "comm").read_text()
            if state != "Z":
                found[int(folder.name)] = (int(parent), f"{name} {line}")
    return found


@contextlib.contextmanager
def running(state: Path, *words: str, **more: str) -> Iterator[Site]:
    """A parent that said where it serves; killed at the end when the test has not stopped it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "facio_site.up", *words],
        cwd=ROOT,
        env=environment(state, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=partial(signal.signal, signal.SIGHUP, signal.SIG_DFL),  # not so under nohup
    )
    with process:
        try:
            yield Site(process, heard(process, "Ctrl-C"), state)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def heard(process: "subprocess.Popen[bytes]", last: str, seconds: float = 90.0) -> str:
    assert process.stdout is not None
    said, give_up = b"", time.monotonic() + seconds
    while last.encode() not in said:
        assert time.monotonic() < give_up, said.decode()
        if select.select([process.stdout], [], [], 1)[0]:
            piece = os.read(process.stdout.fileno(), 65536)
            assert piece, said.decode()
            said += piece
    return said.decode()


@pytest.fixture
def state(first_start: Path, tmp_path: Path) -> Path:
    """A start from here is short."""
    return stores.copy(first_start, tmp_path / "s")


@pytest.fixture(scope="module")
def site(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(stores.copy(first_start, tmp_path_factory.mktemp("s") / "s")) as site:
        wait_until(site.all_up)
        yield site


# With real children


@pytest.mark.journey
def test_a_bare_machine_gets_a_page_and_a_setup_link(site: Site) -> None:
    assert site.get("/healthz")[0] == 200
    assert f"{site.url}/setup/?token=" in site.said
    assert site.get("/readyz") == (200, site.get("/readyz")[1])
    assert all(json.loads(site.get("/readyz")[1]).values())


@pytest.mark.journey
def test_the_setup_token_is_in_no_command_line_environment_or_file(site: Site) -> None:
    token = site.said.split("token=")[1].split()[0].encode()
    site.get(f"/setup/?token={token.decode()}")
    for pid in site.family():
        assert token not in Path(f"/proc/{pid}/cmdline").read_bytes()
        assert token not in Path(f"/proc/{pid}/environ").read_bytes()
    files = [path for path in site.state.rglob("*") if path.is_file()]
    assert [path for path in files if token in path.read_bytes()] == []


@pytest.mark.journey
def test_nobody_else_can_read_what_a_start_made(site: Site) -> None:
    made = [path for path in site.state.iterdir() if path.name not in ("logs", "static")]
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in made} == {
        path.name: "0o0" for path in made
    }


@pytest.mark.journey
def test_the_broker_is_told_no_secret(site: Site) -> None:
    pid = site.pid_of("valkey-server")
    names = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert [name for name in names if name and not name.startswith(b"PATH=")] == []


@pytest.mark.journey
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/healthz", "/missing/", "STYLES"])
def test_no_header_is_sent_twice_and_says_nothing_twice(site: Site, path: str) -> None:
    if path == "STYLES":
        found = re.search(rb'href="(/static/[^"]+[.]css)"', site.get("/setup/")[1])
        assert found
        path = found[1].decode()
    connection = HTTPConnection("127.0.0.1", site.port, timeout=15)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        headers = connection.getresponse().getheaders()
    names = [name.lower() for name, _value in headers if name.lower() != "set-cookie"]
    assert len(names) > 8
    assert sorted(names) == sorted(set(names))
    for name, value in headers:
        said = re.split("[,;] *", value.lower())
        assert len(said) == len(set(said)) or name == "Set-Cookie", (name, value)


@pytest.mark.journey
def test_a_second_start_says_who_is_running(site: Site) -> None:
    assert refused(site.state) == f"facio: already running (pid {site.process.pid})"
    assert site.get("/healthz")[0] == 200


@pytest.mark.journey
def test_a_busy_port_is_told_before_anything_starts(site: Site, tmp_path: Path) -> None:
    assert f"port {site.port} on 127.0.0.1 is already in use" in refused(
        tmp_path, PORT=str(site.port)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["logs"]


@pytest.mark.journey
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_a_fork_holds_nothing_of_its_parent_but_what_it_serves_with(site: Site) -> None:
    listeners = {
        f"socket:[{line.split()[9]}]"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{site.port:04X}") and line.split()[3] == "0A"
    }
    held = {
        part: {str(link.readlink()) for link in Path(f"/proc/{site.pid_of(part)}/fd").iterdir()}
        for part in ("facio-web", "facio-worker")
    }
    assert [part for part, files in held.items() if files & listeners] == ["facio-web"]
    assert [part for part, files in held.items() if str(site.state) in files] == []  # the lock


@pytest.mark.journey
def test_what_is_due_by_the_clock_is_done_without_anybody_asking(site: Site) -> None:
    ended = command.run(site.state, "shell", "--verbosity=0", "-c", LEAVE_AN_OLD_DRAFT)
    assert ended.stdout.split() == ["1"], ended.stderr
    wait_until(lambda: stores.rows(site.state, "SELECT COUNT(*) FROM providers_draft") == [(0,)])


@pytest.mark.journey
@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back(site: Site, part: str) -> None:
    before = site.pid_of(part)
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: site.pid_of(part) not in (None, before))
    assert site.get("/healthz")[0] == 200
    wait_until(site.all_up)


MORE_SIGNALS = [pytest.param(one, marks=pytest.mark.long) for one in (signal.SIGINT, signal.SIGHUP)]


@pytest.mark.journey
@pytest.mark.parametrize("signum", [signal.SIGTERM, *MORE_SIGNALS])
def test_a_signal_ends_everything_and_leaves_nothing(state: Path, signum: signal.Signals) -> None:
    with running(state) as site:
        wait_until(site.all_up)
        family = set(site.family())
        site.process.send_signal(signum)
        assert site.process.wait(60) == 0
    assert family & set(processes()) == set()
    left = {path.name for path in state.iterdir()}
    assert not left & {"broker.sock", "up.pid"}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", site.port)) != 0


@pytest.mark.long
@pytest.mark.journey
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a favour of Linux")
def test_a_killed_parent_takes_its_children_along_and_the_next_start_tidies_up(
    state: Path,
) -> None:
    with running(state) as site:
        wait_until(site.all_up)
        family = set(site.family())
        site.process.kill()
        site.process.wait()
        port = site.port
        with running(state, PORT=str(port)) as again:
            assert again.port == port
            wait_until(again.all_up)
            assert family & set(processes()) == set()


@pytest.mark.long
@pytest.mark.journey
@pytest.mark.sqlite("a database of its own is looked into")
def test_every_start_migrates_and_collects_only_what_is_newer(state: Path) -> None:
    manifest = state / "static" / "staticfiles.json"
    before = manifest.stat().st_mtime_ns
    with contextlib.closing(sqlite3.connect(state / "db.sqlite3")) as database:
        newest = "SELECT count(*) FROM django_migrations WHERE name = '0005_watch'"
        back = [sys.executable, "manage.py", "migrate", "--verbosity=0", "routing", "0004"]
        subprocess.run(back, cwd=ROOT, env=environment(state), check=True)
        assert database.execute(newest).fetchone() == (0,)
        with running(state):
            pass
        assert database.execute(newest).fetchone() == (1,)
    assert manifest.stat().st_mtime_ns == before


@pytest.mark.long
@pytest.mark.journey
def test_the_demo_serves_simulated_providers_and_leaves_no_folder(tmp_path: Path) -> None:
    with running(tmp_path / "unused", "--demo", TMPDIR=str(tmp_path)) as site:
        wait_until(site.is_ready)
        [state] = tmp_path.glob("facio-*-demo")
        assert (state / "simulators" / "hosts").read_text()
        assert "demo-good" in site.said
        assert site.pid_of("tests.simulators")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.journey
def test_debug_is_refused(tmp_path: Path) -> None:
    assert "DEBUG" in refused(tmp_path, DEBUG="1")


@pytest.mark.long
@pytest.mark.journey
@pytest.mark.sqlite("it is a damaged file")
def test_a_database_that_cannot_be_migrated_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "db.sqlite3").write_text("this is no database " * 100)
    assert "migrate failed" in refused(tmp_path)


@pytest.mark.journey
@pytest.mark.long
@pytest.mark.sqlite("it is a file")
def test_a_database_in_a_folder_that_is_not_there_is_told_as_that(tmp_path: Path) -> None:
    told = refused(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/db.sqlite3")
    assert "migrate failed: the database's file cannot be opened: is its folder there" in told


@pytest.mark.long
@pytest.mark.journey
def test_a_state_folder_with_a_long_name_gets_its_socket_elsewhere(
    state: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "t"
    temporary.mkdir()
    with running(state.rename(tmp_path / ("x" * 100)), TMPDIR=str(temporary)) as site:
        wait_until(site.is_ready)
        [folder] = temporary.glob("facio-*")
        assert folder.stat().st_mode & 0o077 == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.journey
@pytest.mark.sqlite("the journal beside the database is its own")
def test_s88_after_a_stop_the_database_file_alone_holds_everything(
    state: Path, tmp_path: Path
) -> None:
    other, key = tmp_path / "other", "sk-or-v1-kept-in-one-file-0123456789"
    with running(state) as site:
        words = ("create_owner", "--username", "ada", "--password-stdin")
        assert command.run(state, *words, given="correct horse battery").returncode == 0
        assert command.run(state, "set_provider", "openrouter", given=f'{{"apiKey": "{key}"}}')
        site.process.terminate()
        assert site.process.wait(10) == 0
    other.mkdir()
    for name in ("db.sqlite3", "master_keys", "secret_key"):
        shutil.copy(state / name, other)
    assert key in command.run(other, "export_config", "-", "--secrets", "keys").stdout
    again = command.run(other, *words, given="correct horse battery")
    assert again.stderr == "CommandError: There is an owner already.\n"
