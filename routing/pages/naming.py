"""What the routes and the imported document say of providers by name; for the pages of providers.

`renamed` and `forgotten` change them, inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.contrib import messages
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from facio_site import sealing
from facio_site.accounts.roles import SignedIn, editor_required
from facio_site.strictjson import BadDocument, read_json
from providers.kinds import KINDS
from providers.models import Provider
from providers.spec.names import built_in, name_problem, same_name
from routing.config.agent import mentions
from routing.config.document import entry_key, key_of, part
from routing.config.entries import owned_keys
from routing.config.importing.importer import plan_import
from routing.config.pasted import Pasted
from routing.models import UNDO_COPIES, BaseDocument
from routing.models.documents import take_turn
from routing.pages.attention import of_providers, serving
from routing.pages.file_words import FAULTS, fault_words
from routing.pages.rows import RouteRow, route_rows
from routing.pages.watched import watched
from routing.rules.explain import AUTO
from routing.state import current
from routing.state.store import forgotten, renamed, take_in

__all__ = [
    "UNDO_COPIES",
    "forgotten",
    "kept_beside",
    "named_by",
    "named_by_each",
    "not_set_here",
    "of_providers",
    "renamed",
    "routes_stamp",
    "serving",
    "take_over",
    "take_turn",
    "watched",
]

_ROUTES = (
    "SELECT slot, model, provider, (SELECT max(imported_at) FROM routing_basedocument) "
    "FROM routing_route"
)
# What the agent knows of any entry beside what is set here and may be shown. The others are told
# by their names: they may hold a password or a token.
_SHOWN = ("apiType", "thinkingStyle")


@dataclass(frozen=True, slots=True)
class NamedBy:
    """Labels of the routes that name a provider, or are served by it; and paths of the imported
    document that name it beside them."""

    forced: tuple[str, ...]
    by_prefix: tuple[str, ...]
    served: tuple[str, ...]
    in_file: tuple[str, ...]
    has_entry: bool  # there, under `providers`


def named_by(name: str) -> NamedBy:
    return named_by_each([name])[name]


def named_by_each(names: Iterable[str]) -> dict[str, NamedBy]:
    """The same of several, by name; a fixed number of queries."""
    document, rows = _document(), route_rows()
    return {name: _named_by(name, rows, document) for name in names}


def _named_by(name: str, rows: Iterable[RouteRow], document: dict[str, Any]) -> NamedBy:
    forced, by_prefix, served = [], [], []
    for row in rows:
        route = row.route
        if same_name(route.provider, [name]) and not built_in(route.provider, KINDS):
            forced.append(str(route))
        prefix, slash, _model = route.model.partition("/")
        if slash and same_name(prefix, [name]) and same_name(route.provider, [AUTO, name]):
            by_prefix.append(str(route))
        if row.provider and row.provider.name == name:
            served.append(str(row.slot.label))
    in_file = tuple(mentions(document, name))
    has_entry = isinstance(part(document, "providers").get(name), dict)
    return NamedBy(tuple(forced), tuple(by_prefix), tuple(served), in_file, has_entry)


def routes_stamp() -> Hashable:
    """What tells, beside the providers' own rows, who serves a route: equal stamps, equal answers
    of `serving`."""
    with connection.cursor() as cursor:
        cursor.execute(_ROUTES)
        return tuple(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Other:
    """An entry of the imported document that is not set here. `problem` is why its name can't be,
    "built_in" = the agent's own; "" = it can be taken over."""

    name: str
    problem: str
    has_key: bool


def not_set_here() -> tuple[Other, ...]:
    """Entries that the agent reads and nobody has set here; none while the document is locked."""
    found = _others(*_stamp())
    names = Provider.objects.own_names() if found else ()
    return tuple(other for other in found if not same_name(other.name, names))


def _stamp() -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, imported_at FROM routing_basedocument")
        return tuple(sealing.master_keys()), cursor.fetchone()


@lru_cache(maxsize=4)
def _others(_keys: Any, row: Any) -> tuple[Other, ...]:
    return tuple(_read_others()) if row else ()


def _read_others() -> Iterator[Other]:
    for name, raw in part(_document(), "providers").items():
        problem, _told = name_problem(name, KINDS)
        if built_in(name, KINDS) in KINDS or not isinstance(raw, dict):
            continue
        yield Other(name, problem, bool(key_of(raw, "apiKey")))


def _document() -> dict[str, Any]:
    try:
        text = BaseDocument.text()
        return dict(read_json(text.encode())) if text else {}
    except (sealing.KeyMissing, sealing.Unreadable, BadDocument):
        return {}


@editor_required
@require_POST
def take_over(request: SignedIn) -> HttpResponse:
    """Set up here what the imported document has under a name, as importing that entry would."""
    name = request.POST.get("name", "")
    try:
        before = current()
        entries = part(before.document or {}, "providers")
        if name in entries and "\0" not in name:
            pasted = Pasted(source="config", document={"providers": {name: entries[name]}})
            plan = plan_import(pasted, before, specs=KINDS, is_merge=True)
            take_in(plan, before, actor=request.user, target=f"providers.{name}", request=request)
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("providers:list")
    if not Provider.for_name(name).is_configured:
        messages.warning(request, _("That has changed meanwhile. Look again."))
        return redirect("providers:list")
    messages.success(request, _("%s is set up here now. Test it.") % name)
    return redirect("providers:detail", name)


def kept_beside(provider: Provider) -> list[tuple[str, str]]:
    """What the imported document says of it that is not set here, and comes back in every export:
    keys, and values as far as they may be shown."""
    entries = part(_document(), "providers")
    entry = entries.get(entry_key(entries, provider.spec) or "")
    if not isinstance(entry, dict):
        return []
    owned = {key_of(entry, key) for key in owned_keys(provider.spec)}
    told = {key_of(entry, key) for key in _SHOWN}
    return [
        (key, str(value) if key in told and isinstance(value, str) else "")
        for key, value in entry.items()
        if key not in owned
    ]
