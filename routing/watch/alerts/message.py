"""Alerts in words: from closed sets, names, dates and numbers, in the language of who reads.

`words` is one alert for a page or a message; `make` is a message for a channel. What stands in
`Alert.params`, by kind:

fails, still_fails: {"outcome", "since", "hits"?: [slots], "model"?}
works_again: {"since" (it failed), "seconds", "hits"?}
money_low: {"amount", "currency", "means"}
key_expires: {"on", "days"}
model_retires: {"model", "on", "days", "slots"}; model_lost: {"model", "slots"}
file_drifted: {"drift"}; part_gone, part_back: {"since"}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.urls import get_script_prefix, reverse
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.dialects.money import money_of
from providers.spec.outcomes import Outcome
from providers.wording.money import money_words
from routing.agents.writing import Drift
from routing.models import Alert, Channel, Slot, WatchSettings
from routing.watch import subjects
from routing.watch.alerts.spec import DIGEST, TEST, Line, Message, Tone

MOST_APART = 5  # more that come together are one message
Kind = Alert.Kind
_TONES: dict[str, Tone] = {
    Kind.FAILS: "error",
    Kind.STILL_FAILS: "error",
    Kind.PART_GONE: "error",
    Kind.WORKS_AGAIN: "ok",
    Kind.PART_BACK: "ok",
}
_GRAVEST: tuple[Tone, ...] = ("error", "warn", "ok")


class Words(NamedTuple):
    title: str
    text: str  # one sentence or several; "" = the title says it all


def words(alert: Alert) -> Words:
    """In the language that is active."""
    told: dict[str, Any] = alert.params if isinstance(alert.params, dict) else {}
    make = _WORDS.get(alert.kind)
    name = subjects.label(alert.about)
    if make is None:  # of a version that knows more kinds
        return Words(name, "")
    title, sentences = make(name, told)
    return Words(title, " ".join(filter(None, sentences)))


def make(alerts: Sequence[Alert], channel: Channel, message_id: str) -> Message:
    """One message of these alerts, the oldest first, in the channel's language."""
    with translation.override(channel.language):
        lines = tuple(_line(alert) for alert in alerts)
        newest = max(line.at for line in lines)
        if len(lines) == 1:
            one = lines[0]
            return Message(
                id=message_id,
                at=newest,
                kind=one.kind,
                about=one.about,
                tone=_TONES.get(one.kind, "warn"),
                title=one.title,
                text=one.text,
                link=one.link,
                lines=lines,
            )
        tones = {_TONES.get(line.kind, "warn") for line in lines}
        return Message(
            id=message_id,
            at=newest,
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
    """A path of this site with its public address, whose own path is kept."""
    return settings.PUBLIC_URL + "/" + path.removeprefix(get_script_prefix()).lstrip("/")


def _line(alert: Alert) -> Line:
    title, text = words(alert)
    return Line(
        id=str(alert.pk),
        at=alert.at,
        kind=alert.kind,
        about=alert.about,
        title=" ".join(title.split()),
        text=" ".join(text.split()),
        link=absolute(subjects.link(alert.about)),
    )


# By kind: title and sentences ---------------------------------------------------------------------

_Told = dict[str, Any]
_Made = tuple[str, Iterable[str]]


def _fails(name: str, told: _Told) -> _Made:
    title = _("%s fails") % name
    return title, (_outcome(told), _model(told), _since(told), _hits(told))


def _still_fails(name: str, told: _Told) -> _Made:
    return _("%s still fails") % name, (_outcome(told), _since(told), _hits(told))


def _works_again(name: str, told: _Told) -> _Made:
    seconds, began, lasted = _number(told, "seconds"), _moment(told.get("since")), ""
    if seconds is not None and began:
        values = {"span": span(seconds), "at": moment_words(began)}
        lasted = _("It failed for %(span)s, from %(at)s.") % values
    return _("%s works again") % name, (lasted, _hits(told))


def _money_low(name: str, told: _Told) -> _Made:
    text = ""
    with suppress(InvalidOperation):
        amount = Decimal(str(told.get("amount")))
        money = money_of(amount, str(told.get("currency", "")), str(told.get("means", "")))
        text = f"{money_words(money)}." if money else ""
    return _("%s: money is low") % name, (text,)


def _key_expires(name: str, told: _Told) -> _Made:
    return _("%s: the key expires") % name, (_on(told), _days(told))


def _model_retires(name: str, told: _Told) -> _Made:
    title = _("%(name)s: the model %(model)s retires") % {
        "name": name,
        "model": told.get("model", ""),
    }
    return title, (_on(told), _days(told), _hits(told, "slots"))


def _model_lost(name: str, told: _Told) -> _Made:
    model = told.get("model", "")
    title = _("%(name)s: the model %(model)s is gone") % {"name": name, "model": model}
    return title, (_hits(told, "slots"),)


def _file_drifted(name: str, told: _Told) -> _Made:
    drift = next((one for one in Drift if one == told.get("drift")), None)
    text = f"{drift.told.label}." if drift else ""
    return _("%s differs from what is set here") % name, (text,)


def _part_gone(name: str, told: _Told) -> _Made:
    return _("%s is gone") % name, (_since(told),)


def _part_back(name: str, told: _Told) -> _Made:
    at = _moment(told.get("since"))
    return _("%s is back") % name, (_("It was gone from %s.") % moment_words(at) if at else "",)


_WORDS: dict[str, Callable[[str, _Told], _Made]] = {
    Kind.FAILS: _fails,
    Kind.WORKS_AGAIN: _works_again,
    Kind.STILL_FAILS: _still_fails,
    Kind.MONEY_LOW: _money_low,
    Kind.KEY_EXPIRES: _key_expires,
    Kind.MODEL_RETIRES: _model_retires,
    Kind.MODEL_LOST: _model_lost,
    Kind.FILE_DRIFTED: _file_drifted,
    Kind.PART_GONE: _part_gone,
    Kind.PART_BACK: _part_back,
}


# Pieces -------------------------------------------------------------------------------------------


def _outcome(told: _Told) -> str:
    """The words of its pill."""
    from facio_site.templatetags.ui import status_label  # loads the icons: only to tell something

    outcome = told.get("outcome")
    return f"{status_label(str(outcome))}." if outcome in list(Outcome) else ""


def _model(told: _Told) -> str:
    return _("Model: %s.") % told["model"] if told.get("model") else ""


def _since(told: _Told) -> str:
    at = _moment(told.get("since"))
    return _("Since %s.") % moment_words(at) if at else ""


def moment_words(at: datetime) -> str:
    """In the zone of the watch, by 24 hours, with the zone's name."""
    name = WatchSettings.read().zone
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        name, zone = "UTC", ZoneInfo("UTC")
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} ({name})"


def _hits(told: _Told, key: str = "hits") -> str:
    slots = [slot for slot in told.get(key) or () if slot in Slot.values]
    labels = ", ".join(str(Slot(slot).label) for slot in slots)
    return ngettext("Route: %s.", "Routes: %s.", len(slots)) % labels if slots else ""


def _on(told: _Told) -> str:
    try:
        day = date.fromisoformat(str(told.get("on")))
    except ValueError:
        return ""
    return _("On %s.") % formats.date_format(day, "DATE_FORMAT")


def _days(told: _Told) -> str:
    days = _number(told, "days")
    return ngettext("In %d day.", "In %d days.", days) % days if days is not None else ""


def span(seconds: int) -> str:
    """How long something lasted: "42 s", "17 min", "3 h 5 min", "2 days"."""
    if seconds < 60:
        return _("%d s") % seconds
    if seconds < 3600:
        return _("%d min") % (seconds // 60)
    if seconds < 2 * 86_400:
        hours, minutes = divmod(seconds // 60, 60)
        if not minutes:
            return _("%d h") % hours
        return _("%(h)d h %(m)d min") % {"h": hours, "m": minutes}
    days = seconds // 86_400
    return ngettext("%d day", "%d days", days) % days


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _number(told: _Told, key: str) -> int | None:
    value = told.get(key)
    return int(value) if isinstance(value, int | float) else None
