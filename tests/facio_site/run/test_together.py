"""Several machines on one database and one broker: they start at once, and one may go."""

import contextlib
import json
import time

import pytest

from providers.broker import BEAT_SECONDS, LIFETIME_SECONDS
from tests.facio_site.run.machines import Site
from tests.processes import wait_for
from tests.simulators import Simulators

TEST = """
from providers.models import Job, Provider, Task
from providers.work import queue
for provider in Provider.objects.all():
    queue.start(provider, Task.CHECK)
"""
ENDS = "SELECT kind, status, outcome FROM providers_job j JOIN providers_provider p "
ENDS += "ON p.id = j.provider_id ORDER BY kind"
STATES = """
from facio_site.accounts.models import Invitation
print([Invitation.objects.of_token(token).state for token in {tokens}])
"""
AGAIN = [pytest.param(number, marks=pytest.mark.long) for number in (1, 2)]
pytestmark = [pytest.mark.alike, pytest.mark.journey]


@pytest.mark.parametrize("_time", [0, *AGAIN])
def test_s83_parts_and_the_step_before_them_may_start_at_once_on_an_empty_database(
    together: Site, _time: int
) -> None:
    webs = [together.start("--web") for _ in range(2)]
    workers = [together.start("--worker") for _ in range(2)]
    step = together.manage("migrate_site")
    assert step.returncode == 0, step.stderr
    wait_for(lambda: all(part.is_up() for part in workers), seconds=90)
    wait_for(lambda: together.all_ready(*webs), seconds=90)
    wait_for(lambda: together.workers() == 2, seconds=30)


@pytest.mark.long
@pytest.mark.parametrize("_time", range(3))
def test_s83_whole_sites_may_start_at_once_and_each_link_makes_the_owner(
    together: Site, _time: int
) -> None:
    both = [together.start() for _ in range(2)]
    wait_for(lambda: together.all_ready(*both), seconds=90)
    tokens = [part.link.partition("token=")[2] for part in both]
    assert together.python(STATES.format(tokens=tokens)) == "['open', 'open']"


@pytest.mark.long
def test_of_several_workers_one_beats_and_another_takes_over_when_it_is_killed(
    together: Site,
) -> None:
    assert together.manage("migrate_site").returncode == 0
    workers = [together.started("--worker") for _ in range(2)]
    wait_for(lambda: together.workers() == 2, seconds=30)
    wait_for(together.whose_turn, seconds=10)
    turns = set()
    for _look in range(50):
        turns.add(together.whose_turn())
        time.sleep(0.2)
    assert len(turns - {""}) == 1
    seen = "SELECT seen_at FROM facio_site_sitebroker"
    wait_for(lambda: together.rows(seen), seconds=15)
    for part in workers:
        part.kill()
        again = together.started("--worker")
        wait_for(lambda: together.workers() == 2, seconds=30)
        last = together.rows(seen)
        wait_for(lambda last=last: together.rows(seen) > last, seconds=25)
        assert again.process.poll() is None


def set_up(together: Site, simulators: Simulators) -> None:
    """Four providers, of which the first one never answers."""
    together.simulators = simulators
    for kind in ("openrouter", "groq", "mistral", "deepseek"):
        word = "hang" if kind == "openrouter" else "good"
        given = json.dumps({"apiKey": f"sk-or-v1-demo-{word}-0123456789"})
        done = together.manage("set_provider", kind, given=given)
        assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_a_worker_takes_no_more_than_it_has_threads(together: Site, simulators: Simulators) -> None:
    set_up(together, simulators)
    together.started("--worker", WORKER_CONCURRENCY="1", TEST_SECONDS="60")
    wait_for(lambda: together.workers() == 1, seconds=30)
    together.python(TEST.replace("all()", "filter(kind='openrouter')"))
    wait_for(lambda: together.rows(ENDS) == [("openrouter", "running", "")])
    together.python(TEST.replace("all()", "exclude(kind='openrouter')"))
    time.sleep(1)
    assert together.messages("providers.tasks.check_provider") == 3
    together.write("UPDATE providers_job SET status = 'cancelled' WHERE status = 'running'")
    wait_for(lambda: not together.messages("providers.tasks.check_provider"), seconds=30)
    wait_for(lambda: all(status != "queued" for _, status, _ in together.rows(ENDS)), seconds=30)


@pytest.mark.long
def test_s79_a_killed_worker_of_two_loses_no_job_and_its_call_ends_before_its_deadline(
    together: Site, simulators: Simulators
) -> None:
    set_up(together, simulators)
    first = together.started("--worker", WORKER_CONCURRENCY="1", TEST_SECONDS="60")
    wait_for(lambda: together.workers() == 1, seconds=30)
    together.python(TEST.replace("all()", "filter(kind='openrouter')"))
    wait_for(lambda: together.rows(ENDS) == [("openrouter", "running", "")])
    second = together.started("--worker")
    wait_for(lambda: together.workers() == 2, seconds=30)
    time.sleep(LIFETIME_SECONDS + 2 * BEAT_SECONDS)  # what a fresh worker looks after is done
    together.python(TEST.replace("all()", "exclude(kind='openrouter')"))
    first.kill()
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: all(status == "done" for _, status, _ in together.rows(ENDS)), seconds=30)
    ends = together.rows(ENDS)
    assert {status for _, status, _ in ends} == {"done"}, ends
    assert [kind for kind, _, outcome in ends if outcome == "no_answer"] == ["openrouter"]
    assert second.process.poll() is None
