"""Who is watched and told of, by the names that routing/models/subjects.py has. Read-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from providers.models import Provider
from providers.spec.masks import variable_in
from routing.models import Slot
from routing.models.subjects import BEAT, BROKER, CATALOG, CONFIG, OF_PROVIDER, ROUTE, WORKER, split
from routing.state import agent_view
from routing.state.facts import resolved


@dataclass(frozen=True, slots=True)
class Served:
    """A route that is set and resolves to a provider of this site, as the agent reads an export."""

    slot: str
    model: str
    provider: Provider

    @property
    def can_be_asked(self) -> bool:
        """Whether the smallest call to its own model is one that the site makes: a picture or a
        video would be billed, a sign-in is the agent's, and so is the value of a variable."""
        is_media = Slot(self.slot) in (Slot.IMAGE, Slot.VIDEO)
        is_name = bool(self.model) and not variable_in(self.model)
        return is_name and not is_media and not self.provider.spec.is_oauth


def served_routes() -> list[Served]:
    """In the order of the routes; a fixed number of queries."""
    rows = {row.name: row for row in Provider.objects.configured()}
    return [
        Served(one.slot, one.model, one.provider)
        for one in resolved(rows, agent_view(rows.values()))
        if one.provider
    ]


def label(about: str, rows: Mapping[str, Provider] | None = None) -> str:
    """What a person calls it; of a provider that is gone, its name. `rows`: those that have been
    read, by name."""
    sort, name = split(about)
    if sort == ROUTE:
        return next(iter(slot_labels([name])), name)
    if sort in OF_PROVIDER:
        found = Provider.for_name(name) if rows is None else rows.get(name)
        text = (found or Provider.unsaved(name)).spec.label
        return _("Models of %(provider)s") % {"provider": text} if sort == CATALOG else text
    parts = {WORKER: _("Worker"), BROKER: _("Broker"), BEAT: _("Scheduler")}
    return parts.get(about, "config.json")


def slot_labels(slots: Iterable[str]) -> list[str]:
    """Those that this version has."""
    return [str(Slot(slot).label) for slot in slots if slot in Slot.values]


def link(about: str) -> str:
    """The page that mends it, without the site's origin."""
    sort, name = split(about)
    if sort == ROUTE:
        return reverse("routing:routing") + f"#route-{name}"
    if sort in OF_PROVIDER:
        return reverse("providers:detail", args=[name])
    return reverse("routing:config" if about == CONFIG else "routing:overview")
