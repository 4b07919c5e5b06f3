"""What every figure works with: the sides that are up, the browser, and how much to measure."""

from dataclasses import dataclass

from tests.bench.browser import Browser
from tests.bench.client import Client
from tests.bench.sides import Nanobot, Side, Upstream

NOT_HERE = "nanobot-ai is not installed here"


@dataclass(frozen=True)
class Plan:
    """How often. `rounds` are the turns of the sides, the others are samples a side and round."""

    rounds: int = 5
    pages: int = 30
    seconds: float = 1.5
    cold: int = 10
    presses: int = 12
    searches: int = 20
    watch: float = 300.0
    long_pages: int = 10_000
    long_tests: int = 500

    @property
    def words(self) -> str:
        return (
            f"{self.rounds} rounds; samples a round and side: {self.pages} pages, "
            f"{self.cold} cold pages, {self.presses} clicks, {self.searches} searches, "
            f"{self.seconds:g} s of load; everything else once a round, what takes minutes once"
        )


QUICK = Plan(
    rounds=2,
    pages=10,
    seconds=0.7,
    cold=3,
    presses=4,
    searches=10,
    watch=15,
    long_pages=1_000,
    long_tests=50,
)


@dataclass(frozen=True)
class Stage:
    plan: Plan
    upstream: Upstream
    site: Side
    floor: Side
    nanobot: Nanobot | None
    nanobot_pid: int
    browser: Browser

    def nanobot_client(self) -> Client:
        """A fresh one: its token lasts five minutes."""
        assert self.nanobot is not None
        return self.nanobot.client()
