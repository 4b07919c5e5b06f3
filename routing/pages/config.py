"""What the four pages of /config/ have in common: the live file, export, import, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site.accounts.roles import can_edit, can_export_keys
from providers.kinds import KINDS
from providers.models import Provider
from providers.spec.keyshapes import KeyWarning
from providers.spec.masks import is_credential
from providers.wording import key_warning
from routing.agents import writing
from routing.config.agent import AgentView, decide
from routing.config.difference import shown_path
from routing.config.document import part, texts
from routing.config.edits import Current, exported
from routing.config.export import Mode
from routing.config.pasted import Warned
from routing.models import Slot
from routing.pages.file_words import FAULTS, fault_words, warning_words
from routing.pages.findings import finding_text
from routing.pages.wording import provider_label, resolution
from routing.rules.codes import Code, Lint
from routing.rules.explain import Rule
from routing.rules.refusals import refusals
from routing.rules.slots import MEDIA
from routing.rules.standing import is_served
from routing.state import agent_view, current, seen_by_agent

MODES: Mapping[Mode, tuple[Any, Any]] = {
    Mode.ENV: (
        gettext_lazy("References"),
        gettext_lazy(
            "Keys and headers of the providers set here stand as ${NAME}. Their values belong in "
            "the agent's environment."
        ),
    ),
    Mode.KEYS: (
        gettext_lazy("Real keys"),
        gettext_lazy("The file holds the keys themselves. Treat it like a password."),
    ),
    Mode.REDACTED: (
        gettext_lazy("Redacted"),
        gettext_lazy(
            "Keys, headers, extra bodies and what else looks like a secret are ***. Look through "
            "the file before you show it to somebody."
        ),
    ),
}


def frame(request: HttpRequest, place: str) -> dict[str, Any]:
    """What each of the four pages shows: links to the others, and what its reader may do."""
    return {
        "place": place,
        "can_edit": can_edit(request.user),
        "can_export_keys": can_export_keys(request.user),
    }


def state_now() -> tuple[Current | None, str]:
    """What is set here; None with the reason in words where it does not open."""
    try:
        return current(), ""
    except FAULTS as error:
        return None, fault_words(error)


def mode_of(text: str) -> Mode:
    return Mode(text) if text in list(Mode) else Mode.ENV


def warnings(state: Current | None) -> list[str]:
    """What is doubtful about the config.json that would be written."""
    view = seen_by_agent(state) if state else agent_view()
    rows = {row.name: row for row in Provider.objects.configured()}
    found = [words for slot in Slot for words in _of_route(slot, view, rows)]
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
    found += [
        f"{shown_path(one.keys)}: {warning_words(Warned('', one.code, one.params))}"
        for one in view.doubts
    ]
    for row in rows.values():
        if any(not row.has_usable(name) for name in row.sealed):
            found.append(
                _("%(provider)s: the address was changed, so its key is left out. Type it again.")
                % {"provider": row}
            )
    return [*found, *(_credentials(state) if state else ())]


def _credentials(state: Current) -> Iterator[str]:
    """Placeholders of the credential store where nothing says that the agent resolves them."""
    entries = part(exported(state, Mode.KEYS, KINDS).document, "providers")
    for path, text in texts(entries, "providers"):
        if is_credential(text):
            yield f"{path}: {key_warning(KeyWarning('credential'))}"


def _of_route(slot: Slot, view: AgentView, rows: Mapping[str, Provider]) -> Iterator[str]:
    """What keeps a route from being served, as far as is known."""
    decision = decide(slot, view)
    if decision is None or decision.rule is Rule.NO_MODEL:
        return
    name = decision.provider
    if decision.rule in (Rule.EMPTY_MODEL, Rule.MEDIA_UNKNOWN):
        yield f"{slot.label}: {resolution(decision)}"
    elif not is_served(decision, is_there=name in view.names or name in rows):
        values = {"slot": slot.label, "provider": provider_label(name or "")}
        words = _("%(slot)s: %(provider)s is not set up.")
        yield (words if name else _("%(slot)s: no provider would serve it.")) % values
    elif name and slot not in MEDIA and name in view.names | rows.keys():
        for code in refusals(view.entry(name)):
            yield f"{slot.label}: {finding_text(Lint(Code(code), slot, {'provider': name}))}"


def may_write(request: HttpRequest, seen: writing.Look) -> bool:
    """Owners whatever it holds; editors only what holds no secret and mixes in nobody else's."""
    if can_export_keys(request.user):
        return True
    holds = seen.write.exported.may_hold_secrets or bool(seen.write.places)
    return can_edit(request.user) and not holds
