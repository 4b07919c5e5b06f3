"""Alerts in words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from facio_site import clock
from routing.models import Alert, Channel, WatchSettings
from routing.watch.alerts.message import make, words
from tests.desk import saved
from tests.routing.watch.alerts.desk import NOW
from tests.security import command

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
Kind = Alert.Kind
SINCE = {"since": "2026-11-29T14:05:00+00:00"}


def an_alert(kind: Kind, about: str = "provider:groq", **params: Any) -> Alert:
    return Alert(kind=kind, about=about, params=params, mark=str(kind), at=NOW)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets days pass after NOW."""

    def turn(days: int) -> None:
        monkeypatch.setattr(clock, "about_now", lambda: NOW + timedelta(days=days))

    turn(0)
    return turn


def channel(language: str = "en") -> Channel:
    return Channel(kind="json", name="x", language=language)


@pytest.mark.parametrize(
    ("kind", "about", "params", "title", "text"),
    [
        (
            Kind.FAILS,
            "provider:groq",
            {"outcome": "bad_key", **SINCE, "hits": ["main", "vision"]},
            "Groq fails",
            "Key rejected. Since 2026-11-29 14:05 (UTC). Routes: Main, Vision.",
        ),
        (
            Kind.FAILS,
            "route:main",
            {"outcome": "model_not_found", "model": "llama-9", **SINCE},
            "Main fails",
            "Model not found. Model: llama-9. Since 2026-11-29 14:05 (UTC).",
        ),
        (
            Kind.WORKS_AGAIN,
            "provider:groq",
            {"seconds": 2520, **SINCE},
            "Groq works again",
            "It failed for 42 min, from 2026-11-29 14:05 (UTC).",
        ),
        (
            Kind.STILL_FAILS,
            "provider:groq",
            {"outcome": "timeout", **SINCE},
            "Groq still fails",
            "Timed out. Since 2026-11-29 14:05 (UTC).",
        ),
        (
            Kind.MONEY_LOW,
            "money:groq",
            {"amount": "3.218", "currency": "USD", "means": "balance"},
            "Groq: money is low",
            "Balance: 3.21\u00a0USD.",
        ),
        (
            Kind.KEY_EXPIRES,
            "provider:groq",
            {"on": "2026-12-06"},
            "Groq: the key expires",
            "On Dec. 6, 2026. In 7 days.",
        ),
        (
            Kind.MODEL_RETIRES,
            "catalog:groq",
            {"model": "llama-9", "on": "2026-11-30", "slots": ["main"]},
            "Models of Groq: the model llama-9 retires",
            "On Nov. 30, 2026. In 1 day. Route: Main.",
        ),
        (
            Kind.MODEL_LOST,
            "catalog:groq",
            {"model": "llama-9", "slots": ["main"]},
            "Models of Groq: the model llama-9 is gone",
            "Route: Main.",
        ),
        (
            Kind.FILE_DRIFTED,
            "config",
            {"drift": "changed"},
            "config.json differs from what is set here",
            "Changed by someone else.",
        ),
        (
            Kind.PART_GONE,
            "system:worker",
            SINCE,
            "Worker is gone",
            "Since 2026-11-29 14:05 (UTC).",
        ),
        (
            Kind.PART_BACK,
            "system:broker",
            SINCE,
            "Broker is back",
            "It was gone from 2026-11-29 14:05 (UTC).",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, Kind) else "",
)
def test_each_kind_in_words(
    kind: Kind, about: str, params: dict[str, Any], title: str, text: str
) -> None:
    assert words(an_alert(kind, about, **params)) == (title, text)


@pytest.mark.parametrize(
    ("passed", "title", "ending"),
    [
        (0, "Groq: the key expires", "In 7 days."),
        (6, "Groq: the key expires", "In 1 day."),
        (7, "Groq: the key expires", "Today."),
        (8, "Groq: the key has expired", "On Dec. 6, 2026."),
    ],
)
def test_days_are_counted_when_they_are_read(
    passed: int, title: str, ending: str, today: Callable[[int], None]
) -> None:
    """A message may come late, and the page shows what was told weeks ago."""
    today(passed)
    told = words(an_alert(Kind.KEY_EXPIRES, on="2026-12-06", days=7))
    assert told.title == title
    assert told.text.endswith(ending)


def test_a_model_whose_day_is_over_has_retired(today: Callable[[int], None]) -> None:
    today(2)
    told = words(an_alert(Kind.MODEL_RETIRES, "route:main", model="llama-9", on="2026-11-30"))
    assert told == ("Main: the model llama-9 has retired", "On Nov. 30, 2026.")


@pytest.mark.parametrize("kind", Kind)
def test_s99_no_kind_breaks_on_params_that_lack_or_are_odd(kind: Kind) -> None:
    for params in (
        {},
        {"outcome": "<b>", "since": "x", "hits": ["nobody"], "seconds": "x", "days": None},
        {"on": 5, "amount": "x", "currency": [], "means": {}, "drift": "?", "slots": None},
    ):
        title, text = words(an_alert(kind, **params))
        assert title
        assert "<b>" not in text
        assert "nobody" not in text


def test_times_are_in_the_zone_of_the_watch() -> None:
    WatchSettings.objects.create(pk=WatchSettings.ONLY, zone="Europe/Berlin")
    summer = datetime(2026, 7, 1, 22, 30, tzinfo=UTC).isoformat()
    text = words(an_alert(Kind.PART_GONE, "system:worker", since=summer)).text
    assert text == "Since 2026-07-02 00:30 (Europe/Berlin)."


LINKS = """
from routing.models import Alert
from routing.watch.alerts.message import absolute, subjects
from django.urls import reverse
print(absolute(subjects.link("provider:groq")), absolute(reverse("routing:alerts")))
"""


@pytest.mark.journey
@pytest.mark.parametrize(
    "place",
    ["https://tools.example/facio", pytest.param("https://facio.example", marks=pytest.mark.long)],
)
def test_the_link_keeps_the_path_of_the_public_address(tmp_path: Path, place: str) -> None:
    done = command.run(tmp_path, "shell", "--no-imports", given=LINKS, PUBLIC_URL=place)
    assert done.stdout.split() == [f"{place}/providers/groq/", f"{place}/alerts/"], done.stderr


def test_a_message_is_in_the_channels_language_whoever_asks() -> None:
    told = an_alert(Kind.FAILS, outcome="bad_key")
    with translation.override("de"):
        assert make([told], channel("en"), "x").title == "Groq fails"
    german = make([told], channel("de"), "x")
    assert "fails" not in german.title
    assert "Groq" in german.title


def test_a_digest_has_a_line_for_each_and_the_gravest_tone() -> None:
    saved("groq")
    told = [
        an_alert(Kind.WORKS_AGAIN),
        an_alert(Kind.FAILS, "route:main", outcome="timeout"),
        an_alert(Kind.KEY_EXPIRES),
    ]
    digest = make(told, channel(), "x")
    assert (digest.kind, digest.about, digest.tone) == ("digest", "", "error")
    assert digest.title == "3 alerts"
    assert digest.text.splitlines()[1] == "Main fails: Timed out."
    assert [line.kind for line in digest.lines] == ["works_again", "fails", "key_expires"]
