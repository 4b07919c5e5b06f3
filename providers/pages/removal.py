"""Removing providers: one from its page, or several from the list. Asked first, done once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from facio_site import sealing
from facio_site.accounts.roles import SignedIn, editor_required
from facio_site.audit import record
from providers import broker
from providers.models import Provider
from providers.pages.above import LOCKED, above
from providers.pages.asked import Asked


@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def provider_remove(request: SignedIn, name: str) -> HttpResponse:
    """Ask, then forget a provider: its values, secrets, tests and catalog."""
    provider = get_object_or_404(Provider, name=name)
    if request.method != "POST":
        return _ask(request, [provider])
    done = _forget(request, [provider])
    if done is None:
        return redirect("providers:remove", name)
    if not done:
        return redirect("providers:detail", name)
    messages.success(request, _("%s removed.") % provider.spec.label)
    return redirect("providers:list")


@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def providers_remove(request: SignedIn) -> HttpResponse:
    """The same for several that are named in the query, or in the form: all or none of them."""
    given = request.POST if request.method == "POST" else request.GET
    rows = chosen(given.getlist("name"))
    back = redirect("providers:list")
    back["Location"] += Asked.read(given).query
    if not rows:
        messages.warning(request, _("Select a provider first."))
        return back
    if request.method != "POST":
        return _ask(request, rows)
    done = _forget(request, rows)
    if done is None:
        names = [("name", row.name) for row in rows]
        again = redirect("providers:remove-some")
        again["Location"] += "?" + urlencode([*names, *Asked.read(given).fields.items()])
        return again
    if done:
        words = ngettext("%d provider removed.", "%d providers removed.", len(rows))
        messages.success(request, words % len(rows))
    return back


def chosen(names: Sequence[str]) -> list[Provider]:
    """The saved ones among these names, by name."""
    known = [name for name in names if "\0" not in name]
    return list(Provider.objects.configured().filter(name__in=known).order_by("name"))


def _ask(request: HttpRequest, rows: Sequence[Provider]) -> HttpResponse:
    """What would go, and which routes would lose who serves them."""
    named = above().named_by_each([row.name for row in rows])
    told = [
        {
            "spec": row.spec,
            "used_by": _used_by(one),
            "in_file": one.in_file,
        }
        for row in rows
        for one in [named[row.name]]
    ]
    context = {
        "told": told,
        "spec": rows[0].spec if len(rows) == 1 else None,
        "seen": _mark(rows, named),
        "copies": above().UNDO_COPIES if sealing.master_keys() else 0,  # without, none is made
        "asked": Asked.read(request.GET),
    }
    return render(request, "providers/remove.html", context)


def _used_by(named: Any) -> list[str]:
    return list(dict.fromkeys((*named.served, *named.forced, *named.by_prefix)))


def _mark(rows: Sequence[Provider], named: Mapping[str, Any]) -> str:
    """Tells what would go, and what would lose it, from the same a moment later."""
    state = [(str(row.pk), row.version, _used_by(named[row.name])) for row in rows]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]


def _is_as_seen(request: HttpRequest, rows: Sequence[Provider]) -> bool:
    """Whether all of them are still what the page has shown; holds them."""
    keys = [row.pk for row in rows]
    held = Provider.objects.select_for_update().filter(pk__in=keys).order_by("name")
    now = {row.pk: row for row in held}
    if now.keys() != set(keys):
        return False
    seen = request.POST.get("seen")
    same = [now[key] for key in keys]
    return seen in (None, _mark(same, above().named_by_each([row.name for row in same])))


def _forget(request: SignedIn, rows: Sequence[Provider]) -> bool | None:
    """A version keeps what was there. False, and told: nothing was removed. None, and told as
    well: it is no longer what was asked about."""
    try:
        with transaction.atomic():
            above().take_turn()
            if not _is_as_seen(request, rows):
                text = _("Nothing was removed: something changed in the meantime. Look again.")
                messages.warning(request, text)
                return None
            kept = import_string(settings.KEEP_BEFORE_REMOVAL)(request.user)
            for row in rows:
                record(
                    "provider.removed",
                    actor=request.user,
                    target=row.name,
                    version=kept,
                    request=request,
                )
                row.delete()
                if row.is_own:
                    above().forgotten(row.name)
            transaction.on_commit(broker.announce)
    except LOCKED:
        text = _("The imported config.json does not open with this master key.")
        messages.error(request, text)
        return False
    return True
