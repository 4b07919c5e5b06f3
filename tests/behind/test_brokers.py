"""Brokers with TLS and users: each client verifies them, and a refusal is said in words."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from providers import broker
from tests.behind.servers import Redis, redis_tls
from tests.journeys.stack import running
from tests.processes import ROOT, wait_for
from tests.security import command
from tests.simulators.certs import make_authority

pytestmark = [pytest.mark.alike, pytest.mark.journey]

# What is given to the user of the site.
(RIGHTS,) = re.findall(
    "ACL SETUSER facio on >PASSWORD (.+)", (ROOT / "docs/operating.md").read_text()
)
# The two clients of the site, as the settings make them.
BOTH = """
import json, django
django.setup()
from providers import broker
from facio_site.celery import app
found = {"ours": broker.is_up(), "celery": "ok"}
try:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        connection.default_channel.client.ping()
except Exception as error:
    found["celery"] = broker.in_words(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    folder = tmp_path_factory.mktemp("redis")
    with redis_tls(folder / "a", "--requirepass", "adm") as found:
        url = f"rediss://:adm@127.0.0.1:{found.port}/0?ssl_ca_certs={found.ca}"
        with redis.Redis.from_url(url) as client:
            client.execute_command("ACL", "SETUSER", "facio", "on", ">p/w", *RIGHTS.split())
            client.execute_command("ACL", "SETUSER", "idle", "on", ">pw", "+ping")
        yield found


def asked(state: Path, url: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-c", BOTH],
        cwd=ROOT,
        env=command.environ(state, REDIS_URL=url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found, done.stderr


def test_s85_both_clients_verify_a_broker_by_its_ca(tmp_path: Path, server: Redis) -> None:
    place = f"127.0.0.1:{server.port}/0"
    url = f"rediss://facio:p%2Fw@{place}?ssl_ca_certs={server.ca}"
    assert asked(tmp_path, url)[0] == {"ours": True, "celery": "ok"}
    found, said = asked(tmp_path, f"rediss://facio:p%2Fw@{place}")  # whose CA nobody knows here
    assert found["ours"] is False
    assert "certificate" in found["celery"]
    assert "certificate" in said
    assert "p/w" not in said + str(found)
    assert "p%2Fw" not in said


@pytest.mark.long
def test_s85_a_certificate_of_another_name_is_refused_by_both(tmp_path: Path) -> None:
    with redis_tls(tmp_path / "b", name="redis.example") as other:
        url = f"rediss://127.0.0.1:{other.port}/0?ssl_ca_certs={other.ca}"
        found, _said = asked(tmp_path, url)
    assert found["ours"] is False
    assert "certificate" in found["celery"]


@pytest.mark.long
def test_s85_so_is_one_of_another_authority(tmp_path: Path, server: Redis) -> None:
    ca = tmp_path / "other.pem"
    ca.write_bytes(make_authority("Another CA").pem)
    url = f"rediss://:adm@127.0.0.1:{server.port}/0?ssl_ca_certs={ca}"
    found, _said = asked(tmp_path, url)
    assert found["ours"] is False
    assert "certificate" in found["celery"]


@pytest.mark.parametrize(
    ("login", "sentence"),
    [
        ("facio:wrong@", "refuses the user or the password"),
        ("nobody:wrong@", "refuses the user or the password"),
        ("", "refuses the user or the password"),
        ("idle:pw@", "lacks permissions"),
    ],
)
def test_s85_a_refusal_is_said_once_in_words(
    server: Redis,
    login: str,
    sentence: str,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = f"127.0.0.1:{server.port}/0?ssl_ca_certs={server.ca}"
    settings.REDIS_URL = f"rediss://{login}{place}"
    broker._client.cache_clear()
    monkeypatch.setattr(broker, "_trouble", "")
    for _ in range(3):
        broker._silent_until = 0.0
        assert broker.count_workers() is None
    lines = [one.getMessage() for one in caplog.records if one.name == "facio.broker"]
    assert len(lines) == 1
    assert sentence in lines[0]
    assert "wrong" not in lines[0]
    settings.REDIS_URL = f"rediss://facio:p%2Fw@{place}"
    broker._client.cache_clear()
    assert broker.is_up()
    assert caplog.records[-1].getMessage() == "the broker can be used again"
    broker._client().close()
    broker._client.cache_clear()


def test_s85_tls_on_one_side_only_is_said(
    server: Redis, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = f"redis://:adm@127.0.0.1:{server.port}/0"
    broker._client.cache_clear()
    monkeypatch.setattr(broker, "_trouble", "")
    assert broker.is_up() is False
    assert broker._trouble
    broker._client.cache_clear()


@pytest.mark.long
def test_s85_the_whole_site_runs_on_a_broker_with_tls_and_few_rights(
    tmp_path: Path, server: Redis
) -> None:
    """`running` waits for /readyz, which asks for a worker that has said so over that broker."""
    secret = tmp_path / "redis_url"
    place = f"127.0.0.1:{server.port}/1?ssl_ca_certs={server.ca}"
    secret.write_text(f"rediss://facio:p%2Fw@{place}\n")
    with running(tmp_path / "state", REDIS_URL="", REDIS_URL_FILE=str(secret)) as stack:
        assert set(stack.ready().values()) == {True}
        said = stack.output()
    assert "p%2Fw" not in said
    assert not (tmp_path / "state" / "logs" / "broker.log").exists()


@pytest.mark.long
def test_s85_a_site_whose_password_is_wrong_says_so_and_is_not_ready(
    tmp_path: Path, server: Redis
) -> None:
    place = f"127.0.0.1:{server.port}/2?ssl_ca_certs={server.ca}"
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "facio_site.up"],
            cwd=ROOT,
            env=command.environ(tmp_path, REDIS_URL=f"rediss://facio:wr0ng@{place}", PORT="0"),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: "Ctrl-C" in log.read_text(), seconds=60)
        wait_for(lambda: "refuses the user or the password" in log.read_text(), seconds=30)
    finally:
        process.terminate()
        process.wait(30)
    assert "wr0ng" not in log.read_text()
    assert "Traceback" not in log.read_text()
