"""The agent's live file: write to it, or take in what stands there."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from facio_site.accounts.going_on import confirm_first
from facio_site.accounts.roles import SignedIn, confirmed_lately, editor_required
from facio_site.strictjson import read_json
from routing.agents import writing
from routing.agents.file import read_live
from routing.config.difference import Side
from routing.config.export import Mode
from routing.models import NOTE_LENGTH, PendingImport
from routing.pages.config import config_page, is_config, may_write
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
    mode, choices = _asked(request)
    try:
        seen = writing.look(path, current(), mode, choices)
        if not may_write(request, seen):
            raise PermissionDenied
        if seen.obstacle:
            raise seen.obstacle
        if mode is Mode.KEYS and not confirmed_lately(request):
            return confirm_first(request, f"{reverse('routing:config')}?write={mode.value}#live")
        if request.POST.get("token") != seen.token:
            return _again(request, mode, choices, str(OVERTAKEN), status=409)
        if sentence := _undecided(request, seen):
            return _again(request, mode, choices, sentence, status=422)
        note = request.POST.get("note", "").strip()[:NOTE_LENGTH]
        done = writing.write(seen, actor=request.user, note=note, request=request)
    except FAULTS as error:
        return _again(request, mode, choices, fault_words(error), status=409)
    say_written(request, done)
    return redirect("routing:config")


@editor_required
@require_POST
def live_changes(request: SignedIn) -> HttpResponse:
    """What a write with these choices would change, as a part of the page."""
    if writing.live_path() is None:
        raise Http404
    mode, choices = _asked(request)
    template = "routing/_live_card.html#changes"
    return config_page(request, live_mode=mode, choices=choices, template=template)


def _asked(request: HttpRequest) -> tuple[Mode, dict[str, Side]]:
    mode = Mode.KEYS if request.POST.get("secrets") == Mode.KEYS else Mode.ENV
    choices = {
        name.removeprefix("side:"): _SIDES[str(side)]
        for name, side in request.POST.items()
        if name.startswith("side:") and str(side) in _SIDES
    }
    return mode, choices


def _undecided(request: HttpRequest, seen: writing.Look) -> str:
    """What has to be said before it is written, or ""."""
    if seen.fault and not request.POST.get("replace"):
        return _("Say first that the file may be replaced. Nothing was written.")
    if seen.write.undecided:
        return _("Choose a side for each marked part first. Nothing was written.")
    return ""


def say_written(request: HttpRequest, done: writing.Done) -> None:
    sentence = _("Written as version %(n)d. Restart Facio so that it reads the file.")
    messages.success(request, sentence % {"n": done.version.number})
    if done.written.original:
        kept = _("What stood there before is kept as %(name)s.")
        messages.info(request, kept % {"name": done.written.original})


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
        if not is_config(text):
            read_json(text.encode())  # says why it is none
        row = pend(text, request.user, origin=PendingImport.Origin.LIVE, name=path.name)
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("routing:config")
    return redirect("routing:import-preview", row.pk)
