"""/config/: the agent's live file. Look at it, write to it, or take in what stands there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site.accounts.going_on import confirm_first
from facio_site.accounts.roles import SignedIn, confirmed_lately, editor_required, viewer_required
from facio_site.strictjson import BadDocument, read_json
from facio_site.web.typed import keeps_typed
from providers.kinds import KINDS
from routing.agents import writing
from routing.agents.file import read_live
from routing.config.difference import Place, Side, shown_path
from routing.config.edits import Current
from routing.config.env.beside import needed_names
from routing.config.export import Mode
from routing.config.pasted import BadPaste, read_pasted
from routing.config.plans import Choices
from routing.models import NOTE_LENGTH, PendingImport
from routing.pages.changes import shown_changes, value_words
from routing.pages.config import MODES, frame, may_write, state_now, warnings
from routing.pages.file_words import DANGERS, FAULTS, OVERTAKEN, fault_words
from routing.pages.importing import ImportForm
from routing.state import current
from routing.state.store import Overtaken, pend

_SIDES: dict[str, Side] = {"ours": "ours", "theirs": "theirs"}


@viewer_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """An address of before, when all was one page, leads to where its part is now."""
    if secrets := request.GET.get("secrets"):
        return redirect(f"{reverse('routing:export')}?{urlencode({'secrets': secrets})}")
    return live_page(request)


def live_page(
    request: HttpRequest,
    *,
    status: int = 200,
    live_mode: Mode | None = None,
    choices: Choices | None = None,
    template: str = "routing/config.html",
    **more: Any,
) -> HttpResponse:
    """The page of the live file, after a plain request or with what went wrong (`more`)."""
    taken = writing.stamp() if writing.live_path() else ""  # before what it is of is read
    state, fault = state_now()
    live = live_card(request, state, live_mode, choices, taken) if state else None
    context = frame(request, "live") | {
        "locked": fault,
        "warnings": warnings(state),
        "note_length": NOTE_LENGTH,
        "live": live,
        **({} if live or fault else {"form": ImportForm()}),
    }
    return render(request, template, {**context, **more}, status=status)


def live_card(
    request: HttpRequest,
    state: Current,
    mode: Mode | None,
    choices: Choices | None,
    taken: str,
) -> dict[str, Any] | None:
    """The card of the live file; None when the operator names no file."""
    path = writing.live_path()
    if path is None:
        return None
    known = writing.remembered_mode()
    asked = request.GET.get("write", "")
    mode = mode or (Mode(asked) if asked in (Mode.ENV, Mode.KEYS) else known or Mode.ENV)
    card: dict[str, Any] = {
        "path": path,
        "mode": mode.value,
        "modes": [(m.value, *MODES[m]) for m in (Mode.ENV, Mode.KEYS)],
        "mode_help": MODES[mode][1],
        "is_asked": known is None,
    }
    try:
        seen = writing.look(path, state, mode, choices)
    except FAULTS as error:
        return {**card, "drift": writing.Drift.UNUSABLE, "problem": fault_words(error)}
    writing.note_same(seen, taken)
    return {
        **card,
        "look": seen,
        "drift": seen.drift,
        "fault": fault_words(seen.fault) if seen.fault else "",
        "obstacle": fault_words(seen.obstacle) if seen.obstacle else "",
        "readable": [shown_path(keys) for keys in seen.readable],
        "lost": [shown_path(keys) for keys in seen.lost],
        "changes": shown_changes(seen.write.changes),
        "places": [_place(place, seen) for place in seen.write.places],
        "may_take_in": bool(seen.is_foreign and seen.live and is_config(seen.live.text)),
        "in_clear": seen.write.exported.in_clear if mode is Mode.ENV else (),
        "names": needed_names(seen.write.exported),
        "may_write": may_write(request, seen),
        "needs_fresh_login": mode is Mode.KEYS and not confirmed_lately(request),
    }


def is_config(text: str) -> bool:
    """Whether an import reads it as a config.json, be it by mending it."""
    try:
        return read_pasted(text.encode(), specs=KINDS).source == "config"
    except (BadDocument, BadPaste):
        return False


def _place(place: Place, seen: writing.Look) -> dict[str, Any]:
    danger = seen.write.dangers.get(place.path)
    return {
        "place": place,
        "ours": value_words(place.ours),
        "theirs": value_words(place.theirs),
        "danger": DANGERS[danger] if danger else "",
        "side": "" if place.path in seen.write.undecided else place.side,
    }


# --- what is done about it ------------------------------------------------------------------


@keeps_typed(lambda _request: {"note": _("Note (optional)")})
@editor_required
@require_POST
def live_write(request: SignedIn) -> HttpResponse:
    """Write what was looked at; when anything moved since, show it anew and write nothing."""
    path = writing.live_path()
    if path is None:
        raise Http404
    mode, choices = _asked(request)
    note = request.POST.get("note", "").strip()[:NOTE_LENGTH]
    try:
        seen = writing.look(path, current(), mode, choices)
        if not may_write(request, seen):
            raise PermissionDenied
        if seen.obstacle:
            raise seen.obstacle
        if mode is Mode.KEYS and not confirmed_lately(request):
            return confirm_first(request, f"{reverse('routing:config')}?write={mode.value}#live")
        if request.POST.get("token") != seen.token:
            if is_second_click(request, seen, note):
                return redirect("routing:config")
            return _again(request, mode, choices, str(OVERTAKEN), status=409)
        if sentence := _undecided(request, seen):
            return _again(request, mode, choices, sentence, status=422)
        done = writing.write(seen, actor=request.user, note=note, request=request)
    except FAULTS as error:
        look = partial(writing.look, path, mode=mode, choices=choices)
        if met_first_click(request, error, look, note):
            return redirect("routing:config")
        return _again(request, mode, choices, fault_words(error), status=409)
    say_written(request, done)
    return redirect("routing:config")


def is_second_click(request: SignedIn, seen: writing.Look, note: str) -> bool:
    """Whether this person has just written what is asked for, which is said then."""
    last = seen.version
    if last is None or not seen.does_nothing or seen.drift is not writing.Drift.SAME:
        return False
    if (last.created_by_id, last.note, last.mode) != (request.user.pk, note, seen.mode):
        return False
    messages.info(request, _("Written already as version %(n)d.") % {"n": last.number})
    return True


def met_first_click(
    request: SignedIn, error: Exception, look: Callable[..., writing.Look], note: str
) -> bool:
    """The same of a click that came while the first one was still writing, and failed by that."""
    if getattr(error, "code", "") != "changed" and not isinstance(error, Overtaken):
        return False
    with suppress(*FAULTS):
        return is_second_click(request, look(state=current()), note)
    return False


@editor_required
@require_POST
def live_changes(request: SignedIn) -> HttpResponse:
    """What a write with these choices would change, as a part of the page."""
    if writing.live_path() is None:
        raise Http404
    mode, choices = _asked(request)
    template = "routing/_live_card.html#changes"
    return live_page(request, live_mode=mode, choices=choices, template=template)


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
    sentence = _(
        "Written as version %(n)d. Restart Facio to be sure; it may take the file up earlier."
    )
    messages.success(request, sentence % {"n": done.version.number})
    if done.renewal.renew:
        renew = _("To renew in the agent's environment: %(names)s.")
        messages.warning(request, renew % {"names": ", ".join(done.renewal.renew)})
    if done.renewal.drop:
        drop = _("To take out of the agent's environment: %(names)s.")
        messages.warning(request, drop % {"names": ", ".join(done.renewal.drop)})
    if done.written.original:
        kept = _("What stood there before is kept as %(name)s.")
        messages.info(request, kept % {"name": done.written.original})


def _again(
    request: HttpRequest, mode: Mode, choices: dict[str, Side], sentence: str, *, status: int
) -> HttpResponse:
    return live_page(request, status=status, live_mode=mode, choices=choices, live_error=sentence)


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
