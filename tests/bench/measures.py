"""Numbers out of samples: percentiles over all of them, ratios round by round. Pure."""

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Sample = Callable[[], float]


@dataclass
class Series:
    """What one side took, in milliseconds, by rounds."""

    rounds: list[list[float]] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        return [sample for samples in self.rounds for sample in samples]

    @property
    def p50(self) -> float:
        return statistics.median(self.all)

    @property
    def p95(self) -> float:
        return percentile(self.all, 95)

    @property
    def medians(self) -> list[float]:
        """One for each round."""
        return [statistics.median(samples) for samples in self.rounds]


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that so many percent of all do not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def ratio(one: Series, other: Series) -> float:
    """The median, over the rounds, of what one took in terms of what the other took then."""
    pairs = zip(one.medians, other.medians, strict=True)
    return statistics.median(mine / theirs for mine, theirs in pairs)


def turns(names: Sequence[str], rounds: int) -> Iterator[list[str]]:
    """The names once a round, each time beginning with another one."""
    for number in range(rounds):
        start = number % len(names)
        yield [*names[start:], *names[:start]]


def alternate(
    sides: Mapping[str, Sample], *, rounds: int, each: int, warm: int = 1
) -> dict[str, Series]:
    """Let the sides take turns; each sample answers milliseconds. The first `warm` do not count."""
    found = {name: Series() for name in sides}
    for order in turns(list(sides), rounds):
        for name in order:
            for _ in range(warm):
                sides[name]()
            found[name].rounds.append([sides[name]() for _ in range(each)])
    return found
