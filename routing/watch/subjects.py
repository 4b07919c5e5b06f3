"""Who is watched, by the names that rows and pages have for them: "provider:NAME", "catalog:NAME",
"route:SLOT". Read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from providers.models import Provider
from routing.config.agent import decide
from routing.models import Route, Slot
from routing.state import agent_view

PROVIDER, CATALOG, ROUTE = "provider", "catalog", "route"


@dataclass(frozen=True, slots=True)
class Served:
    """A route that is set and resolves to a provider of this site, as the agent reads an export."""

    slot: str
    model: str
    provider: Provider

    @property
    def can_be_asked(self) -> bool:
        """Whether the smallest call to its own model is one that the site makes: a picture or a
        video would be billed, and a sign-in is the agent's."""
        is_media = Slot(self.slot) in (Slot.IMAGE, Slot.VIDEO)
        return bool(self.model) and not is_media and not self.provider.spec.is_oauth


def served_routes() -> list[Served]:
    """In the order of the routes; a fixed number of queries."""
    rows = {row.name: row for row in Provider.objects.configured()}
    view = agent_view(rows.values())
    found = []
    for route in Route.objects.all_slots():
        decision = decide(route.slot, view)
        provider = rows.get(decision.provider or "") if decision else None
        if provider:
            found.append(Served(route.slot, view.asked(route.slot)[0], provider))
    return found


def split(about: str) -> tuple[str, str]:
    """Sort and name of a subject: ("provider", "groq")."""
    sort, _colon, name = about.partition(":")
    return sort, name


def label(about: str, rows: Mapping[str, Provider] | None = None) -> str:
    """What a person calls it; of a provider that is gone, its name. `rows`: those that have been
    read, by name."""
    sort, name = split(about)
    if sort == ROUTE:
        return str(Slot(name).label) if name in Slot.values else name
    if sort in (PROVIDER, CATALOG, "money"):
        text = ((rows or {}).get(name) or Provider.for_name(name)).spec.label
        return _("Models of %(provider)s") % {"provider": text} if sort == CATALOG else text
    parts = {"system:worker": _("Worker"), "system:broker": _("Broker")}
    parts["system:beat"] = _("Scheduler")
    return parts.get(about, "config.json")


def link(about: str) -> str:
    """The page that mends it, without the site's origin."""
    sort, name = split(about)
    if sort == ROUTE:
        return reverse("routing:routing") + f"#route-{name}"
    if sort in (PROVIDER, CATALOG, "money"):
        return reverse("providers:detail", args=[name])
    return reverse("routing:config" if sort == "config" else "routing:overview")
