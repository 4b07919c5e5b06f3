"""The alert that somebody else changed the live file, while it is written here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from routing.agents import writing
from routing.agents.writing import Drift, drift
from routing.models import ConfigVersion, Route
from routing.models.documents import ConfigVersionQuerySet
from routing.state.store import Overtaken
from routing.watch import conditions
from tests.routing.agents.live_desk import edit, write
from tests.routing.watch.results import START, told

pytestmark = pytest.mark.django_db


def written_once_and_changed(site: Client) -> None:
    Route.objects.create(slot="main", model="gpt-5")
    write(site)
    Route.objects.update(model="gpt-6", version=2)


def test_a_look_before_a_write_is_committed_tells_of_nobody_else(
    site: Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the commit others read the version of before."""
    written_once_and_changed(site)
    before, real = ConfigVersion.objects.get(), writing.write_live

    def write_then_look(*args: Any, **more: Any) -> Any:
        done = real(*args, **more)
        with monkeypatch.context() as patched:
            patched.setattr(ConfigVersionQuerySet, "written", lambda _self, _mode="": before)
            assert drift().drift is Drift.CHANGED
            conditions.look_at_file(START)
        return done

    monkeypatch.setattr(writing, "write_live", write_then_look)
    assert write(site).status_code == 302
    assert told() == []
    edit(path, lambda document: document.update(logging={"level": "debug"}))
    conditions.look_at_file(START)
    assert told() == [("file_drifted", "config")]


def test_a_look_that_a_write_comes_into_tells_of_nobody_else(
    site: Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_once_and_changed(site)
    real = writing._digest_at

    def write_then_read(path: Path) -> str | None:
        monkeypatch.setattr(writing, "_digest_at", real)
        assert write(site).status_code == 302
        return real(path)

    monkeypatch.setattr(writing, "_digest_at", write_then_read)
    conditions.look_at_file(START)
    assert told() == []


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (OperationalError("the connection is lost"), []),
        (Overtaken(), [("file_drifted", "config")]),
    ],
)
def test_what_a_lost_database_left_in_the_file_is_ours(
    site: Client,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    expected: list[tuple[str, str]],
) -> None:
    written_once_and_changed(site)
    real = writing.write_live

    def write_then_fail(*args: Any, **more: Any) -> Any:
        real(*args, **more)
        raise fault

    monkeypatch.setattr(writing, "write_live", write_then_fail)
    site.raise_request_exception = False
    assert write(site).status_code != 302
    assert drift().drift is Drift.CHANGED
    conditions.look_at_file(START)
    assert told() == expected


def test_an_older_text_of_ours_that_somebody_brings_back_is_told(site: Client, path: Path) -> None:
    written_once_and_changed(site)
    older = path.read_bytes()
    assert write(site).status_code == 302
    path.write_bytes(older)
    conditions.look_at_file(START)
    assert told() == [("file_drifted", "config")]
