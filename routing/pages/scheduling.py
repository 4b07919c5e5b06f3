"""The form of the schedule: who is checked how often, and what holds for all of them.

Each field is compared with what the page was made of: what nobody touched follows what is saved by
now, and what two people changed is chosen between, field by field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site.audit import record
from facio_site.web.forms import text_of, with_texts
from providers.models import Provider
from routing.forms import PICK, Clash, read_was, settled
from routing.models import Every, Slot, Watch, WatchSettings
from routing.models.subjects import CATALOG, PROVIDER, ROUTE, split
from routing.watch.subjects import Served, served_routes

MOST_CALLS = 100_000
APART = timedelta(seconds=2)  # between those that are switched on together
OF_ALL = ("is_on", "reminds", "quiet_from", "quiet_until", "zone", "completions_a_day")
_SHORT = {0: "off", 15: "15 min", 60: "1 h", 360: "6 h", 1440: "1 d"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One row. `why_not` is said where it can't be checked by itself."""

    about: str
    label: str
    kind: str  # of its monogram; "" = none
    detail: str = ""
    served: Served | None = None  # of a route that can be asked
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    sort: str
    label: str
    text: str
    all_label: str  # of the choice for all of them
    subjects: list[Subject] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"all:{self.sort}"

    @property
    def open(self) -> list[str]:
        return [one.about for one in self.subjects if not one.why_not]


def groups() -> list[Group]:
    """All that could be watched; a fixed number of queries."""
    rows = sorted(Provider.objects.configured(), key=lambda row: row.spec.label.lower())
    served = {one.slot: one for one in served_routes()}
    tests = [_of_row(PROVIDER, row) for row in rows]
    lists = [_of_row(CATALOG, row) for row in rows]
    calls = [_of_route(slot, served.get(slot.value)) for slot in Slot]
    test, listing = _("the connection test of each"), _("the list of models of each")
    call = _("a small call with the route's own model")
    return [
        Group(PROVIDER, _("Providers"), test, _("All providers"), tests),
        Group(CATALOG, _("Models"), listing, _("All lists of models"), lists),
        Group(ROUTE, _("Routes"), call, _("All routes"), calls),
    ]


def _of_row(sort: str, row: Provider) -> Subject:
    why = why_no_test(row)
    if not why and sort == CATALOG and row.spec.list_call is None:
        why = _("it has no list to fetch")
    return Subject(f"{sort}:{row.name}", row.spec.label, row.name, why_not=why)


def why_no_test(row: Provider) -> str:
    """Why it can't be checked by itself; "" = it can."""
    return _("the agent signs in itself") if row.spec.is_oauth else ""


def why_no_call(served: Served | None) -> str:
    """The same of a route, and a call with its own model."""
    if served is None:
        return _("not set, or nobody here serves it")
    if served.can_be_asked:
        return ""
    if served.provider.spec.is_oauth:
        return _("the agent signs in itself")
    return _("a call would bill an image or a video") if served.model else _("no model is chosen")


def _of_route(slot: Slot, served: Served | None) -> Subject:
    about, label = f"{ROUTE}:{slot.value}", str(slot.label)
    why = why_no_call(served)
    if served is None:
        return Subject(about, label, "", why_not=why)
    detail = " · ".join(filter(None, (served.model, served.provider.spec.label)))
    return Subject(about, label, "", detail, None if why else served, why)


@cache
def zones() -> list[str]:
    """IANA names, those of places first; what is kept for old files alone is left out."""
    found = {one for one in available_timezones() if "/" in one and not one.startswith("Etc/")}
    return ["UTC", *sorted(found)]


class ScheduleForm(forms.Form):
    """Settings, a choice for each subject, and one for all of a group: that one holds for those
    which nobody has touched. `stored`: text of what is saved, by field."""

    is_on = forms.BooleanField(label=gettext_lazy("Run scheduled checks"), required=False)
    quiet_from = forms.TimeField(label=gettext_lazy("Quiet from"), required=False)
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet until"),
        required=False,
        help_text=gettext_lazy("Nothing is asked and nothing is sent then. Empty: never quiet."),
    )
    zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("For the quiet hours and the day on which paid calls count."),
    )
    completions_a_day = forms.IntegerField(
        label=gettext_lazy("Paid calls a day"),
        min_value=0,
        max_value=MOST_CALLS,
        help_text=gettext_lazy("The most calls a day that a provider bills. 0: none."),
    )
    reminds = forms.BooleanField(
        label=gettext_lazy("Remind once a day while a failure lasts"), required=False
    )
    was = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Any, shown: Sequence[Group], stored: Mapping[str, str], *, is_open: bool = True
    ) -> None:
        self._groups, self._stored = shown, stored
        self._picked = {name for name in stored if data and f"{PICK}{name}" in data}
        super().__init__(settled(data, stored), initial={**stored, "was": json.dumps(stored)})
        for name in ("is_on", "reminds"):
            self.initial[name] = bool(stored[name])
        self._build()
        for name, one in self.fields.items():
            one.disabled = not is_open
            if name != "was":
                one.widget.attrs["data-saved"] = stored.get(name, "")
        self.clashes: list[Clash] = []
        self.changed: dict[str, str] = {}  # new texts by field

    def _build(self) -> None:
        for name in ("quiet_from", "quiet_until"):
            self.fields[name].widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        self.fields["zone"].widget.attrs |= {"list": "zones", "autocomplete": "off"}
        for group in self._groups:
            if len(group.open) > 1:
                empty = ("", _("Leave as it is"))
                self.fields[group.key] = forms.ChoiceField(
                    label=group.all_label, choices=[empty, *Every.choices], required=False
                )
            for one in group.subjects:
                if not one.why_not:
                    self.fields[one.about] = forms.ChoiceField(
                        label=f"{group.label}: {one.label}", choices=Every.choices, required=False
                    )

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"])
        if zone not in available_timezones():
            raise forms.ValidationError(
                _("No time zone has this name. Choose one, such as Europe/Berlin.")
            )
        return zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        begin, end = data.get("quiet_from"), data.get("quiet_until")
        if "quiet_from" in data and "quiet_until" in data and begin == end and begin is not None:
            self.add_error("quiet_until", _("Quiet hours end at another time than they begin."))
        elif begin and "quiet_until" in data and end is None:
            self.add_error("quiet_until", _("Say when the quiet hours end, or leave both empty."))
        elif end and "quiet_from" in data and begin is None:
            self.add_error("quiet_from", _("Say when the quiet hours begin, or leave both empty."))
        if not self.errors:
            self._compare(data)
        return data

    def _compare(self, data: Mapping[str, Any]) -> None:
        """What was changed here against what was saved meanwhile."""
        was, follows = read_was(data.get("was", ""), dict), dict[str, str]()
        mine, touched = self._asked(data, was)
        for name, text in mine.items():
            theirs = self._stored[name]
            if text == theirs:
                continue
            if name not in touched:
                follows[name] = theirs
            elif was.get(name) == theirs:
                self.changed[name] = text
            else:
                words = self._words(name, text), self._words(name, theirs)
                self.clashes.append(Clash(name, self.fields[name].label, *words, value=text))
        if self.clashes:
            self._settle(follows, was)

    def _asked(
        self, data: Mapping[str, Any], was: Mapping[str, str]
    ) -> tuple[dict[str, str], set[str]]:
        """What the form asks for, groups included, and what somebody has touched of it."""
        mine = {name: self._text(name, data) for name in self._stored if name in self.fields}
        touched = {name for name, text in mine.items() if text != was.get(name)}
        touched |= self._picked
        for group in self._groups:
            if chosen := data.get(group.key):
                asked = [about for about in group.open if about not in touched]
                mine |= dict.fromkeys(asked, chosen)
                touched |= set(asked)
        return mine, touched

    def rates(self) -> dict[str, int]:
        """Minutes by subject, of those that would be on; a choice that is wrong is as it was."""
        data = self.cleaned_data
        asked, _touched = self._asked(data, read_was(data.get("was", ""), dict))
        return {name: int(text) for name, text in asked.items() if name not in OF_ALL and int(text)}

    def _settle(self, follows: Mapping[str, str], was: Mapping[str, str]) -> None:
        """From now on this page is of what is saved by now."""
        self.data = with_texts(
            self.data,
            {
                "was": json.dumps(self._stored),
                **follows,
                **{one.key: one.value for one in self.clashes},
            },
        )
        for one in self.clashes:
            self.fields[one.key].widget.attrs["disabled"] = True
        for name, theirs in follows.items():
            told = self._words(name, theirs)
            self.clashes.append(Clash(name, self.fields[name].label, "", told, has_choice=False))

    def _text(self, name: str, data: Mapping[str, Any]) -> str:
        """As the form sends it; a choice that did not come is as it was."""
        value = data.get(name)
        if name not in OF_ALL and not (name in self.data and value):
            return self._stored[name]
        return text_of(value)

    def _words(self, name: str, text: str) -> str:
        if name in ("is_on", "reminds"):
            return _("on") if text else _("off")
        return str(text if name in OF_ALL else Every(int(text)).label)

    @property
    def unsaved(self) -> int:
        """How many of its fields hold something else than what is saved."""
        names = [name for name in self.fields if name != "was"]
        return sum(text_of(self[name].value()) != self._stored.get(name, "") for name in names)


def stored_texts(
    settings: WatchSettings, rows: Mapping[str, Watch], shown: Iterable[Group]
) -> dict[str, str]:
    """What is saved, as the form sends it."""
    names = [about for group in shown for about in group.open]
    every = {about: rows[about].every if about in rows else 0 for about in names}
    values = {name: getattr(settings, name) for name in OF_ALL}
    return {name: text_of(value) for name, value in (values | every).items()}


def save(
    request: HttpRequest,
    form: ScheduleForm,
    settings: WatchSettings,
    rows: Mapping[str, Watch],
    now: datetime,
) -> None:
    """What the form found to be changed; inside the transaction that has read what is stored."""
    changes = []
    started = 0
    for name, text in form.changed.items():
        if name in OF_ALL:
            before = text_of(getattr(settings, name))
            setattr(settings, name, form.cleaned_data[name])
            changes.append((name, before or "–", text or "–"))
            continue
        row = rows.get(name) or Watch(about=name, every=Every.OFF)
        changes.append((".".join(split(name)), _SHORT[row.every], _SHORT[int(text)]))
        _put(row, int(text), now, now + started * APART)
        started += 1
    if not changes:
        return
    settings.save()
    record(
        "schedule.changed",
        actor=request.user,
        fields=sorted({name.partition(".")[0] for name, _before, _after in changes}),
        changes=changes,
        request=request,
    )


def _put(row: Watch, every: int, now: datetime, first: datetime) -> None:
    """What is asked oftener than before is not kept waiting for its old time. A row that is on may
    have been taken since it was read: what that has written stays."""
    was_off, row.every, row.passed_over = not row.every, every, ""
    if was_off:
        row.due_at = first
        row.save()
        return
    row.save(update_fields=["every", "passed_over"])
    if every:
        latest = now + timedelta(minutes=every)
        Watch.objects.filter(pk=row.pk, due_at__gt=latest).update(due_at=latest)
