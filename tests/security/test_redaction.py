"""The second net under every log, and that each handler hangs over it."""

import logging
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facio_site.sealing.redaction import LONGEST, MASK, Redact, redact
from tests.security import command
from tests.simulators.entries import KEYS

SECRET = "sk-ant-api03-Zm9vYmFyYmF6-0123456789"


@pytest.mark.parametrize("kind", [kind for kind in KEYS if kind not in ("ollama", "zhipu")])
def test_s28_a_key_of_each_kind_is_masked(kind: str) -> None:
    key = KEYS[kind].format("good")
    assert key not in redact(f"the key {key} was refused")


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (f"GET https://api.example/v1/models?key={SECRET} HTTP/1.1", SECRET),
        ("GET https://api.example/v1/models?key=abc HTTP/1.1", "abc"),
        ("http://user:hunter2@proxy.example:3128 answered", "hunter2"),
        ("Illegal header value b'Bearer abc\\n'", "abc"),
        ("Authorization: Custom abc def", "abc"),
        ("Authorization: Custom abc def", "def"),
        ("{'x-api-key': 'short', 'a': 1}", "short"),
        ('{"client_secret": "hunter2", "a": 1}', "hunter2"),
        ('{"password": "with \\" quote and more", "a": 1}', "more"),
        ("[(b'api-key', b'short')]", "short"),
        ("PASSWORD=hunter2", "hunter2"),
        ("Cookie: session=abc; csrf=def", "def"),
        ("Credential=AKIA/20261122, Signature=0badcafe", "0badcafe"),
        ("box v1.0a1b2c3d.Zm9vYmFyYmF6Zm9vYmFyYmF6", "Zm9vYmFy"),
        (f"urlencoded {SECRET.replace('-', '%2D')}", "Zm9vYmFyYmF6"),
    ],
)
def test_s28_what_looks_like_a_secret_is_masked(text: str, gone: str) -> None:
    assert gone not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "job 0f3c1a52-1111-2222-3333-444455556666 ended",
        'File "/srv/lib/python3.11/site-packages/django/core/handlers/base.py", line 197',
        "Not Found: /providers/openrouter/",
        "the token must be a name, an address or a network",
        "providers.tasks.check_provider took 1234 ms",
    ],
)
def test_what_a_log_is_for_stays_readable(text: str) -> None:
    assert redact(text) == text


def record_of(message: str, *args: object, **more: object) -> logging.LogRecord:
    record = logging.LogRecord("x", logging.ERROR, "x.py", 1, message, args, None)
    for name, value in more.items():
        setattr(record, name, value)
    assert Redact().filter(record)
    return record


def test_s28_arguments_exceptions_and_stacks_are_masked() -> None:
    try:
        raise ValueError(f"could not send {SECRET}")
    except ValueError:
        record = record_of("failed with %s", SECRET, exc_info=sys.exc_info(), stack_info=SECRET)
    line = logging.Formatter().format(record)
    assert SECRET not in line
    assert "ValueError" in line
    assert "failed with ***" in line


def test_s28_a_line_is_cut_after_it_was_masked() -> None:
    text = "x " * (LONGEST // 2 - 4) + SECRET
    line = record_of("%s", text).getMessage()
    assert len(line) <= LONGEST + 2
    for start in range(len(SECRET) - 6):
        assert SECRET[start : start + 7] not in line


def test_a_log_call_that_does_not_fit_its_text_hurts_nobody() -> None:
    assert "do not fit" in record_of("%d of %d", "one").getMessage()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=24, max_size=80))
def test_s28_a_long_mixed_token_is_masked_wherever_it_stands(token: str) -> None:
    if any(c.isdigit() for c in token) and any(c.isalpha() for c in token):
        for text in (token, f"key={token}", f'"{token}"', f"({token})", f"a {token}, b"):
            assert token not in redact(text)


@given(st.text(max_size=2000))
def test_any_text_is_masked_without_a_fault(text: str) -> None:
    redact(text)


@pytest.mark.parametrize(
    "piece", ["a", 'secret"', "x-y_", "a.", '"secret":"\\', "aaaa://", "Bearer ", "cookie: ", "?"]
)
def test_hostile_lines_cost_little_time(piece: str) -> None:
    began = time.process_time()
    redact(piece * (200_000 // len(piece)))
    assert time.process_time() - began < 2


LOOK = """
import logging, os
{start}
for name in (None, *logging.root.manager.loggerDict):
    for handler in logging.getLogger(name).handlers:
        if not isinstance(handler, logging.NullHandler):
            kinds = [type(item).__name__ for item in handler.filters]
            print(name or "root", type(handler).__name__, "Redact" in kinds)
"""


@pytest.mark.alike
@pytest.mark.journey
@pytest.mark.parametrize(
    "start",
    [
        "import django; django.setup()",
        "import django; django.setup()\n"
        "from facio_site.celery import app\n"
        "app.log.setup(loglevel='WARNING')",
    ],
    ids=["command", "worker"],
)
def test_s28_every_handler_of_every_process_has_the_filter(start: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(start=start)],
        cwd=command.ROOT,
        env=command.environ(tmp_path),
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert lines, done.stderr
    assert [line for line in lines if not line.endswith("True")] == []
    assert "AdminEmailHandler" not in done.stdout


SERVE = """
import facio_site.wsgi
from gunicorn.config import Config
from gunicorn.glogging import Logger
log = Logger(Config())
log.warning("Invalid HTTP request line: 'GET /setup/?token={secret} x'")
log.exception("Error handling request %s", "/setup/?token={secret}")
"""


@pytest.mark.alike
@pytest.mark.journey
def test_s28_what_the_web_server_quotes_of_a_stranger_is_masked(tmp_path) -> None:  # type: ignore[no-untyped-def]
    done = subprocess.run(
        [sys.executable, "-c", SERVE.format(secret="open-sesame")],
        cwd=command.ROOT,
        env=command.environ(tmp_path),
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert said.count(MASK) == 2, said
    assert "Error handling request /setup/?" in said
    assert "sesame" not in said


@pytest.mark.parametrize(("status", "kept"), [(403, False), (500, True)])
def test_only_a_fault_of_ours_leaves_a_traceback(status: int, kept: bool) -> None:
    try:
        raise ValueError
    except ValueError:
        record = logging.LogRecord("x", logging.WARNING, "", 0, "said", (), sys.exc_info())
    record.status_code = status
    Redact().filter(record)
    assert bool(record.exc_info and record.exc_text) is kept
