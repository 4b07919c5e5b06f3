"""What a press on Save does to a provider, and the page that answers when it can't be done."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site.accounts.roles import SignedIn, can_edit
from facio_site.audit import record
from providers.catalog.store import adopt_catalog
from providers.forms.facts import facts_of
from providers.forms.fields import ask_again
from providers.forms.page import PageForm
from providers.forms.versions import (
    SEEN,
    Seen,
    brought_forward,
    clashes,
    follow,
    picks_of,
    read_seen,
    settled,
    taken_over,
    with_settled,
)
from providers.models import Draft, Job, Provider
from providers.pages.detail import detail_context
from providers.pages.drafts import draft_of, is_lost, keep_draft
from providers.pages.shown import ShownJob

# Part of a provider's page -> its template, which is drawn anew alone as well.
PART_TEMPLATES = {"check": "providers/_check.html", "catalog": "providers/_models.html"}
NO_LONGER_KEPT = gettext_lazy("What you had tested is no longer kept. Type changed keys again.")
NOT_SENT = ShownJob(None, "never", "", "")  # of the values in a form that was refused


def save(request: SignedIn, provider: Provider, *, is_overtaken: bool = False) -> HttpResponse:
    """Store what the form shows. `is_overtaken`: somebody was faster, whatever the page says."""
    if not can_edit(request.user):
        raise PermissionDenied
    version = request.POST.get("version", str(provider.version))
    is_overtaken = is_overtaken or version != str(provider.version)
    shown, data = _shown(request, provider, is_overtaken=is_overtaken)
    form = PageForm(provider, data, shown=shown or provider)
    if is_lost(request, shown):
        form.add_error(None, NO_LONGER_KEPT)
    if not form.is_valid():
        return invalid(request, provider, form, PART_TEMPLATES["check"])
    if is_overtaken:
        return _overtaken(request, provider, form, shown)
    with transaction.atomic():
        before = facts_of(provider)
        if shown:
            provider.copy_from(shown)
        changed = form.apply(provider, before=before)
        kept = Draft.over(provider, request.user)
        listed = kept if kept and kept.lists_like(provider) else None
        if kept and kept.fingerprint() != provider.fingerprint():
            kept = None
        if changed and kept and "anyway" not in request.POST and Job.objects.rejected(provider):
            return _ask(request, Provider.for_name(provider.name), kept)
        is_stored = provider.store()
        if is_stored:
            _settle(request, provider, form, listed, changed)
    if not is_stored:
        now = Provider.objects.filter(pk=provider.pk).first()  # it may have another name by now
        now = now or Provider.for_name(provider.name)
        return save(request, now, is_overtaken=True)
    for warning in form.key_warnings():
        messages.warning(request, warning)
    if "api_key" in changed and "api_key" not in provider.sealed and not provider.ways():
        messages.success(request, _("%s saved. It has no key now.") % provider.spec.label)
    else:
        messages.success(request, _("%s saved.") % provider.spec.label)
    return redirect("providers:detail", provider.name)


def _settle(
    request: HttpRequest,
    provider: Provider,
    form: PageForm,
    listed: Draft | None,
    changed: list[str],
) -> None:
    """What belongs to a save beside the row itself. `listed`: its list, if it has one, is that of
    what is saved."""
    if listed:
        listed.refresh_from_db(fields=["catalog"])  # it may have come since, until the row was held
        adopt_catalog(provider, listed)
    Draft.objects.of(request.user, provider).delete()  # what others typed may yet be asked about
    record(
        "provider.saved",
        actor=request.user,
        target=provider.name,
        fields=changed,
        changes=form.changes,
        request=request,
    )


def _shown(
    request: SignedIn, provider: Provider, *, is_overtaken: bool
) -> tuple[Draft | None, Any]:
    """The unsaved values that the page showed, and what it sent: both with what was chosen of two
    versions, or brought forward to what is saved by now."""
    seen, picks = read_seen(request.POST.get(SEEN, "")), picks_of(request.POST)
    draft, data = draft_of(request, provider), request.POST
    if is_overtaken and "draft" in request.POST:  # over the older version
        own = Draft.objects.of(request.user, provider).living()
        draft = next((row for row in own if str(row.pk) == request.POST["draft"]), None)
    if draft and picks:
        draft = settled(draft, provider, picks)
        data = with_settled(data, draft, picks)
    if is_overtaken and not provider._state.adding:  # of one that was removed, nothing goes along
        data = brought_forward(data, provider, seen)
        if draft:
            follow(draft, provider, seen)
    return draft, data


def _ask(request: HttpRequest, provider: Provider, draft: Draft) -> HttpResponse:
    """Exactly these values were tested and refused: save them all the same? Asked once."""
    context = detail_context(request, provider, PageForm(provider, shown=draft), draft=draft)
    return render(request, "providers/detail.html", {**context, "asks": True}, status=409)


def _overtaken(
    request: SignedIn, provider: Provider, form: PageForm, shown: Draft | None
) -> HttpResponse:
    """Somebody else saved meanwhile: both versions field by field, nothing overwritten. What was
    typed is kept as values for a test are, so that no secret has to be typed again."""
    seen = read_seen(request.POST.get(SEEN, ""))
    if provider._state.adding:  # it was removed
        context = {**detail_context(request, provider, form), "is_overtaken": True}
        return render(request, "providers/detail.html", context, status=409)
    mine = keep_draft(request, provider, form, shown or provider, is_whole=True)
    if mine is None:
        messages.info(request, _("Someone else saved the same in the meantime."))
        return redirect("providers:detail", provider.name)
    both = PageForm(provider, shown=mine)
    context = detail_context(request, provider, both, draft=mine)
    context |= _side_by_side(mine, both, seen, {})
    return render(request, "providers/detail.html", context, status=409)


def _side_by_side(mine: Draft, form: PageForm, seen: Seen, picks: dict[str, str]) -> dict[str, Any]:
    rows = clashes(mine, form, seen, picks)
    fields = {row.field for row in rows if row.has_choice}
    context = {"is_overtaken": True, "clashes": rows, "chosen_above": fields}
    return {**context, "is_later": not fields}


def invalid(request: SignedIn, provider: Provider, form: PageForm, part: str) -> HttpResponse:
    """Errors at their fields. Inside htmx only the error texts are replaced, so that nothing typed
    is lost; the whole page otherwise, which stays the page of the version that it showed."""
    ask_again(form)
    context = {**detail_context(request, provider, form), "is_invalid": True}
    context |= {"check": NOT_SENT, "fetch": NOT_SENT, "pending": ""}
    context["version"] = request.POST.get("version", provider.version)
    picks, seen = picks_of(request.POST), read_seen(request.POST.get(SEEN, ""))
    mine = draft_of(request, provider)
    if seen:
        context["seen"] = request.POST[SEEN]
    if mine and picks:
        context |= _side_by_side(mine, form, seen, picks)
    elif str(context["version"]) != str(provider.version):
        taken = list(taken_over(provider, form, seen))
        context |= {"is_overtaken": True, "clashes": taken}
    template = part if request.htmx else "providers/detail.html"
    return render(request, template, context, status=422)
