"""What a check costs: how many of its calls a provider bills, and about how much that is.

Assumed is that the catalog's price holds, that what a test says counts as tokens as below, and that
the answer is as long as the call allows. A call that is refused and made once more counts once:
what is refused is not billed. A model server of the operator's own bills nothing; an endpoint of
another name may stand for anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from providers.dialects.ladder import makes_completion, model_names
from providers.http import BadURL
from providers.kinds import OWN_KIND
from providers.models import BODY, CatalogEntry, Provider
from providers.spec.kind import Call
from routing.models import Every
from routing.models.subjects import CATALOG, PROVIDER, ROUTE
from routing.rules.slots import VISION
from routing.watch.subjects import served_routes

# A word, instructions and one tool, with what a server puts around them.
PROMPT_TOKENS = 100
# What Anthropic puts before tools, wherever its models are served. Source:
# https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview
CLAUDE_TOKENS = 346
PICTURE_TOKENS = 300  # OpenAI counts 255, Google 258 for a small one
# Fields that bound an answer, by whatever API.
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxTokens")
_MILLION = Decimal(1_000_000)

_Prices = Mapping[tuple[Any, str], tuple[Decimal | None, Decimal | None]]


@dataclass(frozen=True, slots=True)
class Billed:
    """A call that a provider bills: whom it asks, and how long the answer may be."""

    model: str  # as it is sent
    most_tokens: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of one subject. `each`: USD of one check; None = no price is known."""

    completions: int  # calls of one check that are billed
    each: Decimal | None

    @property
    def is_free(self) -> bool:
        return self.completions == 0

    def calls_a_day(self, every: int) -> int:
        """Billed ones, at one check in so many minutes; 0 = off."""
        return Every.DAY // every * self.completions if every else 0

    def a_day(self, every: int) -> Decimal | None:
        """USD; None = no price is known."""
        if self.each is None:
            return None
        return self.each * (Every.DAY // every) if every else Decimal(0)


FREE = Estimate(0, Decimal(0))


def billed(provider: Provider, models: Sequence[str] = ()) -> list[Billed]:
    """The calls of one test that are billed, with these models or without any."""
    if provider.spec.is_local and provider.kind != OWN_KIND:
        return []
    adapter = provider.adapter(with_secrets=BODY in provider.values)
    extra = adapter.extra_body()
    try:
        if not makes_completion(adapter, models):
            return []
        calls = [(name, adapter.model_call(name)) for name in model_names(adapter, models)]
    except BadURL:  # then nothing is called
        return []
    if not calls and adapter.spec.key_call:
        calls = [(str((adapter.spec.key_call.body or {}).get("model")), adapter.spec.key_call)]
    return [
        Billed(adapter.sent_name(name), _most_tokens(call, extra))
        for name, call in calls
        if call.is_completion
    ]


def _most_tokens(call: Call, extra: Mapping[str, Any]) -> int:
    """How long an answer the call may bring, made once more if need be."""
    bodies = ({**(body or {}), **extra} for body in (call.body, call.retry_body))
    boxes = [box for body in bodies for box in (body, body.get("inferenceConfig") or {})]
    found = [box.get(name) for box in boxes for name in _LIMITS]
    return max((limit for limit in found if isinstance(limit, int)), default=0)


def estimates() -> dict[str, Estimate]:
    """Of every subject that can be watched, by its name; a fixed number of queries."""
    rows = Provider.objects.checkable()
    calls = {f"{PROVIDER}:{row.name}": (row, billed(row)) for row in rows}
    calls |= {
        f"{ROUTE}:{one.slot}": (one.provider, billed(one.provider, [one.model]))
        for one in served_routes()
        if one.can_be_asked
    }
    prices = _prices(calls.values())
    found = {f"{CATALOG}:{row.name}": FREE for row in rows}
    for about, (row, asked) in calls.items():
        sees = about == f"{ROUTE}:{VISION}"
        found[about] = Estimate(len(asked), _cost(row, asked, prices, sees=sees))
    return found


def _prices(calls: Iterable[tuple[Provider, list[Billed]]]) -> _Prices:
    """USD per million tokens in and out, by provider and model."""
    wanted = {(row.pk, one.model) for row, asked in calls for one in asked}
    entries = CatalogEntry.objects.present().filter(
        provider__in={pk for pk, _model in wanted}, model_id__in={model for _pk, model in wanted}
    )
    columns = ("provider", "model_id", "price_input", "price_output")
    return {(pk, model): (told, said) for pk, model, told, said in entries.values_list(*columns)}


def _cost(row: Provider, asked: Iterable[Billed], prices: _Prices, *, sees: bool) -> Decimal | None:
    """USD of all of these calls; None where the price of one is not known."""
    cost = Decimal(0)
    for one in asked:
        told, said = prices.get((row.pk, one.model), (None, None))
        if told is None or said is None:
            return None
        tokens = PROMPT_TOKENS + (CLAUDE_TOKENS if "claude" in one.model.lower() else 0)
        tokens += PICTURE_TOKENS if sees else 0
        cost += (told * tokens + said * one.most_tokens) / _MILLION
    return cost
