"""Scheduled checks by a real worker with its beat, and a person who presses a button meanwhile."""

import sys
from collections import defaultdict

import pytest
from django.utils import timezone

from providers.models import Job, Provider, Status
from routing.models import Watch
from routing.watch import due, tasks
from routing.watch.standing import Told, told_by
from tests import processes
from tests.journeys.conftest import LONG, Hire
from tests.journeys.desk import Desk
from tests.simulators.entries import BASES, HOSTED, LOCAL, demo_key

pytestmark = [pytest.mark.journey, pytest.mark.lane, pytest.mark.django_db(transaction=True)]
MINE = "groq"
THREADS = 32
MOST = THREADS // due.SHARE
WATCHED = 24


def set_up(kind: str, name: str = "", *, word: str = "hang") -> None:
    values = {"deployments": ["my-deployment"]} if kind == "azure_openai" else {}
    values |= {"region": "us-east-1"} if kind == "bedrock" else {}
    bases = {"azure_openai": "https://demo.openai.azure.com"}
    base = BASES[kind].format(f"/~{word}") if kind in LOCAL else bases.get(kind, "")
    row = Provider(name=name or kind, kind=kind, api_base=base, values=values)
    row.put_secret("api_key", demo_key(kind, word))
    assert row.store()


@pytest.fixture
def held(alone: Desk) -> Desk:
    """Twenty-four providers that answer when they are let go, and one more that does at once."""
    kinds = [kind for kind in (*HOSTED, *LOCAL) if kind not in (MINE, "custom")]
    for kind in kinds:
        set_up(kind)
    for number in range(WATCHED - len(kinds)):
        set_up("custom", f"endpoint-{number}")
    set_up(MINE, word="good")
    return alone


def ours() -> list[Job]:
    return list(Job.objects.filter(is_scheduled=True).order_by("created_at"))


def story() -> str:
    """What became of each, for whoever reads that they did not end."""
    names = ("provider__name", "status", "outcome", "created_at", "started_at", "finished_at")
    rows = Job.objects.filter(is_scheduled=True).order_by("created_at").values_list(*names)
    late = Watch.objects.filter(due_at__lt=timezone.now()).values_list("about", "passed_over")
    return "\n".join(map(str, [*rows, *late]))


def test_a_burst_of_due_checks_holds_up_no_person(held: Desk, hire: Hire) -> None:
    """How long the person waited is told (`-s`); that depends on the machine."""
    hire(threads=THREADS, with_beat=True, TEST_SECONDS=LONG)
    names = Provider.objects.exclude(name=MINE).values_list("name", flat=True)
    rows = [Watch(about=f"provider:{name}", every=15, due_at=timezone.now()) for name in names]
    assert len(rows) == WATCHED
    Watch.objects.bulk_create(rows)
    running = Job.objects.filter(is_scheduled=True, status=Status.RUNNING)
    processes.wait_for(lambda: running.count() == MOST, seconds=45, told=story)  # by beat alone
    tasks.watch.apply_async(retry=False)  # which starts none while these run
    mine = held.ended(held.test(MINE, ""))
    assert (mine.outcome, mine.is_scheduled) == ("ok", False)
    statuses = [job.status for job in ours()]
    assert statuses == [Status.RUNNING] * MOST, story()  # it waited for none of them
    waited = (mine.started_at - mine.created_at).total_seconds()
    sys.stdout.write(f"waited {waited:.3f} s beside {MOST} scheduled checks\n")

    def is_over() -> bool:
        held.sims.release_hangs()
        tasks.watch.apply_async(retry=False)  # more often than beat does
        is_asked = len({job.provider_id for job in ours()}) == WATCHED
        return is_asked and not Job.objects.pending().exists()

    processes.wait_for(is_over, seconds=120, pause=0.2, told=story)
    at_the_end()


def at_the_end() -> None:
    """On a busy machine a test may fail. Then, and only then, it is asked once more, which may
    have begun by now."""
    jobs = [job for job in ours() if not job.is_pending]
    beside = [
        sum(one.created_at <= job.created_at < one.finished_at for one in jobs) for job in jobs
    ]
    assert max(beside) == MOST
    assert {job.attempt for job in jobs} == {1}
    by_provider: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_provider[job.provider.name].append(job)
    assert len(by_provider) == WATCHED
    failed = [name for name, (one, *_) in by_provider.items() if told_by(one.outcome) is Told.BAD]
    assert {name for name, asked in by_provider.items() if len(asked) > 1} <= {*failed}
    assert max(map(len, by_provider.values())) <= 2
    assert not Watch.objects.exclude(passed_over="").exists()
    due_again = Watch.objects.filter(due_at__lte=timezone.now()).values_list("about", flat=True)
    assert {*due_again} <= {f"provider:{name}" for name in failed}
