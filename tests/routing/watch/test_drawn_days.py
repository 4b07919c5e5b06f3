"""Some days of watching, drawn at random: whatever happens, each change is told once.

The gate tries the same few each time. To draw new ones:
`FUZZ=free .venv/bin/python -m pytest tests/routing/watch/test_drawn_days.py`.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from providers.models import Job, Provider
from providers.spec.outcomes import Outcome
from routing.models import (
    Alert,
    Channel,
    Delivery,
    Every,
    Outage,
    Route,
    Span,
    Spent,
    Standing,
    Watch,
    WatchSettings,
)
from tests import IS_FREE, stores
from tests.routing.watch import oracle
from tests.routing.watch.month import World
from tests.routing.watch.scripts import HOW, Flap, Manner, Script, Spell, hours, minutes
from tests.routing.watch.told import (
    MODELS,
    SERVED,
    furnished,
    nights_are_quiet,
    spans_add_up,
    the_budget_holds,
    told_as_it_was,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]
DRAWN = settings(
    max_examples=40 if IS_FREE else 1 if stores.IS_POSTGRES else 3,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # one takes half a minute: none is made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
START = datetime(2026, 10, 24, tzinfo=UTC)  # the clocks change in the second night
DAYS = 3
END = START + timedelta(days=DAYS)
EVERY = {
    "provider:groq": Every.QUARTER,
    "provider:openai": Every.HOUR,
    "provider:moonshot": Every.SIX_HOURS,
    "route:main": Every.HOUR,
    "route:vision": Every.HOUR,
}
CHANNELS = ("one", "two")
FAULTS = st.sampled_from(
    [Outcome.TIMEOUT, Outcome.BAD_KEY, Outcome.SERVER_ERROR, Outcome.RATE_LIMITED]
)
MOMENTS = st.integers(0, DAYS * 24 * 60).map(lambda number: START + minutes(number))


def lengths(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(minutes)


@st.composite
def spells(draw: st.DrawFn, name: str, model: str = "") -> list[Spell]:
    """One after the other; of a model that it is gone."""
    found, moment = [], START
    for _ in range(draw(st.integers(0, 4))):
        since = moment + draw(lengths(5, 1500))
        moment = since + draw(lengths(1, 700))
        outcome = Outcome.MODEL_NOT_FOUND if model else draw(FAULTS)
        found.append(Spell(name, since, moment, outcome, model))
    return found


@st.composite
def manners(draw: st.DrawFn, channel: str) -> list[Manner]:
    found, moment = [], START
    for _ in range(draw(st.integers(0, 3))):
        since = moment + draw(lengths(0, 1500))
        moment = since + draw(lengths(1, 300))
        found.append(Manner(channel, since, moment, draw(st.sampled_from(sorted(HOW)))))
    return found


@st.composite
def jumps(draw: st.DrawFn) -> list[tuple[datetime, timedelta]]:
    if not draw(st.booleans()):
        return []
    since, skew = draw(MOMENTS), draw(st.sampled_from([hours(24), -hours(24), hours(1)]))
    return [(since, skew), (since + draw(lengths(1, 300)), timedelta())]


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    since = draw(MOMENTS)
    return Script(
        START,
        END,
        spells=[
            *(*draw(spells("groq")), *draw(spells("moonshot"))),
            *draw(spells("openai", MODELS["vision"][1])),
        ],
        flaps=[Flap("groq", moment) for moment in draw(st.lists(MOMENTS, max_size=4))],
        deaths=draw(st.lists(MOMENTS, max_size=3)),
        silences=draw(st.sampled_from([[], [(since, since + hours(5))]])),
        jumps=draw(jumps()),
        manners=[one for name in CHANNELS for one in draw(manners(name))],
    )


def emptied() -> None:
    for model in (Alert, Channel, Outage, Span, Spent, Standing, Watch, WatchSettings, Route):
        model.objects.all().delete()
    Job.objects.all().delete()
    Provider.objects.all().delete()


# Mended and broken again at the same hour of a clock that was a day ahead and is set back
TWICE = Script(
    START,
    END,
    spells=[
        Spell("groq", START + minutes(330), START + minutes(362), Outcome.TIMEOUT),
        Spell("groq", START + minutes(1800), START + minutes(1805), Outcome.TIMEOUT),
    ],
    jumps=[(START + minutes(198), hours(24)), (START + minutes(446), timedelta())],
)


@pytest.mark.long
@given(script=scripts())
@example(script=TWICE)
@DRAWN
def test_whatever_happens_is_told_once(holder: SimpleNamespace, script: Script) -> None:
    emptied()
    holder.world = world = World(script)
    furnished(START, EVERY, CHANNELS)
    world.run()
    told_as_it_was(oracle.changes(world.asked, SERVED, lambda about, _at: about in EVERY))
    taken_or_given_up(world)
    nights_are_quiet(world)
    the_budget_holds(world)
    spans_add_up(world)


def taken_or_given_up(world: World) -> None:
    """Taken once, or tried in vain for an hour in which it was not quiet, or not due yet."""
    for channel in CHANNELS:
        hits = [hit for hit in world.hits if hit.channel == channel and hit.is_taken]
        taken = Counter(alert for hit in hits for alert in hit.alerts)
        rows: Any = Delivery.objects.filter(channel__name=channel).select_related("alert")
        by_status: dict[str, list[Delivery]] = {}
        for row in rows:
            by_status.setdefault(row.status, []).append(row)
        sent = [str(row.alert_id) for row in by_status.get("sent", [])]
        assert taken == Counter(sent)
        for row in by_status.get("lost", []):
            assert row.attempts > 3, row
        for row in [*by_status.get("waiting", []), *by_status.get("sending", [])]:
            assert row.alert.at >= END - hours(13), row
