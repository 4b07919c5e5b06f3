"""import_config: what it prints, what it saves, how it ends."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings

from facio_site.audit.models import AuditEntry
from facio_site.commands import UsageError
from facio_site.strictjson import read_json, write_json
from providers.models import Provider
from routing.config.schema import problems
from routing.models import BaseDocument, ConfigVersion, Route
from tests.desk import saved
from tests.routing.config.desk import KEY, exported
from tests.routing.config.drawn import documents

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
WHOLE: dict[str, Any] = {
    "providers": {"openai": {"apiKey": KEY}, "groq": {"apiKey": "***"}},
    "agents": {"defaults": {"model": "gpt-5", "provider": "auto"}},
    "channels": {"telegram": {"token": "tele-gram-token"}},
}


def imported(path: Path | str, *words: str) -> str:
    out = io.StringIO()
    call_command("import_config", str(path), *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(write_json(WHOLE))
    return path


def test_it_shows_the_changes_marks_risky_parts_and_saves_nothing(file: Path) -> None:
    lines = imported(file).splitlines()

    assert "  + providers.openai.apiKey: - -> set" in lines
    assert "  + agents.defaults.model: - -> gpt-5" in lines
    assert "! + channels.telegram.token: - -> set" in lines
    assert "! channels.telegram.token: grants access" in lines
    assert "  taken over as it stands: channels" in lines
    assert any(line.startswith("  warning: providers.groq.apiKey: a mask") for line in lines)
    assert lines[-1].endswith("Nothing was saved; --apply does it.")
    assert KEY not in "".join(lines)
    assert "tele-gram-token" not in "".join(lines)
    assert not Provider.objects.exists()
    assert not BaseDocument.objects.exists()
    assert not AuditEntry.objects.exists()


def test_plain_http_at_the_same_host_is_not_called_elsewhere(file: Path) -> None:
    base = "http://api.openai.com/v1"
    file.write_text(write_json({"providers": {"openai": {"apiKey": KEY, "apiBase": base}}}))
    assert "! providers.openai: sends secrets unencrypted: plain http" in imported(file)


def test_apply_saves_and_is_the_consent_to_risky_parts(file: Path) -> None:
    assert imported(file, "--apply").splitlines()[-1].endswith("saved.")
    assert json.loads(exported("--secrets", "keys")) == WHOLE
    assert AuditEntry.objects.get(action="config.imported").target == "config.json"
    assert "0 changes" in imported(file)


@pytest.mark.parametrize(("key", "is_kept"), [(KEY, True), ("sk-proj-" + "z" * 40, False)])
def test_the_day_that_was_noted_of_a_key_goes_with_it(file: Path, key: str, is_kept: bool) -> None:
    row = saved("openai", key)
    row.key_expires_on = date(2027, 1, 31)
    row.store()
    imported(file, "--apply")
    assert (Provider.objects.get(kind="openai").key_expires_on is not None) is is_kept


def test_replace_is_the_default_and_merge_keeps_what_the_file_lacks(file: Path) -> None:
    saved("mistral", "0123456789abcdef")
    imported(file, "--apply", "--merge")
    assert Provider.objects.filter(kind="mistral").exists()
    imported(file, "--apply")
    assert not Provider.objects.filter(kind="mistral").exists()
    assert ConfigVersion.objects.count() == 2


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(f"OPENAI_API_KEY={KEY}\nFACIO_MODEL=gpt-5\n".encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    imported("-", "--apply")
    assert Provider.objects.get().kind == "openai"
    assert Route.objects.get().model == "gpt-5"


def test_the_key_of_an_export_with_references_stays_unless_it_is_dropped(tmp_path: Path) -> None:
    saved("openai", KEY)
    path = tmp_path / "env.json"
    call_command("export_config", str(path))
    assert "0 changes" in imported(path)
    assert "0 changes" in imported(path, "--keep-keys")
    assert "set -> ${OPENAI_API_KEY}" in imported(path, "--drop-keys")


def test_one_change_is_no_plural(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"OPENAI_API_KEY={KEY}\n")
    assert ": 1 change. Nothing was saved" in imported(path)
    assert imported(path, "--apply").endswith(": 1 change saved.\n")


AZURE = "curl 'https://x.openai.azure.com/openai/deployments/{}/chat/completions'"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"{AZURE.format('gpt-main')} -H 'api-key: {KEY}'", 3),
        (f"{AZURE.format('x' * 129)} -H 'api-key: {KEY}'", 2),  # no form takes that name
        (f"OPENAI_API_KEY={KEY}\nFACIO_MODEL=gpt-5\n", 3),  # the key, a model and its provider
        (
            json.dumps(
                {
                    "providers": {
                        "openai": {"apiKey": KEY, "extraHeaders": {"x-a": "1", "x-b": "2"}},
                        "corp": {"apiKey": KEY, "apiBase": "https://llm.example.com/v1"},
                    },
                    "agents": {"defaults": {"model": "gpt-5", "temperature": 0.5}},
                    "channels": {"telegram": {"token": "tele-gram-token"}},
                }
            ),
            8,
        ),
    ],
    ids=["deployment", "long name", "env", "config"],
)
def test_what_is_saved_is_counted_as_it_is_shown(tmp_path: Path, text: str, count: int) -> None:
    path = tmp_path / "pasted"
    path.write_text(text)
    *lines, end = imported(path, "--apply").splitlines()
    assert len([line for line in lines if line[2:3] in ("+", "-", "~")]) == count
    assert end.endswith(f": {count} changes saved.")
    assert ": 0 changes. Nothing" in imported(path)


def test_a_deployment_alone_is_a_change(tmp_path: Path) -> None:
    saved("azure_openai", KEY, api_base="https://x.openai.azure.com")
    path = tmp_path / "line"
    path.write_text(f"{AZURE.format('gpt-main')} -H 'api-key: {KEY}'")
    assert imported(path, "--apply").endswith("curl: 1 change saved.\n")
    assert Provider.objects.get().values["deployments"] == ["gpt-main"]
    assert imported(path, "--apply").endswith("curl: 0 changes saved.\n")


def test_a_bare_key_needs_its_provider(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("0123456789abcdef0123456789abcdef\n")
    with pytest.raises(CommandError, match="--kind"):
        imported(path)
    imported(path, "--kind", "mistral", "--apply")
    assert Provider.objects.get().kind == "mistral"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": NaN}', "a is not a number that JSON can hold, or has too many digits."),
        (b"{", "Line 1, column 2: the text ends too early, as if it was cut off."),
        (b"x" * 1_000_100, "The file has 1000001 bytes; at most 1000000 are read."),
        (b'{"agents": []}', "The agent would not load this. agents must be an object."),
    ],
)
def test_s40_a_bad_file_ends_with_1_and_one_line(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(CommandError) as caught:
        imported(path, "--apply")
    assert (str(caught.value), caught.value.returncode) == (said, 1)
    assert not BaseDocument.objects.exists()


def test_a_missing_file_ends_with_1_and_bad_words_with_2(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as missing:
        imported(tmp_path / "nothing.json")
    assert missing.value.returncode == 1
    with pytest.raises(UsageError) as unknown:
        imported(tmp_path / "nothing.json", "--kind", "nobody")
    assert unknown.value.returncode == 2
    with pytest.raises(UsageError):
        call_command("import_config")


def test_an_import_that_fails_halfway_saves_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved("mistral", "0123456789abcdef")
    monkeypatch.setattr(BaseDocument, "put", lambda document: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        imported(file, "--apply")
    assert [row.kind for row in Provider.objects.all()] == ["mistral"]
    assert not ConfigVersion.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.battery
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(document=documents().filter(lambda document: not problems(document)))
def test_import_then_export_gives_an_equal_document(tmp_path: Path, document: Any) -> None:
    """Each over what the one before left here."""
    path = tmp_path / "drawn.json"
    path.write_text(write_json(document))
    told = imported(path, "--apply")
    masks = [one for one in _texts(document) if one == "***"]
    back = read_json(exported("--secrets", "keys").encode())
    if not masks and "  ignored: " not in told:  # in place of what is ignored the stored one stays
        assert json.dumps(back) == json.dumps(document)
    text = exported("--secrets", "keys")
    path.write_text(text)
    imported(path, "--apply")
    assert exported("--secrets", "keys") == text


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def test_a_second_spelling_is_told_and_kept(file: Path) -> None:
    entry = {"apiKey": KEY, "apiBase": "https://llm.example.com/v1"}
    document = {"providers": {"Corp-LLM": entry, "corp_llm": {**entry, "apiKey": KEY[::-1]}}}
    file.write_text(json.dumps(document))
    told = json.loads(imported(file, "--json", "--apply"))
    assert {one["path"]: one["text"] for one in told["warnings"]} == {
        "providers.corp_llm": "out of reach: the agent takes this name for Corp-LLM"
    }
    assert read_json(exported("--secrets", "keys").encode()) == document
