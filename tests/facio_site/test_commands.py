"""What our own commands of the site say, and when they still work."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from facio_site import sealing
from facio_site.management.commands import make_master_key
from tests.desk import saved


def test_a_key_is_made_while_the_file_that_it_is_for_is_still_empty(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As by `make_master_key > FILE` where FILE is the MASTER_KEY_FILE already."""
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], tmp_path / "master_keys"
    settings.MASTER_KEY_FILE.touch()
    make_master_key.Command().run_from_argv(["manage.py", "make_master_key"])
    assert sealing.parse_master_key(capsys.readouterr().out)


@pytest.mark.django_db(transaction=True)
def test_migrate_site_tells_a_wrong_key_in_one_line(settings: Any) -> None:
    saved()
    settings.MASTER_KEYS = [sealing.new_master_key()]
    with pytest.raises(CommandError, match=r"^The master key is another one") as told:
        call_command("migrate_site")
    assert "\n" not in str(told.value)


def test_prune_names_each_kind_that_goes_with_time(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("prune", "--help")
    told = " ".join(capsys.readouterr().out.split())
    for kind in ("jobs", "sessions", "links", "counters", "versions", "health", "outages"):
        assert kind in told
    assert "alerts and counts of paid calls" in told
