"""The master key: rotation that may be killed, a wrong key, a lost key, no key, a bad key."""

import base64
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from facio_site import keys, sealing
from facio_site.models import SiteKey
from facio_site.sealing import site as site_keys
from providers.models import Provider
from tests import stores
from tests.desk import KEY, saved
from tests.facio_site.run.start import refused
from tests.security import command

# The real command on a database of its own


@pytest.fixture(scope="module")
def template(first_start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated state folder with three providers."""
    state = stores.copy(first_start, tmp_path_factory.mktemp("keys") / "state")
    for kind in ("openrouter", "groq", "mistral"):
        done = command.run(
            state, "set_provider", kind, given=json.dumps({"apiKey": f"{KEY}{kind}"})
        )
        assert done.returncode == 0, done.stderr
    return state


@pytest.fixture
def state(template: Path, tmp_path: Path) -> Path:
    return stores.copy(template, tmp_path / "state")


def boxes(state: Path) -> dict[str, str]:
    """Kind -> box of its key, as the database has it."""
    rows = stores.rows(state, "SELECT kind, CAST(sealed AS TEXT) FROM providers_provider")
    return {kind: json.loads(text)["api_key"]["box"] for kind, text in rows}


def put_in_front(state: Path) -> None:
    path = state / "master_keys"
    path.write_text(f"{sealing.new_master_key()}\n{path.read_text()}")


def exported(state: Path, **more: str) -> dict[str, Any]:
    done = command.run(state, "export_config", "-", "--secrets", "keys", **more)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)["providers"]
    return found


@pytest.mark.alike
@pytest.mark.journey
@pytest.mark.long
def test_s24_rotation_killed_at_any_moment_is_finished_by_the_next_run(state: Path) -> None:
    """Enough rows that kills land within the work."""
    fill(state, 400)
    put_in_front(state)
    newest = sealing._parsed(tuple((state / "master_keys").read_text().split()))
    newest_id = next(iter(newest))
    kills_within = 0
    for attempt in range(12):
        process = command.start(state, "rotate_master_key")
        wait_for_progress(state, process, newest_id)
        process.kill()
        process.communicate()
        done, all_rows = progress(state, newest_id)
        kills_within += 0 < done < all_rows
        if done == all_rows or attempt == 3:
            break
    assert kills_within >= 1
    finished = command.run(state, "rotate_master_key")
    assert finished.returncode == 0, finished.stderr
    assert "under old keys: 0, unreadable: 0" in finished.stdout
    (state / "master_keys").write_text((state / "master_keys").read_text().split()[0])
    assert exported(state)["groq"]["apiKey"] == f"{KEY}groq"


def fill(state: Path, count: int) -> None:
    """Copies of what a person may have many of: versions of what was set, sealed under the key."""
    program = (
        "import django; django.setup()\n"
        "from django.db import transaction\n"
        "from routing.models import PendingImport, ConfigVersion\n"
        "with transaction.atomic():\n"
        f"  for n in range({count}):\n"
        "    row = ConfigVersion(number=n + 1, reason='undo')\n"
        "    row.seal('state', 'x' * 2000)\n"
        "    row.save()\n"
    )
    done = command.run(state, "migrate", "--verbosity=0")
    assert done.returncode == 0, done.stderr
    subprocess.run(
        [sys.executable, "-c", program], cwd=command.ROOT, env=command.environ(state), check=True
    )


def progress(state: Path, newest: str) -> tuple[int, int]:
    done = "sum(CASE WHEN CAST(sealed AS TEXT) LIKE ? THEN 1 ELSE 0 END)"
    counts = [
        stores.rows(state, f"SELECT {done}, count(*) FROM {table}", [f"%v1.{newest}%"])[0]
        for table in ("providers_provider", "routing_configversion")
    ]
    return sum(done for done, _ in counts), sum(rows for _, rows in counts)


def wait_for_progress(state: Path, process: Any, newest: str) -> None:
    before = progress(state, newest)[0]
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        if progress(state, newest)[0] > before + 10:
            return
        time.sleep(0.02)


@pytest.mark.alike
@pytest.mark.journey
def test_s23_a_wrong_key_stops_the_start_with_one_sentence(state: Path) -> None:
    (state / "master_keys").write_text(sealing.new_master_key())
    done = command.run(state, "migrate", "--verbosity=0")
    assert done.returncode == 1
    assert "The master key is another one" in done.stderr
    assert KEY not in done.stderr + done.stdout


@pytest.mark.alike
@pytest.mark.journey
def test_s23_the_whole_site_does_not_start_with_a_wrong_key(state: Path) -> None:
    (state / "master_keys").write_text(sealing.new_master_key())
    assert "The master key is another one" in refused(state)


@pytest.mark.long
@pytest.mark.alike
@pytest.mark.journey
def test_s23_a_lost_key_is_given_up_by_name_and_keys_are_typed_again(state: Path) -> None:
    (state / "master_keys").write_text(sealing.new_master_key())
    refused = command.run(state, "rotate_master_key")
    assert refused.returncode == 1
    assert boxes(state)["groq"]
    done = command.run(state, "rotate_master_key", "--forget-unreadable")
    assert (done.returncode, "forgotten: 3" in done.stdout) == (0, True), done.stderr
    assert command.run(state, "migrate", "--verbosity=0").returncode == 0
    typed = command.run(state, "set_provider", "groq", given=json.dumps({"apiKey": KEY}))
    assert typed.returncode == 0, typed.stderr
    assert exported(state)["groq"]["apiKey"] == KEY


@pytest.mark.long
@pytest.mark.alike
@pytest.mark.journey
def test_s25_without_the_key_commands_refuse_and_nothing_is_overwritten(state: Path) -> None:
    before = boxes(state)
    (state / "master_keys").unlink()
    assert command.run(state, "migrate", "--verbosity=0").returncode == 0
    assert command.run(state, "export_config", "-").returncode == 1
    assert command.run(state, "rotate_master_key").returncode == 1
    saved = command.run(state, "set_provider", "groq", given=json.dumps({"apiKey": "gsk_other1"}))
    assert saved.returncode == 1
    assert len(saved.stderr.strip().splitlines()) == 1
    assert not (state / "master_keys").exists()
    assert boxes(state) == before


@pytest.mark.parametrize(
    "key",
    [
        "not base64 at all!",
        *(
            pytest.param(key, marks=pytest.mark.long)
            for key in (
                "short",
                "A" * 43 + "=",
                base64.b64encode(b"0123456789" * 3 + b"01").decode(),
                "c2hvcnQ=",
            )
        ),
    ],
)
@pytest.mark.alike
@pytest.mark.journey
def test_s23_a_key_that_is_none_stops_the_start(tmp_path: Path, key: str) -> None:
    done = command.run(tmp_path, "migrate", "--verbosity=0", MASTER_KEYS=key)
    assert done.returncode == 1
    assert "a master key must" in done.stderr
    assert key not in done.stderr


@pytest.mark.alike
@pytest.mark.journey
@pytest.mark.parametrize(
    "words", [["setup_link"], pytest.param(["migrate", "--verbosity=0"], marks=pytest.mark.long)]
)
def test_s23_a_key_file_without_a_key_is_told_in_a_sentence(
    tmp_path: Path, words: list[str]
) -> None:
    path = tmp_path / "empty"
    path.touch()
    done = command.run(tmp_path / "state", *words, MASTER_KEY_FILE=str(path))
    assert done.returncode == 1
    assert f"{path} holds no key" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.alike
@pytest.mark.journey
def test_s23_the_key_file_is_private_from_its_first_byte(state: Path) -> None:
    assert (state / "master_keys").stat().st_mode & 0o777 == 0o600
    assert (state / "secret_key").stat().st_mode & 0o777 == 0o600


# In this process


@pytest.mark.parametrize(
    "make", [Path.touch, Path.mkdir, lambda path: path.write_bytes(b"\xff\xfe\x00")]
)
def test_s23_a_key_file_that_holds_no_key_or_cannot_be_read_is_a_bad_key(
    settings: Any, tmp_path: Path, make: Any
) -> None:
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], tmp_path / "keys"
    assert sealing.master_keys() == {}
    make(tmp_path / "keys")
    with pytest.raises(sealing.BadMasterKey, match=r"keys (holds|cannot be|is not)"):
        sealing.master_keys()


@pytest.mark.django_db
def test_s25_without_the_key_pages_work_and_forms_refuse(site: Client, settings: Any) -> None:
    row = saved()
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], "/nowhere"
    for path in (
        "/",
        "/providers/",
        "/routing/",
        "/config/",
        "/config/export/",
        "/activity/",
        "/accounts/",
    ):
        assert site.get(path).status_code == 200
    assert "Master key missing" in site.get("/providers/openrouter/").content.decode()
    for path in ("", "check/", "catalog/"):
        answer = site.post(f"/providers/openrouter/{path}", {"api_key": "sk-or-v1-another"})
        assert answer.status_code == 422
        assert "The master key is missing" in answer.content.decode()
    assert site.post("/config/download/", {"secrets": "env"}).status_code == 302
    assert Provider.objects.get().sealed == row.sealed


@pytest.mark.django_db
def test_s23_boxes_name_their_key_so_that_a_wrong_one_shows(settings: Any) -> None:
    assert keys.fits()
    saved()
    right = settings.MASTER_KEYS
    assert keys.fits()
    settings.MASTER_KEYS = [sealing.new_master_key()]
    assert not keys.fits()
    settings.MASTER_KEYS = [sealing.new_master_key(), *right]
    assert keys.fits()
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], "/nowhere"
    assert keys.fits()


@pytest.mark.django_db
@pytest.mark.parametrize("is_own", [True, False])
def test_s23_a_key_that_never_sealed_anything_may_be_another_where_nobody_else_is(
    settings: Any, monkeypatch: pytest.MonkeyPatch, is_own: bool
) -> None:
    monkeypatch.setattr(keys, "is_own_file", lambda: is_own)
    keys.settle()
    settings.MASTER_KEYS = [sealing.new_master_key()]
    keys.settle()
    assert bool(sealing.master_keys()) is is_own
    assert bool(sealing.lacking()) is not is_own


@pytest.mark.django_db
def test_s23_after_an_upgrade_the_first_key_that_seals_something_is_the_newest(
    settings: Any,
) -> None:
    saved()
    [used] = keys.sealed_ids()
    SiteKey.objects.all().delete()  # as version 0.1 left it
    further = sealing.new_master_key()
    settings.MASTER_KEYS = [further, *settings.MASTER_KEYS]
    keys.settle()
    assert site_keys.keys(now=True) == site_keys.Keys(used, frozenset({used}))
    assert len(keys.told()) == 1
    assert "is not the site's yet" in keys.told()[0]
    assert further not in keys.told()[0]


@pytest.mark.django_db
def test_s25_one_damaged_secret_hurts_its_provider_only(site: Client) -> None:
    good, bad = saved(), saved("groq", "gsk_0123456789abcdefgh")
    bad.sealed["api_key"]["box"] = bad.sealed["api_key"]["box"][:-8] + "AAAAAAA="
    bad.save()
    assert site.get("/providers/").status_code == 200
    page = site.get("/providers/groq/")
    assert "Unreadable: type it again" in page.content.decode()
    assert Provider.objects.get(kind="openrouter").open_secret("api_key") is not None
    typed = {"api_key": "gsk_another56789abcdefgh", "api_base": ""}
    assert site.post("/providers/groq/", typed).status_code == 302
    assert Provider.objects.get(kind="groq").open_secret("api_key") is not None
    assert good.kind == "openrouter"


@pytest.mark.django_db
def test_s22_purposes_have_keys_of_their_own(settings: Any) -> None:
    box = sealing.seal("rows", "place", "text")
    with pytest.raises(sealing.Unreadable):
        sealing.unseal("factors", "place", box)
    settings.SECRET_KEY = "another one"
    assert sealing.unseal("rows", "place", box) == "text"


@pytest.mark.django_db
def test_s21_two_boxes_of_one_text_differ_and_a_flipped_byte_does_not_open() -> None:
    one, other = (sealing.seal("rows", "place", "text") for _ in range(2))
    assert one != other
    head, _, body = one.rpartition(".")
    flipped = ("B" if body[20] == "A" else "A").join((body[:20], body[21:]))
    with pytest.raises(sealing.Unreadable):
        sealing.unseal("rows", "place", f"{head}.{flipped}")
