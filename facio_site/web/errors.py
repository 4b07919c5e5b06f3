"""What a visitor gets when something inside fails: a page, never a detail."""

import sys
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.debug import SafeExceptionReporterFilter
from django.views.defaults import server_error

RETRY_SECONDS = "5"


def failed(request: HttpRequest) -> HttpResponse:
    """503 for a database that is busy or away, which passes; 500 for a fault of ours.

    Neither page touches the database: it is drawn without the request.
    """
    if not isinstance(sys.exc_info()[1], OperationalError):
        return server_error(request)
    return HttpResponse(
        render_to_string("503.html"), status=503, headers={"Retry-After": RETRY_SECONDS}
    )


class NoValues(SafeExceptionReporterFilter):
    """Django's reports with names and lines and no value: any of them may hold a key.

    Django's own filter leaves out what is marked as sensitive, and nothing at all with DEBUG.
    """

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        return {}

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(request.META, self.cleansed_substitute)

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(request.COOKIES, self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        names = request.POST if request is not None else ()
        return dict.fromkeys(names, self.cleansed_substitute)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()
