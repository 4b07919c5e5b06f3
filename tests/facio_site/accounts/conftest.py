"""Three people, a fresh master key, and nothing counted against anybody yet."""

import pytest
from django.core.cache import cache

from facio_site import sealing
from facio_site.accounts.models import Role, User
from tests.facio_site.accounts.person import PASSWORD, confirm, sign_in


@pytest.fixture(autouse=True)
def fresh_limits_and_a_master_key(settings):
    cache.clear()
    settings.MASTER_KEYS = [sealing.new_master_key()]


@pytest.fixture
def owner():
    return User.objects.create_user("ada", password=PASSWORD, role=Role.OWNER)


@pytest.fixture
def editor():
    return User.objects.create_user("eve", password=PASSWORD, role=Role.EDITOR)


@pytest.fixture
def viewer():
    return User.objects.create_user("vic", password=PASSWORD, role=Role.VIEWER)


@pytest.fixture
def confirmed(client, owner):
    sign_in(client)
    confirm(client)
    return client
