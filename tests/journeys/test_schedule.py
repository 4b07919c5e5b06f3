"""Scheduled checks by a real worker with its beat, and a person who presses a button meanwhile."""

import sys
from collections.abc import Iterator

import pytest
from django.utils import timezone

from providers.models import Job, Provider, Status
from routing.models import Watch
from routing.watch import due, tasks
from tests import processes
from tests.journeys.conftest import Hire
from tests.journeys.desk import Desk
from tests.simulators.entries import BASES, HOSTED, LOCAL, demo_key

pytestmark = [pytest.mark.journey, pytest.mark.lane, pytest.mark.django_db(transaction=True)]
MINE = "groq"
DELAY = 2.0
THREADS = 32
MOST = THREADS // due.SHARE
WATCHED = 24


def set_up(kind: str, name: str = "") -> Provider:
    values = {"deployments": ["my-deployment"]} if kind == "azure_openai" else {}
    values |= {"region": "us-east-1"} if kind == "bedrock" else {}
    bases = {"azure_openai": "https://demo.openai.azure.com"}
    base = BASES[kind].format("") if kind in LOCAL else bases.get(kind, "")
    row = Provider(name=name or kind, kind=kind, api_base=base, values=values)
    row.put_secret("api_key", demo_key(kind))
    assert row.store()
    return row


@pytest.fixture
def slow(alone: Desk) -> Iterator[Desk]:
    """Twenty-four providers that answer late, and one more that does at once."""
    kinds = [kind for kind in (*HOSTED, *LOCAL) if kind not in (MINE, "custom")]
    for kind in kinds:
        set_up(kind)
    for number in range(WATCHED - len(kinds)):
        set_up("custom", f"endpoint-{number}")
    set_up(MINE)
    for kind in (*kinds, "custom"):
        alone.sims.set_delay(kind, DELAY)
    yield alone
    for kind in (*kinds, "custom"):
        alone.sims.set_delay(kind, 0)


def ours() -> list[Job]:
    return list(Job.objects.filter(is_scheduled=True).order_by("created_at"))


def story() -> str:
    """What became of each, for whoever reads that they did not end."""
    names = ("provider__name", "status", "outcome", "created_at", "started_at", "finished_at")
    rows = Job.objects.filter(is_scheduled=True).order_by("created_at").values_list(*names)
    late = Watch.objects.filter(due_at__lt=timezone.now()).values_list("about", "passed_over")
    return "\n".join(map(str, [*rows, *late]))


def test_a_burst_of_due_checks_holds_up_no_person(slow: Desk, hire: Hire) -> None:
    """How long the person waited is told (`-s`); that depends on the machine."""
    hire(threads=THREADS, with_beat=True)
    names = Provider.objects.exclude(name=MINE).values_list("name", flat=True)
    rows = [Watch(about=f"provider:{name}", every=15, due_at=timezone.now()) for name in names]
    assert len(rows) == WATCHED
    Watch.objects.bulk_create(rows)
    running = Job.objects.filter(is_scheduled=True, status=Status.RUNNING)
    processes.wait_for(lambda: running.count() == MOST, seconds=30)  # by beat alone
    assert len(ours()) == MOST  # so many are under way, and the others still due
    tasks.watch.apply_async(retry=False)  # which starts none while these run
    mine = slow.ended(slow.test(MINE, ""))
    assert (mine.outcome, mine.is_scheduled) == ("ok", False)
    waited = (mine.started_at - mine.created_at).total_seconds()
    sys.stdout.write(f"waited {waited:.3f} s beside {MOST} scheduled checks\n")
    counts: list[int] = []

    def is_over() -> bool:
        tasks.watch.apply_async(retry=False)  # more often than beat does
        counts.append(Job.objects.pending().count())
        return len(ours()) == WATCHED and not counts[-1]

    processes.wait_for(is_over, seconds=60, pause=0.2, told=story)
    assert max(counts) <= MOST
    before = [job for job in ours() if job.created_at < mine.created_at]
    assert len(before) == MOST < WATCHED
    assert all(mine.started_at < job.finished_at for job in before)  # it waited for none of them
    assert len({job.provider_id for job in ours()}) == len(ours()) == WATCHED
    assert {job.attempt for job in ours()} == {1}
    assert Watch.objects.filter(due_at__gt=timezone.now(), passed_over="").count() == WATCHED
