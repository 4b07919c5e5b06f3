"""Values of a page that are kept and not saved: whose they are, and when they count."""

from __future__ import annotations

from django.http import HttpRequest

from providers.forms.facts import facts_of
from providers.forms.page import PageForm
from providers.models import Draft, Entry, Provider


def draft_of(request: HttpRequest, provider: Provider) -> Draft | None:
    """This user's own unsaved values for a provider; None as well when it was saved since.

    Of what a page sends, only those that it showed count: a field that was typed, tested and then
    emptied is empty.
    """
    draft = None if provider._state.adding else Draft.over(provider, request.user)
    if draft and request.method == "POST" and request.POST.get("draft") != str(draft.pk):
        return None
    return draft


def keep_draft(
    request: HttpRequest,
    provider: Provider,
    form: PageForm,
    shown: Provider | Draft,
    *,
    is_whole: bool = False,
) -> Draft | None:
    """The draft of what stands in the form; None when that is what is saved, as far as calls depend
    on it. `is_whole`: and all the rest."""
    draft = Draft(provider=provider, base_version=provider.version, created_by_id=request.user.pk)
    draft.copy_from(shown)
    form.apply(draft)
    fingerprint = draft.fingerprint()
    is_saved = provider.is_configured and fingerprint == provider.fingerprint()
    if is_saved and (not is_whole or facts_of(draft) == facts_of(provider)):
        Draft.objects.of(request.user, provider).delete()  # what is shown next is of these
        return None
    living = Draft.over(provider, request.user)
    if not is_whole:
        is_current = isinstance(shown, Draft) and shown.base_version == provider.version
        for same in (shown if isinstance(shown, Draft) and is_current else None, living):
            if same and same.fingerprint() == fingerprint:
                same.renew()
                return same
    if living and living.catalog and living.lists_like(draft):
        draft.catalog = living.catalog
    Draft.objects.of(request.user, provider).delete()
    draft.save()
    return draft


def is_lost(request: HttpRequest, shown: Entry | None) -> bool:
    """Whether the page showed unsaved values that are no longer kept."""
    return "draft" in request.POST and not isinstance(shown, Draft)
