"""Use: one model put to one of the routes in one press, and the press that takes it back.

What a route was before travels with the page, signed: an undo writes nothing else, and only while
the route is as Use has left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from facio_site.accounts.roles import SignedIn, can_edit, viewer_required
from providers.models import CatalogEntry, Provider
from providers.spec.aside import Aside, aside
from routing.forms import RouteForm, Use, asked_use
from routing.models import Route, Slot
from routing.pages.matrix import LACKING
from routing.pages.saving import save_forms, save_routes
from routing.rules.explain import AUTO
from routing.rules.lint import ModelFacts, lacks
from routing.state import specs_by_name

ASIDE = {
    Aside.EMBEDDING: gettext_lazy("for embeddings only"),
    Aside.SPEECH: gettext_lazy("for speech only"),
}
_SALT = "routing.use"
_FIELDS = ("use", "kind")


@dataclass(frozen=True, slots=True)
class Place:
    """One route that could take the model. `now` is the model that it has; `lacks` is what the
    model cannot do and the route needs, "" = nothing that is known of."""

    slot: Slot
    version: int
    now: str
    provider: str  # what it is called; "" = the agent chooses
    is_it: bool  # it has this very model already
    lacks: str
    is_shut: bool  # the model does nothing of the kind


@dataclass(frozen=True, slots=True)
class Done:
    """A press of Use that can be taken back: the route as it is since, and as it was."""

    slot: Slot
    version: int
    model: str
    provider: str

    def token(self) -> str:
        return signing.dumps([self.slot.value, self.version, self.model, self.provider], salt=_SALT)

    @classmethod
    def read(cls, token: str) -> Done | None:
        """None for what this site has not signed."""
        try:
            slot, *rest = signing.loads(token, salt=_SALT)
        except signing.BadSignature:
            return None
        return cls(Slot(slot), *rest)


@viewer_required
def use(request: SignedIn) -> HttpResponse:
    """The five routes for one model: a page, and by htmx its part alone. A press is answered by
    the same anew."""
    is_press = request.method == "POST"
    if is_press and not can_edit(request.user):
        raise PermissionDenied
    query = request.POST if is_press else request.GET
    wanted = asked_use(query, specs_by_name())
    if wanted is None:
        raise Http404
    told: Mapping[str, str] = request.GET
    if is_press:
        told = _undo(request) if "undo" in query else _put(request, wanted)
        if not request.htmx:
            given = {name: query[name] for name in _FIELDS} | told
            return redirect(f"{reverse('routing:use')}?{urlencode(given)}")
    context = {"use": wanted, "places": _places(wanted), **_told(told)}
    if not request.htmx:
        return render(request, "routing/use.html", context)
    response = render(request, "routing/use.html#menu", context)
    response["HX-Push-Url"] = "false"
    return response


def _put(request: HttpRequest, wanted: Use) -> dict[str, str]:
    """Let the route have the model, if it is as the page has shown it. Returns what to tell."""
    slot = request.POST.get("slot", "")
    if slot not in Slot.values:
        raise Http404
    route = next(row for row in Route.objects.all_slots() if row.slot == slot)
    data = {**wanted.initial, "version": request.POST.get(f"version-{slot}", "")}
    form = RouteForm(data, instance=route, specs=specs_by_name())
    before = (route.model, route.provider)
    if not form.is_valid():
        raise Http404
    changed = None if form.meets_other() else save_forms(request, [form])
    if changed is None:
        return {"overtaken": slot}
    return {"done": Done(Slot(slot), route.version, *before).token()} if changed else {}


def _undo(request: HttpRequest) -> dict[str, str]:
    """Bring back what the route was, if nobody has changed it since. Returns what to tell."""
    done = Done.read(request.POST["undo"])
    if done is None:
        raise Http404
    route = Route.objects.filter(slot=done.slot, version=done.version).first()
    if route is None:
        return {"overtaken": done.slot.value}
    route.model, route.provider = done.model, done.provider
    is_back = save_routes(request, [route]) is not None
    return {"undone" if is_back else "overtaken": done.slot.value}


def _told(query: Mapping[str, str]) -> dict[str, Any]:
    """What the last press has come to, for the page after it."""
    done = Done.read(query.get("done", ""))
    route = done and Route.objects.filter(slot=done.slot, version=done.version).first()
    told = {
        name: Slot(slot)
        for name in ("undone", "overtaken")
        if (slot := query.get(name, "")) in Slot.values
    }
    return {**told, "done": done if route else None}


def _places(wanted: Use) -> list[Place]:
    """Each route beside the model; three queries."""
    facts = _facts(wanted)
    labels = {name: spec.label for name, spec in specs_by_name().items()}
    other = aside(wanted.model, facts.inputs, facts.outputs)
    places = []
    for route in Route.objects.all_slots():
        lacking = lacks(route.slot, facts)
        words = ASIDE[other] if other else LACKING[lacking] if lacking else ""
        place = Place(
            slot=Slot(route.slot),
            version=route.version,
            now=route.model,
            provider="" if route.provider == AUTO else labels.get(route.provider, route.provider),
            is_it=(route.model, route.provider) == (wanted.model, wanted.spec.name),
            lacks=str(words),
            is_shut=other is not None,
        )
        places.append(place)
    return places


def _facts(wanted: Use) -> ModelFacts:
    """What its list tells of the model; nothing where no list has it."""
    row = Provider.for_name(wanted.spec.name)
    sent = row.adapter(with_secrets=False).sent_name(wanted.model)
    rows = CatalogEntry.objects.present().filter(provider=row.pk, model_id=sent)
    found = rows.values_list("inputs", "outputs").first()
    return ModelFacts(*found) if found else ModelFacts()
