"""A PostgreSQL and a redis-server for the tests of several machines: the lane's, or own ones."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import stores
from tests.conftest import absent
from tests.facio_site.run.machines import Site, database, own_redis
from tests.lanes import postgres, postgres_folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if stores.IS_POSTGRES:
        yield stores.SERVER
        return
    binaries = postgres_folder()
    if binaries is None:
        absent("PostgreSQL")
    with (
        tempfile.TemporaryDirectory(prefix="facio-machines-") as folder,
        postgres(Path(folder), binaries) as url,
    ):
        yield url


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A broker that this test may empty and stop."""
    with own_redis() as url:
        yield url


@pytest.fixture
def together(postgres_server: str, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    """A site on an empty database, none of whose parts runs yet."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(database(postgres_server))
        site = Site(tmp_path, url, redis_url)
        stack.callback(site.stop)
        yield site
