"""The page about alerts: its example verifies what really leaves, and refuses what does not."""

import re
import time
from typing import Any

import pytest

from routing.watch.alerts.channels import CHANNELS
from routing.watch.alerts.message import make
from routing.watch.alerts.sending import send
from tests.processes import ROOT
from tests.providers.http.servers import always, answer, head_of, serve
from tests.routing.watch.alerts.desk import alert, made, sample

PAGE = (ROOT / "docs" / "alerts.md").read_text()


def example() -> Any:
    """The function as the page has it."""
    found = re.search(r"```python\n(.*?)```", PAGE, re.S)
    assert found
    names: dict[str, Any] = {}
    exec(compile(found[1], "docs/alerts.md", "exec"), names)
    return names["is_genuine"]


@pytest.mark.django_db
def test_s95_the_example_of_the_page_tells_our_messages_from_others() -> None:
    with serve(always(answer())) as server:
        channel = made("json", f"http://127.0.0.1:{server.port}")
        send(channel, make([alert()], channel, "an-id"))
    headers = head_of(server.requests[0])
    body = server.requests[0].partition(b"\r\n\r\n")[2]
    secret, is_genuine = sample("json")["signing"], example()
    assert headers["Idempotency-Key"] == "an-id"
    assert is_genuine(secret, headers, body)
    assert not is_genuine("another secret", headers, body)
    assert not is_genuine(secret, headers, body.replace(b"fails", b"works"))
    old = {**headers, "X-Facio-Timestamp": str(int(time.time()) - 301)}
    assert not is_genuine(secret, old, body)


@pytest.mark.django_db
def test_without_a_secret_nothing_is_signed() -> None:
    with serve(always(answer())) as server:
        channel = made("json", f"http://127.0.0.1:{server.port}", signing="")
        send(channel, make([alert()], channel, "an-id"))
    assert not [name for name in head_of(server.requests[0]) if name.startswith("X-Facio")]


def test_the_page_names_each_kind_of_channel() -> None:
    table = PAGE.partition("## Channels")[2].partition("### E-mail")[0]
    for spec in CHANNELS.values():
        assert f"| {spec.label} |" in table
