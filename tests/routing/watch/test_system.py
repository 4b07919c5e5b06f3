"""Parts of the system that are gone: seen by the web side, told by one process, and only in use."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from routing.models import Alert, Standing
from routing.watch import conditions, system
from routing.watch.system import Looker
from tests.routing.watch.results import START, told, watched

pytestmark = pytest.mark.django_db
Looks = list[tuple[float, int | None]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Moments at which this process delivered."""
    found: list[Any] = []
    monkeypatch.setattr(system.deliver, "deliver_all", found.append)
    return found


@pytest.fixture
def in_use(sent: list[Any]) -> None:
    watched("provider:groq")


def see(looker: Looker, looks: Looks) -> None:
    for seconds, workers in looks:
        looker.look(START + timedelta(seconds=seconds), workers)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([(0, 1), (15, 1), (30, 1)], []),
        ([(0, 1), (15, 0), (30, 1)], []),  # a restart
        ([(0, 0), (15, 0), (18, 1)], []),
        ([(0, 0), (15, 1), (30, 0), (45, 1)], []),
        ([(0, 0), (15, 0), (30, 0)], [("part_gone", "system:worker")]),
        ([(0, 0), (20, 0), (35, 0), (600, 0)], [("part_gone", "system:worker")]),
        ([(0, None), (15, None), (30, None)], [("part_gone", "system:broker")]),
        ([(0, None), (15, 0), (30, None)], []),  # another part each time
        (
            [(0, 0), (30, 0), (45, 2)],
            [("part_gone", "system:worker"), ("part_back", "system:worker")],
        ),
        (
            [(0, None), (30, None), (45, 0), (60, 1)],
            [("part_gone", "system:broker"), ("part_back", "system:broker")],
        ),
        (
            [(0, 0), (30, 0), (45, None), (75, None), (90, 1)],
            [
                *(("part_gone", "system:worker"), ("part_gone", "system:broker")),
                *(("part_back", "system:broker"), ("part_back", "system:worker")),
            ],
        ),
    ],
)
def test_a_part_is_told_as_gone_after_two_looks_and_as_back_at_once(
    in_use: None, looks: Looks, expected: list[tuple[str, str]]
) -> None:
    see(Looker(), looks)
    assert sorted(told()) == sorted(expected)


def tick_at(seconds: float) -> None:
    """What the worker's beat brings about each minute."""
    at = START + timedelta(seconds=seconds)
    Standing.objects.update_or_create(about=conditions.LOOKED, defaults={"since": at})


def test_a_beat_that_hangs_while_its_worker_lives_is_told_and_told_again_when_it_goes_on(
    in_use: None, sent: list[Any]
) -> None:
    looker = Looker()
    for seconds in range(0, 300, 15):
        if seconds % 60 == 0:
            tick_at(seconds)
        see(looker, [(seconds, 1)])
    see(looker, [(seconds, 1) for seconds in range(300, 540, 15)])
    assert told() == []
    see(looker, [(540, 1), (555, 1), (570, 1)])
    assert told() == [("part_gone", "system:beat")]
    assert sent  # the worker does not
    see(Looker(), [(585, 1), (600, 1)])  # a web server that starts now knows nothing of it
    assert told() == [("part_gone", "system:beat")]
    tick_at(606)
    see(looker, [(615, 1), (630, 1)])
    assert sorted(told()) == [("part_back", "system:beat"), ("part_gone", "system:beat")]


@pytest.mark.parametrize(
    "looks",
    [
        [(0, 1), (86_400, 1), (86_415, 1), (86_430, 1)],  # asleep, or a clock that jumps
        [(0, 1), *((seconds, 0) for seconds in (15, 30)), (600, 1), (615, 1), (630, 1)],
        [(0, 1), (-86_400, 1), (-86_385, 1), (-86_370, 1)],
    ],
    ids=["slept", "no-worker", "set-back"],
)
def test_a_pause_of_everything_is_no_beat_that_hangs(in_use: None, looks: Looks) -> None:
    tick_at(0)
    see(Looker(), looks)
    assert ("part_gone", "system:beat") not in told()


def test_since_when_it_is_gone_stands_in_both_alerts(in_use: None) -> None:
    see(Looker(), [(0, 1), (15, 0), (45, 0), (60, 1)])
    since = (START + timedelta(seconds=15)).isoformat()
    assert [one.params for one in Alert.objects.all()] == [{"since": since}] * 2


def test_of_several_processes_one_tells(in_use: None) -> None:
    lookers = [Looker() for _ in range(4)]
    for seconds, workers in ((0, 0), (30, 0), (45, 0), (60, 1), (75, 1)):
        for shift, looker in enumerate(lookers):
            see(looker, [(seconds + shift, workers)])
    assert sorted(told()) == [("part_back", "system:worker"), ("part_gone", "system:worker")]


def test_one_that_starts_later_tells_that_it_is_back(in_use: None) -> None:
    see(Looker(), [(0, 0), (30, 0)])
    see(Looker(), [(90, 1)])
    assert sorted(told()) == [("part_back", "system:worker"), ("part_gone", "system:worker")]


def test_a_clock_that_is_set_back_begins_anew(in_use: None) -> None:
    see(Looker(), [(90_000, 0), (15, 0), (30, 0)])
    assert told() == []


def test_whoever_watches_nothing_and_tells_nobody_is_not_told(sent: list[Any]) -> None:
    see(Looker(), [(0, 0), (30, 0), (60, 0)])
    assert not Alert.objects.exists()
    assert not sent
    with CaptureQueriesContext(connection) as captured:
        see(Looker(), [(75, 1)])
    assert len(captured) == 2


def test_what_is_to_be_told_is_sent_from_here_while_no_worker_is_there(
    in_use: None, sent: list[Any]
) -> None:
    see(Looker(), [(0, 1), (15, 0), (30, 0), (45, 0), (60, None), (75, 1), (90, 1)])
    assert [(moment - START).seconds for moment in sent] == [45]


def test_a_live_file_of_this_machine_is_looked_at_once_a_minute(
    in_use: None, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    looks: list[Any] = []
    monkeypatch.setattr(conditions, "look_at_file", looks.append)
    looker = Looker()
    see(looker, [(0, 1)])
    assert looks == []
    settings.FACIO_CONFIG_PATH = "/somewhere/config.json"
    see(looker, [(15, 1), (30, 1), (75, 1), (90, 1)])
    assert [(moment - START).seconds for moment in looks] == [15, 75]


def test_the_thread_survives_a_database_that_is_away_and_says_so_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    naps: list[float] = []

    class Enough(BaseException):
        pass

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) > 5:
            raise Enough

    def away() -> None:
        raise OperationalError("host=db.internal password=hunter2")

    monkeypatch.setattr(system.time, "sleep", nap)
    monkeypatch.setattr(system.clock, "now", away)
    monkeypatch.setattr(system.connection, "close", lambda: None)
    with pytest.raises(Enough):
        system._look_for_ever()
    assert naps == [system.LOOK_SECONDS] * 6
    said = [one.getMessage() for one in caplog.records if one.name == system.__name__]
    assert said == ["parts of the system were not looked at: OperationalError"]


def test_the_thread_keeps_no_process_alive(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    is_there, done = threading.Event(), threading.Event()

    def loop() -> None:
        is_there.set()
        done.wait(10)

    monkeypatch.setattr(system, "_look_for_ever", loop)
    for path in settings.BESIDE_WEB:
        import_string(path)()
    assert is_there.wait(10)
    threads = [one for one in threading.enumerate() if one.name == "watch"]
    done.set()
    for one in threads:
        one.join(10)
    assert [one.daemon for one in threads] == [True]


def test_no_thread_looks_in_tests_and_commands() -> None:
    assert not [one for one in threading.enumerate() if one.name == "watch" and one.is_alive()]
    assert not Standing.objects.exists()
