"""A month of watching, in seconds: what is told is what happened, each change once.

What should have been told is computed in tests/routing/watch/oracle.py from the script and from how
the tests went. The world is tests/routing/watch/month.py.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from providers.catalog.items import CatalogItem
from providers.models import Job, Provider, Task
from providers.spec.outcomes import Outcome
from providers.work import queue
from routing.models import Alert, Delivery, Every, Outage, Standing, Watch
from tests.routing.agents.live_desk import edit, write
from tests.routing.watch import oracle
from tests.routing.watch.month import World
from tests.routing.watch.scripts import Asked, Flap, Manner, Script, Spell, hours, minutes
from tests.routing.watch.told import (
    CHANGES,
    MODELS,
    PAID_A_DAY,
    SERVED,
    furnished,
    nights_are_quiet,
    spans_add_up,
    the_budget_holds,
    told_as_it_was,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery, pytest.mark.long]

START = datetime(2026, 10, 5, tzinfo=UTC)
END = datetime(2026, 11, 5, tzinfo=UTC)
EVERY = {
    "provider:groq": Every.SIX_HOURS,  # and oftener: see OFTENER
    "provider:openai": Every.SIX_HOURS,
    "provider:mistral": Every.DAY,
    "provider:moonshot": Every.DAY,
    "provider:deepseek": Every.SIX_HOURS,
    "catalog:openai": Every.DAY,
    "route:main": Every.SIX_HOURS,
    "route:vision": Every.DAY,
}
GONE = "provider:deepseek"  # removed in the middle of the month
CHANNELS = ("away", "broken", "evening", "fine", "late", "limited", "lost")


def at(day: int, hour: int = 0, minute: int = 0, *, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


OFTENER = [  # begins and ends while it is quiet, or with the morning
    (at(6), at(8), Every.HOUR),
    (at(15), at(18), Every.HOUR),
    (at(21, 5), at(22, 5), Every.QUARTER),
    (at(25), at(28), Every.HOUR),
]


def person(name: str, **more: Any) -> Any:
    """Somebody presses Test connection."""
    return lambda _world: queue.start(Provider.for_name(name), Task.CHECK, **more)


def the_month(site: Client, path: Path) -> Script:
    """Times are UTC: in Berlin it is two hours later until the 25th, then one."""

    def listed(now: datetime) -> tuple[CatalogItem, ...]:
        kept = [CatalogItem(model_id=f"gpt-{number}") for number in range(20)]
        in_use = CatalogItem(model_id=MODELS["vision"][1], retires_at=date(2026, 11, 6))
        return (*kept, in_use) if now < at(28) else tuple(kept)

    def switched(about: str, every: Every) -> Any:
        def change(world: World) -> None:
            row = Watch.objects.get(pk=about)
            row.every, row.due_at = every, world.now()
            row.save()

        return change

    ours = path.read_text()

    def edited(by: str) -> Any:
        return lambda _world: edit(path, lambda document: document.update(logging={"by": by}))

    return Script(
        START,
        END,
        spells=[
            Spell("mistral", START, END, Outcome.BAD_KEY),  # never worked
            Spell("groq", at(6, 9), at(6, 11), Outcome.SERVER_ERROR),
            Spell("openai", at(7, 4), at(7, 20), Outcome.UNREACHABLE),
            Spell("groq", at(8, 21), at(9, 3), Outcome.TIMEOUT),  # at night: nobody knows
            Spell("groq", at(9, 10), at(9, 12), Outcome.RATE_LIMITED),  # proves neither
            Spell("openai", at(10, 16), at(11, 7), Outcome.DNS_ERROR),  # over a night
            Spell("groq", at(12, 4), at(12, 13), Outcome.BAD_REQUEST, MODELS["main"][1]),
            Spell("deepseek", at(13, 3), at(14), Outcome.NO_CREDIT),
            Spell("groq", at(15, 18), at(16, 14), Outcome.SERVER_ERROR),  # within the pause
            Spell("openai", at(19, 10), at(19, 16), Outcome.SERVER_ERROR),
            Spell("groq", at(21, 8), at(21, 8, 50), Outcome.TLS_ERROR),
            Spell("openai", at(22, 10), at(22, 19), Outcome.BAD_KEY),
            Spell("groq", at(25, 1), at(25, 11), Outcome.UNREACHABLE),  # over the change
            Spell("groq", at(26, 20, 10), at(27, 8), Outcome.SERVER_ERROR),
            Spell("openai", at(30, 4), at(30, 17), Outcome.FORBIDDEN),
        ],
        flaps=[
            *(Flap("groq", at(day, 7 + day % 9, 5)) for day in (7, 11, 14, 18, 24, 27, 29)),
            *(Flap("openai", at(day, 11), Outcome.SERVER_ERROR) for day in (8, 17, 23)),
        ],
        deaths=[at(6, 12), at(6, 9, 10), at(18, 10), at(18, 10, 1), at(23, 9)],
        silences=[(at(15, 7), at(16, 8)), (at(20, 9), at(20, 9, 20))],
        jumps=[
            *((at(17, 9), hours(24)), (at(17, 11), hours(0))),
            *((at(27, 9), -hours(24)), (at(27, 11), hours(0))),
        ],
        manners=[
            Manner("late", START, END, "late"),
            Manner("away", at(6, 9), at(6, 18), "dead", minutes(40)),
            Manner("lost", at(7, 4), at(7, 18), "dead", hours(3)),
            Manner("limited", at(19, 9), at(19, 18), "limited", minutes(35)),
            Manner("broken", at(21, 8), at(21, 18), "broken", minutes(45)),
            Manner("evening", at(26, 19), at(27, 6, 3), "dead"),
        ],
        events=[
            *((at(day, 12, 7), person("groq")) for day in range(6, 30, 3)),
            (at(12, 7, 30), person("groq", model_names=[MODELS["main"][1]])),
            (at(6, 9, 20), person("groq")),
            (at(26, 20, 38), person("groq")),  # two failures, also when somebody else asks
            (at(26, 20, 39), person("groq")),
            (at(13, 12), lambda _world: Provider.objects.get(name="deepseek").delete()),
            (at(14, 10), switched("provider:moonshot", Every.OFF)),
            (at(16, 10), switched("provider:moonshot", Every.DAY)),
            *((since, switched("provider:groq", every)) for since, _until, every in OFTENER),
            *(
                (until, switched("provider:groq", EVERY["provider:groq"]))
                for _, until, _ in OFTENER
            ),
            (at(18, 12), edited("somebody")),
            (at(19, 12), lambda _world: path.write_text(ours)),
            (at(23, 12), edited("somebody else")),
        ],
        money=[
            *((START, "moonshot", "9.5"), (at(9), "moonshot", "3.2"), (at(11), "moonshot", "0.4")),
            *((at(22), "moonshot", "25"), (at(31), "moonshot", "0.9")),
        ],
        lists={"openai": listed},
    )


def is_watched(about: str, true: datetime) -> bool:
    if about == "provider:moonshot":
        return not at(14, 10) <= true < at(16, 10)
    return about in EVERY


def test_a_month_is_told_as_it_was(holder: SimpleNamespace, site: Client, path: Path) -> None:
    furnished(START, EVERY, CHANNELS)
    Provider.objects.filter(name="groq").update(key_expires_on=date(2026, 11, 5))
    write(site)
    holder.world = world = World(the_month(site, path))
    world.run()
    expected = oracle.changes(world.asked, SERVED, is_watched)
    told_as_it_was(expected)
    no_long_outage_is_missing(world)
    conditions_are_told_once()
    reminders_come_daily(world)
    outages_stand_as_they_were(expected)
    messages_arrive_once(world)
    nights_are_quiet(world)
    the_budget_holds(world)
    assert max(oracle.paid(world.asked, lambda one: len(one.models)).values()) == PAID_A_DAY
    checks_keep_their_time(world)
    spans_add_up(world, GONE)
    nothing_is_left_over(world)


# What is asserted -------------------------------------------------------------------------------


def every_of(about: str, true: datetime) -> int:
    for since, until, every in OFTENER if about == "provider:groq" else ():
        if since <= true < until:
            return every
    return EVERY[about]


def no_long_outage_is_missing(world: World) -> None:
    """By the script alone: what no schedule can miss was told in time, once."""
    disturbed = oracle.disturbed(world.script)
    spells = [
        spell
        for spell in world.script.spells
        if f"provider:{spell.name}" in EVERY
        and not spell.model
        and spell.outcome in oracle.BAD
        and not oracle.overlaps(spell.since, spell.until, disturbed)
    ]
    told = sorted(Alert.objects.filter(kind="fails").values_list("at", "about"))
    for spell in spells:
        about = f"provider:{spell.name}"
        within = minutes(every_of(about, spell.since) * 1.1 + 3)
        for _spell, latest in oracle.must_be_told([spell], within):
            times = [at for at, name in told if name == about and spell.since <= at <= latest]
            assert len(times) == 1, (spell, latest, told)


def days_left(alert: Alert) -> int | None:
    on = alert.params.get("on")
    return (date.fromisoformat(on) - alert.at.date()).days if on else None


def conditions_are_told_once() -> None:
    rest = Alert.objects.exclude(kind__in=[*CHANGES, Alert.Kind.STILL_FAILS])
    found = [(row.kind, row.about, days_left(row)) for row in rest]
    assert sorted(found, key=str) == [
        ("file_drifted", "config", None),
        ("file_drifted", "config", None),
        ("key_expires", "provider:groq", 1),
        ("key_expires", "provider:groq", 30),
        ("key_expires", "provider:groq", 7),
        ("model_lost", "route:vision", None),
        ("model_retires", "route:vision", 14),
        ("model_retires", "route:vision", 32),
        ("money_low", "money:moonshot", None),
        ("money_low", "money:moonshot", None),
    ]


def reminders_come_daily(world: World) -> None:
    """Of what fails for more than a day, and once a day."""
    rows = Alert.objects.filter(kind=Alert.Kind.STILL_FAILS).order_by("at")
    assert {row.about for row in rows} == {"provider:mistral"}
    times = [row.at for row in rows]
    first = Alert.objects.get(kind=Alert.Kind.FAILS, about="provider:mistral")
    assert times[0] - first.at >= hours(23)
    assert len(times) >= (END - first.at).days - 4
    apart = [after - before for before, after in pairwise(times)]
    assert min(apart) >= hours(24)


def outages_stand_as_they_were(expected: list[oracle.Told]) -> None:
    """Of providers: from the first failure to the first success."""
    of_providers = [one for one in expected if one.about.startswith("provider:")]
    of_providers = [one for one in of_providers if one.about != GONE]
    begun = Counter((one.about, one.since) for one in of_providers if one.kind == "fails")
    ended = {(one.about, one.since): one.at for one in expected if one.kind == "works_again"}
    rows = Outage.objects.filter(about__startswith="provider:").exclude(about=GONE)
    found = Counter((row.about, row.began_at) for row in rows)
    assert found == begun
    for row in rows:
        assert row.ended_at == ended.get((row.about, row.began_at)), row


def messages_arrive_once(world: World) -> None:
    """Each alert at each channel is taken once, also by who answers after 20 seconds, and by whom
    nobody reached in the whole hour of tries."""
    alerts = set(map(str, Alert.objects.values_list("pk", flat=True)))
    for name in CHANNELS:
        hits = [hit for hit in world.hits if hit.channel == name and hit.is_taken]
        assert Counter(alert for hit in hits for alert in hit.alerts) == Counter(alerts), name
    given_up = Alert.objects.get(kind="fails", about="provider:openai", at__date=at(7).date())
    late = [
        hit.at for hit in world.hits if str(given_up.pk) in hit.alerts and hit.channel == "lost"
    ]
    assert min(late) - given_up.at >= hours(3)
    tries = [hit for hit in world.hits if hit.channel == "limited" and not hit.is_taken]
    times = [hit.at for hit in tries]
    assert len(times) > 3
    for before, after in pairwise(times):
        assert after - before >= timedelta(seconds=120)


def checks_keep_their_time(world: World) -> None:
    """Each subject: never sooner than its interval but after a first failure and a dead worker,
    never later than a tenth beyond it. After a pause it is asked once, and a clock that was wrong
    silences nobody."""
    odd = oracle.disturbed(world.script)
    for about in EVERY:
        if about.startswith("route:") or about == GONE:
            continue  # the budget holds those back
        mine = [one for one in world.asked if about in one.abouts]
        assert len(mine) > 5, about
        for before, after in pairwise(mine):
            gap = after.true_at - before.true_at
            every = every_of(about, before.true_at)
            if oracle.overlaps(before.true_at, after.true_at + hours(1), odd):
                continue
            if not before.outcome and not is_after_a_failure(world, after):
                assert minutes(1) <= gap <= minutes(4), (about, before, after)  # its worker died
            elif not is_after_a_failure(world, after):
                assert gap >= minutes(every), (about, before, after)
            if is_watched(about, before.true_at + minutes(1)):
                awake = gap - oracle.quiet_between(before.true_at, after.true_at)
                assert awake <= minutes(every) * 1.1 + minutes(2), (about, before, after)
        for moment in {moment for span in odd for moment in span}:
            if is_watched(about, moment) and not in_a_silence(world, moment):
                first = next((one for one in mine if one.true_at >= moment), None)
                assert first, (about, moment)
                asleep = oracle.quiet_between(moment, first.true_at)
                limit = minutes(every_of(about, moment)) * 1.1 + minutes(2)
                assert first.true_at - moment - asleep <= limit, (about, moment, first)
        for _since, until in world.script.silences:
            half = minutes(EVERY[about]) / 2
            soon = [one for one in mine if until <= one.true_at < until + half]
            assert len([one for one in soon if one.outcome == oracle.GOOD]) <= 1, (about, soon)


def is_after_a_failure(world: World, asked: Asked) -> bool:
    """Whether anybody's test of the same provider failed just before."""
    since = asked.true_at - minutes(2)
    just_before = [
        one
        for one in world.asked
        if one.provider == asked.provider and since <= one.true_at < asked.true_at
    ]
    return any({one.outcome, one.model_outcome} & oracle.BAD for one in just_before)


def in_a_silence(world: World, moment: datetime) -> bool:
    return any(since <= moment < until for since, until in world.script.silences)


def nothing_is_left_over(world: World) -> None:
    assert not Job.objects.filter(is_rolled_up=False, finished_at__lt=END - minutes(5)).exists()
    assert not Watch.objects.filter(about__endswith=":deepseek").exists()
    assert not Standing.objects.filter(about__endswith=":deepseek").exists()
    open_ones = Delivery.objects.exclude(status__in=["sent", "lost"])
    assert not open_ones.filter(alert__at__lt=END - hours(12)).exists()
    assert len(world.asked) > 450
