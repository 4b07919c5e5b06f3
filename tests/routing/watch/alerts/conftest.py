"""Who takes the alerts of these tests."""

from collections.abc import Iterator

import pytest

from routing.watch.alerts import deliver as delivery
from tests.routing.watch.alerts.receiver import Receiver


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    found = Receiver()
    monkeypatch.setattr(delivery, "send", found)
    return found
