"""Secrets that go through the whole machine and may stand nowhere but sealed.

Everything that passes the broker is listened to, everything that stays is read, and so is what the
worker writes when it writes all it can. Each place is shown to be one where a leak would be seen.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.apps import apps
from django.db import connection

from providers import broker
from providers.models import Draft, Job, Provider, Task
from tests import processes
from tests.journeys.conftest import Hire
from tests.journeys.desk import Desk
from tests.security import sweep
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

SAVED, TYPED, REFUSED = (
    "sk-or-v1-demo-good-canary+saved/9f8e7d6c5b4a",
    "gsk_demo_good_canary+typed/0f1e2d3c4b5a6978",
    "sk-proj-demo-bad-canary+refused/1a2b3c4d5e6f",
)
HEADER, BODY = "canary+header/7c6b5a49382716", "canary+body/8d7c6b5a49382716"
CANARIES = (SAVED, TYPED, REFUSED, HEADER, BODY)


def forms(secret: str) -> list[bytes]:
    """How it could stand somewhere: plain, encoded, backwards, in halves."""
    half = len(secret) // 2
    pieces = [secret, secret[:half], secret[half:], secret[::-1]]
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return [piece.encode() for piece in (*pieces, quote(secret, safe=""), encoded)]


def leaks(text: bytes) -> list[str]:
    return [f"{n}: {form!r}" for n, s in enumerate(CANARIES) for form in forms(s) if form in text]


@contextmanager
def overheard(url: str) -> Iterator[list[bytes]]:
    """Every command that reaches the broker while this lasts."""
    said: list[bytes] = []
    client = redis.Redis.from_url(url)
    begun = threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            begun.set()
            for command in monitor.listen():
                said.append(command["command"].encode())
                if "end of the test" in command["command"]:
                    return

    ear = threading.Thread(target=listen)
    ear.start()
    begun.wait(5)
    try:
        yield said
    finally:
        client.echo("end of the test")
        ear.join(5)
        client.close()


def kept_by(url: str) -> bytes:
    """All keys of the broker with what they hold."""
    with redis.Redis.from_url(url) as client:
        return b"\n".join(key + b" " + (client.dump(key) or b"") for key in client.scan_iter("*"))


def rows() -> bytes:
    """Every column of every table, as Python shows it; sealed boxes as they stand there."""
    models = [model for model in apps.get_models() if model._meta.managed]
    return "\n".join(repr(list(model._default_manager.values())) for model in models).encode()


def files() -> bytes:
    """The database as it lies on the disk, with its journal."""
    name = Path(str(connection.settings_dict["NAME"]))
    return sweep.read_apart(name.parent.glob(f"{name.name}*"))


def test_s30_no_secret_passes_the_broker_or_stays_in_a_row_a_log_or_an_answer(
    alone: Desk, hire: Hire, own_broker: str, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    worker = hire(log=log, DJANGO_SETTINGS_MODULE="tests.journeys.loud")
    answers: list[str] = []
    with overheard(own_broker) as said:
        headers, body = f"X-Team: {HEADER}", json.dumps({"tag": BODY})
        alone.save("openrouter", api_key=SAVED, extra_headers=headers, extra_body=body)
        for kind, key in (("openrouter", ""), ("groq", TYPED), ("openai", REFUSED)):
            answers.append(alone.press(kind, "", api_key=key, **_kept(kind)))
            alone.ended(alone.job(kind))
            answers.append(alone.press(kind, "", what="catalog", api_key=key, **_kept(kind)))
            alone.ended(alone.job(kind, Task.FETCH))
            answers.append(alone.page(f"/providers/{kind}/"))
        answers += [alone.page(path) for path in ("/providers/", "/activity/", "/config/", "/")]
        kept = kept_by(own_broker)
    assert {job.outcome for job in Job.objects.filter(task=Task.CHECK)} == {"ok", "bad_key"}
    assert Draft.objects.count() == 2
    processes.stop(worker)
    transcript, written = b"\n".join(said), log.read_bytes()

    assert leaks(transcript) == []
    assert leaks(kept) == []
    assert leaks(rows()) == []
    assert leaks(written) == []
    assert leaks("".join(answers).encode()) == []
    if connection.vendor == "sqlite":
        assert leaks(files()) == []

    # Each place is one that was really looked at.
    ids = [str(job.pk).encode() for job in Job.objects.all()]
    assert all(pk in transcript for pk in ids)
    assert broker._HEARTBEAT.encode() in kept
    assert Provider.objects.get(kind="openrouter").sealed["api_key"]["box"].encode() in rows()
    assert b"DEBUG" in written
    assert any(pk in written for pk in ids)
    assert "demo-good" not in "".join(answers)
    assert "5b4a" in "".join(answers)


def _kept(kind: str) -> dict[str, Any]:
    """What the form of a saved provider sends back for what is stored: masks."""
    if kind != "openrouter":
        return {}
    return {"extra_headers": "X-Team: ***", "extra_body": json.dumps({"tag": "***"})}


@pytest.mark.parametrize("secret", CANARIES)
def test_a_leak_would_be_seen_in_each_form(secret: str) -> None:
    for form in forms(secret):
        assert leaks(b"before " + form + b" after")
    assert leaks(demo_key("openrouter").encode()) == []


def test_a_leak_would_be_heard_and_read(alone: Desk, own_broker: str) -> None:
    with overheard(own_broker) as said, redis.Redis.from_url(own_broker) as client:
        client.set("some key", SAVED)
        assert leaks(kept_by(own_broker))
    assert leaks(b"\n".join(said))
    Provider(kind="groq", values={"note": TYPED}).save()
    assert leaks(rows())
    if connection.vendor == "sqlite":
        assert leaks(files())
