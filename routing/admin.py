"""Routes in the admin, by the same fields and rules as on the page; what the site watches, to look
at. Of a channel nothing is shown that its address or its secrets are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from facio_site.audit import record
from facio_site.audit.admin import ReadOnlyAdmin
from facio_site.templatetags.ui import ago, status_label
from facio_site.web.admin import LockedAdmin, Overtaken
from providers.kinds import KINDS
from routing.forms import RouteForm
from routing.models import Alert, Channel, Route, Slot, Watch, WatchSettings
from routing.rules.explain import AUTO
from routing.watch.schedule import asked_at


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


class AllRoutes(ChangeList):
    """Every route of the agent, in the order of the page; those that nobody has set as well."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = Route.objects.all_slots()
        self.result_count = self.full_result_count = len(self.result_list)


@admin.register(Route)
class RouteAdmin(LockedAdmin):
    form = AdminRouteForm
    list_display = ("slot", "shown_model", "shown_provider", "shown_change")
    sortable_by = ()
    actions = None

    @admin.display(description=_("model"))
    def shown_model(self, route: Route) -> str:
        return route.model or str(_("Not set"))

    @admin.display(description=_("provider"))
    def shown_provider(self, route: Route) -> str:
        if route.provider == AUTO:
            return str(_("Auto"))
        spec = KINDS.get(route.provider)
        return spec.label if spec else route.provider

    @admin.display(description=_("changed"), empty_value="–")
    def shown_change(self, route: Route) -> SafeString | str | None:
        return ago(route.updated_at) or None

    def changes_of(self, obj: Route) -> Mapping[str, str]:
        return {"action": "routes.saved"}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AllRoutes

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Route | None:
        """One that nobody has set is there to be set."""
        if stored := super().get_object(request, object_id, from_field):
            found: Route = stored
            return found
        return Route(slot=object_id) if object_id in Slot.values else None

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
        record(
            "routes.saved",
            actor=request.user,
            fields=[obj.slot],
            changes=obj.changes(),
            request=request,
        )


@admin.register(Watch)
class WatchAdmin(ReadOnlyAdmin):
    list_display = ("about", "every", "next_at")
    list_filter = ("every",)
    search_fields = ("about",)
    fields = ("about", "every", "next_at")
    readonly_fields = ("next_at",)

    @admin.display(description=_("next"), ordering="due_at", empty_value="–")
    def next_at(self, row: Watch) -> datetime | None:
        """As on the pages: after the quiet hours; nothing of what is off."""
        rules = WatchSettings.read()
        is_on = rules.is_on and row.every
        return asked_at(rules, row.due_at, row.due_at) if is_on else None

    def changes_of(self, obj: Watch) -> Mapping[str, str]:
        return {"action": "schedule.changed"}


@admin.register(WatchSettings)
class WatchSettingsAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "is_on", "completions_a_day", "zone", "reminds")
    fields = ("is_on", "completions_a_day", "zone", "reminds", "quiet_from", "quiet_until")

    def changes_of(self, obj: WatchSettings) -> Mapping[str, str]:
        return {"action": "schedule.changed"}


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "about")
    list_filter = ("kind", "at")
    search_fields = ("about",)
    date_hierarchy = "at"
    fields = ("at", "kind", "about")


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "is_on", "sent_at", "ended")
    fields = ("name", "kind", "language", "is_on", "sent_at", "ended")
    readonly_fields = ("ended",)

    @admin.display(description=_("last fault"), empty_value="–")
    def ended(self, channel: Channel) -> str | None:
        return status_label(channel.fault.partition(":")[0]) if channel.fault else None
