"""What simulated worlds share: who is watched in them, and what holds in each of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, time

from providers.dialects.ladder import makes_completion
from providers.models import Provider
from routing.models import Alert, Channel, Route, Span, Spent, Watch, WatchSettings
from tests.desk import saved
from tests.routing.watch import oracle
from tests.routing.watch.month import World
from tests.routing.watch.scripts import QUIET_FROM, QUIET_UNTIL, ZONE, is_quiet

MODELS = {"main": ("groq", "llama-3.3-70b-versatile"), "vision": ("openai", "gpt-5.4-mini")}
SERVED: dict[str, dict[str, str]] = defaultdict(dict)
for _slot, (_name, _model) in MODELS.items():
    SERVED[_name][_slot] = _model
PAID_A_DAY = 3
CHANGES = (Alert.Kind.FAILS, Alert.Kind.WORKS_AGAIN)


def furnished(start: datetime, every: Mapping[str, int], channels: Iterable[str]) -> None:
    """Providers, routes, schedules and channels."""
    for name in sorted(
        {about.partition(":")[2] for about in every if not about.startswith("route:")}
    ):
        saved(name, "sk-0123456789abcdef")
    for slot, (name, model) in MODELS.items():
        Route.objects.create(slot=slot, provider=name, model=model)
        adapter = Provider.for_name(name).adapter(with_secrets=False)
        assert makes_completion(adapter, [model])
        assert not makes_completion(adapter)
    WatchSettings.objects.create(
        pk=WatchSettings.ONLY,
        zone=str(ZONE),
        completions_a_day=PAID_A_DAY,
        reminds=True,
        quiet_from=time(QUIET_FROM),
        quiet_until=time(QUIET_UNTIL),
    )
    for about, minutes in every.items():
        Watch.objects.create(about=about, every=minutes, due_at=start)
    for name in channels:
        Channel.objects.create(name=name, kind="json")


def told_as_it_was(expected: Iterable[oracle.Told]) -> None:
    """The same alerts of failing and working as the oracle's, each once."""
    rows = Alert.objects.filter(kind__in=CHANGES).values_list("kind", "about", "params__since")
    found = Counter(rows)
    wanted = Counter((one.kind, one.about, one.since.isoformat()) for one in expected)
    assert (found - wanted, wanted - found) == (Counter(), Counter())


def nights_are_quiet(world: World) -> None:
    assert [hit for hit in world.hits if is_quiet(hit.at)] == []
    asked = [one for one in world.asked if one.is_scheduled and is_quiet(one.at)]
    assert asked == []


def the_budget_holds(world: World) -> None:
    paid = oracle.paid(world.asked, lambda one: len(one.models))
    assert max(paid.values(), default=0) <= PAID_A_DAY
    assert sum(paid.values()) == sum(Spent.objects.values_list("completions", flat=True))


def spans_add_up(world: World, *gone: str) -> None:
    """By the hour and by the day: as often as it was told. `gone`: subjects that were removed."""
    wanted = oracle.counted(world.asked, SERVED)
    wanted = {about: sums for about, sums in wanted.items() if about not in gone}
    for size in (Span.HOUR, Span.DAY):
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for row in Span.objects.filter(size=size):
            found[row.about].update(row.outcomes)
            assert row.good == row.outcomes.get(oracle.GOOD, 0), row
            assert row.bad == sum(row.outcomes.get(word, 0) for word in oracle.BAD), row
        assert (size, found) == (size, wanted)
