import pytest
from django.test import Client

from providers import broker
from providers.models import Provider
from tests.desk import saved


@pytest.fixture
def groq(site: Client) -> Provider:
    return saved("groq", "gsk_0123456789abcdef")


@pytest.fixture
def two_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "workers", lambda: {"worker-1", "worker-2"})
