"""What /config/ shows: export, import, the live file and versions. Its views share this page.

Kept out: everything that changes something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site.accounts.roles import can_edit, can_export_keys, confirmed_lately
from facio_site.strictjson import BadDocument
from providers.kinds import KINDS
from providers.models import Provider
from routing.agents import writing
from routing.config.agent import AgentView, decide
from routing.config.difference import Place, shown_path
from routing.config.edits import Current
from routing.config.export import Exported, Mode, preview
from routing.config.pasted import BadPaste, read_pasted
from routing.config.plans import Choices
from routing.models import NOTE_LENGTH, ConfigVersion, Slot
from routing.pages.changes import shown_changes, value_words
from routing.pages.findings import finding_text
from routing.pages.wording import DANGERS, FAULTS, fault_words
from routing.rules.explain import Rule
from routing.rules.lint import Code, Lint
from routing.state import agent_view, current, exported, seen_by_agent

VERSIONS_SHOWN = 20
REPLACE, MERGE = "replace", "merge"
MODES: Mapping[Mode, tuple[Any, Any]] = {
    Mode.ENV: (
        gettext_lazy("References"),
        gettext_lazy(
            "Secrets that are set here are ${NAME} references; the values go into the agent's "
            "environment."
        ),
    ),
    Mode.KEYS: (
        gettext_lazy("Real keys"),
        gettext_lazy("The file holds the keys themselves. Treat it as a password."),
    ),
    Mode.REDACTED: (
        gettext_lazy("Redacted"),
        gettext_lazy("Secrets are ***: to show to somebody."),
    ),
}
_FINE = {Rule.NO_MODEL, Rule.OUTSIDE, Rule.AGENT_DECIDES}


class ImportForm(forms.Form):
    """A file or a text; what it is gets recognised."""

    file = forms.FileField(
        label=gettext_lazy("File"), required=False, help_text=gettext_lazy("config.json or .env")
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste it here"),
        required=False,
        strip=False,
        help_text=gettext_lazy("The text of config.json or .env, a single API key, or a curl line"),
        widget=forms.Textarea(
            attrs={"class": "mono", "rows": 4, "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    how = forms.ChoiceField(
        label=gettext_lazy("What the file lacks"),
        choices=[
            ("", gettext_lazy("As the file asks for")),
            (REPLACE, gettext_lazy("Replace")),
            (MERGE, gettext_lazy("Merge")),
        ],
        initial="",
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Replace: it goes. Merge: it stays. A config.json with providers or agents replaces, "
            "a part of one is merged. Anything else is always merged."
        ),
    )


def config_page(
    request: HttpRequest,
    *,
    status: int = 200,
    live_mode: Mode | None = None,
    choices: Choices | None = None,
    template: str = "routing/config.html",
    **more: Any,
) -> HttpResponse:
    """The page, after a plain request or with what went wrong (`more`)."""
    try:
        state = current()
        fault = None
    except FAULTS as error:
        state, fault = None, fault_words(error)
    mode = mode_of(request.GET.get("secrets", ""))
    context: dict[str, Any] = {
        "can_edit": can_edit(request.user),
        "can_export_keys": can_export_keys(request.user),
        "locked": fault,
        "mode": mode.value,
        "modes": [(each.value, *words) for each, words in MODES.items()],
        "mode_help": MODES[mode][1],
        "warnings": _warnings(seen_by_agent(state) if state else agent_view()),
        "form": ImportForm(),
        "versions": ConfigVersion.objects.defer("sealed")[:VERSIONS_SHOWN],
        "note_length": NOTE_LENGTH,
        "live": live_card(request, state, live_mode, choices) if state else None,
    }
    if state:
        context |= _export(request, exported(state, mode))
    return render(request, template, {**context, **more}, status=status)


def mode_of(text: str) -> Mode:
    return Mode(text) if text in list(Mode) else Mode.ENV


def _export(request: HttpRequest, written: Exported) -> dict[str, Any]:
    return {
        "preview": preview(written, KINDS),
        "left_out": written.left_out,
        "holds_secrets": written.may_hold_secrets,
        "may_download": can_export_keys(request.user) or not written.may_hold_secrets,
        "needs_fresh_login": written.may_hold_secrets and not confirmed_lately(request),
    }


def _warnings(view: AgentView) -> list[str]:
    found = []
    for slot in Slot:
        decision = decide(slot, view)
        if decision and not decision.provider and decision.rule not in _FINE:
            found.append(_("%(slot)s: no provider would serve it.") % {"slot": slot.label})
    found += [
        finding_text(Lint(Code(code), Slot.MAIN, {"provider": name}))
        for name, codes in view.odd.items()
        for code in codes
    ]
    found += [
        finding_text(Lint(Code.TWIN, Slot.MAIN, {"name": name, "other": other}))
        for name, others in view.twins.items()
        for other in others
    ]
    for row in Provider.objects.configured():
        if any(not row.has_usable(name) for name in row.sealed):
            found.append(
                _("%(provider)s: the address was changed, so its key is left out. Type it again.")
                % {"provider": row}
            )
    return found


# --- the live file --------------------------------------------------------------------------


def live_card(
    request: HttpRequest, state: Current, mode: Mode | None, choices: Choices | None
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
    writing.note_same(seen)
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
        "names": sorted(seen.write.exported.env) if mode is Mode.ENV else [],
        "may_write": may_write(request, seen),
        "needs_fresh_login": mode is Mode.KEYS,
    }


def is_config(text: str) -> bool:
    """Whether an import reads it as a config.json, be it by mending it."""
    try:
        return read_pasted(text.encode(), specs=KINDS).source == "config"
    except (BadDocument, BadPaste):
        return False


def may_write(request: HttpRequest, seen: writing.Look) -> bool:
    """Owners whatever it holds; editors only what holds no secret and mixes in nobody else's."""
    if can_export_keys(request.user):
        return True
    holds = seen.write.exported.may_hold_secrets or bool(seen.write.places)
    return can_edit(request.user) and not holds


def _place(place: Place, seen: writing.Look) -> dict[str, Any]:
    danger = seen.write.dangers.get(place.path)
    return {
        "place": place,
        "ours": value_words(place.ours),
        "theirs": value_words(place.theirs),
        "danger": DANGERS[danger] if danger else "",
        "side": "" if place.path in seen.write.undecided else place.side,
    }
