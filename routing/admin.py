"""Routes in the admin, by the same form as on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from facio_site.audit import record
from routing.forms import RouteForm
from routing.models import Route

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Route]
else:
    _Admin = admin.ModelAdmin  # not subscriptable when it runs


@admin.register(Route)
class RouteAdmin(_Admin):
    form = RouteForm
    list_display = ("slot", "model", "provider", "updated_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Route, form: Any, change: bool) -> None:
        obj.version += 1
        super().save_model(request, obj, form, change)
        record("routes.saved", actor=request.user, fields=[obj.slot], request=request)
