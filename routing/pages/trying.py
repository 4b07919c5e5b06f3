"""Questions to the routing page that change nothing: what if, the drill, a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from facio_site import clock
from facio_site.templatetags.ui import lasting
from providers.kinds import KINDS
from providers.models import CatalogEntry, Provider
from providers.pages.entries import dollars
from providers.spec.kind import Specs
from providers.spec.limits import MODEL_LENGTH
from providers.spec.outcomes import Outcome
from routing.config.agent import AgentView
from routing.pages.rows import RouteRow, asked
from routing.pages.wording import provider_label, ranking, resolution
from routing.rules.drill import Asked, Moved, drill
from routing.rules.explain import AUTO, Rule, explain
from routing.rules.recipes import recipe
from routing.watch.health import Down, lately

_Price = tuple[Decimal | None, Decimal | None]  # USD per million tokens in and out


def provider_names(specs: Specs, view: AgentView) -> list[tuple[str, str]]:
    """Every provider that can be asked about, with its label; then what only the file has."""
    others = sorted(view.names - specs.keys())
    return [
        *((name, spec.label) for name, spec in specs.items()),
        *((name, provider_label(name)) for name in others),
    ]


def what_if(request: HttpRequest, view: AgentView) -> dict[str, Any]:
    """Who would serve any model name."""
    query = request.GET.get("model", "").strip()[:MODEL_LENGTH]
    if not query:
        return {}
    forced = request.GET.get("provider", AUTO)
    decision = explain(query, view.providers, forced)
    return {
        "query": query,
        "forced": forced,
        "tried": decision,
        "tried_words": resolution(decision),
        "tried_ranking": ranking(decision),
    }


# The drill --------------------------------------------------------------------------------------


def drilled(request: HttpRequest, shown: list[RouteRow], view: AgentView) -> dict[str, Any]:
    """What becomes of each route without one provider, and what that costs."""
    without = request.GET.get("without", "")
    if without not in KINDS and without not in view.names:
        return {}
    labels = {row.route.slot: row.slot.label for row in shown}
    routes = asked(shown, view)
    set_up = set(Provider.objects.configured().values_list("name", flat=True))
    moves = drill(routes, view.providers, without, set_up)
    downs = lately({moved.slot: moved.before.provider or "" for moved in moves}, clock.now())
    told = [
        (
            labels[moved.slot],
            moved.verdict,
            drill_words(moved),
            _cost(route, moved),
            _down_words(downs.get(moved.slot)),
        )
        for route, moved in zip(routes, moves, strict=True)
    ]
    return {"without": without, "moved": told}


def drill_words(moved: Moved) -> str:
    """What happens to one route when a provider is gone."""
    before, after = (
        provider_label(decision.provider or "") for decision in (moved.before, moved.after)
    )
    words = {
        "idle": _("no provider serves it now either"),
        "stays": _("stays with %(before)s"),
        "moves": _("moves from %(before)s to %(after)s"),
        "stops": _("stops: only %(before)s serves it"),
        "falls": _("only %(before)s serves it; the agent may fall back to %(models)s"),
        "agent": _("no longer %(before)s: the agent decides"),
    }
    if moved.before.rule is Rule.AGENT_DECIDES:
        words["agent"] = _("the agent decides, as it does now")
    if moved.after.rule is Rule.VARIABLE:
        words["agent"] = _("depends on the variable %(word)s: only the agent can tell")
    if moved.after.rule is Rule.MEDIA_UNKNOWN:
        words["agent"] = _('"%(word)s" is not known here: only the agent can tell')
    return words[moved.verdict] % {
        "before": before,
        "after": after,
        "word": moved.after.word,
        "models": ", ".join(_fallback(*one) for one in moved.fallbacks),
    }


def _fallback(model: str, provider: str) -> str:
    return f"{model} ({provider_label(provider)})" if provider else model


def _down_words(down: Down | None) -> str:
    """How often it was out of reach lately; "" where nobody watched."""
    if down is None:
        return ""
    if not down.times:
        return _("No outage was seen in 7 days.")
    told = {"times": down.times, "time": lasting(down.seconds)}
    if down.times == 1:
        return _("It was unreachable once in 7 days, for %(time)s.") % told
    return _("It was unreachable %(times)d times in 7 days, %(time)s altogether.") % told


def _cost(route: Asked, moved: Moved) -> str:
    """The price of what takes over beside the one of now; "" where nothing takes over. Of one that
    has no such model, that the move is in vain."""
    if moved.verdict != "moves":
        return ""
    if _lacks(moved.after.provider or "", route.model):
        return _("%s is not in its list: calls would fail there.") % route.model
    before, after = (
        _price(decision.provider or "", route.model) for decision in (moved.before, moved.after)
    )
    if after is None:
        return _("What it costs there is not known.")
    if before is None:
        return _("It costs $ %(after)s per million tokens in / out there.") % {
            "after": _words(after)
        }
    return _("It costs $ %(after)s instead of $ %(before)s per million tokens in / out.") % {
        "after": _words(after),
        "before": _words(before),
    }


def _lacks(provider: str, model: str) -> bool:
    """Whether it is known not to have that model."""
    row = Provider.objects.filter(name=provider).first()
    if row is None:
        return False
    if named := row.values.get("deployments"):
        return model not in named
    names = {model, row.adapter(with_secrets=False).sent_name(model)}
    listed = CatalogEntry.objects.present().filter(provider=row)
    return bool(listed.exists() and not listed.filter(model_id__in=names).exists())


def _price(provider: str, model: str) -> _Price | None:
    """None where no catalog has a price."""
    row = Provider.objects.filter(name=provider).first()
    if row is None:
        return None
    name = row.adapter(with_secrets=False).sent_name(model)
    listed = CatalogEntry.objects.present().filter(provider=row, model_id=name)
    prices = listed.values_list("price_input", "price_output").first()
    return prices if prices and prices != (None, None) else None


def _words(price: _Price) -> str:
    language = get_language() or ""
    return " / ".join(dollars(None if one is None else float(one), language) for one in price)


# Recipes ----------------------------------------------------------------------------------------


def first_name(name: str) -> str:
    """A name to start from: the Azure deployment; elsewhere the person chooses."""
    row = Provider.objects.filter(name=name).first()
    names = row.values.get("deployments", []) if row else []
    return str(names[0]) if names else ""


def recipe_told(request: HttpRequest, rows: Mapping[str, Provider]) -> dict[str, Any]:
    """The recipe that is asked for, and what it still lacks."""
    chosen = recipe(request.GET.get("recipe", ""))
    if not chosen:
        return {}
    row = rows.get(chosen.kind)
    model = chosen.model or first_name(chosen.kind)
    return {
        "recipe": chosen,
        "recipe_model": model,
        "recipe_spec": KINDS[chosen.kind],
        "recipe_lacks_provider": row is None,
        "recipe_untested": row is not None
        and row.check_outcome not in (Outcome.OK, Outcome.REFERENCE),
        "recipe_lacks_models": row is not None and not row.catalog_count and not model,
    }
