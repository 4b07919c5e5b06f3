"""The config.json page: preview and download. What holds secrets leaves only by a fresh login."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from facio_site import sealing
from facio_site.accounts.roles import can_export_keys, viewer_required
from facio_site.audit import record
from providers.models import Provider
from providers.registry import KINDS
from routing.envfile import env_text
from routing.export import Exported, Mode, preview
from routing.models import Route
from routing.rules import Rule
from routing.state import configured, decide, export


@viewer_required
@require_safe
def config(request: HttpRequest) -> HttpResponse:
    mode = _mode(request.GET.get("secrets", ""))
    context: dict[str, Any] = {
        "mode": mode.value,
        "modes": _modes(),
        "mode_help": next(text for value, _label, text in _modes() if value == mode.value),
        "can_export_keys": can_export_keys(request.user),
        "warnings": _warnings(),
    }
    try:
        exported = export(mode)
    except (sealing.KeyMissing, sealing.Unreadable):
        return render(request, "routing/config.html", {**context, **_locked()})
    return render(
        request,
        "routing/config.html",
        {
            **context,
            "preview": preview(exported, KINDS),
            "left_out": exported.left_out,
            "needs_fresh_login": exported.may_hold_secrets,
        },
    )


def _locked() -> dict[str, Any]:
    return {
        "locked": True,
        "preview": "",
        "warnings": [
            _("The master key is missing or is another one: stored secrets can't be opened.")
        ],
    }


def _modes() -> list[tuple[str, Any, Any]]:
    return [
        (
            Mode.ENV.value,
            _("References"),
            _("Secrets are ${NAME} references; the values go into the agent's environment."),
        ),
        (
            Mode.KEYS.value,
            _("Real keys"),
            _("The file holds the keys themselves. Treat it as a password."),
        ),
        (Mode.REDACTED.value, _("Redacted"), _("Secrets are ***: to show to somebody.")),
    ]


def _warnings() -> list[str]:
    found = []
    states = configured()
    for route in Route.objects.all_slots():
        decision = decide(route, states)
        if decision and not decision.provider and decision.rule not in _FINE:
            found.append(_("%(slot)s: no provider would serve it.") % {"slot": route})
    for row in Provider.objects.configured():
        names = [name for name in row.sealed if not row.has_usable(name)]
        if names:
            found.append(
                _("%(provider)s: the address was changed, so its key is left out. Type it again.")
                % {"provider": row}
            )
    return found


_FINE = {Rule.NO_MODEL, Rule.OUTSIDE, Rule.AGENT_DECIDES}


def _mode(text: str) -> Mode:
    return Mode(text) if text in list(Mode) else Mode.ENV


@viewer_required
@require_POST
def download(request: HttpRequest) -> HttpResponse:
    """The file itself. Without secrets for everybody; with them for owners, freshly signed in."""
    mode = _mode(request.POST.get("secrets", ""))
    wants_env = request.POST.get("what") == "dotenv"
    try:
        exported = export(mode)
    except (sealing.KeyMissing, sealing.Unreadable):
        messages.error(request, str(_locked()["warnings"][0]))
        return redirect("routing:config")
    if wants_env or exported.may_hold_secrets:
        if not can_export_keys(request.user):
            raise PermissionDenied
        if not did_recently_reauthenticate(request):
            here = f"{reverse('routing:config')}?{urlencode({'secrets': mode.value})}"
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': here})}")
    with transaction.atomic():
        record(
            "config.downloaded",
            actor=request.user,
            target=".env" if wants_env else "config.json",
            result=mode.value,
            request=request,
        )
    return _file(exported, wants_env=wants_env)


def _file(exported: Exported, *, wants_env: bool) -> HttpResponse:
    name, kind = ("facio.env", "text/plain") if wants_env else ("config.json", "application/json")
    body = env_text(exported.env) if wants_env else exported.text
    response = HttpResponse(body, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
