"""The agent's live file: write to it, or take in what stands there."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from facio_site.accounts.roles import SignedIn, confirmed_lately, editor_required
from facio_site.strictjson import read_json
from routing.agents import writing
from routing.agents.file import read_live
from routing.config.difference import Side
from routing.config.export import Mode
from routing.models import PendingImport
from routing.pages.config import config_page, may_write
from routing.pages.exporting import confirm_first
from routing.pages.wording import FAULTS, OVERTAKEN, fault_words
from routing.state import current
from routing.store import pend

_SIDES: dict[str, Side] = {"ours": "ours", "theirs": "theirs"}


@editor_required
@require_POST
def live_write(request: SignedIn) -> HttpResponse:
    """Write what was looked at; when anything moved since, show it anew and write nothing."""
    path = writing.live_path()
    if path is None:
        raise Http404
    mode = Mode.KEYS if request.POST.get("secrets") == Mode.KEYS else Mode.ENV
    choices = {
        name.removeprefix("side:"): _SIDES[str(side)]
        for name, side in request.POST.items()
        if name.startswith("side:") and str(side) in _SIDES
    }
    try:
        seen = writing.look(path, current(), mode, choices)
        if not may_write(request, seen):
            raise PermissionDenied
        if mode is Mode.KEYS and not confirmed_lately(request):
            return confirm_first(f"{reverse('routing:config')}?write={mode.value}#live")
        if request.POST.get("token") != seen.token:
            return _again(request, mode, choices, str(OVERTAKEN), status=409)
        if seen.write.undecided:
            sentence = _("Choose a side for each marked part first. Nothing was written.")
            return _again(request, mode, choices, sentence, status=422)
        version = writing.write(seen, actor=request.user, request=request)
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
    path = writing.live_path()
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
