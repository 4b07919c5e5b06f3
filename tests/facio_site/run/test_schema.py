"""The database before a start: away, older, newer, or another site's."""

import re
import shutil
import time

import pytest

from facio_site import boot, schema
from tests.facio_site.run.machines import Site, forwarding, until_it_says
from tests.lanes import free_port, redis_server
from tests.processes import wait_for

pytestmark = [pytest.mark.alike, pytest.mark.journey]
FORGET = "DELETE FROM django_migrations WHERE app = 'facio_site'"
LATER = "INSERT INTO django_migrations (app, name, applied) VALUES ('providers', '9999_x', now())"


@pytest.mark.long
def test_s83_a_database_that_is_not_there_yet_is_waited_for_by_host_and_port(
    together: Site,
) -> None:
    """As a server that comes up later: nobody listens at its port yet, then it leads on."""
    port = free_port()
    real = int(re.search(r":(\d+)/", together.database)[1])  # type: ignore[index]
    url = together.database.replace(f":{real}/", f":{port}/").replace(":none@", ":hunter2@")
    part = together.start(DATABASE_URL=url)
    until_it_says(part, f"waiting for the database at 127.0.0.1:{port}")
    time.sleep(1)
    assert part.process.poll() is None
    with forwarding(port, real):
        wait_for(lambda: together.all_ready(part), seconds=90)
        part.stop()
    assert "hunter2" not in part.said()


def test_s83_the_wait_ends_after_a_minute_with_a_sentence_and_without_the_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    said: list[str] = []
    monkeypatch.setattr(schema, "why_absent", lambda: "Connection refused")
    monkeypatch.setattr(schema, "place", lambda: "db.example:5432")
    monkeypatch.setattr(schema.time, "monotonic", lambda: now[0])
    with pytest.raises(schema.Refused, match=r"at db.example:5432 does not answer: Connection ref"):
        schema.wait(said.append, lambda seconds: now.__setitem__(0, now[0] + seconds))
    assert 60 <= now[0] < 62
    [told] = said
    assert told.startswith("waiting for the database at db.example:5432, a minute at most (Con")


@pytest.mark.long
def test_s84_older_code_refuses_a_newer_database_at_the_start_and_in_commands(
    together: Site,
) -> None:
    assert together.manage("migrate_site").returncode == 0
    together.write(LATER)
    for words in ((), ("--worker",)):
        assert together.refused(*words) == f"facio: {schema.NEWER}\n"
    for command in ("migrate_site", "check_providers"):
        done = together.manage(command)
        assert done.returncode == 1
        assert done.stderr.removeprefix("CommandError: ") == f"{schema.NEWER}\n"


@pytest.mark.long
def test_commands_make_an_empty_database_and_migrate_no_older_one(together: Site) -> None:
    assert "/setup/?token=" in together.manage("setup_link").stdout
    together.write("DROP TABLE facio_site_sitekey, facio_site_sitebroker")
    together.write(FORGET)
    done = together.manage("setup_link")
    assert (done.returncode, done.stderr) == (1, f"{schema.RUN_MIGRATE}\n")
    assert together.rows("SELECT 1 FROM django_migrations WHERE app = 'facio_site'") == []
    assert together.manage("migrate_site").returncode == 0
    assert "/setup/?token=" in together.manage("setup_link").stdout


@pytest.mark.long
def test_a_part_alone_waits_for_the_tables_and_does_not_make_them(together: Site) -> None:
    part = together.start("--worker")
    until_it_says(part, "the database is empty: waiting for migrate_site, a minute at most")
    assert together.rows("SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
    assert together.manage("migrate_site").returncode == 0
    wait_for(part.is_up, seconds=60)


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL"])
def test_a_part_alone_wants_database_and_broker(together: Site, missing: str) -> None:
    said = together.refused("--web", **{missing: "UNSET"})
    assert said == "facio: a part alone (--web) wants DATABASE_URL and REDIS_URL.\n"


@pytest.mark.long
@pytest.mark.parametrize("part", ["--worker", "--web"])
def test_a_part_alone_refuses_a_bad_setting_before_it_waits(together: Site, part: str) -> None:
    given = {"PUBLIC_URL": "https://facio.example", "OUTBOUND_ALLOW": "everything!"}
    *before, last = together.refused(part, **given).splitlines()
    assert last.startswith("facio: manage.py check failed: OUTBOUND_ALLOW has a bad token")
    assert ["TRUSTED_PROXY_COUNT is 0" in line for line in before] == [True] * (part == "--web")


@pytest.mark.parametrize("command", ["runserver", "showmigrations", "shell", "prune"])
def test_no_command_works_on_a_newer_database(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(schema, "state", lambda: schema.State.NEWER)
    with pytest.raises(schema.Refused, match="of a newer release"):
        boot.prepare(["manage.py", command])


@pytest.mark.long
def test_s84_two_sites_on_one_database_without_a_common_broker_are_refused(
    together: Site,
) -> None:
    first = together.started()
    program = shutil.which("redis-server")
    assert program
    with redis_server(program) as other:
        for words, url in (((), other), ((), "UNSET"), (("--worker",), other)):
            said = together.refused(*words, REDIS_URL=url)
            assert "Another site works on this database with another broker" in said
    assert all(first.ready().values())


@pytest.mark.long
def test_s84_after_a_stop_or_a_crash_another_broker_is_taken(together: Site) -> None:
    together.started().stop()
    second = together.started(REDIS_URL="UNSET")
    second.kill()
    third = together.started()
    assert "another broker was used with this database just now" in third.said()


@pytest.mark.long
def test_two_that_begin_at_once_with_brokers_of_their_own_do_not_both_stay(
    together: Site,
) -> None:
    both = [together.start(REDIS_URL="UNSET") for _ in range(2)]
    wait_for(lambda: any(part.process.poll() is not None for part in both), seconds=90)
    [gone] = [part for part in both if part.process.poll() is not None]
    [stays] = [part for part in both if part is not gone]
    assert "Another site works on this database" in gone.said()
    wait_for(lambda: together.all_ready(stays), seconds=60)


@pytest.mark.long
def test_several_parts_share_a_state_folder_and_a_whole_site_does_not(together: Site) -> None:
    assert together.manage("migrate_site").returncode == 0
    parts = [together.start(word, state="one") for word in ("--web", "--web", "--worker")]
    wait_for(lambda: all(part.is_up() for part in parts), seconds=90)
    assert "already running" in together.refused(state="one")
    for part in parts:
        part.stop()
        assert part.process.returncode == 0
    left = {path.name for path in (together.folder / "one").iterdir()}
    assert left == {"logs", "static"}
