"""The palette: from any page to a page, an action, a provider or a model, by a few letters.

What is meant comes first: of what is found, whole words go before beginnings of words, and those
before pieces. Each page and action has other words that people try.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, get_language_info, gettext_lazy
from django.views.decorators.http import require_http_methods

from facio_site.accounts.roles import can_edit, can_manage_users, viewer_required
from providers.catalog.search import shelf
from providers.models import Provider
from providers.pages.entries import shown_entries
from providers.spec.keyshapes import SHAPES
from routing.state import specs_by_name

MODELS_FOUND, MODELS_COUNTED = 8, 1_000
PROVIDERS_FOUND = 8
SECRET_LENGTH = 16  # characters; what is shorter is being typed
WHOLE, BEGINNING, PIECE = range(3)


class Offer(NamedTuple):
    """A page, or something to do. `does` names what the template draws instead of a link."""

    href: str
    icon: str
    label: Any
    also: Any = ""  # other words for it; never shown
    does: str = ""  # "", paste, test-all, sign-out, theme, language
    value: str = ""  # of a theme or a language

    @property
    def url(self) -> str:
        return settings.BASE_PATH + self.href


PAGES = (
    Offer("/", "layout-dashboard", gettext_lazy("Overview"), gettext_lazy("home start dashboard")),
    Offer(
        "/providers/",
        "plug",
        gettext_lazy("Providers"),
        gettext_lazy("keys API key base URL region access keys connection test"),
    ),
    Offer("/catalog/", "library", gettext_lazy("Catalog"), gettext_lazy("models prices context")),
    Offer(
        "/routing/", "route", gettext_lazy("Routing"), gettext_lazy("routes main model fallback")
    ),
    Offer(
        "/health/",
        "heart-pulse",
        gettext_lazy("Health"),
        gettext_lazy("uptime latency outages over time monitoring graph"),
    ),
    Offer(
        "/schedule/",
        "clock",
        gettext_lazy("Schedule"),
        gettext_lazy("watch monitor by itself automatic checks every hour quiet hours budget"),
    ),
    Offer(
        "/alerts/",
        "bell",
        gettext_lazy("Alerts"),
        gettext_lazy("notifications news bell what failed"),
    ),
    Offer(
        "/alerts/channels/",
        "send",
        gettext_lazy("Channels"),
        gettext_lazy("where alerts go mail webhook chat slack discord telegram ntfy smtp"),
    ),
    Offer(
        "/config/",
        "braces",
        gettext_lazy("Config"),
        gettext_lazy("config.json live file write versions settings"),
    ),
    Offer(
        "/activity/",
        "activity",
        gettext_lazy("Activity"),
        gettext_lazy("logs log audit history changes who"),
    ),
    Offer(
        "/accounts/",
        "user-round",
        gettext_lazy("Account"),
        gettext_lazy("profile me user"),
    ),
)
# For those who may
USERS = Offer(
    "/accounts/users/", "users", gettext_lazy("Users"), gettext_lazy("people team invite roles")
)
ADMIN = Offer("/admin/", "shield", gettext_lazy("Admin"), gettext_lazy("database tables django"))
_SET_UP = Offer(
    "/providers/?status=off",
    "plus",
    gettext_lazy("Set up another provider"),
    gettext_lazy("add new connect API key"),
)
_GO_BACK = Offer(
    "/config/versions/",
    "history",
    gettext_lazy("Go back to an earlier version"),
    gettext_lazy("restore undo backup revert rollback"),
)
ACTIONS = (
    Offer(
        "/#attention",
        "triangle-alert",
        gettext_lazy("Show what needs attention"),
        gettext_lazy("errors problems failed broken warnings"),
    ),
    _SET_UP,
    Offer("/catalog/?show=new", "sparkles", gettext_lazy("Show new models")),
    Offer(
        "/routing/#what-if",
        "split",
        gettext_lazy("Ask who would serve a model"),
        gettext_lazy("what if explain try"),
    ),
    Offer(
        "/config/export/",
        "download",
        gettext_lazy("Download config.json"),
        gettext_lazy("export save file backup"),
    ),
    _GO_BACK,
    Offer(
        "/accounts/password/change/",
        "key-round",
        gettext_lazy("Change the password"),
        gettext_lazy("new password security"),
    ),
    Offer(
        "/accounts/2fa/",
        "shield-check",
        gettext_lazy("Set up two-factor sign-in"),
        gettext_lazy("2fa mfa totp authenticator passkey recovery codes security"),
    ),
    Offer(
        "/accounts/sessions/",
        "monitor-smartphone",
        gettext_lazy("See where you're signed in"),
        gettext_lazy("sessions devices browsers"),
    ),
)
# For those who may
IMPORT = Offer(
    "/config/import/",
    "upload",
    gettext_lazy("Import config.json"),
    gettext_lazy("paste upload load file env curl"),
)
PASTE = Offer(
    "",
    "clipboard-paste",
    gettext_lazy("Paste a key, a curl line, a .env or a config.json"),
    gettext_lazy("new API key insert add provider import"),
    "paste",
)
TEST_ALL = Offer(
    "",
    "list-checks",
    gettext_lazy("Test all providers"),
    gettext_lazy("check connections health"),
    "test-all",
)
THEMES = (
    Offer(
        "",
        "sun",
        gettext_lazy("Use the light theme"),
        gettext_lazy("appearance colours mode bright day"),
        "theme",
        "light",
    ),
    Offer(
        "",
        "moon",
        gettext_lazy("Use the dark theme"),
        gettext_lazy("appearance colours mode night"),
        "theme",
        "dark",
    ),
    Offer(
        "",
        "monitor",
        gettext_lazy("Use the system's theme"),
        gettext_lazy("appearance colours mode automatic"),
        "theme",
        "system",
    ),
)
SIGN_OUT = Offer(
    "", "log-out", gettext_lazy("Sign out"), gettext_lazy("log out logout leave"), "sign-out"
)


@viewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def palette(request: HttpRequest) -> HttpResponse:
    """What the palette offers for the words typed so far. They are posted: people paste keys into
    anything that looks like a box, and an address is written into logs."""
    asked = request.POST if request.method == "POST" else request.GET
    text = " ".join(asked.get("q", "")[:100].split())
    if looks_secret(text):  # neither looked for nor sent back
        offered = [("actions", [PASTE])] if can_edit(request.user) else []
        return render(request, "routing/palette.html", {"is_secret": True, "groups": offered})
    if text and text == asked.get("shown"):  # drawn anew, what was opened in it would close
        return HttpResponse(status=204)
    words = text.lower().split()
    rows = {row.name: row for row in Provider.objects.configured()}
    groups = _best_first(
        {
            "pages": _found(words, _pages(request.user)),
            "actions": _found(words, _actions(request.user, has_providers=bool(rows))),
            "kinds": _kinds(words, rows)[:PROVIDERS_FOUND],
        }
    )
    is_long = len(text) > 1
    total, found = shelf().first(text, MODELS_FOUND, MODELS_COUNTED) if is_long else (0, [])
    context = {
        "words": text,
        "groups": groups,
        "models": shown_entries(found),
        "more": total - len(found),
        "counted": total if total == MODELS_COUNTED else 0,
        "all_models": reverse("providers:catalog") + "?" + urlencode({"q": text}),
    }
    return render(request, "routing/palette.html", context)


def looks_secret(text: str) -> bool:
    """Whether somebody pasted a key, a call with one, or a line of an .env file."""
    begins = ("sk-", "Bearer ", *(shape.prefix for shape in SHAPES))
    is_key = len(text) >= SECRET_LENGTH and "/" not in text and text.startswith(begins)
    is_key |= re.fullmatch(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z\d]{24,}(\.\w+)?", text) is not None
    return is_key or re.match(r"curl\s+\S+:|\w+_(KEY|TOKEN)\s*=\s*\S", text) is not None


def rank(words: Sequence[str], label: str, also: str = "") -> int | None:
    """How well the words fit: the worst of them counts. None where one is in neither text."""
    whole = f"{label} {also}".lower()
    parts = whole.replace(".", " ").replace("-", " ").split() + whole.split()
    found = [_rank(word, whole, parts) for word in words]
    return None if None in found else max((one for one in found if one is not None), default=WHOLE)


def _rank(word: str, text: str, parts: Iterable[str]) -> int | None:
    if word in parts:
        return WHOLE
    if any(part.startswith(word) for part in parts):
        return BEGINNING
    return PIECE if word in text else None


def _found(words: Sequence[str], offers: Iterable[Offer]) -> list[tuple[int, Any]]:
    """With their places, best first; what a label says goes before other words for it."""
    ranked = []
    for one in offers:
        if (place := rank(words, str(one.label), str(one.also))) is not None:
            is_other = rank(words, str(one.label)) != place
            ranked.append((2 * place + is_other, one))
    return sorted(ranked, key=itemgetter(0))


def _kinds(words: Sequence[str], rows: dict[str, Provider]) -> list[tuple[int, Any]]:
    """Providers with their state; those that are set up before others."""
    ranked = []
    specs = specs_by_name(rows.values()).items()
    for name, spec in sorted(specs, key=lambda item: item[0] not in rows):
        if (place := rank(words, spec.label, name)) is not None:
            state = rows[name].check_outcome or "never" if name in rows else "not_configured"
            ranked.append((2 * place, (spec, state)))
    return sorted(ranked, key=itemgetter(0))


def _best_first(groups: dict[str, list[tuple[int, Any]]]) -> list[tuple[str, list[Any]]]:
    """Those that are not empty; a group whose best fits better goes first, else as they stand."""
    filled = [(name, found) for name, found in groups.items() if found]
    filled.sort(key=lambda group: group[1][0][0])
    return [(name, [one for _place, one in found]) for name, found in filled]


def _pages(user: Any) -> list[Offer]:
    """With those that only some may see."""
    return [
        *PAGES,
        *([USERS] if can_manage_users(user) else []),
        *([ADMIN] if user.is_staff else []),
    ]


def _actions(user: Any, *, has_providers: bool) -> list[Offer]:
    """What is done most of the time first; with what only some may do."""
    is_editor = can_edit(user)
    others = [get_language_info(code) for code, _name in settings.LANGUAGES]
    languages = [
        Offer("", "languages", one["name_local"].capitalize(), _LANGUAGE, "language", one["code"])
        for one in others
        if one["code"] != get_language()
    ]
    return [
        *([PASTE] if is_editor else []),
        *([TEST_ALL] if is_editor and has_providers else []),
        *(one for one in ACTIONS if is_editor or one not in (_SET_UP, _GO_BACK)),
        *([IMPORT] if is_editor else []),
        *THEMES,
        *languages,
        SIGN_OUT,
    ]


_LANGUAGE = gettext_lazy("language English German")
