"""The palette: from any page to a page, a provider, a model or an action, by a few letters."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from facio_site.accounts.roles import can_edit, can_manage_users, viewer_required
from providers.catalog.search import Wanted, shelf
from providers.models import Provider
from providers.pages.entries import shown_entries
from routing.state import specs_by_name

PAGES = (
    ("/", "layout-dashboard", gettext_lazy("Overview")),
    ("/providers/", "plug", gettext_lazy("Providers")),
    ("/catalog/", "library", gettext_lazy("Catalog")),
    ("/routing/", "route", gettext_lazy("Routing")),
    ("/config/", "braces", gettext_lazy("Config")),
    ("/activity/", "activity", gettext_lazy("Activity")),
    ("/accounts/", "user-round", gettext_lazy("Account")),
)
# For those who may
USERS = ("/accounts/users/", "users", gettext_lazy("Users"))
ADMIN = ("/admin/", "shield", gettext_lazy("Admin"))
ACTIONS = (
    ("/providers/?status=attention", "triangle-alert", gettext_lazy("Show what needs attention")),
    ("/providers/?status=off", "plus", gettext_lazy("Set up another provider")),
    ("/catalog/?show=new", "sparkles", gettext_lazy("Show new models")),
    ("/routing/#what-if", "split", gettext_lazy("Ask who would serve a model")),
    ("/config/", "download", gettext_lazy("Download config.json")),
    ("/config/#import", "upload", gettext_lazy("Import config.json")),
    ("/accounts/password/change/", "key-round", gettext_lazy("Change the password")),
)
MODELS_FOUND = 8
PROVIDERS_FOUND = 8


@viewer_required
@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """What the palette offers for the words typed so far."""
    text = " ".join(request.GET.get("q", "")[:100].split())
    words = text.lower().split()
    rows = {row.name: row for row in Provider.objects.configured()}
    specs = sorted(specs_by_name(rows.values()).values(), key=lambda spec: spec.name not in rows)
    found_specs = [
        (spec, rows[spec.name].check_outcome or "never" if spec.name in rows else "not_configured")
        for spec in specs
        if _has(words, spec.label, spec.name)
    ]
    pages = [
        *PAGES,
        *([USERS] if can_manage_users(request.user) else []),
        *([ADMIN] if request.user.is_staff else []),
    ]
    wanted = Wanted(text=text, sort="best")
    total, found = shelf().find(wanted, 0, MODELS_FOUND) if len(text) > 1 else (0, [])
    tests_all = can_edit(request.user) and rows and _has(words, _("Test all providers"))
    context = {
        "words": text,
        "pages": [page for page in pages if _has(words, str(page[2]))],
        "actions": [one for one in ACTIONS if _has(words, str(one[2]))],
        "tests_all": tests_all,
        "signs_out": _has(words, _("Sign out")),
        "specs": found_specs[:PROVIDERS_FOUND],
        "models": shown_entries(found),
        "more": total - len(found),
        "all_models": "/catalog/?" + urlencode({"q": text}),
    }
    return render(request, "routing/palette.html", context)


def _has(words: list[str], *texts: str) -> bool:
    where = " ".join(texts).lower()
    return all(word in where for word in words)
