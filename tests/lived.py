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
SICK = (3, 4, 5, 30, 57, 58)  # hours, or days, ago in which the first provider failed


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
        rows = _spans(about, now, chance, is_ill=about in struck)
        Span.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        due_at = now + timedelta(minutes=14)  # nothing is asked while pictures are taken
        watched = {"every": Every.QUARTER, "due_at": due_at}
        Watch.objects.get_or_create(about=about, defaults=watched)
    hit = [one.slot for one in served if one.provider.name == ill]
    for hours, minutes in ((5, 165), (30, 40), (58, 95)):
        began_at = now - timedelta(hours=hours)
        Outage.objects.create(
            about=f"provider:{ill}",
            began_at=began_at,
            ended_at=began_at + timedelta(minutes=minutes),
            outcome="timeout",
            hit=hit,
        )
    return 0


def _spans(about: str, now: datetime, chance: random.Random, *, is_ill: bool) -> Iterator[Any]:
    from routing.models import Span

    hour = now.replace(minute=0, second=0, microsecond=0)
    for size, step, begin, number, many in (
        (Span.HOUR, timedelta(hours=1), hour, HOURS, PER_HOUR),
        (Span.DAY, timedelta(days=1), hour.replace(hour=0), DAYS, 24 * PER_HOUR),
    ):
        for back in range(number):
            bad = chance.choice((1, many // 2, many)) if is_ill and back in SICK else 0
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
