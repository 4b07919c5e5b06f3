"""Routes in the admin, by the same fields and rules as on the page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from facio_site.audit import record
from facio_site.web.admin import LockedAdmin, Overtaken
from routing.forms import RouteForm
from routing.models import Route


class AdminRouteForm(RouteForm):
    """It tells a change by somebody else as an error."""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and (stored := self.meets_other()):
            raise ValidationError(
                _("Somebody else saved %(model)s · %(provider)s meanwhile. Save again to replace."),
                params={"model": stored.model or "–", "provider": stored.provider},
            )
        return data


@admin.register(Route)
class RouteAdmin(LockedAdmin):
    form = AdminRouteForm
    list_display = ("slot", "model", "provider", "updated_at")

    def get_form(
        self, request: HttpRequest, obj: Route | None = None, change: bool = False, **kwargs: Any
    ) -> type[AdminRouteForm]:
        """As it is: a form that the admin derives from it would write the version into the row."""
        return AdminRouteForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Route | None = None) -> bool:
        return False  # an override goes by emptying it, which is recorded

    def save_model(self, request: HttpRequest, obj: Route, form: Any, change: bool) -> None:
        if not obj.store():
            raise Overtaken
        record("routes.saved", actor=request.user, fields=[obj.slot], request=request)
