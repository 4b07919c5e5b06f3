"""The audit table in the admin, to look at. ReadOnlyAdmin serves every table that is only shown."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from facio_site.audit.models import AuditEntry


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generics at run time
    """Rows may be looked at by those who may view them; nobody adds, changes or deletes here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor_name", "action", "target", "result", "ip")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "action", "target")
    date_hierarchy = "at"
