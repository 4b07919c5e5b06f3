"""Models to choose from as one types: what fits the route first, and what was used lately.

Whoever types any other name may do so: nothing here is a rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from facio_site.accounts.roles import viewer_required
from providers.catalog.search import ASIDE, IMAGE, MAKES_IMAGE, MAKES_VIDEO, Wanted, shelf
from providers.kinds import KINDS
from providers.models import CatalogEntry, Job, Provider, Task
from providers.pages.entries import ShownEntry, shown_entries
from providers.spec.limits import MODEL_LENGTH
from routing.config.agent import AgentView
from routing.models import MEDIA, Slot
from routing.pages.matrix import LACKING
from routing.pages.rows import provider_rows, route_rows
from routing.rules.explain import AUTO, explain
from routing.rules.lint import ModelFacts, lacks
from routing.state import agent_view

OFFERED = 30
RECENT, LOOKED_BACK = 5, 20  # models, and tests in which they are looked for
_FITTING = {Slot.VISION: IMAGE, Slot.IMAGE: MAKES_IMAGE, Slot.VIDEO: MAKES_VIDEO}
_CHAT = (Slot.MAIN, Slot.SUBAGENT, Slot.VISION)
_Place = tuple[str, str]  # name of a provider, and of a model in its list


@dataclass(frozen=True, slots=True)
class Option:
    """`provider` is what has to be chosen beside the model; "" = what is chosen there will do."""

    model: str
    label: str  # of its provider
    provider: str = ""
    entry: ShownEntry | None = None  # None where no catalog lists it
    has_image: bool = False
    has_tools: bool = False
    has_reasoning: bool = False
    lacks: str = ""
    is_recent: bool = False


@viewer_required
@require_GET
def model_options(request: HttpRequest) -> HttpResponse:
    """The list under a field: `slot` names the route, and begins the names of its fields; `only`
    names the provider whose own list it is, for a test of one of its models."""
    slot, only = request.GET.get("slot", ""), request.GET.get("only", "")
    prefix = f"{slot}-" if slot in Slot.values else "test_" if only else ""
    query = request.GET.get(f"{prefix}model", "").replace("\0", "")[:MODEL_LENGTH]
    chosen = only or request.GET.get(f"{prefix}provider", AUTO)
    rows = provider_rows()
    view = agent_view(rows.values())
    total, listed = _listed(slot, query, chosen, rows, view, is_only=bool(only))
    named = list(_named(chosen, query, rows))
    options = [*named, *listed][:OFFERED]
    context = {"options": options, "more": total + len(named) - len(options)}
    return render(request, "routing/picker.html", context)


def _listed(
    slot: str,
    query: str,
    chosen: str,
    rows: Mapping[str, Provider],
    view: AgentView,
    *,
    is_only: bool = False,
) -> tuple[int, list[Option]]:
    """How many of the catalogs' models match, and the first of them.

    Where the chosen provider has none, those of all others, unless it is the only one.
    """
    recent = _recent(rows, view)
    wanted = Wanted(
        text=query,
        provider=chosen if is_only or chosen in rows else "",
        lack=ASIDE if slot in _CHAT else 0,
        sort="best",
        fitting=_FITTING.get(Slot(slot), 0) if slot in Slot.values else 0,
        ahead=frozenset(recent),
    )
    total, found = shelf().find(wanted, 0, OFFERED)
    if not total and wanted.provider and not is_only:
        total, found = shelf().find(replace(wanted, provider=""), 0, OFFERED)
    columns = ("provider__name", "model_id", "inputs", "outputs", "tools", "reasoning")
    told = CatalogEntry.objects.filter(pk__in=[one.pk for one in found]).values_list(*columns)
    facts = {(provider, model): more for provider, model, *more in told}
    options = []
    for entry in shown_entries(found):
        if not entry["use"]:
            continue  # a deployment's name is wanted in its place
        place = (entry["provider"], entry["model_id"])
        inputs, outputs, tools, reasoning = facts.get(place, (None, None, None, None))
        lacking = lacks(slot, ModelFacts(inputs, outputs))
        options.append(
            Option(
                model=entry["model_id"],
                label=entry["label"],
                provider=_to_choose(slot, chosen, place, view),
                entry=entry,
                has_image="image" in (inputs or ()),
                has_tools=bool(tools),
                has_reasoning=bool(reasoning),
                lacks=str(LACKING[lacking]) if lacking else "",
                is_recent=place in recent.values(),
            )
        )
    return total, options


def _to_choose(slot: str, chosen: str, place: _Place, view: AgentView) -> str:
    """The provider, unless the agent goes there as things are chosen."""
    provider, model = place
    if chosen == AUTO:
        chosen = explain(model, view.providers, is_media=slot in MEDIA).provider or ""
    return "" if chosen == provider else provider


def _recent(rows: Mapping[str, Provider], view: AgentView) -> dict[int, _Place]:
    """Entries whose models are routed to or were tested last, by primary key."""
    names = {row.pk: name for name, row in rows.items()}
    asked = [(row.provider.name, row.model) for row in route_rows(rows, view=view) if row.provider]
    tests = Job.objects.filter(task=Task.CHECK, is_draft=False).exclude(model_names=[])
    for provider, models in tests.order_by("-created_at").values_list("provider", "model_names")[
        :LOOKED_BACK
    ]:
        asked += [(names[provider], model) for model in models if provider in names]
    wanted = Q(pk__in=[])
    for name, model in list(dict.fromkeys(asked))[:RECENT]:
        sent = rows[name].adapter(with_secrets=False).sent_name(model)
        wanted |= Q(provider=rows[name], model_id=sent)
    listed = CatalogEntry.objects.present().filter(wanted)
    columns = ("pk", "provider__name", "model_id")
    return {pk: (name, model) for pk, name, model in listed.values_list(*columns)}


def _named(chosen: str, query: str, rows: Mapping[str, Provider]) -> Iterator[Option]:
    """Names that no catalog lists: those of kinds with a list of their own, and deployments."""
    words = query.lower().split()
    for name, models in _names(chosen, rows):
        label = rows[name].spec.label if name in rows else KINDS[name].label
        for model in models:
            if all(word in f"{model} {label}".lower() for word in words):
                yield Option(model=model, label=label, provider="" if chosen == name else name)


def _names(chosen: str, rows: Mapping[str, Provider]) -> Iterator[tuple[str, Iterable[str]]]:
    if chosen in KINDS:
        yield chosen, KINDS[chosen].static_models
    for name, row in rows.items():
        if row.spec.has_deployments and chosen in (AUTO, name):
            yield name, row.values.get("deployments", ())
