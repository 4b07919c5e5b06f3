"""Import: hand something in, look at what it would change, take it in.

Nothing is saved before the person says so. What was handed in waits sealed, bound to its person,
and is never sent back to the browser.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from facio_site.accounts.roles import SignedIn, editor_required
from facio_site.audit import record
from facio_site.strictjson import MAX_BYTES, BadDocument
from providers.kinds import named
from providers.models import Provider, Task
from providers.work import queue
from routing.config.edits import Current
from routing.config.entries import RouteState
from routing.config.pasted import BadPaste, Pasted, kept_text, read_pasted
from routing.config.plans import Preview, does_nothing, make_preview, plan_with, warnings_of
from routing.models import PendingImport, Slot
from routing.pages.changes import by_subject, shown_changes
from routing.pages.config import frame
from routing.pages.file_words import (
    DANGERS,
    FAULTS,
    OVERTAKEN,
    fault_words,
    ignored_words,
    retype_words,
    source_words,
    warning_words,
)
from routing.rules.explain import AUTO
from routing.state import current, fingerprint, specs_by_name
from routing.state.store import pasted_of, pend, take_in

REPLACE, MERGE = "replace", "merge"
# Anything else: as what is handed in asks for.
_HOW: Mapping[str, bool] = {MERGE: True, REPLACE: False}


class ImportForm(forms.Form):
    """A file or a text; what it is gets recognised."""

    file = forms.FileField(
        label=gettext_lazy("File"), required=False, help_text=gettext_lazy("config.json or .env")
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste it here"),
        required=False,
        strip=False,
        help_text=gettext_lazy(
            "The text of config.json or .env, a curl, PowerShell or HTTPie command, or a single "
            "API key"
        ),
        widget=forms.Textarea(
            attrs={"class": "mono", "rows": 4, "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    how = forms.ChoiceField(
        label=gettext_lazy("Settings that the file lacks"),
        choices=[
            ("", gettext_lazy("Automatic")),
            (REPLACE, gettext_lazy("Replace")),
            (MERGE, gettext_lazy("Merge")),
        ],
        initial="",
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Replace removes them, Merge keeps them. Automatic replaces when you hand in a whole "
            "config.json, and merges anything else."
        ),
    )


@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_start(request: SignedIn) -> HttpResponse:
    """Read what was handed in; what cannot be read changes nothing and is told in one sentence."""
    if request.method != "POST":
        return _page(request, ImportForm())
    how = request.POST.get("how", "")
    try:
        name, data = _handed_in(request)
        pasted = read_pasted(data, specs=specs_by_name())
        if not pasted.candidates:
            before = current(is_lenient=True)
            make_preview(pasted, before, is_merge=_HOW.get(how), token=fingerprint(before))
        row = pend(kept_text(data), request.user, origin=PendingImport.Origin.UPLOAD, name=name)
    except FAULTS as error:
        return _refused(request, fault_words(error), how)
    return redirect(f"{reverse('routing:import-preview', args=[row.pk])}?{urlencode({'how': how})}")


def _handed_in(request: HttpRequest) -> tuple[str, bytes]:
    """A name to show and the bytes."""
    file, text = request.FILES.get("file"), request.POST.get("text", "")
    if file is None:
        return "", text.encode("utf-8", "surrogatepass")
    if text.strip():
        raise BadPaste("two_sources")
    if file.size and file.size > MAX_BYTES:
        raise BadDocument("too_large", bytes=file.size, limit=MAX_BYTES)
    return "".join(c for c in file.name or "" if c.isprintable())[-100:], file.read()


def _refused(request: SignedIn, sentence: str, how: str) -> HttpResponse:
    """Inside htmx only the sentence is replaced, so that what was pasted stays on the page."""
    if request.htmx:
        context = {"import_error": sentence, "said_at": request.htmx.target}
        return render(request, "routing/_import_form.html#import-error", context, status=422)
    return _page(request, ImportForm(initial={"how": how}), status=422, import_error=sentence)


def _page(
    request: SignedIn, form: ImportForm, *, status: int = 200, import_error: str = ""
) -> HttpResponse:
    context = frame(request, "import") | {"form": form, "import_error": import_error}
    return render(request, "routing/import_start.html", context, status=status)


@editor_required
@require_http_methods(["GET", "POST"])
def import_preview(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    """GET shows what would change. POST takes it in, if everything is as it was shown."""
    row = _pending(request, pk)
    if row is None:
        messages.warning(
            request,
            _(
                "This import is over: it was made, discarded or has expired. "
                "To import again, start anew."
            ),
        )
        return redirect("routing:import-start")
    asked = request.POST if request.method == "POST" else request.GET
    kind = asked.get("kind", "")
    is_merge = _HOW.get(asked.get("how", "")) if row.may_merge else False
    try:
        pasted = pasted_of(row, kind)
        if pasted.candidates:
            return _which(request, row, pasted)
        before = current(is_lenient=True)
        shown = make_preview(
            pasted,
            before,
            is_merge=is_merge,
            keeps_keys=row.keeps_keys,
            token=fingerprint(before),
        )
        if request.method == "POST" and request.POST.get("token") == shown.token:
            return _take_in(request, row, shown, before)
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("routing:import-start")
    context = _shown(row, shown, before, kind=kind)
    status = 409 if request.method == "POST" else 200
    if status == 409:
        context["stale"] = OVERTAKEN
    return render(request, "routing/import.html", context, status=status)


def _pending(request: SignedIn, pk: uuid.UUID) -> PendingImport | None:
    found: PendingImport | None = (
        PendingImport.objects.living().filter(pk=pk, created_by=request.user).first()
    )
    return found


def _which(request: HttpRequest, row: PendingImport, pasted: Pasted) -> HttpResponse:
    """A key whose form does not tell whose it is."""
    others = [named(kind) for kind in pasted.candidates if kind not in pasted.likely]
    context = {
        "row": row,
        "candidates": pasted.candidates,
        "likely": [named(kind) for kind in pasted.likely],
        "others": sorted(others, key=lambda spec: spec.label.lower()),
    }
    return render(request, "routing/import.html", context)


def _shown(row: PendingImport, shown: Preview, before: Current, *, kind: str) -> dict[str, Any]:
    plan = shown.plan
    changes = shown_changes(plan.changes)
    return {
        "row": row,
        "source": source_words(shown.pasted),
        "how": MERGE if plan.is_merge else REPLACE,
        "kind": kind,
        "token": shown.token,
        "has_choice": shown.is_whole and row.may_merge,
        "kinds": [(named(name), name in before.states) for name in shown.kinds],
        "can_test": any(not named(name).is_oauth for name in shown.kinds),
        "slots": [Slot(slot).label for slot in shown.slots],
        "changes": changes,
        "groups": by_subject(changes),
        "outside": plan.outside,
        "removed_providers": [named(e.name).label for e in plan.providers if e.is_removed],
        "removed_routes": [Slot(r.slot).label for r in plan.routes if _is_removed(r, before)],
        "deployments": [name for edit in plan.providers for name in edit.add_deployments],
        "parts": [
            (part, DANGERS[part.danger], shown_changes(part.changes)) for part in shown.parts
        ],
        "named_keys": shown.named_keys,
        "retype": [retype_words(one) for one in plan.retype],
        "warnings": [(one.path, warning_words(one)) for one in warnings_of(plan)],
        "ignored": [(one.path, ignored_words(one)) for one in plan.ignored],
        "kept": plan.kept,
        "does_nothing": does_nothing(plan, before) and not (shown.parts or shown.named_keys),
    }


def _is_removed(after: RouteState, before: Current) -> bool:
    """Whether a model goes that was set, or, where none was, the provider that was chosen."""
    had = next((r for r in before.routes if r.slot == after.slot), RouteState(slot=after.slot))
    if had.model:
        return not after.model
    nobody = ("", AUTO)
    return had.provider not in nobody and not after.model and after.provider in nobody


def _take_in(
    request: SignedIn, row: PendingImport, shown: Preview, before: Current
) -> HttpResponse:
    """`all` is the consent to every part."""
    plan = plan_with(
        shown.pasted,
        before,
        is_merge=shown.plan.is_merge,
        consents=None if "all" in request.POST else request.POST.getlist("consent"),
        keeps_keys=row.keeps_keys and "drop_keys" not in request.POST,
    )
    target = f"{row.origin} {row.name}".strip()
    take_in(plan, before, actor=request.user, target=target, request=request)
    row.delete()
    text = ngettext("Imported: %d change.", "Imported: %d changes.", plan.count) % plan.count
    messages.success(request, text)
    for one in plan.retype:
        messages.warning(request, retype_words(one))
    names = {edit.name for edit in plan.providers if not edit.is_removed}
    tested = _test(request, names) if "test" in request.POST else ""
    return redirect(tested or "routing:config")


def _test(request: SignedIn, names: Collection[str]) -> str:
    """Start the test of each of these; the address of the page where they run, "" = of none."""
    rows = [row for row in Provider.objects.checkable() if row.name in names]
    if not rows:
        return ""
    try:
        with transaction.atomic():
            if len(rows) == 1:
                queue.start(rows[0], Task.CHECK, user=request.user)
            else:
                queue.start_all(rows, Task.CHECK, user=request.user)
            target = ", ".join(row.name for row in rows)
            record("provider.tested", actor=request.user, target=target, request=request)
    except queue.TooMany:
        messages.warning(request, _("Too many tests at once. Wait a minute, then try again."))
    if len(rows) > 1:
        return f"{reverse('providers:list')}#progress"
    return f"{reverse('providers:detail', args=[rows[0].name])}#check"


@editor_required
@require_POST
def import_discard(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    PendingImport.objects.filter(pk=pk, created_by=request.user).delete()
    return redirect("routing:import-start")
