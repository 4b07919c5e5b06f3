"""Where alerts go: the list of channels, a new one, one's form, its test, its end."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import KombuError

from facio_site import clock, sealing
from facio_site.accounts.roles import SignedIn, can_edit, editor_required, viewer_required
from facio_site.audit import record
from facio_site.web.typed import keeps_typed
from providers import broker
from providers.forms.fields import ask_again
from providers.pages.shown import ShownJob, shown_rungs
from providers.spec.outcomes import Outcome
from routing.models import Channel, Delivery
from routing.watch import tasks
from routing.watch.alerts import trial
from routing.watch.alerts.answers import is_partial, of_fault, of_trial
from routing.watch.alerts.channels import CHANNELS
from routing.watch.alerts.entered import spec_of, where
from routing.watch.alerts.forms import ChannelForm, plain_labels
from routing.watch.alerts.spec import ChannelSpec

Status = Delivery.Status
_PILLS = {
    str(Outcome.SERVER_ERROR): "receiver_error",
    str(Outcome.UNEXPECTED_RESPONSE): "not_taken",
}
_SAVED = ("name", "values", "sealed", "language", "is_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTrial(ShownJob):
    """The last test of a channel, as the tests of providers are shown."""

    http_status: int | None = None
    at: datetime | None = None

    @property
    def status(self) -> str:
        """The word for a pill."""
        return _pill(self.outcome) if self.state == trial.DONE else self.state

    @property
    def is_bad(self) -> bool:
        return self.state == trial.DONE and self.outcome != Outcome.OK


def _pill(outcome: str) -> str:
    """The same words as of a provider, where they fit a receiver."""
    return _PILLS.get(outcome, outcome)


def shown_trial(channel: Channel, now: datetime) -> ShownTrial:
    kept = channel.trial
    if not kept:
        return ShownTrial(job=None, state="never", outcome="", text="")
    is_pending = trial.is_pending(kept, now)
    rungs = tuple(
        replace(rung, outcome=_pill(rung.outcome))
        for rung in shown_rungs(kept.get("rungs", ()), of_trial, is_pending=is_pending)
    )
    if is_pending:
        return ShownTrial(job=None, state=kept["state"], outcome="", text="", rungs=rungs)
    outcome, detail = kept.get("outcome"), kept.get("detail", "")
    if outcome is None:  # nobody took it, or whoever did is gone
        is_queued = kept["state"] == trial.QUEUED
        outcome, detail = Outcome.NO_ANSWER, ("waited" if is_queued else "")
    return ShownTrial(
        job=None,
        state=trial.DONE,
        outcome=outcome,
        text=of_trial(outcome, detail, kept.get("params")),
        rungs=rungs,
        http_status=kept.get("http_status"),
        at=datetime.fromisoformat(kept["at"]),
    )


# Pages --------------------------------------------------------------------------------------------


@viewer_required
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    waiting = Count("deliveries", filter=Q(deliveries__status__in=Delivery.PENDING))
    now = clock.now()
    rows = [
        {
            "channel": row,
            "spec": spec_of(row),
            "where": where(row),
            "fault": of_fault(row.fault),
            "is_partial": is_partial(row.fault),
            "trial": shown_trial(row, now),
        }
        for row in Channel.objects.annotate(waiting=waiting).order_by("name")
    ]
    return render(request, "routing/channels.html", {"rows": rows})


@editor_required
@require_safe
def channel_new(request: HttpRequest) -> HttpResponse:
    """Which kind."""
    kinds = [{"spec": spec, "lacks": lacking(spec)} for spec in CHANNELS.values()]
    return render(request, "routing/channel_new.html", {"kinds": kinds})


def _plain_of_kind(_request: HttpRequest, kind: str) -> dict[str, str]:
    return plain_labels(CHANNELS[kind]) if kind in CHANNELS else {}


def _plain_fields(request: HttpRequest, pk: uuid.UUID) -> dict[str, str]:
    kinds = Channel.objects.filter(pk=pk).values_list("kind", flat=True)
    return _plain_of_kind(request, kinds.first() or "")


@keeps_typed(_plain_of_kind, boxes=["is_on"])
@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel_new_of(request: SignedIn, kind: str) -> HttpResponse:
    """The form of a kind."""
    spec = CHANNELS.get(kind)
    if spec is None or lacking(spec):
        raise Http404
    channel = Channel(kind=kind, language=request.LANGUAGE_CODE)
    return _form_page(request, spec, channel)


@keeps_typed(_plain_fields, boxes=["is_on"])
@viewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(Channel, pk=pk)
    if request.method == "POST" and not can_edit(request.user):
        raise PermissionDenied
    spec = spec_of(row)
    if spec is None:
        raise Http404
    return _form_page(request, spec, row)


def lacking(spec: ChannelSpec) -> str:
    """The operator's setting without which there is no such channel; "" = nothing lacks."""
    return spec.needs if spec.needs and not getattr(settings, spec.needs) else ""


def _form_page(request: SignedIn, spec: ChannelSpec, row: Channel) -> HttpResponse:
    form = ChannelForm(spec, row, request.POST if request.method == "POST" else None)
    is_new, name, was_on = form.is_new, row.name, row.is_on
    if form.is_good:
        form = _saved(request, form)
    if form.is_good:
        messages.success(request, _("%s saved.") % form.channel.name)
        return redirect("routing:channel", row.pk)
    ask_again(form)
    context = {
        "form": form,
        "spec": spec,
        "channel": row,
        "name": name,
        "is_new": is_new,
        "lacks": lacking(spec),
        "trial": shown_trial(row, clock.now()),
        "fault": of_fault(row.fault),
        "is_partial": is_partial(row.fault),
        "is_on": was_on,
        "waiting": not is_new and row.deliveries.filter(status__in=Delivery.PENDING).exists(),
        "lost": 0 if is_new else row.deliveries.lost().count(),
    }
    status = 409 if form.clashes else 422 if form.errors else 200
    return render(request, "routing/channel.html", context, status=status)


def _saved(request: HttpRequest, form: ChannelForm) -> ChannelForm:
    """The form that was stored; or as it is now, with what stands against that."""
    is_new, dropped = form.is_new, 0
    try:
        with transaction.atomic():
            stored = Channel.objects.select_for_update().filter(pk=form.channel.pk).first()
            if stored is None and not is_new:
                raise Http404  # removed meanwhile
            if stored is not None and not form.is_of(stored):
                form = ChannelForm(form.spec, stored, request.POST)
                if not form.is_good:
                    return form
            row, was_on = form.channel, form.channel.is_on
            changed = form.apply()
            if stored is None:
                row.save(force_insert=True)
            else:
                row.keep_boxes(stored)
                row.save(update_fields=_SAVED)
                if {*changed} - {"name", "language", "is_on"}:
                    _begin_anew(row)
                if was_on and not row.is_on:
                    dropped = _drop_waiting(row)
            record(
                "channel.added" if is_new else "channel.changed",
                actor=request.user,
                target=row.name,
                fields=changed,
                request=request,
            )
    except sealing.KeyMissing:
        form.add_error(None, _("The master key is missing, so nothing can be sealed."))
    except IntegrityError:
        form.add_error("name", _("Another channel has this name already."))
    else:
        if dropped:
            words = ngettext(
                "%d alert that waited is not sent any more.",
                "%d alerts that waited are not sent any more.",
                dropped,
            )
            messages.warning(request, words % dropped)
    return form


def _begin_anew(row: Channel) -> None:
    """It leads elsewhere now: the last test and the last messages say nothing of it, and what waits
    is tried at once."""
    row.trial, row.sent_at, row.fault, row.fault_at = {}, None, "", None
    row.save(update_fields=["trial", "sent_at", "fault", "fault_at"])
    row.deliveries.filter(status=Status.WAITING).update(next_at=clock.now())


def _drop_waiting(row: Channel) -> int:
    """Of a channel that is switched off: they would come at some time, and be old then. Nothing
    is tried any more, so nothing fails to arrive; but `fault_at` stays. What is being sent is left
    to its sender."""
    row.fault = ""
    row.save(update_fields=["fault"])
    row.deliveries.note()
    is_dead = Q(status=Status.SENDING, next_at__lte=clock.now())
    waiting = row.deliveries.filter(Q(status=Status.WAITING) | is_dead)
    return int(waiting.update(status=Status.LOST, outcome=Outcome.CANCELLED))


@editor_required
@require_POST
def channel_test(request: SignedIn, pk: uuid.UUID) -> HttpResponse:
    """Send a test with what is saved."""
    row = get_object_or_404(Channel, pk=pk)
    with transaction.atomic():
        is_new = trial.begin(row, clock.now())
        if is_new:
            record("channel.tested", actor=request.user, target=row.name, request=request)
    if is_new:
        _hand_over(pk)
    if request.htmx:
        return _trial_part(request, pk)
    response = redirect("routing:channel", pk)
    response["Location"] += "#trial"
    return response


def _hand_over(pk: uuid.UUID) -> None:
    """A missing broker or worker ends the test at once, as it does those of providers."""
    detail = "no_broker"
    with contextlib.suppress(KombuError, OSError):
        if broker.workers():
            expires = tasks.EXPIRES_SECONDS
            tasks.try_channel.apply_async((str(pk),), retry=False, expires=expires)
            return
        detail = ""
    trial.give_up(pk, Outcome.NO_WORKER, detail)


@viewer_required
@require_safe
def channel_trial(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The ladder alone, while it is climbed."""
    return _trial_part(request, pk)


def _trial_part(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    row = get_object_or_404(Channel, pk=pk)
    context = {"channel": row, "trial": shown_trial(row, clock.now())}
    return render(request, "routing/_trial.html", context)


@editor_required
@require_POST
def channel_seen(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Somebody knows that alerts were lost. Nothing arrived by that, so `fault_at` stays."""
    row = get_object_or_404(Channel, pk=pk)
    with transaction.atomic():
        if Channel.objects.filter(pk=pk).exclude(fault="").update(fault=""):
            row.deliveries.note()
            record("channel.seen", actor=request.user, target=row.name, request=request)
    return redirect("routing:channel", pk)


@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def channel_remove(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask, then forget a channel with its secrets and what it still had to send."""
    row = get_object_or_404(Channel, pk=pk)
    if request.method != "POST":
        waiting = row.deliveries.filter(status__in=Delivery.PENDING).count()
        context = {"channel": row, "where": where(row), "waiting": waiting}
        return render(request, "routing/channel_remove.html", context)
    with transaction.atomic():
        list(Channel.objects.select_for_update().filter(pk=pk))  # before what it has to send
        row.delete()
        record("channel.removed", actor=request.user, target=row.name, request=request)
    messages.success(request, _("%s removed.") % row.name)
    return redirect("routing:channels")
