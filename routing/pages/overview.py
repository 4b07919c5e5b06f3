"""What the overview tells: the way from a key to an exported file, and what needs attention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from facio_site.audit.models import AuditEntry
from providers.models import Provider
from providers.pages.shown import shown_expiry
from providers.spec.outcomes import NOT_BAD, Outcome
from routing.pages.findings import finding_text
from routing.pages.rows import RouteRow
from routing.rules.lint import Code

HANDED_OVER = ("config.downloaded", "config.exported", "config.written")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the guide. `is_next` marks the first that is not done."""

    title: str
    text: str
    link: str
    action: str  # on its button
    is_done: bool
    is_next: bool = False


def guide(rows: Iterable[Provider], routes: Sequence[RouteRow]) -> list[Step]:
    """The steps to a first exported file; empty once all of them were taken."""
    providers = list(rows)
    waiting = [row for row in providers if not row.is_working]
    start = _page(waiting[0]) if len(waiting) == 1 else reverse("providers:list")
    lister = next((row for row in providers if row.is_working), None)
    main = routes[0]
    is_listed = any(row.catalog_count for row in providers)
    steps = [
        Step(
            _("Set up a provider"),
            _("Choose one and paste its API key. A local server needs only its address."),
            reverse("providers:list"),
            _("Choose a provider"),
            bool(providers),
        ),
        Step(
            _("Test the connection"),
            _("The test says in one sentence what is wrong, if anything is."),
            start,
            _("Test it"),
            any(row.is_working or row.spec.is_oauth for row in providers),
        ),
        Step(
            _("Fetch its models"),
            _("Then a model is chosen from a list, with its window and price, and not by memory."),
            _page(lister) if lister else reverse("providers:list"),
            _("Fetch models"),
            is_listed,
        ),
        Step(
            _("Choose the main model"),
            _("The other routes stay empty until they are wanted: they follow main."),
            reverse("providers:catalog" if is_listed else "routing:routing"),
            _("Choose a model"),
            bool(main.model) and main.is_served,
        ),
        Step(
            _("Hand config.json to the agent"),
            _("Download it, or write it where the agent reads it."),
            reverse("routing:config"),
            _("Export"),
            AuditEntry.objects.filter(action__in=HANDED_OVER).exists(),
        ),
    ]
    first = next((place for place, step in enumerate(steps) if not step.is_done), None)
    if first is None:
        return []
    now = steps[first]
    steps[first] = Step(now.title, now.text, now.link, now.action, False, is_next=True)
    return steps


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs attention; `provider` is empty for a route."""

    about: str  # "route:main", "provider:openai"
    provider: str  # by name
    label: str
    note: str  # what stands beside the label
    link: str
    outcome: str = ""
    at: datetime | None = None


def concerns(rows: Iterable[Provider], routes: Iterable[RouteRow]) -> list[Concern]:
    """Each cause once: what stops a route or stands against it, in the order of the routes, then
    other providers whose last test was not passed, also those that may well work, and those whose
    key ends."""
    troubled = {row.name: row for row in rows if _is_unproven(row) or _expiry(row)}
    served: dict[str, list[str]] = {name: [] for name in troubled}
    found: list[Concern | Provider] = []
    for route in routes:
        if not route.is_set:
            continue
        provider = route.provider
        if provider and provider.name in troubled:
            if not served[provider.name]:
                found.append(troubled[provider.name])
            served[provider.name].append(str(route.slot.label))
        if provider and _is_unproven(provider):
            continue
        if concern := _of_route(route):
            found.append(concern)
    found += [row for row in troubled.values() if not served[row.name]]
    return [one if isinstance(one, Concern) else _of(one, served[one.name]) for one in found]


def _page(row: Provider) -> str:
    return reverse("providers:detail", args=[row.name])


def _is_unproven(row: Provider) -> bool:
    return row.check_outcome not in ("", Outcome.OK, Outcome.REFERENCE)


def _expiry(row: Provider) -> str:
    """In words; "" = nothing to tell."""
    told = shown_expiry(row.key_expires_on)
    return told.text if told else ""


def _of_route(row: RouteRow) -> Concern | None:
    """What stands against a route itself; its provider's last test passed, or none was made."""
    slot, label = row.route.slot, str(row.slot.label)
    about, link = f"route:{slot}", reverse("routing:routing") + f"#route-{slot}"
    if row.decision and not row.is_served:
        words = _("%(provider)s is not set up.")
        text = words % {"provider": row.served.label} if row.served else row.words
        return Concern(about, "", label, text, link)
    if row.is_own and row.own not in NOT_BAD:
        return Concern(about, "", label, row.model, link, row.own, row.own_at)
    own = [lint for lint in row.doubts if lint.code not in (Code.KEY_EXPIRES, Code.KEY_EXPIRED)]
    if own:
        return Concern(about, "", label, finding_text(own[0]), link)
    if row.can_test and row.tested == "never":
        return Concern(about, "", label, row.model, link, "never")
    return None


def _of(row: Provider, slots: Sequence[str]) -> Concern:
    """What stands against a provider: its last test, the end of its key."""
    serves = _("serves %(routes)s") % {"routes": ", ".join(slots)} if slots else ""
    about, link = f"provider:{row.name}", _page(row)
    outcome, at = (row.check_outcome, row.checked_at) if _is_unproven(row) else ("", None)
    note = " · ".join(filter(None, (_expiry(row), serves)))
    return Concern(about, row.name, row.spec.label, note, link, outcome, at)
