"""Buttons of the provider pages that start, cancel or discard a test or a fetch."""

import uuid

from django.contrib import messages
from django.db import IntegrityError, transaction
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
from providers.models import Draft, Job, Provider, Task
from providers.models.jobs import read
from providers.pages.detail import detail_context, started_context, watched_context
from providers.pages.drafts import draft_of, is_lost, keep_draft
from providers.pages.providers import _plain_fields, _provider, entered_provider, show_board
from providers.pages.saving import NO_LONGER_KEPT, PART_TEMPLATES, invalid
from providers.spec.limits import MODEL_LENGTH
from providers.work import queue

_MARKER = "providers/_form.html#marker"  # that the page shows unsaved values
_BANNER = "providers/_draft.html"  # what it says of them
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


def _start(
    request: SignedIn, name: str, part_name: str, *, is_second: bool = False
) -> HttpResponse:
    """Queue a job on the values in the form, saved or not."""
    is_unsaved = request.POST.get("version") == "0"
    provider_of = entered_provider if is_unsaved else _provider
    provider = provider_of(name)
    part = PART_TEMPLATES[part_name]
    if provider.spec.is_oauth:
        raise Http404
    shown = draft_of(request, provider) or provider
    form = PageForm(provider, request.POST, shown=shown)
    was_lost = is_lost(request, shown)
    if was_lost:
        form.add_error(None, NO_LONGER_KEPT)
    if not form.is_valid():
        response = invalid(request, provider, form, part)
        if was_lost and request.htmx:  # what is typed from now on is all there is
            response.write(render_to_string(_MARKER, {"draft": None, "oob": 1}))
        return response
    changes = broker.changes()
    try:
        job, draft = _queued(request, provider, form, shown, PARTS[part_name])
    except IntegrityError:  # it was removed meanwhile
        if is_second:
            raise
        return _start(request, name, part_name, is_second=True)
    except queue.TooMany:
        # Read anew: the row that was made for the job is rolled back with it.
        context = {**detail_context(request, provider_of(name), form), "too_many": True}
        template = part if request.htmx else "providers/detail.html"
        return render(request, template, context, status=422)
    if not request.htmx:
        return redirect("providers:detail", name)
    return _started(request, queue.wait_for_end(job, changes), draft, form, part_name)


def _queued(
    request: SignedIn, provider: Provider, form: PageForm, shown: Provider | Draft, task: Task
) -> tuple[Job, Draft | None]:
    """The job, and what is kept of unsaved values. Raises queue.TooMany, and IntegrityError where
    the provider was removed at this moment."""
    name = provider.name
    model = request.POST.get("test_model", "").replace("\0", "").strip()[:MODEL_LENGTH]
    with transaction.atomic():
        if provider._state.adding:
            defaults = {"kind": provider.kind}
            provider = Provider.objects.get_or_create(name=name, defaults=defaults)[0]
        draft = keep_draft(request, provider, form, shown)
        job = queue.start(
            provider,
            task,
            draft=draft,
            model_names=[model] if model and task == Task.CHECK else [],
            user=request.user,
        )
        action = "provider.tested" if task == Task.CHECK else "catalog.fetched"
        record(action, actor=request.user, target=name, request=request)
    return job, draft


def _started(
    request: SignedIn, job: Job | None, draft: Draft | None, form: PageForm, part_name: str
) -> HttpResponse:
    """The part of the page that was pressed, as its job is by now; None = removed already."""
    if job is None:
        raise Http404
    provider, part = job.provider, PART_TEMPLATES[part_name]
    if draft is None or job.draft_id in (None, draft.pk):  # else somebody else's that is the same
        draft = job.draft  # with what came of a fetch
    context = {**started_context(request, job, form, draft), "warnings": form.key_warnings()}
    response = render(request, part, context)
    if part_name == "catalog" and draft:  # the last test may be of other values than the list
        beside = detail_context(request, provider, form, tasks=[Task.CHECK], draft=draft)
        beside["oob"] = True
        response.write(render_to_string(PART_TEMPLATES["check"], beside, request))
    if "draft" in request.POST:  # the page shows unsaved values: from now on these
        response.write(render_to_string(_MARKER, {"draft": draft, "oob": 1}))
    if "told" in request.POST:  # of those before these
        response.write(render_to_string(_BANNER, {**context, "draft": draft, "oob": 1}, request))
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
    jobs = Job.objects.filter(provider__name=name, task=task)
    seen = _uuid(request.POST.get("job", ""))
    with transaction.atomic():  # the one that the page shows, whatever took its place since
        job = jobs.filter(pk=seen).first() if seen else jobs.pending().first()
        if job and job.cancel():
            action = "provider.cancelled" if task == Task.CHECK else "catalog.cancelled"
            record(action, actor=request.user, target=name, request=request)
    if not request.htmx:
        return redirect("providers:detail", name)
    if job and (now := read(job.pk)):
        context = watched_context(request, now)
    else:
        context = detail_context(request, provider, tasks=[task])
    return render(request, PART_TEMPLATES[part], context)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
