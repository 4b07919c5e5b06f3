"""Money that a provider tells of in an answer. Pure.

Amounts are numbers in bounds and currencies are those of the declaration: nothing else that the
other side wrote is kept.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, get_args

from providers.dialects.paths import values_at
from providers.dialects.rows import first
from providers.spec.kind import Means, MoneyFact

_MOST = 10**9  # what is further from nothing is no amount
_STEP = Decimal("0.0001")  # what the column keeps
_PLAIN = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,30})?")
_ROWS = 20  # read of a list


@dataclass(frozen=True, slots=True)
class Money:
    amount: Decimal  # four places; below zero is a debt
    currency: str  # ISO 4217
    means: Means

    def as_json(self) -> dict[str, str]:
        return {"amount": str(self.amount), "currency": self.currency, "means": self.means}


def money_of(amount: Decimal | None, currency: str, means: str) -> Money | None:
    """From columns; None = nothing was told."""
    found: Means | None = next((word for word in get_args(Means) if word == means), None)
    return Money(amount, currency, found) if found and amount is not None else None


def read_money(data: Any, facts: Iterable[MoneyFact], currency: str) -> Money | None:
    """What an answer tells by the first of `facts` that it tells anything of; None = nothing.

    `currency` is that of amounts that come without one. Of several the first that is not little.
    """
    for fact in facts:
        rows = values_at(data, fact.rows)[:_ROWS] if fact.rows else [data]
        found = [money for row in rows if (money := _of_row(row, fact, currency))]
        if found:
            return next((money for money in found if not is_low(money, [fact])), found[0])
    return None


def is_low(money: Money, facts: Iterable[MoneyFact]) -> bool:
    """Whether it is little, by the bound that its kind declares."""
    bounds = [fact.low.get(money.currency) for fact in facts if fact.means == money.means]
    return any(bound is not None and money.amount < bound for bound in bounds)


def _of_row(row: Any, fact: MoneyFact, currency: str) -> Money | None:
    told = first(row, fact.currency) if fact.currency else currency
    known = next((name for name in fact.low if name == told), None)
    amount = amount_of(first(row, fact.amount))
    return Money(amount, known, fact.means) if known and amount is not None else None


def amount_of(value: Any) -> Decimal | None:
    """A plain number or the text of one, rounded to four places; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        found = Decimal(value) if _PLAIN.fullmatch(value) else None
    elif isinstance(value, int | float) and -_MOST <= value <= _MOST:  # false for NaN
        found = Decimal(value)
    else:
        found = None
    if found is None or abs(found) > _MOST:
        return None
    return found.quantize(_STEP) + 0  # no minus before a zero
