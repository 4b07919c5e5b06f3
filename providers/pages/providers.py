"""Pages and partials of providers: list, one provider, tests and catalogs.

A start answers the part that was pressed; news come through /live/ (news.py).
"""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_POST,
    require_safe,
)

from facio_site import sealing
from facio_site.accounts.roles import SignedIn, can_edit, editor_required, viewer_required
from facio_site.audit import record
from facio_site.web.cached import kept_page, without_indent
from facio_site.web.typed import keeps_typed
from providers.catalog.store import settle
from providers.forms.endpoint import name_error
from providers.forms.page import SIGN_IN, PageForm
from providers.forms.plain import form_for
from providers.forms.provider import NO_MASTER_KEY
from providers.forms.shape import looks_of
from providers.kinds import KINDS
from providers.models import Draft, Job, Provider
from providers.pages.above import above
from providers.pages.asked import GROUPS, SORTS, STATUSES, VIEWS, Asked
from providers.pages.board import Look, board, stamp
from providers.pages.detail import (
    catalog_context,
    detail_context,
)
from providers.pages.renamed import newer_name
from providers.pages.saving import save


@viewer_required
@require_safe
def provider_list(request: HttpRequest) -> HttpResponse:
    def context() -> dict[str, Any]:
        return {**list_context(request, request.GET), "others": others}

    others = above().not_set_here()
    key = (stamp(), above().routes_stamp(), others)
    return kept_page(request, "providers/list.html", context, key)


@viewer_required
@require_GET
def provider_cards(request: HttpRequest) -> HttpResponse:
    """The cards alone, as one types; the address bar follows."""
    asked = Asked.read(request.GET)
    response = show_board(request, request.GET)
    response["HX-Replace-Url"] = asked.query or reverse("providers:list")
    return response


def list_context(request: HttpRequest, query: Mapping[str, str]) -> dict[str, Any]:
    asked, shown = Asked.read(query), board()
    counts = shown.counts()
    return {
        "board": shown,
        "asked": asked,
        "sections": asked.sections(
            shown.cards, can_edit=can_edit(request.user), is_selected="all" in query
        ),
        "views": VIEWS.items(),
        "progress": shown.progress,
        "has_attention": bool(counts.get("attention")),
        "statuses": [(name, label, counts.get(name, 0)) for name, label in STATUSES.items()],
        "groups": GROUPS.items(),
        "sorts": SORTS.items(),
        "pending": "progress" if shown.is_pending else "",
    }


def render_news(request: HttpRequest, names: set[str], part: str = "card") -> str:
    """Cards that have changed, the counts and the progress, each to take the place of the old.

    How one by itself ended is said as well, for those who do not see it change.
    """
    context = {**list_context(request, {}), "oob": True}
    counts = render_to_string("providers/list.html#counts", context)
    progress = render_to_string("providers/list.html#progress", context, request)
    look = Look(part, can_edit(request.user), is_news=True)
    changed = [card for card in context["board"].cards if card.name in names]
    context["said"] = [card for card in changed if card.job is None and len(changed) == 1]
    said = render_to_string("providers/list.html#said", context)
    return "".join([counts, progress, said, *(card.drawn(look) for card in changed)])


def render_row_news(request: HttpRequest, names: set[str]) -> str:
    """The same where they are rows."""
    return render_news(request, names, "row")


def show_board(request: HttpRequest, query: Mapping[str, str]) -> HttpResponse:
    """The part of the list that changes; the page's waiter wakes when something is under way."""
    context = list_context(request, query)
    response = render(request, "providers/list.html#board", context)
    if context["pending"]:
        response["HX-Trigger-After-Settle"] = "started"
    return response


def _plain_fields(_request: HttpRequest, name: str) -> dict[str, str]:
    spec = _provider(name).spec
    form = form_for(spec)
    choice = {SIGN_IN: _("Sign in with")} if spec.ways else {}
    names = [field for field, _key in form.plain_names]
    return choice | {field: str(form.base_fields[field].label) for field in names}


@keeps_typed(_plain_fields)
@viewer_required
def provider_detail(request: SignedIn, name: str) -> HttpResponse:
    if request.method == "POST":
        return save(request, entered_provider(name))
    provider = _provider(name)
    Job.objects.finish_overdue()
    context = detail_context(request, provider)
    text = render_to_string("providers/detail.html", context, request)
    return HttpResponse(without_indent(text))


@editor_required
@require_POST
def provider_undo(request: HttpRequest, name: str) -> HttpResponse:
    """Back to what the last change of a secret replaced; pressed again, forward once more."""
    provider = get_object_or_404(Provider, name=name)
    try:
        with transaction.atomic():
            version = str(provider.version)
            is_seen = request.POST.get("version", version) == version
            undone = is_seen and provider.undo()
            if undone:
                Draft.objects.filter(provider=provider).delete()
                record("provider.undone", actor=request.user, target=name, request=request)
    except sealing.KeyMissing:
        messages.warning(request, NO_MASTER_KEY)
        return redirect("providers:detail", name)
    if undone:
        provider.refresh_from_db(fields=["check_outcome"])  # a test of these values comes along
        again = _("%s is as it was before.")
        text = again if provider.check_outcome else _("%s is as it was before. Test it.")
        messages.success(request, text % provider.spec.label)
    elif not is_seen:
        text = _("Nothing was undone: %s was changed in the meantime. Look at it first.")
        messages.warning(request, text % provider.spec.label)
    else:
        messages.warning(request, _("There's nothing left to undo."))
    return redirect("providers:detail", name)


@editor_required
@require_POST
def catalog_settle(request: HttpRequest, name: str) -> HttpResponse:
    """Which of two lists is right: the one that is stored, or a much shorter one that came."""
    provider = get_object_or_404(Provider, name=name)
    is_taken = request.POST.get("choice") == "take"
    with transaction.atomic():
        is_done = settle(provider, is_taken=is_taken, seen=request.POST.get("seen", ""))
        if is_done:
            action = "catalog.taken" if is_taken else "catalog.kept"
            record(action, actor=request.user, target=name, request=request)
    if not is_done:
        messages.warning(request, _("This changed in the meantime. Check it and try again."))
    return redirect("providers:detail", name)


@viewer_required
@require_GET
def catalog_search(request: HttpRequest, name: str) -> HttpResponse:
    context = catalog_context(_provider(name), request.GET.get("q", ""))
    return render(request, "providers/_models.html#models", context)


@editor_required
@require_POST
def key_shape(request: HttpRequest, name: str) -> HttpResponse:
    """What a secret looks like, as it is typed; it goes no further than here."""
    provider = _provider(name)
    form = PageForm(provider)
    looks = [
        one
        for field in form.secret_names()
        for one in looks_of(provider.spec, field, request.POST.get(field, ""))
    ]
    return render(request, "providers/_shape.html", {"looks": looks})


def entered_provider(name: str) -> Provider:
    """The one that values are sent for. An endpoint that is there no more, be it that it was never
    saved or that somebody removed it, begins anew: what was typed for it is not lost."""
    row: Provider = Provider.for_name(name)
    is_gone = row._state.adding and name not in KINDS
    if is_gone and (newer_name(name) or name_error(name)):
        raise Http404
    return row


def _provider(name: str) -> Provider:
    row: Provider = Provider.for_name(name)
    if row._state.adding and name not in KINDS:
        raise Http404
    return row
