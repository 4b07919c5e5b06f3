"""Routes as pages show them: decision in words, what was considered, the last test. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404

from providers.dialects.turn import Asked as AskedOfModel
from providers.models import Job, Provider
from providers.pages.shown import ShownJob, show_job, show_model
from providers.spec.masks import variable_in
from providers.spec.outcomes import NOT_BAD, UNTOLD, Outcome
from routing.config.agent import AgentView, decide
from routing.models import Route, Slot
from routing.pages.wording import (
    NO_RANKING,
    Ranking,
    Served,
    off_words,
    provider_status,
    ranking,
    resolution,
    served,
)
from routing.rules.codes import Lint
from routing.rules.drill import Asked
from routing.rules.explain import AUTO, Decision, Rule
from routing.rules.lint import lacks
from routing.rules.standing import Standing, is_served, standing
from routing.state import agent_view
from routing.state.facts import Resolved, look

_GOOD = (Outcome.OK, "key_ok", "answers")  # words of pills


@dataclass(slots=True)
class RouteRow:
    """`decision` is None for an override that is not set: it follows main.

    `route` is what is stored; `model` and `forced` are what the agent reads of an export.
    """

    route: Route
    model: str
    forced: str
    decision: Decision | None
    words: str
    provider: Provider | None  # the configured row that it resolves to
    is_in_file: bool = False  # config.json has an entry of the provider that it resolves to
    test: ShownJob | None = None  # the newest that asked its model, with the values as they are
    own: str = ""  # outcome of the newest such test that told anything; "" = none
    own_at: datetime | None = None
    ranking: Ranking = NO_RANKING
    lints: tuple[Lint, ...] = ()
    preset: str = ""  # the model preset that gives main its model and provider, "" = none
    is_off: bool = False  # not set, and main's model cannot stand in

    @property
    def slot(self) -> Slot:
        return Slot(self.route.slot)

    @property
    def served(self) -> Served | None:
        """Who it resolves to, for a page; None = nobody, or a service that only the agent knows."""
        if self.decision is None or self.decision.rule is Rule.OUTSIDE:
            return None
        name = self.decision.provider
        return served(name, self.provider) if name else None

    @property
    def can_pin(self) -> bool:
        """Auto, and resolved to somebody."""
        is_auto = self.forced == AUTO and bool(self.model) and not self.preset
        return self.served is not None and is_auto

    @property
    def is_set(self) -> bool:
        if self.decision is None:
            return False
        return self.forced != AUTO or self.decision.rule is not Rule.NO_MODEL

    @property
    def can_test(self) -> bool:
        if self.provider is None or self.provider.spec.is_oauth:
            return False
        return bool(self.model) and not variable_in(self.model)

    @property
    def is_tested(self) -> bool:
        """A test of it is under way."""
        return self.test is not None and self.test.is_pending

    @property
    def silent(self) -> str:
        """How its newest test ended where that told nothing of it; "" = another told since."""
        if self.test is None or self.test.job is None or self.test.outcome not in UNTOLD:
            return ""
        ended_at, told_at = self.test.job.finished_at, self.tested_at
        return self.test.outcome if ended_at and (not told_at or ended_at > told_at) else ""

    @property
    def is_served(self) -> bool:
        is_there = self.provider is not None or self.is_in_file
        return self.decision is not None and is_served(self.decision, is_there=is_there)

    @property
    def doubts(self) -> list[Lint]:
        """Findings that stand against it; a note does not."""
        return [lint for lint in self.lints if lint.severity != "note"]

    @property
    def state(self) -> Standing:
        if self.decision is None:
            return Standing.AS_MAIN
        is_empty = not self.model and self.decision.rule is not Rule.EMPTY_MODEL
        if is_empty and self.route.slot == Slot.MAIN:
            return Standing.UNSET
        provider = self.provider
        return standing(
            is_served=self.is_served,
            has_findings=bool(self.doubts),
            own=self.own,
            outcome=provider.check_outcome if provider else "",
            key=provider.check_key_state if provider else "",
        )

    @property
    def is_out_of_sight(self) -> bool:
        """It is set, and only the agent can call it: a sign-in, a media service, the file's own."""
        return self.state == Standing.ATTENTION and not self.tested

    @property
    def is_own(self) -> bool:
        """Whether `tested` tells of a call with the route's own model, and not of its provider.

        A provider that failed since goes first.
        """
        if self.provider is None or self.own_at is None:
            return False
        checked = self.provider.checked_at
        is_newer = checked is not None and checked > self.own_at
        return not is_newer or self.provider.check_outcome in NOT_BAD

    @property
    def is_of_provider(self) -> bool:
        """Whether `tested` is what the provider's last test found."""
        is_other = self.is_own or self.is_tested or self.tested in ("", "never", "attention")
        return not is_other

    @property
    def tested_at(self) -> datetime | None:
        """When `tested` was found out; None while it runs."""
        if self.is_tested or self.provider is None:
            return None
        return self.own_at if self.is_own else self.provider.checked_at

    @property
    def tested(self) -> str:
        """The word for a pill: of the route's own test, while that holds, else of its provider's.

        "" where nothing here can test it. "ok" is said of an own test only, and never while a
        finding stands against it.
        """
        if self.provider is None or self.provider.spec.is_oauth:
            return ""
        if self.is_tested:
            return self.test_status
        of_provider = provider_status(self.provider.check_outcome, self.provider.check_key_state)
        told = self.own if self.is_own else of_provider
        return "attention" if self.doubts and told in _GOOD else told

    @property
    def test_status(self) -> str:
        """The word for a pill of `test` alone; a media route's asks no model."""
        if self.test is None or self.test.job is None:
            return "never"
        if self.route.is_media:
            return provider_status(self.test.status, self.test.job.key_state)
        return self.test.status

    @property
    def sees(self) -> bool:
        """Its model is there for pictures."""
        return self.slot == Slot.VISION

    @property
    def tried_names(self) -> list[str]:
        """What a test tries besides the key: nothing for media, where it would bill a picture."""
        return [] if self.route.is_media else [self.model]


def route_rows(
    rows: Mapping[str, Provider] | None = None,
    *,
    with_tests: bool = False,
    view: AgentView | None = None,
) -> list[RouteRow]:
    """All slots in order; a fixed number of queries. `with_tests`: with findings as well."""
    if with_tests:
        Job.objects.finish_overdue()
    rows = provider_rows() if rows is None else rows
    view = agent_view(rows.values()) if view is None else view
    shown = [route_row(route, view, rows) for route in Route.objects.all_slots()]
    if with_tests:
        for row in shown:  # before the findings, which tell of the provider's last test
            _add_test(row, view.asking.of_each_call)
        found = look(
            [Resolved(row.route.slot, row.model, row.decision, row.provider) for row in shown], view
        )
        for row in shown:
            row.lints = tuple(lint for lint in found.lints if lint.slot == row.route.slot)
            if row.decision is None and (lacking := lacks(row.route.slot, found.main)):
                row.words, row.is_off = off_words(lacking), True
    return shown


def row_of(slot: str) -> RouteRow:
    """One route with its test. Raises Http404 for a slot that the agent does not have."""
    if slot not in Slot.values:
        raise Http404
    return next(row for row in route_rows(with_tests=True) if row.route.slot == slot)


def served_by(name: str) -> list[tuple[str, str]]:
    """Of the routes that resolve to this provider: label, and the model's name in its own list."""
    return [(label, model) for label, provider, model in used_models() if provider == name]


def used_models() -> list[tuple[str, str, str]]:
    """Of all routes that resolve to a provider here: label, its name, the model's in its list."""
    return [
        (
            str(row.slot.label),
            row.provider.name,
            row.provider.adapter(with_secrets=False).sent_name(row.model),
        )
        for row in route_rows()
        if row.provider
    ]


def provider_rows() -> dict[str, Provider]:
    return {row.name: row for row in Provider.objects.configured()}


def route_row(route: Route, view: AgentView, rows: Mapping[str, Provider]) -> RouteRow:
    model, forced = view.asked(route.slot)
    decision = decide(route.slot, view)
    name = decision.provider or "" if decision else ""
    preset = view.preset if route.slot == Slot.MAIN and view.has_preset else ""
    return RouteRow(
        route=route,
        model=model,
        forced=forced,
        decision=decision,
        words=resolution(decision, model=model, preset=preset),
        preset=preset,
        provider=rows.get(name),
        is_in_file=name in view.names,
        ranking=ranking(decision) if decision else NO_RANKING,
    )


def _add_test(row: RouteRow, asked_now: AskedOfModel) -> None:
    """Its newest test, and what the last one that ended told of its model. One that asked otherwise
    than the agent does now tells nothing any more."""
    provider = row.provider
    if provider is None or not row.can_test:
        return
    model = "" if row.route.is_media else row.model
    newest, told = Job.objects.newest_asking(provider, model)
    if told and told.is_newer_than(provider):  # it has ended since the provider was read
        provider.refresh_from_db(fields=["check_outcome", "check_key_state", "checked_at"])
    row.test = show_model(newest, provider, model, sees=row.sees)
    if row.test.is_stale or _asked_otherwise(row, newest, asked_now):
        row.test = show_job(None, provider)
    if not told or not model or _asked_otherwise(row, told, asked_now):
        return
    if not (last := show_model(told, provider, model, sees=row.sees)).is_stale:
        row.own, row.own_at = last.outcome, told.finished_at


def _asked_otherwise(row: RouteRow, job: Job | None, asked_now: AskedOfModel) -> bool:
    """A test of a time in which nothing was kept of that counts as asked like this. A route to a
    model that sees wants one that showed it a picture."""
    if job is None:
        return False
    if row.sees and job.rung_of(row.model) and row.model not in job.params.get("pictured", ()):
        return True
    now = asked_now.as_json()
    return bool(job.params.get("sent_with", now) != now)


def asked(rows: list[RouteRow], view: AgentView) -> list[Asked]:
    """The routes that are set, for the failure drill. Main alone has fallbacks."""
    return [
        Asked(
            slot=row.route.slot,
            model=row.model,
            provider=row.forced,
            is_media=row.route.is_media,
            fallbacks=view.fallbacks if row.route.slot == Slot.MAIN else (),
        )
        for row in rows
        if row.decision and row.is_set
    ]
