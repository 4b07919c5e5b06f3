"""Alerts in words: from closed sets, names, dates and numbers, in the language of who reads.

`words` is one alert for a page or a message; `make` is a message for a channel. What stands in
`Alert.params`, by kind:

fails, still_fails: {"outcome", "since", "hits"?: [slots], "model"?}
works_again: {"since" (it failed), "seconds", "hits"?}
money_low: {"amount", "currency", "means"}
key_expires: {"on"}
model_retires: {"model", "on", "slots"}; model_lost: {"model", "slots"}
file_drifted: {"drift"}; part_gone, part_back: {"since"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from facio_site import clock
from facio_site.templatetags.ui import lasting, status_label
from providers.dialects.money import money_of
from providers.models import Provider
from providers.spec.outcomes import Outcome
from providers.wording.money import money_words
from routing.agents.writing import Drift
from routing.models import Alert, Channel, WatchSettings
from routing.watch import subjects
from routing.watch.alerts.spec import DIGEST, TEST, Message, Tone
from routing.watch.schedule import zone_named

MOST_APART = 5  # more that come together are one message
Kind = Alert.Kind
TONES: Mapping[str, Tone] = {
    **dict.fromkeys((Kind.FAILS, Kind.STILL_FAILS, Kind.MODEL_LOST, Kind.PART_GONE), "error"),
    **dict.fromkeys((Kind.MONEY_LOW, Kind.KEY_EXPIRES, Kind.MODEL_RETIRES), "warn"),
    **dict.fromkeys((Kind.WORKS_AGAIN, Kind.PART_BACK), "ok"),
    Kind.FILE_DRIFTED: "warn",
}
_GRAVEST: tuple[Tone, ...] = ("error", "warn", "ok")


class Words(NamedTuple):
    title: str
    text: str  # one sentence or several; "" = the title says it all


def words(
    alert: Alert, zone: tzinfo | None = None, rows: Mapping[str, Provider] | None = None
) -> Words:
    """In the language that is active. Times are in `zone`, or in that of the watch; `rows` are
    providers by name, where they have been read."""
    told = {**alert.params, "began": _moment(alert.params.get("since"), zone or watch_zone())}
    title, sentences = _WORDS[Kind(alert.kind)]
    left = _left(told)
    if left is not None and left < 0:
        title = _PAST.get(Kind(alert.kind), title)
    names = {"name": subjects.label(alert.about, rows), "model": told.get("model", "")}
    return Words(title % names, " ".join(filter(None, (say(told) for say in sentences))))


def make(alerts: Sequence[Alert], channel: Channel, message_id: str) -> Message:
    """One message of these alerts, the oldest first, in the channel's language."""
    with translation.override(channel.language):
        lines = tuple(_line(alert) for alert in alerts)
        if len(lines) == 1:
            return replace(lines[0], id=message_id, lines=lines)
        tones = {line.tone for line in lines}
        return Message(
            id=message_id,
            at=max(line.at for line in lines),
            kind=DIGEST,
            about="",
            tone=next(tone for tone in _GRAVEST if tone in tones),
            title=ngettext("%d alert", "%d alerts", len(lines)) % len(lines),
            text="\n".join(": ".join(filter(None, (one.title, one.text))) for one in lines),
            link=absolute(reverse("routing:alerts")),
            lines=lines,
        )


def trial(channel: Channel, message_id: str, at: datetime) -> Message:
    """What "Send a test" sends."""
    with translation.override(channel.language):
        return Message(
            id=message_id,
            at=at,
            kind=TEST,
            about="",
            tone="info",
            title=_("Test from Facio Settings"),
            text=_("Alerts of this site arrive here, by the channel “%s”.") % channel.name,
            link=absolute(reverse("routing:channel", args=[channel.pk])),
        )


def absolute(path: str) -> str:
    """A path of this site, as `reverse` gives it, at its public address: the path of that is in
    both."""
    return str(settings.PUBLIC_URL.removesuffix(settings.BASE_PATH) + path)


def _line(alert: Alert) -> Message:
    title, text = words(alert)
    return Message(
        id=str(alert.pk),
        at=alert.at,
        kind=alert.kind,
        about=alert.about,
        tone=TONES[Kind(alert.kind)],
        title=" ".join(title.split()),
        text=" ".join(text.split()),
        link=absolute(subjects.link(alert.about)),
    )


# Sentences; "" where the params do not tell it ----------------------------------------------------

_Told = Mapping[str, Any]


def _outcome(told: _Told) -> str:
    """The words of its pill."""
    outcome = told.get("outcome")
    return f"{status_label(str(outcome))}." if outcome in list(Outcome) else ""


def _model(told: _Told) -> str:
    return _("Model: %s.") % told["model"] if told.get("model") else ""


def _since(told: _Told) -> str:
    return _("Since %s.") % told["began"] if told["began"] else ""


def _gone(told: _Told) -> str:
    return _("It was gone from %s.") % told["began"] if told["began"] else ""


def _lasted(told: _Told) -> str:
    seconds = told.get("seconds")
    if not told["began"] or not isinstance(seconds, int):
        return ""
    values = {"span": lasting(seconds), "at": told["began"]}
    return _("It failed for %(span)s, from %(at)s.") % values


def watch_zone() -> tzinfo:
    return zone_named(WatchSettings.read().zone)


def _moment(text: Any, zone: tzinfo) -> str:
    """By 24 hours, with the zone's name; "" for what is none."""
    try:
        return f"{datetime.fromisoformat(str(text)).astimezone(zone):%Y-%m-%d %H:%M} ({zone})"
    except ValueError:
        return ""


def _hits(told: _Told) -> str:
    labels = subjects.slot_labels(told.get("hits") or told.get("slots") or ())
    text = ngettext("Route: %s.", "Routes: %s.", len(labels)) % ", ".join(labels)
    return text if labels else ""


def _day(told: _Told) -> date | None:
    with suppress(ValueError):
        return date.fromisoformat(str(told.get("on")))
    return None


def _left(told: _Told) -> int | None:
    """Days until then, whenever it is read; by UTC, as conditions are looked at."""
    day = _day(told)
    return (day - clock.about_now().astimezone(UTC).date()).days if day else None


def _on(told: _Told) -> str:
    day = _day(told)
    return _("On %s.") % formats.date_format(day, "DATE_FORMAT") if day else ""


def _days(told: _Told) -> str:
    left = _left(told)
    if left is None or left < 0:
        return ""
    return ngettext("In %d day.", "In %d days.", left) % left if left else _("Today.")


def _money(told: _Told) -> str:
    with suppress(InvalidOperation):
        amount = Decimal(str(told.get("amount")))
        money = money_of(amount, str(told.get("currency", "")), str(told.get("means", "")))
        return f"{money_words(money)}." if money else ""
    return ""


def _drift(told: _Told) -> str:
    return next((f"{one.told.label}." for one in Drift if one == told.get("drift")), "")


_WORDS: Mapping[Kind, tuple[Any, Sequence[Callable[[_Told], str]]]] = {
    Kind.FAILS: (gettext_lazy("%(name)s fails"), (_outcome, _model, _since, _hits)),
    Kind.STILL_FAILS: (gettext_lazy("%(name)s still fails"), (_outcome, _since, _hits)),
    Kind.WORKS_AGAIN: (gettext_lazy("%(name)s works again"), (_lasted, _hits)),
    Kind.MONEY_LOW: (gettext_lazy("%(name)s: money is low"), (_money,)),
    Kind.KEY_EXPIRES: (gettext_lazy("%(name)s: the key expires"), (_on, _days)),
    Kind.MODEL_RETIRES: (
        gettext_lazy("%(name)s: the model %(model)s retires"),
        (_on, _days, _hits),
    ),
    Kind.MODEL_LOST: (gettext_lazy("%(name)s: the model %(model)s is gone"), (_hits,)),
    Kind.FILE_DRIFTED: (gettext_lazy("%(name)s differs from what is set here"), (_drift,)),
    Kind.PART_GONE: (gettext_lazy("%(name)s is gone"), (_since,)),
    Kind.PART_BACK: (gettext_lazy("%(name)s is back"), (_gone,)),
}
_PAST: Mapping[Kind, Any] = {  # once its day is over
    Kind.KEY_EXPIRES: gettext_lazy("%(name)s: the key has expired"),
    Kind.MODEL_RETIRES: gettext_lazy("%(name)s: the model %(model)s has retired"),
}
