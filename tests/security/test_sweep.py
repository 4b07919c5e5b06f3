"""Each place of the sweep is shown to be one where the canary would be seen, and a run to fail."""

import base64
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from django.conf import settings as django_settings
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from facio_site.audit import record
from providers.models import Provider
from tests import outside, processes
from tests.processes import ROOT
from tests.security import sweep
from tests.simulators.entries import demo_key


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Findings of this test only, in a file of its own."""
    path = tmp_path / "findings"
    path.touch()
    monkeypatch.setattr(sweep, "findings", lambda: path)
    return path


@pytest.mark.parametrize("kind", ["openrouter", "anthropic", "bedrock", "zhipu", "ollama"])
def test_the_canary_is_in_every_demo_key(kind: str) -> None:
    assert sweep.CANARY in demo_key(kind)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("plain", sweep.CANARY),
        ("reversed", sweep.CANARY[::-1]),
        ("first half", sweep.CANARY[: len(sweep.CANARY) // 2]),
        ("second half", sweep.CANARY[len(sweep.CANARY) // 2 :]),
        ("URL-encoded", "".join(f"%{ord(c):02X}" for c in sweep.CANARY)),
        ("plain", quote(f"Bearer {sweep.CANARY}")),
        *(
            ("base64", base64.b64encode(f"{before}{sweep.CANARY} after".encode()).decode())
            for before in ("", "a", "ab", "abc", "Bearer sk-or-v1-demo-")
        ),
    ],
    ids=lambda text: text[:4],  # they are printed, and a printed canary would be found
)
def test_the_canary_is_seen_in_each_form(form: str, text: str) -> None:
    assert form in sweep.found(f"before {text} after".encode())


def test_a_leak_in_an_answer_would_be_seen(control: Path) -> None:
    for answer in (HttpResponse(sweep.CANARY), HttpResponse(headers={"X-Key": sweep.CANARY})):
        sweep.watch_responses(lambda _request, it=answer: it)(RequestFactory().get("/page/"))
    assert control.read_text().count("answer: plain") == 2


def test_a_leak_in_a_streamed_answer_would_be_seen(control: Path) -> None:
    answer = StreamingHttpResponse(iter([b"one line", sweep.CANARY.encode()]))
    watched = sweep.watch_responses(lambda _request: answer)(RequestFactory().get("/page/"))
    assert b"".join(watched.streaming_content).endswith(sweep.CANARY.encode())
    assert "answer: plain" in control.read_text()


@pytest.mark.django_db
def test_a_leak_into_the_database_would_be_seen_even_when_it_is_rolled_back(control: Path) -> None:
    Provider(kind="groq", values={"note": sweep.CANARY}).save()
    Provider.objects.update(api_base=sweep.CANARY[::-1])
    said = control.read_text()
    assert "database: plain" in said
    assert "database: reversed" in said


@pytest.mark.django_db
def test_a_leak_in_the_audit_would_be_seen(control: Path) -> None:
    record("provider.saved", actor=None, target=sweep.CANARY)
    assert "database: plain" in control.read_text()
    sweep.look_at_audit()
    assert "audit: plain" in control.read_text()


def test_a_leak_in_a_temporary_file_would_be_seen(
    control: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    (tmp_path / "facio-upload").mkdir()
    for path in (tmp_path / "left", tmp_path / "facio-upload" / "left"):
        path.write_text(sweep.CANARY)
    sweep.look_at_temp()
    said = control.read_text().splitlines()
    assert [line.partition(":")[0] for line in said] == ["temporary file"] * len(said)
    assert sum("plain" in line for line in said) == 2


def test_the_answers_of_the_site_are_looked_at() -> None:
    assert django_settings.MIDDLEWARE[0] == "tests.security.sweep.watch_responses"


def test_a_leak_in_a_log_would_be_seen_at_debug_and_before_the_mask(control: Path) -> None:
    logging.getLogger("providers.work.tasks").debug("a key: %s", demo_key("openrouter"))
    logging.getLogger("somebody.else").warning("?key=%s", sweep.CANARY)
    said = control.read_text()
    assert "log: plain providers.work.tasks" in said
    assert "log: plain somebody.else" in said


def test_a_leak_in_a_command_line_would_be_seen() -> None:
    program = "import sys; sys.stdin.read()"
    argv = [sys.executable, "-c", program, sweep.CANARY, sweep.CONTROL.decode()]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        try:
            processes.wait_for(
                lambda: any(
                    pid == process.pid and sweep.found(line)
                    for pid, line in sweep.command_lines({})
                )
            )
        finally:
            process.communicate()


def test_a_leak_in_a_file_would_be_seen(control: Path, tmp_path: Path) -> None:
    (tmp_path / "left").write_text(f"...{sweep.CANARY}...")
    assert sweep.look_at_files(tmp_path) == 1
    assert "file: plain" in control.read_text()


def test_a_leak_in_the_broker_would_be_seen(control: Path, broker_url: str) -> None:
    with redis.Redis.from_url(broker_url) as client:
        client.set("a key", sweep.CANARY)
        sweep.look_at_broker(broker_url)
        client.delete("a key")
    assert "broker: plain" in control.read_text()


@pytest.mark.django_db(transaction=True)
def test_a_leak_in_the_database_would_be_seen() -> None:
    """In a form that is not searched for, so that the real ones stay clean."""
    Provider(kind="groq", values={"note": sweep.CANARY[::-1].upper()}).save()
    assert sweep.CANARY[::-1].upper().encode() in sweep.stored()


@pytest.mark.parametrize(
    "address", [("192.0.2.1", 443), ("2001:db8::1", 443, 0, 0), ("169.254.169.254", 80)]
)
def test_a_connection_to_the_outside_would_be_refused_and_seen(
    address: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "_places", [tmp_path / "outside"])
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(OSError, match="outside"):
        sock.connect(address)
    assert address[0] in (tmp_path / "outside").read_text()


LEAK = """
import logging, socket
from contextlib import suppress
from tests.security import sweep

def test_s():
    {leak}
"""


@pytest.mark.battery
@pytest.mark.parametrize(
    ("leak", "said"),
    [
        ("logging.warning('a key: %s', sweep.CANARY)", "log: plain root"),
        pytest.param(
            *("with suppress(OSError): socket.create_connection(('192.0.2.1', 1))", "192.0.2.1"),
            marks=pytest.mark.long,
        ),
        pytest.param("pass", "", marks=pytest.mark.long),
    ],
)
def test_s28_a_run_with_the_canary_in_clear_or_a_call_to_the_outside_fails_at_its_end(
    tmp_path: Path, leak: str, said: str
) -> None:
    (tmp_path / "test_leak.py").write_text(LEAK.format(leak=leak))
    options = ["-p", "tests.conftest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", tmp_path]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_leak.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert said in done.stdout, done.stdout
    assert done.returncode == (1 if said else 0), done.stdout
    assert "1 passed" in done.stdout
