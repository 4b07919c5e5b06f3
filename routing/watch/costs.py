"""What checks cost. A stand-in: the module of the same name that comes with due.py replaces it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from providers.models import Provider
from routing.models import Slot
from routing.watch.subjects import CATALOG, PROVIDER, ROUTE

MINUTES_OF_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Estimate:
    """`each` is what one check costs in USD; None = not known."""

    is_free: bool
    each: Decimal | None

    def calls_a_day(self, every: int) -> Decimal:
        return Decimal(MINUTES_OF_A_DAY) / every if every and not self.is_free else Decimal(0)

    def a_day(self, every: int) -> Decimal | None:
        return None if self.each is None else self.each * self.calls_a_day(every)


def estimates() -> dict[str, Estimate]:
    """By subject."""
    free = Estimate(is_free=True, each=Decimal(0))
    names = Provider.objects.configured().values_list("name", flat=True)
    found = {f"{sort}:{name}": free for name in names for sort in (PROVIDER, CATALOG)}
    paid = Estimate(is_free=False, each=Decimal("0.0008"))
    return found | {f"{ROUTE}:{slot}": paid for slot in Slot.values}
