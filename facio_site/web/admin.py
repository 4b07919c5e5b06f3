"""Admin pages of rows with a version: who saves second is told and overwrites nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from facio_site.audit.admin import SiteAdmin
from facio_site.templatetags.ui import status_label


class OutcomeFilter(admin.AllValuesFieldListFilter):
    """The outcomes that there are, in words; "" has not been tested."""

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield {**choice, "display": status_label(str(choice["display"]))}


class Overtaken(Exception):
    """Somebody else saved the row since it was read: the whole request is undone."""


class LockedAdmin(SiteAdmin):
    """`save_model` raises Overtaken; the page then comes anew with what is stored."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Overtaken:
            messages.error(request, _("Someone else saved this in the meantime."))
            return redirect(request.path)
