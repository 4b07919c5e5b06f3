"""Liveness and readiness. Open to strangers: booleans only, no names, no versions.

They are asked by machines that know no name of the site and are no proxy, at the moment when
something is away; so they answer before anything looks at Host, session or database.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from facio_site import sealing, trouble
from facio_site.logs import tell
from providers import broker

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def answered(get_response: GetResponse) -> GetResponse:
    """Middleware: both addresses, under the path of PUBLIC_URL and without it."""
    views = {"/healthz": healthz, "/readyz": readyz}

    def middleware(request: HttpRequest) -> HttpResponseBase:
        view = views.get(request.path.removeprefix(settings.BASE_PATH))
        return view(request) if view else get_response(request)

    return middleware


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. No I/O."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, broker, a worker and this machine's master keys are there, else 503.

    It is JSON also to who may not ask that way.
    """
    if request.method not in ("GET", "HEAD"):
        return JsonResponse(
            {"error": "method not allowed"}, status=405, headers={"Allow": "GET, HEAD"}
        )
    asked = {
        "database": _database,
        "broker": broker.is_up,
        "worker": broker.has_worker,
        "keys": _keys,
    }
    state = {name: _holds(ask) for name, ask in asked.items()}
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _keys() -> bool:
    """Whether this machine has all that the site uses, and any at all."""
    try:
        return bool(sealing.master_keys())
    except sealing.BadMasterKey:
        return False


def _holds(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except Exception:  # noqa: BLE001 - whatever is wrong, it is not ready, and the answer is JSON
        return False


def _database() -> bool:
    """Whether it answers and takes what is written."""
    found = trouble.look()
    if found and found != trouble.BUSY:
        tell(f"database {found}", trouble.SENTENCES[found])
    return found in ("", trouble.BUSY)
