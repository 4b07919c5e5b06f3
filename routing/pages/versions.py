"""Versions of config.json: one of them, and bringing it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from facio_site.accounts.roles import SignedIn, can_edit, editor_required, viewer_required
from facio_site.strictjson import read_json, write_json
from providers.kinds import KINDS
from routing.config.difference import semantic_diff
from routing.config.entries import named_in, shown_document, with_own
from routing.config.export import Mode
from routing.models import ConfigVersion
from routing.pages.changes import shown_changes
from routing.pages.config import MODES
from routing.pages.wording import FAULTS, fault_words
from routing.state import current, exported
from routing.store import pend_version


@viewer_required
@require_safe
def version_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One version, redacted, and what bringing it back would change."""
    version: ConfigVersion = get_object_or_404(ConfigVersion, number=number)
    context = {"version": version, "can_edit": can_edit(request.user)}
    if version.mode:
        context["mode"] = MODES[Mode(version.mode)][0]
    try:
        then = version.state()["document"]
        now = exported(current(), Mode.KEYS).document
        written = read_json(version.unseal(version.TEXT).encode()) if version.mode else then
    except FAULTS as error:
        return render(request, "routing/version.html", {**context, "problem": fault_words(error)})
    specs = with_own(KINDS, (*named_in(now), *named_in(written), *named_in(then)))
    context["preview"] = write_json(shown_document(written, specs))
    context["changes"] = shown_changes(semantic_diff(now, then, specs=specs))
    return render(request, "routing/version.html", context)


@editor_required
@require_POST
def version_restore(request: SignedIn, number: int) -> HttpResponse:
    """A version as an import, with the same preview."""
    version: ConfigVersion = get_object_or_404(ConfigVersion, number=number)
    try:
        row = pend_version(version, request.user)
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("routing:version", number)
    return redirect("routing:import-preview", row.pk)
