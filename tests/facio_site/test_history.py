"""History has an end: what outlives its time goes, and nothing else does."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site import history
from facio_site.accounts.models import Invitation, Role
from facio_site.audit import record
from facio_site.audit.models import AuditEntry
from providers.models import Job, Provider, Status, Task
from providers.work import history as jobs_history
from routing.models import WHOLE_VERSIONS, ConfigVersion
from routing.state import current
from routing.state.store import keep_copy
from tests.conftest import signed_in
from tests.desk import saved
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
KINDS_OF_ROWS = [
    "sessions",
    "entries of sessions",
    "links",
    "counters of guesses",
    "jobs",
    "bodies of versions",
    "hours of health",
    "days of health",
    "ended outages",
    "alerts",
    "days of paid calls",
]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAUSE_SECONDS", 0)


def made(provider: Provider, days: float, **fields: Any) -> Job:
    moment = timezone.now() - timedelta(days=days)
    values = {"status": Status.DONE, "outcome": "ok", "task": Task.CHECK, **fields}
    return Job.objects.create(
        provider=provider,
        input_version=1,
        input_digest="",
        deadline=moment,
        created_at=moment,
        finished_at=moment,
        **values,
    )


def left() -> set[Any]:
    return set(Job.objects.values_list("pk", flat=True))


def test_jobs_older_than_the_days_go_and_the_last_of_each_task_stays() -> None:
    openrouter, groq = saved(), saved("groq")
    old = [made(openrouter, days) for days in (91, 100, 400)]
    young = [made(openrouter, days) for days in (0, 1, 89.9)]
    last = [made(groq, 200), made(groq, 300, task=Task.FETCH)]
    made(groq, 201, is_draft=True)
    waiting = made(openrouter, 500, status=Status.QUEUED, task=Task.FETCH)
    assert history.prune()["jobs"] == len(old) + 1
    assert left() == {job.pk for job in (*young, *last, waiting)}


def test_of_each_provider_the_newest_jobs_stay(settings: Any) -> None:
    settings.KEEP_JOBS_PER_PROVIDER = 5
    openrouter, groq = saved(), saved("groq")
    jobs = [made(openrouter, number / 10) for number in range(12)]
    others = [made(groq, number / 10) for number in range(3)]
    assert history.counts()["jobs"] == 7
    assert history.prune()["jobs"] == 7
    assert left() == {job.pk for job in (*jobs[:5], *others)}
    assert history.prune()["jobs"] == 0


def test_the_settings_say_how_long(settings: Any) -> None:
    row = saved()
    made(row, 0)
    made(row, 8)
    settings.KEEP_JOBS_DAYS = 7
    assert history.prune()["jobs"] == 1


def test_jobs_go_in_pieces_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PIECE", 10)
    row = saved()
    for _number in range(35):
        made(row, 100)
    made(row, 0)
    with CaptureQueriesContext(connection) as queries:
        assert history.prune()["jobs"] == 35
    deletes = [one["sql"] for one in queries if 'DELETE FROM "providers_job"' in one["sql"]]
    assert len(deletes) >= 4


def test_expired_sessions_and_their_entries_go_and_living_ones_stay(
    owner: Any, viewer: Any
) -> None:
    living, dead = signed_in(owner), signed_in(viewer)
    for client in (living, dead):
        client.get("/accounts/")
    key = dead.session.session_key
    gone = UserSession.objects.create(user=owner, ip="192.0.2.1", session_key="x" * 32)
    UserSession.objects.create(user=owner, ip="192.0.2.1", session_key="y" * 32)  # just now
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    UserSession.objects.filter(session_key=key).delete()
    UserSession.objects.create(user=viewer, ip="192.0.2.1", session_key=key)
    before = timezone.now() - timedelta(hours=2)
    UserSession.objects.filter(session_key__in=[key, gone.session_key]).update(created_at=before)
    assert history.counts()["entries of sessions"] == 2
    done = history.prune()
    assert (done["sessions"], done["entries of sessions"]) == (1, 2)
    assert living.get("/accounts/").status_code == 200
    assert dead.get("/accounts/").status_code == 302
    assert UserSession.objects.filter(session_key="y" * 32).exists()


def test_links_are_forgotten_after_a_while_and_the_one_of_the_set_up_is_not(owner: Any) -> None:
    Invitation.objects.issue(Role.OWNER)
    Invitation.objects.issue(Role.VIEWER, by=owner)
    Invitation.objects.issue(Role.EDITOR, by=owner)
    long_ago = timezone.now() - timedelta(days=40)
    old = Invitation.objects.exclude(role=Role.EDITOR)
    old.update(created_at=long_ago)
    old.exclude(created_by=None).update(expires_at=long_ago)
    assert history.prune()["links"] == 1
    assert set(Invitation.objects.values_list("role", flat=True)) == {Role.OWNER, Role.EDITOR}


def test_old_versions_lose_what_they_hold_and_say_so(site: Client) -> None:
    saved()
    reason = ConfigVersion.Reason.WRITTEN
    rows = [keep_copy(current(), reason, actor=None) for _number in range(WHOLE_VERSIONS + 3)]
    found = keep_copy(current(), ConfigVersion.Reason.UNDO, actor=None)
    ConfigVersion.objects.update(created_at=timezone.now() - timedelta(days=91))
    ConfigVersion.objects.filter(pk=rows[1].pk).update(note="before the move")
    assert history.prune()["bodies of versions"] == 2
    assert history.prune()["bodies of versions"] == 0
    empty = set(ConfigVersion.objects.filter(sealed={}).values_list("pk", flat=True))
    assert empty == {rows[0].pk, rows[2].pk}
    assert ConfigVersion.objects.count() == WHOLE_VERSIONS + 4
    page = site.get(f"/config/versions/{rows[0].number}/").content.decode()
    assert "it was too old" in page
    assert "Bring back" not in page
    answer = site.post(f"/config/versions/{rows[0].number}/restore/", follow=True)
    assert "it was too old" in answer.content.decode()
    assert site.post(f"/config/versions/{rows[0].number}/note/", {"note": "x"}).status_code == 302
    for row in (rows[1], rows[3], found):
        assert "Bring back" in site.get(f"/config/versions/{row.number}/").content.decode()


def test_audit_entries_stay(settings: Any) -> None:
    record("sign-out", actor=None)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE audit_auditentry SET at = %s",
            [connection.ops.adapt_datetimefield_value(timezone.now() - timedelta(days=5000))],
        )
    history.prune()
    assert AuditEntry.objects.count() == 1


def test_the_command_counts_first_and_removes_then(capsys: pytest.CaptureFixture[str]) -> None:
    row = saved()
    for days in (0, 100, 101):
        made(row, days)
    call_command("prune", "--dry-run")
    counted = capsys.readouterr().out
    assert Job.objects.count() == 3
    call_command("prune")
    assert capsys.readouterr().out == counted
    assert counted.splitlines() == [
        f"{name}: {2 if name == 'jobs' else 0}" for name in KINDS_OF_ROWS
    ]
    assert Job.objects.count() == 1


def test_beat_and_the_start_of_a_worker_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    due = django_settings.CELERY_BEAT_SCHEDULE["prune"]
    assert due == {"task": jobs_history.prune.name, "schedule": 3600.0}
    made(saved(), 100)
    made(Provider.objects.get(), 0)
    jobs_history.prune()
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_starts_prunes_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs_history.AFTER_START_SECONDS == 30
    monkeypatch.setattr(jobs_history, "AFTER_START_SECONDS", 0.1)
    row = saved()
    for days in (0, 100):
        made(row, days)
    jobs_history.prune_soon()
    assert Job.objects.count() == 2
    wait_for(lambda: Job.objects.count() == 1)


@pytest.mark.parametrize("name", ["KEEP_JOBS_DAYS", "KEEP_JOBS_PER_PROVIDER"])
@pytest.mark.parametrize("value", ["0", "-1"])
def test_an_end_of_nothing_is_refused(name: str, value: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={"PATH": "/usr/bin:/bin", "STATE_DIR": str(tmp_path), name: value},
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert name in done.stderr


@pytest.mark.sqlite("others wait for its one lock")
@pytest.mark.django_db(transaction=True)
def test_others_write_while_thousands_of_jobs_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PIECE", 100)
    row = saved()
    made(row, 0)
    template = made(row, 100)
    Job.objects.bulk_create(
        Job(
            provider=row,
            task=Task.CHECK,
            status=Status.DONE,
            input_version=1,
            input_digest="",
            deadline=template.deadline,
            created_at=template.created_at,
        )
        for _number in range(1000)
    )
    written = []
    real = history._remove_some

    def between(*args: Any) -> Any:
        name = connection.settings_dict["NAME"]
        with closing(sqlite3.connect(name, timeout=0)) as other, other:
            other.execute("UPDATE providers_provider SET version = version")
            written.append(1)
        return real(*args)

    monkeypatch.setattr(history, "_remove_some", between)
    assert history.prune()["jobs"] == 1001
    assert len(written) > 10
