"""The files of health, what its pages cost, and what the failure drill takes from it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from routing.models import Route, Span, Watch
from routing.watch.health import FRAMES
from tests.desk import saved
from tests.markup import flat
from tests.routing.pages.healthy import day, hour, outage, own, sheet, span

pytestmark = [pytest.mark.django_db, pytest.mark.battery]
LIGHT, MOST_QUERIES = 7_500, 30  # bytes as sent, without headers; statements


# Files


def test_the_file_has_what_the_page_shows(site: Client) -> None:
    outcomes = {"timeout": 1, "ok": 3}
    span("provider:groq", hour(1), good=3, bad=1, outcomes=outcomes, times=[100, 200, 900])
    span("provider:groq", hour(30), good=9)
    span("route:main", good=1)
    one, other = sheet(site)
    assert one == {
        "sort": "provider",
        "name": "groq",
        "began_at": hour(1).isoformat(timespec="seconds"),
        "size": "hour",
        "tests": "4",
        "good": "3",
        "bad": "1",
        "uptime_percent": "75.0",
        "p50_ms": "200",
        "p95_ms": "900",
        "outcomes": "ok 3; timeout 1",
    }
    assert (other["name"], other["p50_ms"]) == ("main", "")
    assert len(sheet(site, "?range=7d&about=provider:groq")) == 2
    assert sheet(site, "?about=provider:none%00") == sheet(site, "?range=90d") == []
    answer = site.get("/health/export/?range=7d")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="health-7d.csv"'


def test_outages_have_a_file_of_their_own(site: Client) -> None:
    outage("provider:groq", 100, "main", "vision", ended=60)
    outage("route:main", 10, ended=None)
    outage("route:main", 3000, ended=2990)
    one, other = sheet(site, "?what=outages")
    assert (one["seconds"], one["outcome"], one["routes"]) == ("2400", "timeout", "main vision")
    assert (other["ended_at"], other["seconds"]) == ("", "")
    assert len(sheet(site, "?what=outages&range=7d&about=route:main")) == 2


@pytest.mark.usefixtures("one_minute")
def test_a_file_is_read_in_pieces_and_not_before_it_is_taken(site: Client) -> None:
    rows = [
        Span(about=f"provider:p{n}", size=Span.HOUR, began_at=hour(), good=1) for n in range(1100)
    ]
    Span.objects.bulk_create(rows)
    answer: Any = site.get("/health/export/")
    with CaptureQueriesContext(connection) as captured:
        lines = list(answer.streaming_content)
    assert (len(lines), len(captured)) == (1101, 3)


# What it costs


def crowd(frame: str) -> None:
    """24 providers and five routes, each asked in every cell; some failed, and often."""
    many = FRAMES[frame]
    first = many.first(timezone.now())
    abouts = [f"provider:own-{place:02}" for place in range(24)]
    for about in abouts:
        own(about.partition(":")[2])
    slots = ("main", "subagent", "vision", "image", "video")
    for slot in slots:
        Route.objects.create(slot=slot, model="m", provider="own-00")
    rows = []
    for number, about in enumerate([*abouts, *(f"route:{slot}" for slot in slots)]):
        for cell in range(many.cells):
            bad = int((cell * 7 + number * 5) % 41 == 0)
            outcomes = {"ok": 4 - bad, "timeout": bad}
            times = [(cell * 977 + number * 131 + one * 53) % 4000 for one in range(4 - bad)]
            at = first + cell * many.step
            values = {"good": 4 - bad, "bad": bad, "outcomes": outcomes, "times": times}
            rows.append(Span(about=about, size=many.size, began_at=at, **values))
    Span.objects.bulk_create(rows, batch_size=500)
    for number in range(40):
        outage(abouts[number % 24], 100 + number, "main", "vision", ended=99)


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.usefixtures("one_minute")
def test_a_full_page_is_light_and_asks_little(site: Client, frame: str) -> None:
    crowd(frame)
    for path in ("/health/", "/health/provider/own-00/", "/health/route/main/"):
        site.get(f"{path}?range={frame}")
        with CaptureQueriesContext(connection) as captured:
            answer = site.get(f"{path}?range={frame}", headers={"Accept-Encoding": "gzip"})
        assert len(answer.content) < LIGHT, path
        assert len(captured) < MOST_QUERIES, path


@pytest.mark.usefixtures("one_minute")
def test_more_subjects_and_a_longer_time_take_no_more_questions(site: Client) -> None:
    own("lab")
    span("provider:lab", good=1)
    span("provider:lab", day(), Span.DAY, good=1)

    def asked(query: str) -> int:
        site.get(f"/health/{query}")
        with CaptureQueriesContext(connection) as captured:
            site.get(f"/health/{query}")
        return len(captured)

    few = asked("")
    for number in range(20):
        own(f"own-{number}")
        for at, size in ((hour(), Span.HOUR), (day(), Span.DAY)):
            span(f"provider:own-{number}", at, size, good=1)
        outage(f"provider:own-{number}", 10, ended=None)
    assert asked("") <= few
    assert asked("?range=90d") <= few


# The failure drill


def test_the_drill_tells_how_often_a_route_was_out_of_reach(site: Client) -> None:
    saved("groq")
    saved("mistral")
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Route.objects.create(slot="vision", model="pixtral", provider="mistral")

    def drilled() -> str:
        html = flat(site.get("/routing/?without=groq"))
        return html[html.index('id="gone"') :]

    outage("provider:groq", 100, "main", ended=60)
    assert "unreachable" not in drilled()
    assert "No outage" not in drilled()
    Watch.objects.create(about="provider:groq", every=15)
    assert "It was unreachable once in 7 days, for 40 min." in drilled()
    assert "No outage" not in drilled()
    outage("route:main", 30, ended=28)
    assert "It was unreachable 2 times in 7 days, 42 min altogether." in drilled()
    Watch.objects.create(about="route:vision", every=15)
    assert drilled().count("No outage was seen in 7 days.") == 1
