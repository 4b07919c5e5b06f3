"""Lints of the routes as pages show them: a sentence, and the fix of each.

The rules are in rules/lint.py, their facts in facts.py; `apply_fix` does a fix that changes
something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils import formats
from django.utils.translation import gettext as _

from facio_site.audit import record
from facio_site.templatetags.ui import status_label
from providers.models import Provider
from routing.models import Slot
from routing.pages.rows import RouteRow
from routing.pages.wording import provider_label
from routing.rules.codes import Code, Fix, Lint
from routing.rules.explain import AUTO

# Changed here by one click; the other fixes lead to where a person decides.
_DONE_HERE = {Fix.PIN, Fix.USE_AUTO, Fix.USE_MODEL, Fix.ADD_DEPLOYMENT, Fix.USE_DOCKER_HOST}
_DONE_HERE |= {Fix.CLEAR_OVERRIDE}


@dataclass(frozen=True, slots=True)
class Action:
    """A fix: a link, or a value to post for it."""

    label: str
    fix: str
    value: str = ""
    link: str = ""

    @property
    def is_for_all(self) -> bool:
        """It leads to what is to be read, not to what is to be done."""
        return self.fix == Fix.SIGN_IN


@dataclass(frozen=True, slots=True)
class Finding:
    lint: Lint
    slot_label: str
    text: str
    actions: tuple[Action, ...]
    version: int  # of the route that it was found in

    @property
    def slot(self) -> str:
        return self.lint.slot

    @property
    def tone(self) -> str:
        return {"error": "error", "warning": "warn", "note": "info"}[self.lint.severity]


def findings(rows: Iterable[RouteRow]) -> list[Finding]:
    """What is doubtful, in the order of the routes, with words and fixes."""
    return [_finding(lint, row) for row in rows for lint in row.lints]


def findings_of(row: RouteRow) -> list[Finding]:
    """Those of one route."""
    return findings([row])


# In words ---------------------------------------------------------------------------------------


def _finding(lint: Lint, row: RouteRow) -> Finding:
    return Finding(
        lint=lint,
        slot_label=str(Slot(lint.slot).label),
        text=finding_text(lint),
        actions=tuple(_actions(lint, row)),
        version=row.route.version,
    )


def finding_text(lint: Lint) -> str:
    """What is doubtful, in a sentence."""
    values = {name: value for name, value in lint.params.items() if isinstance(value, str)}
    values["label"] = provider_label(values.get("provider", ""))
    if "outcome" in values:
        values["outcome"] = status_label(values["outcome"])
    if "date" in values:
        day = date.fromisoformat(values["date"])
        values["date"] = formats.date_format(day, "DATE_FORMAT")
    if lint.code is Code.UNKNOWN_PROVIDER and not values["name"]:
        return _('An empty text names no provider. Only "auto" is automatic.')
    told = _TEXTS[lint.code]() % values
    if "replacement" in values:
        told += " " + _("The provider names %(replacement)s in its place.") % values
    return told


_TEXTS: dict[Code, Callable[[], str]] = {
    Code.UNRESOLVED: lambda: _("No provider would serve this model."),
    Code.UNKNOWN_PROVIDER: lambda: _('The agent knows no provider named "%(name)s".'),
    Code.OAUTH_NEEDS_CHOICE: lambda: _(
        "A sign-in provider is never chosen by itself: name it as the provider."
    ),
    Code.NOT_CONFIGURED: lambda: _("%(label)s is chosen and not set up."),
    Code.KNOWN_BAD: lambda: _("The last test of %(label)s failed: %(outcome)s."),
    Code.KEY_EXPIRES: lambda: _("The key of %(label)s expires on %(date)s."),
    Code.KEY_EXPIRED: lambda: _("The key of %(label)s expired on %(date)s."),
    Code.GATEWAY_FALLBACK: lambda: _(
        "%(label)s would serve this only because nothing else does. Nobody chose it, and it would "
        "be billed."
    ),
    Code.KEY_FALLBACK: lambda: _(
        "%(label)s would serve this only because it is the first that has a key."
    ),
    Code.MODEL_MISSING: lambda: _("%(model)s is not in the catalog of %(label)s."),
    Code.MODEL_GONE: lambda: _("%(label)s no longer lists %(model)s since the last refresh."),
    Code.MODEL_RETIRES: lambda: _("%(label)s retires %(model)s on %(date)s."),
    Code.MODEL_RETIRED: lambda: _("%(label)s has retired %(model)s on %(date)s."),
    Code.DEPLOYMENT_UNKNOWN: lambda: _("%(model)s is none of the deployments entered for Azure."),
    Code.NO_IMAGE_INPUT: lambda: _("%(model)s takes no images."),
    Code.NO_IMAGE_OUTPUT: lambda: _("%(model)s makes no images."),
    Code.NO_VIDEO_OUTPUT: lambda: _("%(model)s makes no videos."),
    Code.NO_TEXT_OUTPUT: lambda: _("%(model)s answers with no text."),
    Code.DOCKER_LOCALHOST: lambda: _(
        "%(base)s names the machine itself. If the agent runs in Docker, that is its own container."
    ),
    Code.MAIN_FAILS: lambda: _(
        "This override is set while the main route does not work. Keep overrides empty until it "
        "does."
    ),
    Code.SIGN_IN: lambda: _("The agent must be signed in to %(label)s."),
    Code.NO_EYES: lambda: _("%(model)s takes no images, and no vision model is set."),
    Code.KEY_EXAMPLE: lambda: _(
        "config.json has an example or a mask for %(label)s. The agent will count it as a key."
    ),
    Code.KEY_VARIABLE: lambda: _(
        "The key of %(label)s stands for a variable in a form that the agent sends as it stands. "
        "It reads ${NAME} alone."
    ),
    Code.KEY_UNSENDABLE: lambda: _(
        "The agent will count the key of %(label)s, but no call can carry it: it holds a line end, "
        "a blank at its end or a foreign sign."
    ),
    Code.KEY_QUOTED: lambda: _(
        "The key of %(label)s holds a quotation mark, so there may be more than the key. The agent "
        "sends it as it stands."
    ),
    Code.KEY_BLANK: lambda: _(
        "The key of %(label)s holds a blank, so there may be more than the key. The agent sends it "
        "as it stands."
    ),
    Code.KEY_LONG: lambda: _(
        "The key of %(label)s is very long, so there may be more than the key. The agent sends it "
        "as it stands."
    ),
    Code.BASE_UNUSABLE: lambda: _(
        "The agent will count the API base of %(label)s, but nothing can call it: it is no whole "
        "address."
    ),
    Code.UNTESTED: lambda: _(
        "config.json has %(names)s for %(label)s, and no test from here uses that: only the agent "
        "can tell."
    ),
    Code.ANSWER_TOO_LONG: lambda: _(
        "The agent asks for answers of up to %(asked)s tokens, and %(model)s takes %(limit)s at "
        "most. Many providers refuse such a call. Set agents.defaults.maxTokens in config.json to "
        "%(limit)s or less."
    ),
    Code.ANSWER_FILLS_WINDOW: lambda: _(
        "The agent asks for answers of up to %(asked)s tokens, and %(model)s holds %(limit)s in "
        "all. Many servers refuse such a call. Set agents.defaults.maxTokens in config.json well "
        "below that, or give the model a larger window."
    ),
    Code.WINDOW_TOO_SMALL: lambda: _(
        "The agent fills a conversation up to %(asked)s tokens, and %(model)s holds %(limit)s. "
        "Long conversations fail. Set agents.defaults.contextWindowTokens in config.json to "
        "%(limit)s or less."
    ),
    Code.WINDOW_SMALL: lambda: _(
        "%(model)s holds %(limit)s tokens, and the agent fills more than that unless config.json "
        "says otherwise. Set agents.defaults.contextWindowTokens to %(limit)s or less, or long "
        "conversations fail."
    ),
    Code.EFFORT_UNTESTED: lambda: _(
        'config.json asks for the reasoning effort "%(effort)s", which no test sends here, for it '
        "would cost thousands of tokens. A model that does not know it refuses the agent's call."
    ),
    Code.TWIN: lambda: _(
        'The entry "%(other)s" of config.json is out of reach: the agent takes its name for '
        "%(name)s."
    ),
    Code.ONLY_IN_FILE: lambda: _(
        "%(label)s stands in config.json and is not set up here: it can't be tested here."
    ),
    Code.PRESET_WINS: lambda: _(
        'The imported config.json sets the model preset "%(preset)s": what is chosen here does not '
        "count."
    ),
    Code.PRESET_MISSING: lambda: _(
        'The imported config.json names the model preset "%(preset)s", which is not there or has '
        "no model. An agent that has presets does not start with this."
    ),
    Code.EMPTY_MODEL: lambda: _(
        "The model in config.json is an empty text. The agent takes that as the model's name."
    ),
    Code.NO_KEY: lambda: _("%(label)s has no key: the agent refuses to call it."),
    Code.NO_BASE: lambda: _("%(label)s has no API base: the agent refuses to call it."),
    Code.PROXY_UNSUPPORTED: lambda: _(
        "config.json gives %(label)s a proxy. The agent takes one for OpenAI-compatible providers "
        "only and refuses this."
    ),
    Code.TRANSCRIPTION_ONLY: lambda: _(
        "%(label)s only turns speech into text: the agent refuses it for models."
    ),
    Code.MEDIA_UNKNOWN: lambda: _(
        'No media provider "%(name)s" is known here: only the agent can tell.'
    ),
    Code.MEDIA_UNDOCUMENTED: lambda: _(
        "No document says that the agent makes images or videos with %(label)s."
    ),
}


def _actions(lint: Lint, row: RouteRow) -> Iterator[Action]:
    if lint.fix is None:
        return
    fix, params = lint.fix, lint.fix_params
    provider = str(params.get("provider", ""))
    if fix is Fix.USE_MODEL:
        for name in params.get("models", ()):
            yield Action(_("Use %s") % name, fix.value, name)
        yield Action(_("Choose a model"), fix.value, link=f"#id_{lint.slot}-model")
        return
    label = _LABELS[fix]() % {**params, "label": provider_label(provider)}
    if fix in _DONE_HERE:
        yield Action(label, fix.value, str(params.get("base", params.get("model", provider))))
    elif fix in _ON_ITS_PAGE:
        if row.served and row.served.link:
            yield Action(label, fix.value, link=row.served.link)
    else:
        place = _FIELDS.get(fix, "#id_{slot}-provider")
        yield Action(label, fix.value, link=place.format(slot=lint.slot))


_ON_ITS_PAGE = (Fix.CONFIGURE, Fix.TEST, Fix.REPLACE_KEY, Fix.SIGN_IN, Fix.CORRECT)
_FIELDS = {Fix.CHOOSE_MODEL: "#id_{slot}-model", Fix.CHOOSE_VISION: "#id_vision-model"}
_LABELS: dict[Fix, Callable[[], str]] = {
    Fix.PIN: lambda: _("Pin %(label)s"),
    Fix.CHOOSE_PROVIDER: lambda: _("Choose a provider"),
    Fix.CONFIGURE: lambda: _("Set up %(label)s"),
    Fix.TEST: lambda: _("Test %(label)s"),
    Fix.REPLACE_KEY: lambda: _("Replace its key"),
    Fix.CHOOSE_MODEL: lambda: _("Choose a model"),
    Fix.ADD_DEPLOYMENT: lambda: _("Add %(model)s as a deployment"),
    Fix.USE_DOCKER_HOST: lambda: _("Use %(base)s"),
    Fix.CLEAR_OVERRIDE: lambda: _("Clear this override"),
    Fix.SIGN_IN: lambda: _("How to sign in"),
    Fix.USE_AUTO: lambda: _("Set to Auto"),
    Fix.CORRECT: lambda: _("Enter it anew"),
    Fix.CHOOSE_VISION: lambda: _("Choose a vision model"),
}


# Fixes ------------------------------------------------------------------------------------------


def apply_fix(request: HttpRequest, rows: list[RouteRow], slot: str, fix: str, value: str) -> bool:
    """Do one fix, if it is on offer right now, and record it. False when it is not, or when
    somebody else saved the same row at this moment."""
    offered = any(
        found.slot == slot and (action.fix, action.value, action.link) == (fix, value, "")
        for found in findings(rows)
        for action in found.actions
    )
    if not offered:
        return False
    row = next(row for row in rows if row.route.slot == slot)
    if fix in (Fix.ADD_DEPLOYMENT, Fix.USE_DOCKER_HOST) and row.provider:
        return _change_provider(request, row.provider, fix, value)
    if fix == Fix.PIN:
        row.route.provider = value
    elif fix == Fix.USE_AUTO:
        row.route.provider = AUTO
    elif fix == Fix.USE_MODEL:
        row.route.model = value
    else:
        row.route.model, row.route.provider = "", AUTO
    if not row.route.store():
        return False
    record(
        "routes.saved",
        actor=request.user,
        fields=[slot],
        changes=row.route.changes(),
        request=request,
    )
    return True


def _change_provider(request: HttpRequest, provider: Provider, fix: str, value: str) -> bool:
    if fix == Fix.ADD_DEPLOYMENT:
        field = "deployments"
        names: list[Any] = provider.values.get(field, [])
        provider.values[field] = [*names, value]
        change = field, ", ".join(map(str, names)), ", ".join(map(str, [*names, value]))
    else:
        field = "api_base"
        change = field, provider.api_base, value
        provider.api_base = value
    if not provider.store():
        return False
    record(
        "provider.saved",
        actor=request.user,
        target=provider.name,
        fields=[field],
        changes=[change],
        request=request,
    )
    return True
