"""Master keys on several machines: one that lacks a key of the site does nothing, and says so."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from facio_site import sealing
from tests.desk import KEY
from tests.facio_site.run.machines import Part, Site, until_it_says
from tests.processes import ROOT, wait_for
from tests.simulators import Simulators

pytestmark = [pytest.mark.alike, pytest.mark.journey]
TEST = """
from providers.models import Job, Provider, Task
from providers.work import queue
job = queue.start(Provider.objects.get(kind="openrouter"), Task.CHECK)
print(job.pk)
"""
OUTCOME = "SELECT status, outcome FROM providers_job ORDER BY created_at DESC LIMIT 1"
BOX = "SELECT split_part(sealed #>> '{api_key,box}', '.', 2) FROM providers_provider WHERE kind = "


def id_of(key: str) -> str:
    return next(iter(sealing._parsed((key,))))


@pytest.fixture
def site(together: Site, simulators: Simulators) -> Site:
    """With a key of a provider, sealed under the one master key."""
    together.simulators = simulators
    save(together, "openrouter")
    return together


def save(site: Site, kind: str, **more: str) -> None:
    given = json.dumps({"apiKey": f"{KEY}-demo-good-{kind}"})
    done = site.manage("set_provider", kind, given=given, **more)
    assert done.returncode == 0, done.stderr


def sealed_under(site: Site, kind: str) -> str:
    [(key_id,)] = site.rows(f"{BOX}'{kind}'")
    return str(key_id)


def is_locked(part: Part) -> bool:
    return part.is_up() and part.ready()["keys"] is False


@pytest.mark.long
def test_s82_a_machine_with_other_keys_starts_locked_says_so_and_takes_no_job(site: Site) -> None:
    other = sealing.new_master_key()
    web, odd = site.start("--web"), site.start("--web", MASTER_KEYS=other)
    worker = site.start("--worker", MASTER_KEYS=other)
    said = f"this machine has not the master key {id_of(site.keys)} that the site uses"
    for part in (odd, worker):
        until_it_says(part, f"{said}: it starts locked and takes no jobs")
    wait_for(lambda: is_locked(odd) and web.is_up() and worker.is_up(), seconds=60)
    assert web.ready() == {"database": True, "broker": True, "worker": False, "keys": True}
    assert site.workers() == 0
    site.python(TEST)
    assert site.rows(OUTCOME) == [("done", "no_worker")]
    good = site.started("--worker")
    wait_for(lambda: site.workers() == 1, seconds=30)
    for _ in range(4):
        site.python(TEST)
        wait_for(lambda: site.rows(OUTCOME)[0][0] == "done")
        assert site.rows(OUTCOME) == [("done", "ok")]
    assert good.process.poll() is None
    given = json.dumps({"apiKey": f"{KEY}-demo-good"})
    assert site.manage("set_provider", "groq", given=given, MASTER_KEYS=other).returncode == 1
    assert all(key not in part.said() for part in site.parts for key in (other, site.keys))


@pytest.mark.long
def test_s82_a_job_that_meets_such_a_machine_all_the_same_ends_with_no_key(site: Site) -> None:
    """A worker that nothing has kept from starting: Celery's own command."""
    words = ["-m", "celery", "-A", "facio_site.celery", "worker", "-P", "threads", "-l", "WARNING"]
    log = site.folder / "celery.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words, "--without-mingle", "--without-gossip"],
            cwd=ROOT,
            env=site.environ(site.folder / "odd", MASTER_KEYS=sealing.new_master_key()),
            stdout=output,
            stderr=output,
        )
    try:
        site.python(TEST.replace("job = ", "queue.broker.workers = lambda: {'w'}\njob = "))
        wait_for(lambda: site.rows(OUTCOME)[0][0] == "done", seconds=30)
        assert site.rows(OUTCOME) == [("done", "no_key")]
        assert site.workers() == 0
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.long
def test_s82_the_newest_seals_by_its_id_whatever_the_order_of_a_list(site: Site) -> None:
    old, new = site.keys, sealing.new_master_key()
    for order in (f"{old},{new}", f"{new},{old}"):
        save(site, "groq", MASTER_KEYS=order)
        assert sealed_under(site, "groq") == id_of(old)
    worker = site.started("--worker", MASTER_KEYS=f"{new},{old}")
    assert f"master key {id_of(new)} is not the site's yet" in worker.said()
    wait_for(lambda: site.workers() == 1, seconds=30)
    site.python(TEST)  # in a process whose list begins with the old one
    wait_for(lambda: site.rows(OUTCOME)[0][0] == "done")
    assert site.rows(OUTCOME) == [("done", "ok")]


@pytest.mark.long
def test_s82_a_rotation_locks_the_machines_without_the_new_key_until_they_have_it(
    site: Site,
) -> None:
    old, new = site.keys, sealing.new_master_key()
    file = site.folder / "keys"
    file.write_text(f"{old}\n")
    by_file = {"MASTER_KEYS": "UNSET", "MASTER_KEY_FILE": str(file)}
    web, worker = site.start("--web", **by_file), site.start("--worker", **by_file)
    wait_for(lambda: site.all_ready(web) and worker.is_up(), seconds=60)
    done = site.manage("rotate_master_key", MASTER_KEYS=f"{new},{old}")
    assert done.returncode == 0, done.stderr
    assert sealed_under(site, "openrouter") == id_of(new)
    wait_for(lambda: is_locked(web) and site.workers() == 0, seconds=20)
    until_it_says(worker, f"this machine has not the master key {id_of(new)}", 20)
    file.write_text(f"{old}\n{new}\n")
    wait_for(lambda: site.all_ready(web) and site.workers() == 1, seconds=30)
    save(site, "groq", **by_file)
    assert sealed_under(site, "groq") == id_of(new)
    site.python(TEST, **by_file)
    wait_for(lambda: site.rows(OUTCOME)[0][0] == "done")
    assert site.rows(OUTCOME) == [("done", "ok")]


@pytest.mark.long
def test_s82_no_key_is_made_for_a_database_elsewhere_that_has_one(site: Site) -> None:
    state = site.folder / "fresh"
    without = {"MASTER_KEYS": "UNSET"}
    part = site.started(state="fresh", **without)
    assert f"has not the master key {id_of(site.keys)}" in part.said()
    assert not (state / "master_keys").exists()
    assert site.manage("migrate_site", state="fresh", **without).returncode == 0
    assert not (state / "master_keys").exists()
    assert sorted(path.name for path in Path(state).glob("*key*")) == []


@pytest.mark.long
def test_s82_of_two_first_starts_without_a_key_only_one_makes_one(together: Site) -> None:
    both = [together.start(state=name, MASTER_KEYS="UNSET") for name in ("one", "two")]
    wait_for(lambda: all(part.is_up() for part in both), seconds=90)
    made = [part for part in both if (part.state / "master_keys").exists()]
    assert len(made) == 1
    wait_for(lambda: sorted(part.ready()["keys"] for part in both) == [False, True])
