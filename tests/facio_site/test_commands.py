"""What our own commands of the site say, and when they still work."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from facio_site import boot, schema, sealing
from facio_site.management.commands import make_master_key
from tests.desk import saved
from tests.processes import ROOT
from tests.security.command import environ


def test_a_key_is_made_while_the_file_that_it_is_for_is_still_empty(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As by `make_master_key > FILE` where FILE is the MASTER_KEY_FILE already."""
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], tmp_path / "master_keys"
    settings.MASTER_KEY_FILE.touch()
    make_master_key.Command().run_from_argv(["manage.py", "make_master_key"])
    assert sealing.parse_master_key(capsys.readouterr().out)


@pytest.mark.django_db(transaction=True)
def test_migrate_site_tells_a_wrong_key_in_one_line(settings: Any) -> None:
    saved()
    settings.MASTER_KEYS = [sealing.new_master_key()]
    with pytest.raises(CommandError, match=r"^The master key is another one") as told:
        call_command("migrate_site")
    assert "\n" not in str(told.value)


def test_prune_names_each_kind_that_goes_with_time(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("prune", "--help")
    told = " ".join(capsys.readouterr().out.split())
    for kind in ("jobs", "sessions", "links", "counters", "versions", "health", "outages"):
        assert kind in told
    assert "alerts and counts of paid calls" in told


@pytest.mark.parametrize("words", [["prune", "-h"], ["prune", "--help"], ["prume"], []])
def test_help_and_slips_make_no_database(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setattr(schema, "state", pytest.fail)
    boot.prepare(["manage.py", *words])


@pytest.mark.django_db
def test_prune_prints_a_line_for_jobs_where_there_are_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("prune", "--dry-run")
    assert "jobs: 0" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("out", ["/dev/full", "pipe", ""])
def test_what_cannot_be_written_is_told_in_one_line(tmp_path: Path, out: str) -> None:
    """A disk that is full, a reader that is gone, and nothing at all."""
    line = [sys.executable, "manage.py", "make_master_key"]
    if not out:
        line = ["sh", "-c", '"$@" >&-', "sh", *line]
    reads, writes = os.pipe()
    os.close(reads)
    target = writes if out == "pipe" else os.open(out or os.devnull, os.O_WRONLY)
    done = subprocess.run(
        line, cwd=ROOT, env=environ(tmp_path), stdout=target, stderr=subprocess.PIPE, text=True
    )
    os.close(target)
    (told,) = done.stderr.splitlines()
    assert told.startswith("CommandError: standard output can't be written: ")
    assert done.returncode == 1


def test_a_closed_input_holds_nothing(tmp_path: Path) -> None:
    line = ["sh", "-c", '"$@" <&-', "sh", sys.executable, "manage.py", "set_provider", "groq"]
    done = subprocess.run(line, cwd=ROOT, env=environ(tmp_path), capture_output=True, text=True)
    assert done.stderr == "CommandError: stdin holds no JSON object: There is nothing in it.\n"
    assert done.returncode == 1


def test_an_argument_that_is_no_text_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="not UTF-8") as told:
        call_command("explain_route", "gr\udcf6")
    assert told.value.returncode == 2
