"""The plain list behind `make check`, and the commands that `make` offers."""

import re
import sys

import pytest

from tests import checks
from tests.processes import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()


def test_make_offers_each_command_with_a_line_of_help() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert phony is not None
    offered = {*phony[1].split()} - {"help"}
    assert set(re.findall(r'echo "make (\w+) ', MAKEFILE)) == offered
    assert set(re.findall(r"^(\w+):$", MAKEFILE, re.M)) == {*offered, "help"}


def test_a_line_that_fails_fails_the_whole_and_shows_its_output(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECKS", {"bad": "echo why; exit 3", "good": "echo all is well"})
    monkeypatch.setattr(checks, "TESTS", {})
    assert checks.main([]) == 1
    said = capfd.readouterr().out
    assert re.search(r"^bad +failed.*\nwhy$", said, re.M)
    assert re.search(r"^good +ok", said, re.M)
    assert "all is well" not in said
    assert checks.main(["good"]) == 0


def test_a_failing_suite_fails_the_whole_and_keeps_no_other_from_running(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECKS", {"good": "true"})
    suites = {"bad": "sh -c 'exit 1'", "good too": "python -c 'print(20 + 22)'"}
    monkeypatch.setattr(checks, "TESTS", suites)
    assert checks.main([]) == 1
    assert "42" in capfd.readouterr().out


def test_a_name_that_is_none_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert checks.main(["serve"]) == 2
    assert "no such name: serve" in capsys.readouterr().err


def test_lines_see_a_real_installation_and_the_tools_of_this_environment(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBUG", "1")
    look = 'echo "$DEBUG $PUBLIC_URL $(command -v python)"; exit 1'
    monkeypatch.setattr(checks, "CHECKS", {"look": look})
    assert checks.main(["look"]) == 1
    assert f"0 https://facio.example {sys.executable}" in capfd.readouterr().out
