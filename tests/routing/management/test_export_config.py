"""export_config: the file, its rights, and that the agent's ancestor loads it in every mode."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.timezone import now

from facio_site.audit.models import AuditEntry
from facio_site.commands import UsageError
from providers.kinds import KINDS
from providers.models import Provider
from routing.models import Route
from tests.desk import saved
from tests.routing.config.desk import KEY, exported
from tests.routing.conftest import Ask

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
BASES = {"azure_openai": "https://x.openai.azure.com", "custom": "https://models.example/v1"}


@pytest.fixture
def every_kind() -> None:
    """All kinds set up, with all that a provider can hold."""
    for kind, spec in KINDS.items():
        if spec.is_oauth:
            continue
        values = {"region": "eu-west-1", "profile": "bot"} if kind == "bedrock" else {}
        base = BASES.get(kind, "http://models.example:8000/v1" if spec.is_local else "")
        row = Provider(kind=kind, api_base=base, values=values)
        row.put_secret("api_key", KEY)
        if spec.has_extra_headers:
            row.put_mapping("extra_headers", {"X-Team": "blue-team"})
        if spec.has_extra_body:
            row.put_mapping("extra_body", {"top_k": 3})
        row.store()
    for slot, model in (("main", "gpt-5"), ("vision", "gemini-3-pro"), ("image", "fal-ai/flux")):
        Route.objects.create(slot=slot, model=model)


@pytest.mark.nanobot
@pytest.mark.parametrize("mode", ["keys", "env", "redacted"])
def test_nanobot_loads_what_the_command_writes(
    every_kind: None, nanobot: Ask, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / "config.json"
    call_command("export_config", str(path), "--secrets", mode)
    loaded = nanobot("load", text=path.read_text())
    assert "error" not in loaded
    assert loaded["defaults"]["model"] == "gpt-5"
    expected = {"keys": KEY, "env": "${OPENAI_API_KEY}", "redacted": "***"}[mode]
    assert loaded["providers"]["openai"]["apiKey"] == expected


@pytest.mark.parametrize("mode", ["keys", "env", "redacted"])
def test_what_was_noted_of_a_key_and_what_is_known_of_its_money_stays_here(mode: str) -> None:
    saved("deepseek", KEY)
    Route.objects.create(slot="main", model="deepseek-chat")
    before = exported("--secrets", mode)
    Provider.objects.update(key_expires_on=date(2027, 1, 31), money_amount=5, money_at=now())
    assert exported("--secrets", mode) == before


def test_the_file_is_private_and_recorded(tmp_path: Path) -> None:
    saved("openai", KEY)
    path = tmp_path / "config.json"
    call_command("export_config", str(path), "--secrets", "keys")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY in path.read_text()
    assert [one.name for one in tmp_path.iterdir()] == ["config.json"]
    entry = AuditEntry.objects.get(action="config.exported")
    assert (entry.target, entry.result) == (str(path), "keys")


def test_references_are_the_default_and_the_same_state_gives_the_same_bytes() -> None:
    saved("openai", KEY)
    assert KEY not in exported()
    assert "${OPENAI_API_KEY}" in exported()
    assert exported("--secrets", "keys") == exported("--secrets", "keys")


def test_what_can_not_be_written_ends_with_1_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "nowhere" / "c.json", tmp_path / "link", tmp_path):
        with pytest.raises(CommandError) as caught:
            call_command("export_config", str(path))
        assert caught.value.returncode == 1
        assert "\n" not in str(caught.value)
    assert not AuditEntry.objects.exists()


def test_an_unknown_mode_is_bad_usage() -> None:
    with pytest.raises(UsageError) as caught:
        call_command("export_config", "-", "--secrets", "clear")
    assert caught.value.returncode == 2


def test_s33_without_its_audit_row_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("routing.management.commands.export_config.record", refuse)
    with pytest.raises(RuntimeError):
        call_command("export_config", str(tmp_path / "c.json"))
    assert list(tmp_path.iterdir()) == []


def test_s25_without_a_master_key_it_says_so(settings: Any, tmp_path: Path) -> None:
    settings.MASTER_KEYS = []
    with pytest.raises(CommandError, match="master key is missing"):
        call_command("export_config", str(tmp_path / "c.json"))
