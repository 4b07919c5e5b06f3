"""What is told without a test: money that runs out, keys and models that end, models that a list
has lost, a live file that somebody else changed, and that something still fails.

Of every provider that is set up, watched or not. A mark says what was told already, so that each
threshold is told once and two workers tell it once; no call is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from facio_site import sealing
from providers.dialects.money import is_low
from providers.models import CatalogEntry, Provider
from routing.agents.announced import is_announced
from routing.agents.writing import Drift, drift
from routing.models import Alert, Route, Standing, Watch, WatchSettings
from routing.models.subjects import CATALOG, CONDITIONS, CONFIG, MONEY, PROVIDER, ROUTE
from routing.rules.codes import Code, Lint
from routing.state import agent_view, facts
from routing.watch.alerts import raise_alert
from routing.watch.changes import forget
from routing.watch.subjects import served_routes

EVERY = timedelta(minutes=1)
KEY_DAYS = (30, 7, 1)
MODEL_DAYS = (60, 14, 1)
PAST_DAYS = 7  # what ended longer ago was told, or is known
REMINDED = timedelta(hours=24)
SHORT = 80  # characters of a model in a mark
_BY_ANOTHER = (Drift.CHANGED, Drift.GONE, Drift.UNUSABLE)
_ENDS = (Code.MODEL_RETIRES, Code.MODEL_RETIRED)
_LOST = (Code.MODEL_GONE, Code.MODEL_MISSING)


def look(now: datetime) -> bool:
    """Once a minute, whichever process asks; False = it was not time. A fault in one part leaves
    the others, and is raised at the end."""
    if not _is_turn(now):
        return False
    rows = {row.name: row for row in Provider.objects.configured().order_by("name")}
    parts: list[Callable[[], object]] = [
        lambda: _money(rows.values(), now),
        lambda: _keys(rows.values(), now),
        lambda: _models(rows, now),
        lambda: look_at_file(now),
        lambda: _forget_idle(now),
        lambda: _remind(now),
    ]
    faults = []
    for part in parts:
        try:
            part()
        except Exception as error:  # noqa: BLE001 - the other parts are looked at all the same
            faults.append(error)
    if faults:
        raise faults[0]
    return True


def hasten() -> None:
    """Look at the next opportunity: something has changed."""
    Standing.objects.filter(about=CONDITIONS).update(since=None)


def _is_turn(now: datetime) -> bool:
    rows = Standing.objects.filter(about=CONDITIONS)
    found = list(rows.values_list("since", flat=True))
    if not found:
        return Standing.objects.get_or_create(about=CONDITIONS, defaults={"since": now})[1]
    last = found[0]
    if last and abs(now - last) < EVERY:  # one that lies ahead is of a clock that was set back
        return False
    return bool(rows.filter(since=last).update(since=now))


def short(model: str) -> str:
    """A model in marks, which hold no more of a long name."""
    if len(model) <= SHORT:
        return model
    digest = hashlib.blake2b(model.encode(), digest_size=16).hexdigest()
    return f"{model[: SHORT - 1 - len(digest)]}~{digest}"


def nearest(days: int, thresholds: Iterable[int]) -> int | None:
    """The smallest of the thresholds that has been reached; None = none, or it is long over."""
    reached = [one for one in thresholds if days <= one]
    return min(reached) if reached and days >= -PAST_DAYS else None


def _days(on: date, now: datetime) -> int:
    return (on - now.astimezone(UTC).date()).days


# --- providers ------------------------------------------------------------------------------


def _money(rows: Iterable[Provider], now: datetime) -> None:
    """Again each time when it falls below its bound, which its row remembers."""
    failing = Standing.objects.filter(about__startswith=f"{MONEY}:", is_failing=True)
    told = set(failing.values_list("about", flat=True))
    for row in rows:
        about, money = f"{MONEY}:{row.name}", row.money
        is_little = money is not None and is_low(money, row.spec.money)
        if is_little == (about in told):
            continue
        with transaction.atomic():
            if not turn(about, now, is_failing=is_little) or not money or not is_little:
                continue
            mark = f"money_low:{row.name}:{now.isoformat()}"
            raise_alert(Alert.Kind.MONEY_LOW, about, mark, dict(money.as_json()), now)


def turn(about: str, at: datetime, *, is_failing: bool) -> bool:
    """Write down that a condition holds now, or no longer does; True for the one that says it
    first."""
    Standing.objects.get_or_create(about=about)
    rows = Standing.objects.filter(about=about, is_failing=not is_failing)
    return bool(rows.update(is_failing=is_failing, since=at))


def _keys(rows: Iterable[Provider], now: datetime) -> None:
    for row in rows:
        on = row.key_expires_on
        if on is None:
            continue
        near = nearest(_days(on, now), KEY_DAYS)
        if near is not None:
            mark = f"key_expires:{row.name}:{on}:{near}"
            about = f"{PROVIDER}:{row.name}"
            raise_alert(Alert.Kind.KEY_EXPIRES, about, mark, {"on": on.isoformat()}, now)


# --- models of routes -----------------------------------------------------------------------


def _models(rows: Mapping[str, Provider], now: datetime) -> None:
    view = agent_view(rows.values())
    routes = {route.slot: route for route in Route.objects.all_slots()}
    today = now.astimezone(UTC).date()
    found: dict[tuple[Code, str, str], list[Lint]] = {}
    for lint in facts.look(facts.resolved(rows, view), view, today).lints:
        if lint.code in (*_ENDS, *_LOST) and str(lint.params["provider"]) in rows:
            key = (lint.code, str(lint.params["provider"]), str(lint.params["model"]))
            found.setdefault(key, []).append(lint)
    for (code, name, model), lints in found.items():
        slots = [lint.slot for lint in lints]
        if code in _ENDS:
            _retires(name, model, date.fromisoformat(str(lints[0].params["date"])), slots, now)
        else:
            _lost(rows[name], model, [routes[slot] for slot in slots], now)


def _retires(name: str, model: str, on: date, slots: list[str], now: datetime) -> None:
    near = nearest(_days(on, now), MODEL_DAYS)
    if near is None:
        return
    mark = f"model_retires:{name}:{short(model)}:{on}:{near}"
    params = {"model": model, "slots": slots, "on": on.isoformat()}
    raise_alert(Alert.Kind.MODEL_RETIRES, f"{ROUTE}:{slots[0]}", mark, params, now)


def _lost(row: Provider, model: str, routes: list[Route], now: datetime) -> None:
    """By the fetch that lost it. One of which no row is left was lost before that, and is told
    unless it was, or was chosen after the fetch: then its page has said so."""
    sent = row.adapter(with_secrets=False).sent_name(model)
    gone = CatalogEntry.objects.filter(provider=row, gone_at__isnull=False)
    at = gone.filter(model_id__in=(sent, model)).values_list("gone_at", flat=True).first()
    begin = f"model_lost:{row.name}:{short(model)}:v{routes[0].version}:"
    if at is None:
        chosen = max(route.updated_at for route in routes)
        is_before = row.catalog_at is None or row.catalog_at < chosen
        if is_before or Alert.objects.filter(mark__startswith=begin).exists():
            return
    mark = begin + (at.isoformat() if at else "")
    params = {"model": model, "slots": [route.slot for route in routes]}
    raise_alert(Alert.Kind.MODEL_LOST, f"{ROUTE}:{routes[0].slot}", mark, params, now)


# --- the live file --------------------------------------------------------------------------


def look_at_file(now: datetime) -> None:
    """Once for each state in which somebody else left it since our last write. Where this machine
    has no live file nothing is known of it. A write of our own is no such state, though it may
    come between: what it announces is passed over, and so is what a second look does not find."""
    found = drift()
    if found.drift not in _BY_ANOTHER or not found.number or is_announced(found.digest):
        return
    if drift() == found:
        mark = f"file_drifted:{found.number}:{found.drift.value}:{found.digest[:16]}"
        params = {"drift": found.drift.value}
        raise_alert(Alert.Kind.FILE_DRIFTED, CONFIG, mark, params, now)


# --- who is not watched any more ------------------------------------------------------------


def _forget_idle(now: datetime) -> None:
    """A test that was judged while its schedule was switched off leaves nothing behind, and a route
    that nobody serves fails no longer: that it is not set is told elsewhere."""
    known = Standing.objects.exclude(about__in=Watch.objects.watched().values("about"))
    of_subjects = Q()
    for sort in (PROVIDER, CATALOG, ROUTE):
        of_subjects |= Q(about__startswith=f"{sort}:")
    idle = set(known.filter(of_subjects).values_list("about", flat=True))
    failing = Standing.objects.filter(about__startswith=f"{ROUTE}:", is_failing=True)
    routes = set(failing.values_list("about", flat=True))
    if routes - idle and sealing.master_keys():
        idle |= routes - {f"{ROUTE}:{one.slot}" for one in served_routes()}
    for about in sorted(idle):
        forget(about, now)


# --- reminders ------------------------------------------------------------------------------


def _remind(now: datetime) -> None:
    """A day after it began, and each day after that, while it lasts. What fell with its provider is
    told with that."""
    if not WatchSettings.read().reminds:
        return
    watched = Watch.objects.watched().values("about")
    failing = Standing.objects.filter(is_failing=True, about__in=watched)
    since = now - REMINDED
    is_due = Q(reminded_at__lte=since) | Q(reminded_at=None, since__lte=since)
    known = set(failing.filter(about=F("cause")).values_list("about", flat=True))
    for row in failing.filter(is_due).order_by("about"):
        about = row.cause or row.about
        if about != row.about and about in known:
            continue
        with transaction.atomic():
            rows = Standing.objects.filter(about=row.about, reminded_at=row.reminded_at)
            if not rows.update(reminded_at=now):
                continue
            began = row.since.isoformat() if row.since else ""
            mark = f"still_fails:{about}:{now.date()}"
            params = {"outcome": row.outcome, "since": began}
            raise_alert(Alert.Kind.STILL_FAILS, about, mark, params, now)
