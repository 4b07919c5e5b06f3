"""The plain list behind `make check`, and the commands that `make` offers."""

import re
import sys
import tomllib

import pytest

from tests import checks
from tests.conftest import ByPlace
from tests.lock import LOCKS
from tests.processes import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()


def test_make_offers_each_command_with_a_line_of_help() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    assert phony is not None
    offered = {*phony[1].split()} - {"help"}
    assert set(re.findall(r'echo "make (\w+) ', MAKEFILE)) == offered
    assert set(re.findall(r"^(\w+):$", MAKEFILE, re.M)) == {*offered, "help"}


def test_each_package_that_the_project_asks_for_stands_in_its_lock() -> None:
    """Else somebody has changed pyproject.toml without `make lock`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    run, extras = project["project"]["dependencies"], project["project"]["optional-dependencies"]
    server, all_in_one = run + extras["postgres"], run + extras["broker"]
    develop = all_in_one + server + groups["dev"]
    asked = dict(zip(LOCKS, (all_in_one, server, develop, groups["nanobot"]), strict=True))
    for lock, wanted in asked.items():
        locked = re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text(), re.M)
        assert {re.split(r"[^\w-]", name)[0] for name in wanted} <= {*locked}, lock


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


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("tests/test_a.py::test_x[1]", "tests/test_a.py::test_y", True),
        ("tests/test_a.py::test_x", "tests/test_b.py::test_x", False),
        (
            "tests/journeys/interface/test_a.py::test_x",
            "tests/journeys/interface/test_b.py::t",
            True,
        ),
        ("tests/journeys/test_browser.py::t", "tests/journeys/test_config_browser.py::t", True),
        ("tests/journeys/test_browser.py::t", "tests/journeys/test_worker.py::t", False),
    ],
)
def test_tests_that_share_a_site_go_to_one_process(one: str, other: str, together: bool) -> None:
    place = ByPlace.__new__(ByPlace)
    assert (place._split_scope(one) == place._split_scope(other)) is together
