"""Drawings: what is where, by hand, and what is told without a colour."""

import pytest

from routing.pages.charts import bars, key, lines, rounded, state_of, strip
from routing.watch.health import DAY, QUARTER, UNASKED, WEEK, Course, Frame, Tally, together

FOUR = Frame("4h", "h", 4)
GOOD, BAD, SOME = Tally(2, 0, {"ok": 2}), Tally(0, 1, {"timeout": 1}), Tally(1, 1)
OTHER = Tally(outcomes={"rate_limited": 1})


def course(**cells: Tally) -> Course:
    """Cells by place: a0, a1, ..."""
    found = {int(name[1:]): cell for name, cell in cells.items()}
    return Course(found, together(found.values()))


def test_a_cell_is_told_by_what_was_proved_in_it() -> None:
    cells = (GOOD, SOME, BAD, OTHER, Tally())
    assert [*map(state_of, cells)] == ["good", "some", "bad", "other", "none"]


def test_each_state_of_a_cell_has_a_shape_of_its_own() -> None:
    shapes = set()
    for name in ("good", "some", "bad", "other", "none"):
        shapes.add(tuple((lane.y, lane.width, lane.d) for lane in key(name).lanes))
    assert len(shapes) == 5


def test_cells_that_follow_each_other_alike_are_one_line() -> None:
    drawn = strip(course(a0=GOOD, a1=GOOD, a3=BAD), FOUR)
    assert drawn.width == 16
    assert {(lane.tone, lane.y): lane.d for lane in drawn.lanes} == {
        ("ok", 12): "M0 12h7",
        ("idle", 23): "M8 23h3",
        ("error", 6): "M12 6h3",
    }


def test_a_cell_that_failed_in_part_has_both() -> None:
    drawn = strip(course(a0=BAD, a1=SOME, a2=GOOD, a3=OTHER), FOUR)
    assert {(lane.tone, lane.y): lane.d for lane in drawn.lanes} == {
        ("error", 6): "M0 6h7",
        ("ok", 20): "M4 20h3",
        ("ok", 12): "M8 12h3",
        ("info", 18): "M12 18h3",
    }


def test_a_strip_is_told_in_words() -> None:
    found = course(a0=GOOD, a1=SOME, a2=BAD, a3=BAD, a4=OTHER)
    words = "24 hours: 1 passed, 1 failed in part, 2 failed, 1 inconclusive, 19 without a test"
    assert strip(found, DAY).words == words
    assert strip(UNASKED, QUARTER).words == "90 days: 90 without a test"


def test_a_week_is_drawn_by_three_hours_so_that_each_cell_is_seen() -> None:
    drawn = strip(course(a0=GOOD, a1=BAD, a5=GOOD, a167=BAD), WEEK)
    assert drawn.width == 56 * 4
    words = "56 times 3 hours: 1 passed, 1 failed in part, 1 failed, 53 without a test"
    assert drawn.words == words


def test_nobody_asked_is_never_drawn_as_good() -> None:
    (lane,) = strip(UNASKED, QUARTER).lanes
    assert (lane.tone, lane.d) == ("idle", "M0 23h359")


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (3, 4), (5, 6), (10, 10), (11, 20), (96, 100), (101, 200), (4100, 6000)],
)
def test_an_axis_ends_with_a_number_that_has_a_whole_half(most: int, top: int) -> None:
    assert rounded(most) == top


def test_bars_stand_on_each_other_with_failures_on_top() -> None:
    found = course(
        a0=Tally(2, 1, {"ok": 2, "timeout": 1, "rate_limited": 1}), a2=Tally(4, 0, {"ok": 4})
    )
    drawn = bars(found, FOUR)
    assert (drawn.width, drawn.top, drawn.half) == (40, 4, 2)
    assert drawn.paths == {
        "good": "M5 120v-60m20 60v-120",
        "other": "M5 60v-30",
        "bad": "M5 30v-30",
    }


def test_one_failure_among_very_many_tests_is_seen() -> None:
    drawn = bars(course(a0=Tally(399, 1)), FOUR)
    assert drawn.paths == {"good": "M5 120v-116", "bad": "M5 4v-4"}
    assert bars(course(a0=Tally(200, 1)), FOUR).paths["bad"] == "M5 60v-4"


def test_a_line_is_broken_where_nothing_was_measured_and_one_value_is_a_dash() -> None:
    def timed(*times: int) -> Tally:
        return Tally(len(times), 0, times=times)

    drawn = lines(course(a0=timed(100, 400), a1=timed(200), a2=BAD, a3=timed(300)), FOUR)
    assert drawn is not None
    assert (drawn.top, drawn.half) == (400, 200)
    assert drawn.paths == {"p50": "M5 90l10 -30m15 -30h10", "p95": "M5 0l10 60m15 -30h10"}


def test_nothing_measured_has_no_lines() -> None:
    assert lines(course(a0=BAD), FOUR) is None
    assert lines(UNASKED, FOUR) is None
