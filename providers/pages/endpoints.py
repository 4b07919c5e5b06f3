"""Endpoints of one's own: a new one, and another name for one."""

from __future__ import annotations

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from facio_site.accounts.roles import SignedIn, editor_required
from facio_site.audit import record
from facio_site.web.typed import keeps_typed
from providers import broker
from providers.forms.endpoint import EndpointForm, RenameForm
from providers.forms.fields import ask_again
from providers.forms.versions import plain_names
from providers.models import Provider, Task
from providers.pages.above import LOCKED, above
from providers.pages.drafts import keep_draft
from providers.pages.renamed import ARROW
from providers.work import queue


def _plain_fields(_request: HttpRequest) -> dict[str, str]:
    form = EndpointForm()
    return {name: str(form.fields[name].label) for name in ("name", *plain_names(form.spec))}


@keeps_typed(_plain_fields)
@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_new(request: SignedIn) -> HttpResponse:
    """A new endpoint: saved, or tested as a draft under its name."""
    if request.method != "POST":
        return render(request, "providers/new.html", {"form": EndpointForm()})
    form = EndpointForm(request.POST)
    if form.is_valid():
        is_done = _tested(request, form) if "test" in request.POST else _saved(request, form)
        if is_done:
            for warning in form.key_warnings():
                messages.warning(request, warning)
            return redirect("providers:detail", form.provider.name)
    if form.is_there_already():
        return redirect("providers:detail", form.provider.name)
    ask_again(form)
    return render(request, "providers/new.html", {"form": form}, status=422)


def _saved(request: HttpRequest, form: EndpointForm) -> bool:
    provider = form.provider
    with transaction.atomic():
        changed = form.apply(provider)
        if not provider.store():
            form.refuse_name()
            return False
        name = provider.name
        record(
            "provider.saved",
            actor=request.user,
            target=name,
            fields=changed,
            changes=form.changes,
            request=request,
        )
    messages.success(request, _("%s saved.") % provider.spec.label)
    return True


def _tested(request: SignedIn, form: EndpointForm) -> bool:
    """The row is there for the test; with nothing saved it goes when its draft does."""
    provider = form.provider
    try:
        with transaction.atomic():
            if provider._state.adding:
                provider.save(force_insert=True)
            draft = keep_draft(request, provider, form, provider)
            queue.start(provider, Task.CHECK, draft=draft, user=request.user)
            record("provider.tested", actor=request.user, target=provider.name, request=request)
    except IntegrityError:
        form.refuse_name()
    except queue.TooMany:
        text = _("That was a lot of tests. Wait a minute, then try again.")
        form.add_error(None, text)
    return form.is_valid()


@keeps_typed(lambda _request, name: {"name": _("Name")})
@editor_required
@require_http_methods(["GET", "HEAD", "POST"])
def endpoint_rename(request: HttpRequest, name: str) -> HttpResponse:
    """Another name: key, models and tests stay, and routes that force it go along."""
    provider: Provider = get_object_or_404(Provider, name=name)
    if not provider.is_own:
        raise Http404
    form = RenameForm(provider, request.POST if request.method == "POST" else None)
    named = above().named_by(name)
    if form.is_valid():
        new = form.cleaned_data["name"]
        try:
            is_done = _rename(request, provider, new)
        except LOCKED:
            form.add_error(None, _("The imported config.json does not open with this master key."))
        else:
            if is_done:
                messages.success(request, _("%(old)s is now %(new)s.") % {"old": name, "new": new})
                if named.by_prefix:
                    text = _("The model of these routes still begins with %(old)s/: %(routes)s.")
                    routes = ", ".join(named.by_prefix)
                    messages.warning(request, text % {"old": name, "routes": routes})
                if named.in_file:
                    text = _("The imported config.json still names %(old)s here: %(paths)s.")
                    paths = ", ".join(named.in_file)
                    messages.warning(request, text % {"old": name, "paths": paths})
                return redirect("providers:detail", new)
            form.add_error(None, _("Somebody else saved something meanwhile. Look again."))
    context = {"form": form, "provider": provider, "spec": provider.spec, "named": named}
    return render(request, "providers/rename.html", context, status=422 if form.errors else 200)


def _rename(request: HttpRequest, provider: Provider, new: str) -> bool:
    """False when somebody else was faster; nothing is changed then."""
    old = provider.name
    try:
        with transaction.atomic():
            above().take_turn()
            routes = above().renamed(old, new) if provider.rename(new) else None
            if routes is None:
                transaction.set_rollback(True)
                return False
            fields = [f"routes.{slot}" for slot in routes]
            record(
                "provider.renamed",
                actor=request.user,
                target=f"{old}{ARROW}{new}",
                fields=fields,
                request=request,
            )
            transaction.on_commit(broker.announce)
    except IntegrityError:
        return False
    return True
