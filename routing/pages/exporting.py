"""/config/export/ and the download. What holds secrets leaves only by a fresh login."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site.accounts.going_on import confirm_first
from facio_site.accounts.roles import can_export_keys, confirmed_lately, viewer_required
from facio_site.audit import record
from providers.kinds import KINDS
from routing.config.entries import QUICKSTART_MODEL
from routing.config.env.beside import env_text, needed_names
from routing.config.env.quickstart import Quickstart, quickstart
from routing.config.export import Exported, Mode, preview
from routing.pages.config import MODES, frame, mode_of, state_now, warnings
from routing.pages.file_words import FAULTS, fault_words
from routing.pages.wording import provider_label
from routing.state import current, exported

FILES = {"config": "config.json", "dotenv": "facio.env", "quickstart": "quickstart.env"}


@viewer_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The file as it would be handed out, with secrets written in the way that is asked for."""
    mode = mode_of(request.GET.get("secrets", ""))
    state, fault = state_now()
    context: dict[str, Any] = frame(request, "export") | {
        "locked": fault,
        "mode": mode.value,
        "modes": [(each.value, *words) for each, words in MODES.items()],
        "mode_help": MODES[mode][1],
        "warnings": warnings(state),
    }
    if state:
        context |= _export(request, exported(state, mode))
    return render(request, "routing/export.html", context)


def _export(request: HttpRequest, written: Exported) -> dict[str, Any]:
    shown = preview(written, KINDS)
    return {
        "preview": shown,
        "is_the_file": shown == written.text,
        "left_out": written.left_out,
        "in_clear": written.in_clear if written.mode is Mode.ENV else (),
        "names": needed_names(written),
        "holds_secrets": written.may_hold_secrets,
        "may_download": can_export_keys(request.user) or not written.may_hold_secrets,
        "needs_fresh_login": written.may_hold_secrets and not confirmed_lately(request),
    }


@viewer_required
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """The file itself. Without secrets for everybody; with them for owners, freshly signed in."""
    mode = mode_of(request.POST.get("secrets", ""))
    what = request.POST.get("what", "")
    name = FILES.get(what, FILES["config"])
    try:
        state = current()
    except FAULTS as error:
        messages.error(request, fault_words(error))
        return redirect("routing:export")
    written = exported(state, mode)
    is_env = name != FILES["config"]
    if is_env or written.may_hold_secrets:
        if not can_export_keys(request.user):
            raise PermissionDenied
        if not confirmed_lately(request):
            asked = urlencode({"secrets": mode})
            return confirm_first(request, f"{reverse('routing:export')}?{asked}")
    with transaction.atomic():
        record(
            "config.downloaded",
            actor=request.user,
            target=name,
            result=mode.value,
            request=request,
        )
    if what == "quickstart":
        return _file(name, _quickstart(quickstart(state, KINDS)))
    return _file(name, _text(written, is_env=is_env))


def _quickstart(found: Quickstart) -> str:
    """The file, which says itself what it lacks: nobody sees it before it is there."""
    left = [
        _("%(name)s is left out: its key is for another address.") % {"name": name}
        for name in found.elsewhere
    ]
    if found.other:
        values = {"name": QUICKSTART_MODEL, "provider": provider_label(found.other)}
        left.append(
            _("%(name)s is left out: with these keys alone, %(provider)s would serve it.") % values
        )
    elif found.other is not None:
        values = {"name": QUICKSTART_MODEL}
        left.append(
            _("%(name)s is left out: with these keys alone, no provider would serve it.") % values
        )
    return "".join(f"# {line}\n" for line in left) + env_text(found.env)


def _text(written: Exported, *, is_env: bool) -> str:
    return env_text(written.env) if is_env else written.text


def _file(name: str, body: str) -> HttpResponse:
    kind = "application/json" if name.endswith(".json") else "text/plain"
    response = HttpResponse(body, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
