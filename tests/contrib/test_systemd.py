"""The units of contrib/systemd, by systemd's own eyes, and the copy that one of them makes."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from facio_site.run import up
from tests.conftest import absent
from tests.facio_site.run.start import environment
from tests.processes import ROOT

UNITS = ROOT / "contrib" / "systemd"
NAMES = ["facio-backup", "facio-migrate", "facio-web", "facio-worker@"]
MOST_EXPOSED = 20  # of 100, by `systemd-analyze security`
pytestmark = [pytest.mark.alike, pytest.mark.battery]


@pytest.fixture
def analyze(tmp_path: Path) -> Path:
    """The units as they stand, but with this checkout's paths: where systemd looks for programs."""
    if not shutil.which("systemd-analyze"):
        absent("systemd-analyze")
    for path in UNITS.glob("facio-*.*"):
        text = path.read_text()
        text = text.replace("/srv/facio-settings/.venv/bin/python", sys.executable)
        (tmp_path / path.name).write_text(text.replace("/srv/facio-settings", str(ROOT)))
    return tmp_path


def told(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True)


def test_there_are_these_units() -> None:
    found = {path.name for path in UNITS.iterdir() if path.suffix in (".service", ".timer")}
    assert found == {*(f"{name}.service" for name in NAMES), "facio-backup.timer"}


@pytest.mark.parametrize("unit", [*(f"{name}.service" for name in NAMES), "facio-backup.timer"])
def test_systemd_finds_nothing_wrong_with_a_unit(analyze: Path, unit: str) -> None:
    found = told("verify", "--man=no", str(analyze / unit))
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_the_look_for_faults_finds_one(analyze: Path) -> None:
    unit = analyze / "facio-web.service"
    unit.write_text(unit.read_text().replace("RestartSec=", "RestartsSec="))
    assert "'RestartsSec'" in told("verify", "--man=no", str(unit)).stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_service_may_do_little(analyze: Path, name: str) -> None:
    unit = str(analyze / f"{name}.service")
    found = told("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)
    assert found.returncode == 0, found.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", NAMES)
def test_every_service_runs_as_its_own_user_and_reads_no_secret_from_its_unit(name: str) -> None:
    text = (UNITS / f"{name}.service").read_text()
    assert "\nUser=facio-settings\n" in text
    assert "\nStateDirectory=facio-settings" in text
    assert not re.search(r"(PASSWORD|SECRET|TOKEN|MASTER_KEYS|_URL)=", text)


@pytest.mark.parametrize(("name", "part"), [("web", "--web"), ("worker@", "--worker")])
def test_parts_come_back_whatever_ended_them_and_after_what_they_wait_for(
    name: str, part: str
) -> None:
    text = (UNITS / f"facio-{name}.service").read_text()
    assert f"\nExecStart=/srv/facio-settings/.venv/bin/python -m facio_site.up {part}\n" in text
    assert "\nRestart=on-failure\nRestartSec=" in text
    assert "\nAfter=facio-migrate.service\n" in text
    assert "network-online.target" in text
    (stop,) = re.findall(r"\nTimeoutStopSec=(\d+)\n", text)
    assert int(stop) > up.STOP_SECONDS + up.LAST_STOP_SECONDS


def test_the_timer_starts_the_copy_and_makes_up_for_a_night_that_was_missed() -> None:
    text = (UNITS / "facio-backup.timer").read_text()
    assert "\nPersistent=yes\n" in text
    calendar = re.search(r"\nOnCalendar=(.+)\n", text)
    assert calendar is not None
    assert told("calendar", calendar[1]).returncode == 0


# The copy


def back_up(folder: Path, **more: str) -> None:
    environ = environment(folder / "state", BACKUP_DIR=str(folder / "copies"), **more)
    environ["PYTHON"] = sys.executable
    script = UNITS / "facio-backup.sh"
    subprocess.run([str(script)], cwd=ROOT, env=environ, check=True, capture_output=True)


@pytest.mark.long
@pytest.mark.sqlite("PostgreSQL has pg_dump, below")
def test_a_copy_is_made_and_old_ones_go(tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for name, days in (("facio-old.sqlite3", 31), ("facio-young.sqlite3", 29), ("mine", 90)):
        (copies / name).touch()
        os.utime(copies / name, (0, time.time() - days * 86_400))
    back_up(tmp_path)
    names = {path.name for path in copies.iterdir()}
    (made,) = names - {"facio-young.sqlite3", "mine"}
    assert re.fullmatch(r"facio-\d{4}-\d\d-\d\dT\d{6}Z\.sqlite3", made)
    assert (copies / made).stat().st_mode & 0o777 == 0o600


def test_pg_dump_is_given_no_secret_and_leaves_sessions_out(tmp_path: Path) -> None:
    programs, copies, service = tmp_path / "bin", tmp_path / "copies", tmp_path / "service.conf"
    programs.mkdir()
    copies.mkdir()
    service.write_text("[facio]\nhost=127.0.0.1\npassword=pw-4711\n")
    (programs / "pg_dump").write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\n'
        'for word; do case $word in --file=*) echo dump > "${word#--file=}";; esac; done\n'
    )
    (programs / "pg_dump").chmod(0o755)
    back_up(tmp_path, PATH=f"{programs}:{os.environ['PATH']}", PGSERVICEFILE=str(service))
    words = (tmp_path / "words").read_text()
    assert "4711" not in words
    assert "--exclude-table-data=django_session" in words
    (made,) = copies.iterdir()
    assert made.suffix == ".dump"
    assert made.stat().st_mode & 0o777 == 0o600
