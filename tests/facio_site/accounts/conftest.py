"""Every test starts afresh; an owner who has just confirmed who they are."""

import pytest

from tests.facio_site.accounts.person import confirm, sign_in


@pytest.fixture(autouse=True)
def afresh(fresh):
    pass


@pytest.fixture
def confirmed(client, owner):
    sign_in(client)
    confirm(client)
    return client
