"""What a visitor gets when something inside fails: a page, never a detail."""

import sys

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
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
