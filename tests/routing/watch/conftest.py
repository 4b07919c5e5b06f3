"""The world in which a simulated site lives."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from providers.models import Provider
from tests.routing.watch.month import World, installed
from tests.routing.watch.results import provider
from tests.routing.watch.scripts import Script


@pytest.fixture
def holder(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """`holder.world` is where the site lives from now on; each test puts its own there."""
    start = datetime(2026, 10, 1, tzinfo=UTC)
    holder = SimpleNamespace(world=World(Script(start, start)))
    installed(monkeypatch, holder)
    return holder


@pytest.fixture
def groq() -> Provider:
    return provider()
