"""/config/versions/: all of them; one, bringing it back, and its note."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site.accounts.going_on import confirm_first
from facio_site.accounts.roles import (
    SignedIn,
    can_edit,
    can_export_keys,
    confirmed_lately,
    editor_required,
    viewer_required,
)
from facio_site.audit import record
from facio_site.strictjson import BadDocument, read_json, write_json
from facio_site.web.typed import keeps_typed
from providers.kinds import KINDS
from routing.agents import writing
from routing.agents.torn import names_in
from routing.config.difference import shown_path
from routing.config.edits import Current, deployment_kind
from routing.config.entries import named_in, shown_document, with_own
from routing.config.export import Mode
from routing.config.plans import plan_back
from routing.config.schema import Refused
from routing.models import NOTE_LENGTH, ConfigVersion
from routing.pages.changes import shown_changes
from routing.pages.config import MODES, frame, may_write
from routing.pages.file_words import FAULTS, OVERTAKEN, fault_words, ignored_words, retype_words
from routing.pages.live_file import is_second_click, met_first_click, say_written
from routing.state import current
from routing.state.store import pasted_version, pend_version

ROWS = 50


@viewer_required
@require_safe
def versions(request: HttpRequest) -> HttpResponse:
    rows = ConfigVersion.objects.defer("sealed")
    page = Paginator(rows, ROWS).get_page(request.GET.get("page", 1))
    told = [(row, MODES[Mode(row.mode)][0] if row.mode else "") for row in page]
    context = frame(request, "versions") | {"page": page, "rows": told}
    return render(request, "routing/versions.html", context)


@viewer_required
@require_safe
def version_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One version, redacted, and what bringing it back would change."""
    version: ConfigVersion = get_object_or_404(ConfigVersion, number=number)
    return _shown(request, version, version.note)


def _shown(
    request: HttpRequest, version: ConfigVersion, note: str, *, is_overtaken: bool = False
) -> HttpResponse:
    """`note` is what stands in its field; `is_overtaken`: somebody else wrote another one."""
    context = frame(request, "version") | {"version": version, "note_length": NOTE_LENGTH}
    context |= {"note": note, "is_overtaken": is_overtaken}
    if version.mode:
        context["mode"] = MODES[Mode(version.mode)][0]
    try:
        context |= _state(request, version) if version.is_state else _original(version)
    except FAULTS as error:
        context["problem"] = fault_words(error)
    status = 409 if is_overtaken else 200
    return render(request, "routing/version.html", context, status=status)


def _state(request: HttpRequest, version: ConfigVersion) -> dict[str, Any]:
    then = version.state()["document"]
    state = current()
    written = read_json(version.unseal(version.TEXT).encode()) if version.mode else then
    specs = with_own(KINDS, (*named_in(written), *named_in(then)))
    return {
        "preview": write_json(shown_document(written, specs)),
        **_changes(version, state),
        "back": _back(request, version, writing.live_path()) if can_edit(request.user) else None,
    }


def _changes(version: ConfigVersion, state: Current) -> dict[str, Any]:
    """What bringing all of it back would do, in config.json and beside it, and what stays."""
    pasted = pasted_version(version)
    try:
        plan = plan_back(pasted, state)
    except Refused as error:  # then it is not brought back at all
        return {"refused": fault_words(error)}
    after = plan.after.states
    stays = [
        f"{name}.{item}"
        for name, one in after.items()
        for item in one.secrets
        if item != "api_key" and item not in pasted.secrets.get(name, {})
    ]
    if deployment_kind(KINDS) in after:
        stays += [name for name in state.deployments if name not in pasted.deployments]
    added = [name for edit in plan.providers for name in edit.add_deployments]
    return {
        "changes": shown_changes(plan.changes),
        "outside": plan.outside,
        "deployments": added,
        "stays": stays,
        "ignored": [(one.path, ignored_words(one)) for one in plan.ignored],
        "retype": [retype_words(one) for one in plan.retype],
    }


def _back(request: HttpRequest, version: ConfigVersion, path: Any) -> dict[str, Any] | None:
    """The write that would bring it back; None where there is no live file."""
    if path is None:
        return None
    try:
        seen = writing.look_back(path, current(), _mode(version), version)
    except FAULTS as error:
        return {"problem": fault_words(error)}
    if seen.obstacle:
        return {"problem": fault_words(seen.obstacle)}
    if seen.fault or seen.is_foreign:
        return {"is_foreign": True, "is_unreadable": seen.fault is not None}
    return {
        "token": seen.token,
        "may_write": may_write(request, seen),
        "mode": MODES[seen.mode][0],
        "needs_fresh_login": seen.mode is Mode.KEYS and not confirmed_lately(request),
    }


def _mode(version: ConfigVersion) -> Mode:
    """How secrets are written: as in that version, else as they were last."""
    return Mode(version.mode) if version.mode else writing.remembered_mode() or Mode.ENV


def _original(version: ConfigVersion) -> dict[str, Any]:
    """What is told of a file that could not be read, or was written over in place."""
    data = version.original()
    try:
        read_json(data)
        fault = ""
    except BadDocument as error:
        fault = fault_words(error)
    names = names_in(data.decode(errors="replace"))
    return {"fault": fault, "size": len(data), "readable": [shown_path(keys) for keys in names]}


@editor_required
@require_POST
def version_restore(request: SignedIn, number: int) -> HttpResponse:
    """A version as an import, with the same preview."""
    version = _version(number)
    try:
        row = pend_version(version, request.user)
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("routing:version", number)
    return redirect("routing:import-preview", row.pk)


@editor_required
@require_POST
def version_write(request: SignedIn, number: int) -> HttpResponse:
    """Bring all of a version back and write it, which its page has shown."""
    version, path = _version(number), writing.live_path()
    if path is None:
        raise Http404
    note = _("Version %(n)d again") % {"n": number}
    look = partial(writing.look_back, path, mode=_mode(version), to=version)
    try:
        seen = look(state=current())
        if not may_write(request, seen):
            raise PermissionDenied
        if seen.obstacle:
            raise seen.obstacle
        if seen.mode is Mode.KEYS and not confirmed_lately(request):
            return confirm_first(request, reverse("routing:version", args=[number]))
        if request.POST.get("token") != seen.token or seen.fault or seen.is_foreign:
            if is_second_click(request, seen, note):
                return redirect("routing:config")
            messages.error(request, OVERTAKEN)
            return redirect("routing:version", number)
        done = writing.write(seen, actor=request.user, note=note, request=request)
    except FAULTS as error:
        if met_first_click(request, error, look, note):
            return redirect("routing:config")
        messages.error(request, fault_words(error))
        return redirect("routing:version", number)
    say_written(request, done)
    return redirect("routing:config")


@keeps_typed(lambda _request, number: {"note": _("Note (optional)")})
@editor_required
@require_POST
def version_note(request: SignedIn, number: int) -> HttpResponse:
    """Why a version is worth keeping, in a few words."""
    version: ConfigVersion = get_object_or_404(ConfigVersion, number=number)
    note = " ".join(request.POST.get("note", "").split())[:NOTE_LENGTH]
    seen = request.POST.get("seen", version.note)
    rows = ConfigVersion.objects.filter(pk=version.pk)
    if not rows.filter(note__in=[seen, note]).update(note=note):
        version.refresh_from_db(fields=["note"])
        return _shown(request, version, note, is_overtaken=True)
    messages.success(request, _("Note saved."))
    return redirect("routing:version", number)


@editor_required
@require_POST
def version_original(request: SignedIn, number: int) -> HttpResponse:
    """The bytes of a file that somebody else wrote. For owners, freshly signed in."""
    version: ConfigVersion = get_object_or_404(ConfigVersion, number=number)
    if not can_export_keys(request.user):
        raise PermissionDenied
    if version.is_state:
        raise Http404
    if not confirmed_lately(request):
        return confirm_first(request, reverse("routing:version", args=[number]))
    try:
        data = version.original()
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("routing:version", number)
    target = f"version {number}"
    with transaction.atomic():
        record("config.downloaded", actor=request.user, target=target, request=request)
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = 'attachment; filename="config.json.original"'
    return response


def _version(number: int) -> ConfigVersion:
    """One that can be brought back."""
    version: ConfigVersion = get_object_or_404(ConfigVersion, number=number)
    if not version.is_state:
        raise Http404
    return version
