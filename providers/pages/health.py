"""Liveness and readiness. Open to strangers: booleans only, no names, no versions."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from facio_site import sealing
from providers import broker


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No I/O."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, broker, a worker and this machine's master keys are there, else 503."""
    state = {
        "database": _database(),
        "broker": broker.is_up(),
        "worker": broker.has_worker(),
        "keys": _keys(),
    }
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _keys() -> bool:
    """Whether this machine has all that the site uses, and any at all."""
    try:
        return bool(sealing.master_keys())
    except (DatabaseError, sealing.BadMasterKey):
        return False


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
