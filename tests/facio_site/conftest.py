"""Three people, and a fresh start."""

import pytest
from django.core.cache import cache

from facio_site import sealing
from facio_site.accounts.models import Role, User
from tests.facio_site.accounts.person import PASSWORD


@pytest.fixture
def fresh(db, settings):
    """A master key of its own, and nothing counted against anybody yet."""
    cache.clear()
    settings.MASTER_KEYS = [sealing.new_master_key()]


@pytest.fixture
def owner(db):
    cache.clear()  # nothing is counted against her yet
    return User.objects.create_user("ada", password=PASSWORD, role=Role.OWNER)


@pytest.fixture
def editor(db):
    return User.objects.create_user("eve", password=PASSWORD, role=Role.EDITOR)


@pytest.fixture
def viewer(db):
    return User.objects.create_user("vic", password=PASSWORD, role=Role.VIEWER)
