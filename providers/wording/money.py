"""An amount of money in words."""

from collections.abc import Callable, Mapping
from decimal import ROUND_FLOOR, Decimal

from django.utils import formats
from django.utils.translation import gettext as _

from providers.dialects.money import Money
from providers.spec.kind import Means

_WORDS: Mapping[Means, Callable[[], str]] = {
    "balance": lambda: _("Balance: %(amount)s"),
    "limit": lambda: _("Limit: %(amount)s left"),
    "used": lambda: _("Used: %(amount)s"),
}


def money_words(money: Money) -> str:
    """Rounded down to cents: never more than there is."""
    cents = money.amount.quantize(Decimal("0.01"), ROUND_FLOOR)
    amount = formats.number_format(cents, 2, use_l10n=True, force_grouping=True)
    return _WORDS[money.means]() % {"amount": f"{amount}\u00a0{money.currency}"}
