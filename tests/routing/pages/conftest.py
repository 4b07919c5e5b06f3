import pytest
from django.test import Client

from providers.models import Provider
from tests.desk import saved


@pytest.fixture
def groq(site: Client) -> Provider:
    return saved("groq", "gsk_0123456789abcdef")
