"""Buttons of the provider pages that start, cancel or discard a test or a fetch."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_POST,
)

from facio_site.accounts.roles import SignedIn, editor_required
from facio_site.attention import counters
from facio_site.audit import record
from facio_site.web.typed import keeps_typed
from providers import broker
from providers.forms.page import PageForm
from providers.models import Draft, Job, Provider, Status, Task
from providers.pages.detail import detail_context, started_context
from providers.pages.drafts import draft_of, is_lost, keep_draft
from providers.pages.providers import _plain_fields, _provider, show_board
from providers.pages.saving import NO_LONGER_KEPT, PART_TEMPLATES, invalid
from providers.spec.limits import MODEL_LENGTH
from providers.work import queue

PARTS = {"check": Task.CHECK, "catalog": Task.FETCH}  # of a provider's page, and what fills them


@keeps_typed(_plain_fields)
@editor_required
@require_POST
def check_start(request: SignedIn, name: str) -> HttpResponse:
    return _start(request, name, "check")


@keeps_typed(_plain_fields)
@editor_required
@require_POST
def catalog_refresh(request: SignedIn, name: str) -> HttpResponse:
    return _start(request, name, "catalog")


def _start(request: SignedIn, name: str, part_name: str) -> HttpResponse:
    """Queue a job on the values in the form, saved or not."""
    provider = _provider(name)
    task, part = PARTS[part_name], PART_TEMPLATES[part_name]
    if provider.spec.is_oauth:
        raise Http404
    shown = draft_of(request, provider) or provider
    form = PageForm(provider, request.POST, shown=shown)
    if is_lost(request, shown):
        form.add_error(None, NO_LONGER_KEPT)
    if not form.is_valid():
        return invalid(request, provider, form, part)
    models = (
        [request.POST.get("test_model", "").replace("\0", "").strip()] if task == Task.CHECK else []
    )
    changes = broker.changes()
    try:
        with transaction.atomic():
            if provider._state.adding:
                provider = Provider.objects.get_or_create(
                    name=name, defaults={"kind": provider.kind}
                )[0]
            draft = keep_draft(request, provider, form, shown)
            job = queue.start(
                provider,
                task,
                draft=draft,
                model_names=[model[:MODEL_LENGTH] for model in models if model],
                user=request.user,
            )
            action = "provider.tested" if task == Task.CHECK else "catalog.fetched"
            record(action, actor=request.user, target=name, request=request)
    except queue.TooMany:
        # Read anew: the row that was made for the job is rolled back with it.
        context = {**detail_context(request, _provider(name), form), "too_many": True}
        template = part if request.htmx else "providers/detail.html"
        return render(request, template, context, status=422)
    if not request.htmx:
        return redirect("providers:detail", name)
    seen = queue.wait_for_end(job, changes)
    if seen is None or seen.status == Status.CANCELLED:  # removed, or overtaken by another one
        context = detail_context(request, provider, form, tasks=[task])
    else:
        draft = seen.draft  # with what came of a fetch
        context = started_context(request, seen, form, draft)
    context = {**context, "warnings": form.key_warnings()}
    response = render(request, part, context)
    if part_name == "catalog" and draft:  # the last test may be of other values than the list
        beside = detail_context(request, provider, form, tasks=[Task.CHECK], draft=draft)
        beside["oob"] = True
        response.write(render_to_string(PART_TEMPLATES["check"], beside, request))
    if "draft" in request.POST:  # the page shows unsaved values: from now on these
        response.write(render_to_string("providers/_form.html#marker", {"draft": draft, "oob": 1}))
    if context["pending"]:
        response["HX-Trigger-After-Settle"] = "started"
    else:
        response.write(counters(request))
    return response


@editor_required
@require_POST
def draft_discard(request: HttpRequest, name: str) -> HttpResponse:
    provider = _provider(name)
    with transaction.atomic():
        if not provider._state.adding:  # as it is now: somebody may have saved it since
            rows = Provider.objects.select_for_update()
            provider = rows.filter(pk=provider.pk).first() or Provider.unsaved(name)
        if Draft.objects.of(request.user, provider).delete()[0]:
            record("provider.discarded", actor=request.user, target=name, request=request)
        is_gone = provider.is_own and not provider.is_configured and not provider.drafts.exists()
        if is_gone and not provider._state.adding:  # it was there for the test
            provider.delete()
    return redirect("providers:list") if is_gone else redirect("providers:detail", name)


@editor_required
@require_POST
def check_all(request: SignedIn) -> HttpResponse:
    """Test every configured provider side by side."""
    try:
        with transaction.atomic():
            queue.start_all(Provider.objects.checkable(), Task.CHECK, user=request.user)
            record("provider.tested", actor=request.user, target="all", request=request)
    except queue.TooMany:
        messages.warning(request, _("Too many tests at once. Wait a minute, then try again."))
    if not request.htmx:
        return redirect("providers:list")
    return show_board(request, request.POST)


@editor_required
@require_POST
def check_cancel(request: SignedIn) -> HttpResponse:
    """Stop waiting for tests under way; an answer that still comes is not kept."""
    with transaction.atomic():
        cancelled = [job.cancel() for job in Job.objects.filter(task=Task.CHECK).pending()]
        if any(cancelled):
            record("provider.cancelled", actor=request.user, target="all", request=request)
    if not request.htmx:
        return redirect("providers:list")
    return show_board(request, request.POST)


@editor_required
@require_POST
def part_cancel(request: SignedIn, name: str, part: str) -> HttpResponse:
    """The same for one provider: its test (check) or the fetch of its models (catalog)."""
    if part not in PARTS:
        raise Http404
    provider = _provider(name)
    task = PARTS[part]
    with transaction.atomic():
        job = Job.objects.pending().filter(provider__name=name, task=task).first()
        if job and job.cancel():
            action = "provider.cancelled" if task == Task.CHECK else "catalog.cancelled"
            record(action, actor=request.user, target=name, request=request)
    if not request.htmx:
        return redirect("providers:detail", name)
    context = detail_context(request, provider, tasks=[task])
    return render(request, PART_TEMPLATES[part], context)
