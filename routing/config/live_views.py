"""The live file and versions: write, take in, look, bring back."""

from __future__ import annotations

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site.accounts.roles import SignedIn, can_edit, editor_required, viewer_required
from providers.registry import KINDS
from routing.config import live
from routing.config.difference import Side, semantic_diff
from routing.config.document import read_json, write_json
from routing.config.export import Mode
from routing.config.livefile import read_live
from routing.config.owned import shown_document
from routing.config.page import MODES, config_page, may_write, shown_changes
from routing.config.store import pend, pend_version
from routing.config.views import confirm_first
from routing.config.wording import FAULTS, OVERTAKEN, fault_words
from routing.models import ConfigVersion, PendingImport
from routing.state import current, exported

_SIDES: dict[str, Side] = {"ours": "ours", "theirs": "theirs"}


@editor_required
@require_POST
def live_write(request: SignedIn) -> HttpResponse:
    """Write what was looked at; when anything moved since, show it anew and write nothing."""
    path = live.live_path()
    if path is None:
        raise Http404
    mode = Mode.KEYS if request.POST.get("secrets") == Mode.KEYS else Mode.ENV
    choices = {
        name.removeprefix("side:"): _SIDES[str(side)]
        for name, side in request.POST.items()
        if name.startswith("side:") and str(side) in _SIDES
    }
    try:
        seen = live.look(path, current(), mode, choices)
        if not may_write(request, seen):
            raise PermissionDenied
        if mode is Mode.KEYS and not did_recently_reauthenticate(request):
            return confirm_first(f"{reverse('routing:config')}?write={mode.value}#live")
        if request.POST.get("token") != seen.token:
            return _again(request, mode, choices, str(OVERTAKEN), status=409)
        if seen.write.undecided:
            sentence = _("Choose a side for each marked part first. Nothing was written.")
            return _again(request, mode, choices, sentence, status=422)
        version = live.write(seen, actor=request.user, request=request)
    except FAULTS as error:
        return _again(request, mode, choices, fault_words(error), status=409)
    messages.success(
        request,
        _("Written as version %(n)d. Restart Facio so that it reads the file.")
        % {"n": version.number},
    )
    return redirect("routing:config")


def _again(
    request: HttpRequest, mode: Mode, choices: dict[str, Side], sentence: str, *, status: int
) -> HttpResponse:
    return config_page(request, status=status, live_mode=mode, choices=choices, live_error=sentence)


@editor_required
@require_POST
def live_take_in(request: SignedIn) -> HttpResponse:
    """The live file as an import: what the agent or somebody else made of it comes in here."""
    path = live.live_path()
    if path is None:
        raise Http404
    try:
        found = read_live(path)
        text = found.text if found else ""
        read_json(text.encode())
        row = pend(text, request.user, origin=PendingImport.Origin.LIVE, name=path.name)
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("routing:config")
    return redirect("routing:import-preview", row.pk)


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
    context["preview"] = write_json(shown_document(written, KINDS))
    context["changes"] = shown_changes(semantic_diff(now, then, specs=KINDS))
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
