from collections.abc import Mapping
from typing import Any

import pytest

from providers.http import Policy, Request, resolver
from providers.http import policy as policies
from providers.http.addresses import Reach
from providers.http.door import Door
from providers.spec.outcomes import Failed, Outcome, Step, Verdict
from tests.providers.http.servers import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def loopback():
    return Policy.parse("loopback")


class Rungs(list[tuple[str, str, str]]):
    """An observer that remembers (step, outcome, detail)."""

    def __call__(
        self, step: Step, outcome: Outcome, ms: int, detail: str, params: Mapping[str, Any]
    ) -> None:
        assert ms >= 0
        self.append((step.value, outcome.value, detail))


@pytest.fixture
def rungs():
    return Rungs()


@pytest.fixture
def names(monkeypatch):
    """Answers of the name server; a name that is not in there does not exist."""
    answers: dict[str, list[str]] = {}
    real = resolver.socket.getaddrinfo

    def lookup(host):
        if host not in answers:
            raise resolver.socket.gaierror(resolver.socket.EAI_NONAME, "unknown")
        return answers[host]

    def no_real_lookup(*args, **kwargs):
        if args[0] in ("127.0.0.1", "::1"):
            return real(*args, **kwargs)
        raise AssertionError("a real name look-up")

    monkeypatch.setattr(resolver, "lookup", lookup)
    monkeypatch.setattr(resolver.socket, "getaddrinfo", no_real_lookup)
    return answers


@pytest.fixture
def fetch(loopback):
    """Sends one request through a door of its own."""

    def send(url: str, *, seconds: float = 10, policy: Policy = loopback, **options: Any):
        request = {key: options.pop(key) for key in ("method", "headers", "json") if key in options}
        with Door(policy, seconds=seconds, **options) as door:
            return door.send(Request(url=url, **request))

    return send


@pytest.fixture
def verdict_of(fetch):
    """The verdict of a request that must fail."""

    def send(url: str, **options: Any) -> Verdict:
        with pytest.raises(Failed) as caught:
            fetch(url, **options)
        return caught.value.verdict

    return send


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """203.0.113.0/24 stands for the public internet, in which nothing listens."""
    real = policies.reach

    def reach(address: Any) -> Reach:
        return Reach.PUBLIC if str(address).startswith("203.0.113.") else real(address)

    monkeypatch.setattr(policies, "reach", reach)
