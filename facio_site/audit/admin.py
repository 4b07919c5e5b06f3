"""The audit table in the admin, to look at. ReadOnlyAdmin serves every table that is only shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from facio_site.audit.models import AuditEntry

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = admin.ModelAdmin  # not subscriptable when it runs


class SiteAdmin(_Admin):
    """What happened to a row is told by the site's page of changes, which knows every way in.
    Django's own history knows the admin alone."""

    def changes_of(self, obj: Any) -> Mapping[str, str]:
        """The filter of the page of changes that finds those of this row; {} = there are none."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["activity"] = _activity(self.changes_of(context.get("original")))
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        asked = self.changes_of(row) if row else {}
        return redirect(_activity(asked) or reverse("routing:activity"))


class ReadOnlyAdmin(SiteAdmin):
    """Rows may be looked at by those who may view them; nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class WordsFilter(admin.SimpleListFilter):
    """The values of a column that there are, in words. A subclass says which and how."""

    words: ClassVar[Callable[[], list[tuple[str, str]]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return type(self).words()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): value}) if value else queryset


class ActionFilter(WordsFilter):
    title = _("action")
    parameter_name = "action"
    words = staticmethod(lambda: AuditEntry.objects.all().action_choices())


class ActorFilter(WordsFilter):
    title = _("who")
    parameter_name = "actor_name"
    words = staticmethod(lambda: [(name, name) for name in AuditEntry.objects.all().actor_names()])


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "done", "target", "result", "ip")
    list_filter = (ActionFilter, ActorFilter, "at")
    search_fields = ("actor_name", "action", "target")
    date_hierarchy = "at"
    fields = ("at", "actor_name", "done", "target", "result", "changed", "ip", "job")
    readonly_fields = ("done", "changed")

    @admin.display(description=_("action"), ordering="action")
    def done(self, entry: AuditEntry) -> str:
        return entry.label

    @admin.display(description=_("fields"))
    def changed(self, entry: AuditEntry) -> str:
        return ", ".join(entry.fields)


def _activity(asked: Mapping[str, str]) -> str:
    """The address of the page of changes with this filter; "" without one."""
    return f"{reverse('routing:activity')}?{urlencode(asked)}" if asked else ""
