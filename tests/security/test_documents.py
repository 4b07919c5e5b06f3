"""The security page against the code: every promise has its row, every name in it exists."""

import re
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

from tests.security.command import ROOT

pytestmark = pytest.mark.battery

PAGE = ROOT / "docs" / "security.md"
IDS = [
    f"S{number}"
    for first, last in (
        (1, 14),
        (20, 33),
        (40, 47),
        (50, 62),
        (70, 80),
        (81, 99),
    )
    for number in range(first, last + 1)
]


def rows() -> dict[str, list[str]]:
    """Id -> the cells of its row."""
    lines = [line.strip("| ").split(" | ") for line in PAGE.read_text().splitlines()]
    found = [cells for cells in lines if re.fullmatch(r"S\d+", cells[0])]
    assert len(found) == len({cells[0] for cells in found})
    return {cells[0]: cells[1:] for cells in found}


@lru_cache(maxsize=1)
def existing_tests() -> frozenset[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found |= set(re.findall(r"^\s*(?:async )?def (test_\w+)\(", path.read_text(), re.M))
    return frozenset(found)


def test_every_promise_has_exactly_one_row_in_order() -> None:
    assert list(rows()) == IDS


@pytest.mark.parametrize("name", IDS)
def test_a_promise_names_its_place_and_tests_that_exist_and_carry_its_number(name: str) -> None:
    sentence, where, tests = rows()[name]
    assert sentence.endswith(".")
    assert len(sentence) > 40
    places = re.findall(r"`([^`]+)`", where)
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []
    named = re.findall(r"`(test_\w+)`", tests)
    assert named
    assert [test for test in named if test not in existing_tests()] == []
    assert all(re.search(rf"_{name.lower()}_", test) for test in named)


def anchors(text: str) -> list[str]:
    """Of its headings, as forges make them."""
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return [re.sub(r"[^\w -]", "", head).replace(" ", "-").lower() for head in heads]


@pytest.mark.parametrize("page", ["security.md", "operating.md", "alerts.md"])
def test_the_links_of_a_page_lead_somewhere(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text):
        if target.startswith("https://"):
            continue
        there = ROOT / "docs" / (target or page)
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text()), anchor


def test_commands_and_variables_of_the_operators_page_exist() -> None:
    text = (ROOT / "docs" / "operating.md").read_text()
    example = (ROOT / ".env.example").read_text()
    commands = {path.stem for path in ROOT.glob("*/**/management/commands/*.py")}
    for command in re.findall(r"manage\.py (\w+)", text):
        assert command in commands | {"check", "dumpdata", "migrate"}, command
    for variable in set(re.findall(r"`([A-Z][A-Z_]{5,})(?:=[^`]*)?`", text)):
        assert variable in example, variable


@pytest.mark.alike
@pytest.mark.journey
def test_the_service_of_the_operators_page_is_a_valid_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    text = (ROOT / "docs" / "operating.md").read_text()
    unit = re.search(r"```ini\n(.*?)```", text, re.S)
    assert unit
    assert "NoNewPrivileges=yes" in unit[1]
    if analyze is None:
        return  # not a tool of this system; the text above was looked at all the same
    # Its user and files are not on this machine: what is left are its words.
    lines = [line for line in unit[1].splitlines() if not re.match(r"(User|Group|Load)", line)]
    path = tmp_path / "facio-settings.service"
    path.write_text("\n".join(lines).replace("/srv/facio-settings/.venv/bin/python", "/bin/true"))
    done = subprocess.run([analyze, "verify", str(path)], capture_output=True, text=True)
    wrong = [line for line in done.stderr.splitlines() if path.name in line]
    assert wrong == []
