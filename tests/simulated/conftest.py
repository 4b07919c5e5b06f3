"""One set of simulators for all of these tests, asked directly."""

from collections.abc import Iterator

import pytest

from tests.simulators import Simulators


@pytest.fixture(scope="package")
def sims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    with Simulators(tmp_path_factory.mktemp("simulators")) as running:
        yield running
