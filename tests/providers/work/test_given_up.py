"""A job that nobody can begin ends at once; one that somebody is at goes on."""

import pytest

from facio_site import sealing
from providers import broker
from providers.models import Job, Status, Task
from providers.work import queue, tasks
from providers.work.keys import is_locked
from tests.desk import saved

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_a_round_whose_broker_breaks_what_was_taken_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed = list[Job]()

    def enqueue(job: Job) -> None:
        if handed:
            raise ConnectionError
        handed.append(job)
        assert Job.objects.get(pk=job.pk).claim("worker-1", 15)

    monkeypatch.setattr(broker, "workers", lambda: {"worker-1"})
    monkeypatch.setattr(tasks, "enqueue", enqueue)
    queue.start_all([saved("groq"), saved("mistral"), saved("openrouter")], Task.CHECK)
    [taken] = handed
    others = Job.objects.exclude(pk=taken.pk)
    assert {(one.outcome, one.detail) for one in others} == {("no_worker", "no_broker")}
    assert Job.objects.get(pk=taken.pk).status == Status.RUNNING
    assert taken.finish(outcome="ok", key_state="valid")


def test_a_machine_without_the_key_leaves_a_job_that_another_is_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = queue.start(saved(), Task.CHECK, hand_over=False)
    job.claim("worker-1", 15)
    monkeypatch.setattr(sealing, "master_keys", lambda **_given: [])
    assert is_locked(Job.objects.get())
    assert Job.objects.get().status == Status.RUNNING


def test_one_that_nobody_is_at_ends_there(monkeypatch: pytest.MonkeyPatch) -> None:
    queue.start(saved(), Task.CHECK, hand_over=False)
    monkeypatch.setattr(sealing, "master_keys", lambda **_given: [])
    assert is_locked(Job.objects.get())
    assert (Job.objects.get().status, Job.objects.get().outcome) == (Status.DONE, "no_key")
