"""Providers without their secrets, and the rows that are only looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from facio_site.accounts.roles import can_edit
from facio_site.audit import record
from facio_site.audit.admin import ReadOnlyAdmin
from facio_site.templatetags.ui import status
from facio_site.web.admin import LockedAdmin, OutcomeFilter, Overtaken
from providers.forms.plain import form_for
from providers.models import CatalogEntry, Job, Provider, Task
from providers.pages.entries import media_words
from providers.pages.selected import start_round
from providers.pages.shown import show_job
from providers.spec.outcomes import Outcome
from providers.wording import KEY_STATES, sentence


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin, LockedAdmin):
    """Plain fields are edited by the page's rules; keys only on the page."""

    list_display = ("name", "kind", "api_base", "ended", "checked_at", "catalog_count", "edit")
    list_filter = (("check_outcome", OutcomeFilter),)
    search_fields = ("name", "kind", "api_base")
    readonly_fields = (
        "name",
        "kind",
        "edit",
        "configured_at",
        "updated_at",
        "ended",
        "key_state",
        "check_ms",
        "checked_at",
        "money_amount",
        "money_currency",
        "money_at",
        "catalog_source",
        "catalog_count",
        "catalog_at",
    )
    actions = ("test_connection", "fetch_models")

    def changes_of(self, obj: Provider) -> Mapping[str, str]:
        return {"target": obj.name}

    def get_queryset(self, request: HttpRequest) -> Any:
        """A row that is only there for a test is nothing that is set up."""
        rows: Any = super().get_queryset(request)
        return rows.configured()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_edit(request.user)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        return form_for(obj.spec)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*form_for(obj.spec).base_fields, *self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        if not obj.store():
            raise Overtaken
        record(
            "provider.saved",
            actor=request.user,
            target=obj.name,
            fields=form.changed,
            changes=form.page.changes,
            request=request,
        )

    @admin.display(description=gettext_lazy("last test"), ordering="check_outcome")
    def ended(self, row: Provider) -> str:
        return status(row.check_outcome or "never")

    @admin.display(description=gettext_lazy("state of the key"))
    def key_state(self, row: Provider) -> str:
        return str(KEY_STATES.get(row.check_key_state, "–"))

    @admin.display(description=gettext_lazy("settings and keys"))
    def edit(self, row: Provider) -> str:
        url = reverse("providers:detail", args=[row.name])
        return format_html('<a href="{}">{}</a>', url, _("Open the provider's page"))

    @admin.action(description=gettext_lazy("Test connection"))
    def test_connection(self, request: HttpRequest, rows: Any) -> None:
        self._start(request, rows, Task.CHECK)

    @admin.action(description=gettext_lazy("Fetch models"))
    def fetch_models(self, request: HttpRequest, rows: Any) -> None:
        self._start(request, rows, Task.FETCH)

    def _start(self, request: HttpRequest, rows: Any, task: Task) -> None:
        """The round of the page's list; where nobody takes it, that is said."""
        asked = [row for row in rows.configured() if not row.spec.is_oauth]
        if not start_round(request, asked, task):
            return
        job = Job.objects.filter(provider__in=asked, task=task).latest("created_at")
        if job.outcome == Outcome.NO_WORKER:
            self.message_user(request, sentence(job.outcome, job.detail), messages.WARNING)
        else:
            self.message_user(request, _("%d queued.") % len(asked))


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "provider", "task", "ended", "ms", "requested_by")
    list_filter = (
        ("provider", admin.RelatedOnlyFieldListFilter),
        "task",
        ("outcome", OutcomeFilter),
        "status",
        "created_at",
    )
    search_fields = ("provider__name", "requested_by__username")
    list_select_related = ("provider", "requested_by")
    date_hierarchy = "created_at"
    fields = (
        *("provider", "task", "ended", "found", "models", "unsaved"),
        *("requested_by", "created_at", "started_at", "finished_at", "ms", "http_status"),
    )
    readonly_fields = ("ended", "found", "models", "unsaved")

    def changes_of(self, obj: Job) -> Mapping[str, str]:
        return {"target": obj.provider.name}

    @admin.display(description=gettext_lazy("result"), ordering="outcome")
    def ended(self, row: Job) -> str:
        return status(row.status if row.is_pending else row.shown_outcome)

    @admin.display(description=gettext_lazy("steps"))
    def found(self, row: Job) -> str:
        """As on the provider's page: what was tried in turn, and what came of it."""
        return render_to_string("providers/_ladder.html", {"check": show_job(row, row.provider)})

    @admin.display(description=gettext_lazy("models tried"))
    def models(self, row: Job) -> str:
        return ", ".join(row.model_names)

    @admin.display(description=gettext_lazy("of unsaved values"))
    def unsaved(self, row: Job) -> str:
        return _("yes") if row.is_draft else _("no")


class OfferedFilter(admin.SimpleListFilter):
    title = gettext_lazy("offer")
    parameter_name = "offer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        words = (("now", _("Offered now")), ("gone", _("Gone")), ("retires", _("Retires")))
        return list(words)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        known = {
            "now": {"gone_at": None},
            "gone": {"gone_at__isnull": False},
            "retires": {"gone_at": None, "retires_at__isnull": False},
        }
        return queryset.filter(**known.get(self.value() or "", {}))


@admin.register(CatalogEntry)
class CatalogEntryAdmin(ReadOnlyAdmin):
    list_display = ("model_id", "provider", "context_window", "price_input", "price_output")
    list_filter = (
        ("provider", admin.RelatedOnlyFieldListFilter),
        OfferedFilter,
        "tools",
        "reasoning",
    )
    list_select_related = ("provider",)
    search_fields = ("model_id", "name")
    fields = (
        *("provider", "model_id", "name", "context_window", "max_output", "modalities"),
        *("price_input", "price_output", "tools", "reasoning", "retires_at", "replacement"),
        "released_on",
        *("filled_in", "first_seen_at", "gone_at"),
    )
    readonly_fields = ("modalities", "filled_in")

    @admin.display(description=gettext_lazy("inputs and outputs"))
    def modalities(self, row: CatalogEntry) -> str:
        return media_words(row.inputs, row.outputs)

    @admin.display(description=gettext_lazy("filled in by models.dev"))
    def filled_in(self, row: CatalogEntry) -> str:
        """The fields by the names that they have on this page."""
        words = {field.name: field.verbose_name for field in row._meta.fields}
        return ", ".join(str(words.get(name, name)) for name in row.filled)
