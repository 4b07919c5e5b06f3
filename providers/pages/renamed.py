"""Where a page under an endpoint's old name leads: a bookmark, or a tab that was open."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from facio_site.audit.models import AuditEntry
from providers.models import Provider

ARROW = " → "  # between the old and the new name, as a rename is recorded
_STEPS = 20
View = Callable[..., HttpResponseBase]


def follows_renames(view: View) -> View:
    """Nothing that a form asked for is done under another name: its page is shown."""

    @wraps(view)
    def to_newer(request: Any, name: str, **more: Any) -> HttpResponseBase:
        try:
            return view(request, name=name, **more)
        except Http404:
            newer = newer_name(name)
            if not newer:
                raise
            return _lead(request, name, newer)

    return to_newer


def newer_name(name: str) -> str:
    """What an endpoint that had this name is called now; "" = none had it, or it is gone."""
    for _step in range(_STEPS):
        begin = f"{name}{ARROW}"
        found = AuditEntry.objects.filter(action="provider.renamed", target__startswith=begin)
        entry = next((one for one in found if one.target.startswith(begin)), None)
        if entry is None:
            return ""
        name = entry.target.removeprefix(begin)
        if Provider.objects.filter(name=name).exists():
            return name
    return ""


def _lead(request: HttpRequest, name: str, newer: str) -> HttpResponse:
    told = {"old": name, "new": newer}
    if request.method == "POST":
        text = _("%(old)s was renamed to %(new)s meanwhile. Nothing was done; look again.")
        messages.warning(request, text % told)
    else:
        messages.info(request, _("%(old)s is now %(new)s.") % told)
    if getattr(request, "htmx", False):
        url = reverse("providers:detail", args=[newer])
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect("providers:detail", newer)
