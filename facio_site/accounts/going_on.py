"""What asked for the password goes on by itself after it, on the page that it was asked on.

The form that was sent waits in the session and is sent anew by the page, with the page's own token:
never use it for a form that holds a secret.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from facio_site.accounts.roles import confirmed_lately

_KEY = "going_on"


def confirm_first(request: HttpRequest, path: str) -> HttpResponseRedirect:
    """To the page that asks who it is, and from there to `path`, where this request goes on."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    request.session[_KEY] = {
        "action": request.path,
        "fields": fields,
        "page": urlsplit(path).path,
        "at": time.time(),
    }
    return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': path})}")


def waiting(request: HttpRequest) -> dict[str, Any] | None:
    """The `action` and `fields` of the form that goes on now on this page; None = there is none.

    It is told once. One whose confirmation did not come at once is forgotten.
    """
    session = getattr(request, "session", {})
    found = session.get(_KEY)
    if not found or request.method != "GET" or found["page"] != request.path:
        return None
    del session[_KEY]
    is_old = time.time() - found["at"] > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return None if is_old or not confirmed_lately(request) else dict(found)
