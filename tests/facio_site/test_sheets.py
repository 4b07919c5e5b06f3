"""CSV: one row a line, and nothing in it that a spreadsheet would run."""

import csv
from datetime import datetime, timedelta, timezone
from io import StringIO

import pytest

from facio_site.sheets import csv_lines


def read(*rows: tuple[object, ...]) -> list[list[str]]:
    text = "".join(csv_lines(("a", "b"), rows))  # type: ignore[arg-type]
    return list(csv.reader(StringIO(text, newline="")))


def test_a_sheet_has_its_head_and_a_line_for_each_row() -> None:
    assert list(csv_lines(("a", "b"), [(1, 2.5), (None, "x")])) == [
        "a,b\r\n",
        "1,2.5\r\n",
        ",x\r\n",
    ]


def test_rows_are_read_only_as_lines_are_taken() -> None:
    taken = []

    def rows() -> object:
        for number in range(9):
            taken.append(number)
            yield (number, number)

    lines = csv_lines(("a", "b"), rows())  # type: ignore[arg-type]
    assert (next(lines), next(lines), taken) == ("a,b\r\n", "0,0\r\n", [0])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_what_would_be_a_formula_is_text(text: str) -> None:
    assert read((text, "ok")) == [["a", "b"], [f"'{text}", "ok"]]


@pytest.mark.parametrize("text", ['a "b"', "a,b", "a\nb", "ü 你", "a=b", "provider:=1"])
def test_any_other_text_comes_as_it_is(text: str) -> None:
    assert read((text, ""))[1][0] == text


def test_a_number_below_zero_stays_one() -> None:
    assert read((-3, -0.5))[1] == ["-3", "-0.5"]


def test_moments_are_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert read((datetime(2026, 3, 29, 1, 30, tzinfo=east), None))[1] == [
        "2026-03-28T23:30:00+00:00",
        "",
    ]
