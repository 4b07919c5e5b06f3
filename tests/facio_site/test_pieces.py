"""Behind a pooler of connections: no cursor stays in the server, and connections are bounded."""

import contextlib
import threading
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from facio_site.audit import record
from facio_site.audit.models import AuditEntry
from facio_site.pieces import in_pieces
from facio_site.sealing import rows
from providers.models import Job, Provider
from providers.work.progress import Progress
from tests import processes
from tests.desk import saved

pytestmark = pytest.mark.django_db


def open_cursors() -> int:
    """Of this connection, in the server."""
    if connection.vendor == "sqlite":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '\\_%'")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 11])
@pytest.mark.parametrize("newest_first", [False, True])
def test_pieces_hold_every_row_once_in_order(count: int, newest_first: bool) -> None:
    for number in range(count):
        record("sign-out", actor=None, target=str(number))
    found = in_pieces(AuditEntry.objects.all(), newest_first=newest_first, size=5)
    wanted = [str(number) for number in range(count)]
    assert [row.target for row in found] == (wanted[::-1] if newest_first else wanted)


def test_keys_that_are_no_numbers_are_read_as_well() -> None:
    for kind in ("groq", "mistral", "openrouter"):
        saved(kind)
    found = [row.name for row in in_pieces(Provider.objects.all(), size=2)]
    assert sorted(found) == ["groq", "mistral", "openrouter"]


def test_no_cursor_stays_in_the_server_while_rows_are_read() -> None:
    for number in range(30):
        record("sign-out", actor=None, target=str(number))
    lines = AuditEntry.objects.all().json_lines()
    next(lines)
    assert open_cursors() == 0
    read = AuditEntry.objects.iterator(chunk_size=2)
    next(read)
    assert open_cursors() == 0
    assert connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] is True


def test_an_export_reads_in_pieces_what_was_written_before_it_began() -> None:
    for number in range(1200):
        record("sign-out", actor=None, target=str(number))
    with CaptureQueriesContext(connection) as queries:
        lines = AuditEntry.objects.all().json_lines()
        first = next(lines)
        record("sign-out", actor=None, target="later")
        rest = list(lines)
    assert len([first, *rest]) == 1200
    reads = [one["sql"] for one in queries if one["sql"].startswith("SELECT")]
    assert len(reads) == 3
    assert all("LIMIT 500" in sql for sql in reads)


def test_rotation_holds_no_cursor_either() -> None:
    saved()
    read = rows._sealed_rows()
    next(read)
    assert open_cursors() == 0


def test_steps_of_many_tests_are_written_over_one_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writers, written = set[int](), list[Any]()

    def write(_self: Job, rungs: Any) -> None:
        writers.add(threading.get_ident())
        written.append(rungs)

    monkeypatch.setattr(Job, "progress", write)
    job = Job(batch=None)
    with contextlib.ExitStack() as under_way:
        for number in range(20):
            under_way.enter_context(Progress(job)).show([{"number": number}])
        processes.wait_for(lambda: len(written) == 20)
    assert len(writers) == 1
    assert writers != {threading.get_ident()}
    assert sorted(rungs[0]["number"] for rungs in written) == [*range(20)]
    processes.wait_for(lambda: not any(one.name == "progress" for one in threading.enumerate()))


def test_a_database_that_is_away_costs_one_write_and_not_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = list[Any]()

    def write(_self: Job, rungs: Any) -> None:
        written.append(rungs)
        if len(written) == 1:
            raise OperationalError

    monkeypatch.setattr(Job, "progress", write)
    with Progress(Job(batch=None)) as progress:
        progress.show([{"number": 1}])
        processes.wait_for(lambda: len(written) == 1)
        progress.show([{"number": 2}])
        processes.wait_for(lambda: len(written) == 2)
    assert written[-1] == [{"number": 2}]
