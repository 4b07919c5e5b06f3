"""A past for a site that has just been set up: what scheduled checks would have told in 90 days.

`python -m tests.lived` runs with the site's own environment. It writes rows only: nothing is asked,
and what is due comes a day later. For pages that show how it went over time.
"""

import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

from tests.journeys.stack import environment
from tests.processes import ROOT
from tests.simulators import Simulators

PER_HOUR, HOURS, DAYS = 4, 8 * 24, 91
QUARTER = timedelta(hours=1) / PER_HOUR
# When the first provider was down: so many hours ago, for so many minutes.
DOWN = ((5, 165), (30, 40), (58, 95), (31 * 24, 310), (59 * 24, 75))


def live(state: Path, simulators: Simulators, **more: str) -> None:
    """Give the site with this state folder a past."""
    environ = environment(state, simulators, **more)
    environ["DJANGO_SETTINGS_MODULE"] = "facio_site.settings"
    subprocess.run([sys.executable, "-m", "tests.lived"], cwd=ROOT, env=environ, check=True)


def main() -> int:
    django.setup()
    from facio_site import clock
    from providers.models import Provider
    from routing.models import Every, Outage, Span, Watch
    from routing.watch.subjects import served_routes

    now, chance = clock.now(), random.Random(16)
    served = served_routes()
    ill = served[0].provider.name if served else ""
    routes = [f"route:{one.slot}" for one in served if one.can_be_asked]
    abouts = [*(f"provider:{row.name}" for row in Provider.objects.checkable()), *routes]
    struck = {f"provider:{ill}", *(f"route:{one.slot}" for one in served[:1])}
    for about in abouts:
        rows = spans(about, now, chance, is_ill=about in struck)
        Span.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        due_at = now + timedelta(minutes=14)  # nothing is asked while pictures are taken
        watched = {"every": Every.QUARTER, "due_at": due_at}
        Watch.objects.get_or_create(about=about, defaults=watched)
    hit = [one.slot for one in served if one.provider.name == ill and one.can_be_asked]
    for began_at, ended_at in down_at(now):
        Outage.objects.create(
            about=f"provider:{ill}",
            began_at=began_at,
            ended_at=ended_at,
            outcome="timeout",
            hit=hit,
        )
    return 0


def down_at(now: datetime) -> list[tuple[datetime, datetime]]:
    now = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)  # as tests are asked
    starts = ((now - timedelta(hours=hours), minutes) for hours, minutes in DOWN)
    return [(began_at, began_at + timedelta(minutes=minutes)) for began_at, minutes in starts]


def spans(about: str, now: datetime, chance: random.Random, *, is_ill: bool) -> Iterator[Any]:
    from routing.models import Span

    hour = now.replace(minute=0, second=0, microsecond=0)
    for size, step, begin, number, many in (
        (Span.HOUR, timedelta(hours=1), hour, HOURS, PER_HOUR),
        (Span.DAY, timedelta(days=1), hour.replace(hour=0), DAYS, 24 * PER_HOUR),
    ):
        for back in range(number):
            asked = [begin - back * step + QUARTER * n for n in range(many)]
            down = down_at(now) if is_ill else []
            bad = sum(start <= at < end for start, end in down for at in asked)
            limited = int(chance.random() < 0.02)
            good = many - bad - (limited if bad < many else 0)
            times = [round(260 * chance.lognormvariate(0, 0.35)) for _ in range(good)]
            outcomes = {"ok": good, "timeout": bad, "rate_limited": many - good - bad}
            yield Span(
                about=about,
                size=size,
                began_at=begin - back * step,
                good=good,
                bad=bad,
                outcomes={name: count for name, count in outcomes.items() if count},
                times=times,
            )


if __name__ == "__main__":
    sys.exit(main())
