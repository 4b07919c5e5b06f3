"""Routes as pages show them: decision in words, what was considered, the last test. Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from providers.kinds import KINDS
from providers.models import Job, Provider
from providers.pages.shown import ShownJob, show_job
from providers.spec.kind import ProviderSpec
from providers.spec.outcomes import UNTOLD
from routing.models import Route, Slot
from routing.pages.wording import ShownConsidered, provider_status, resolution, shown_considered
from routing.rules.drill import Asked
from routing.rules.explain import AUTO, Configured, Decision
from routing.rules.lint import NOT_BAD
from routing.state import configured, decide


@dataclass(slots=True)
class RouteRow:
    """`decision` is None for an override that is not set: it follows main."""

    route: Route
    decision: Decision | None
    words: str
    provider: Provider | None  # the configured row that it resolves to
    test: ShownJob | None = None  # of exactly `tried_names` there, with the values as they are
    considered: list[ShownConsidered] = field(default_factory=list)

    @property
    def slot(self) -> Slot:
        return Slot(self.route.slot)

    @property
    def spec(self) -> ProviderSpec | None:
        return KINDS.get(self.decision.provider or "") if self.decision else None

    @property
    def can_pin(self) -> bool:
        """Auto, and resolved to somebody."""
        return bool(self.spec) and self.route.provider == AUTO and bool(self.route.model)

    @property
    def can_test(self) -> bool:
        return (
            self.provider is not None and bool(self.route.model) and not self.provider.spec.is_oauth
        )

    @property
    def is_tested(self) -> bool:
        """A test of it is under way."""
        return self.test is not None and self.test.is_pending

    @property
    def tested_at(self) -> datetime | None:
        """When `tested` was found out; None while it runs."""
        if self.test and self.test.job and (self.is_own or self.is_tested):
            return self.test.job.finished_at
        return self.provider.checked_at if self.provider else None

    @property
    def is_own(self) -> bool:
        """Whether `tested` tells of a call with the route's own model, and not of its provider.

        A provider that failed since goes first.
        """
        if self.provider is None or self.test is None or self.route.is_media:
            return False
        if self.test.status in (*UNTOLD, "never"):
            return False
        ended, checked = self.test.job and self.test.job.finished_at, self.provider.checked_at
        is_newer = ended and checked and checked > ended
        return not is_newer or self.provider.check_outcome in NOT_BAD

    @property
    def is_of_provider(self) -> bool:
        """Whether `tested` is what the provider's last test found."""
        return not self.is_own and not self.is_tested and self.tested not in ("", "never")

    @property
    def tested(self) -> str:
        """The word for a pill: of the route's own test, while that holds, else of its provider's.

        "" where nothing here can test it. "ok" is said of an own test only.
        """
        if self.provider is None or self.provider.spec.is_oauth:
            return ""
        if self.is_own or self.is_tested:
            return self.test_status
        return provider_status(self.provider.check_outcome, self.provider.check_key_state)

    @property
    def test_status(self) -> str:
        """The word for a pill of `test` alone; a media route's asks no model."""
        if self.test is None or self.test.job is None:
            return "never"
        if self.route.is_media:
            return provider_status(self.test.status, self.test.job.key_state)
        return self.test.status

    @property
    def tried_names(self) -> list[str]:
        """What a test tries besides the key: nothing for media, where it would bill a picture."""
        return [] if self.route.is_media else [self.route.model]


def route_rows(
    rows: Mapping[str, Provider] | None = None, *, with_tests: bool = False
) -> list[RouteRow]:
    """All slots in order; a fixed number of queries."""
    if with_tests:
        Job.objects.finish_overdue()
    rows = provider_rows() if rows is None else rows
    states = configured(rows.values())
    return [route_row(route, states, rows, with_tests) for route in Route.objects.all_slots()]


def served_by(kind: str) -> list[str]:
    """Labels of the routes that resolve to this provider."""
    return [
        str(row.slot.label) for row in route_rows() if row.provider and row.provider.kind == kind
    ]


def provider_rows() -> dict[str, Provider]:
    return {row.kind: row for row in Provider.objects.configured()}


def route_row(
    route: Route, states: list[Configured], rows: Mapping[str, Provider], with_tests: bool
) -> RouteRow:
    decision = decide(route, states)
    provider = rows.get(decision.provider or "") if decision else None
    shown = RouteRow(
        route=route,
        decision=decision,
        words=resolution(route, decision),
        provider=provider,
        considered=shown_considered(decision) if decision else [],
    )
    if with_tests and shown.can_test and provider:
        found = show_job(Job.objects.newest_with(provider, shown.tried_names), provider)
        shown.test = show_job(None, provider) if found.is_stale else found
    return shown


def asked(rows: list[RouteRow]) -> list[Asked]:
    """The routes that are set, for the failure drill."""
    return [
        Asked(
            slot=row.route.slot,
            model=row.route.model,
            provider=row.route.provider,
            is_media=row.route.is_media,
        )
        for row in rows
        if row.decision and row.route.is_set
    ]
