"""Pages that are drawn once for each state of what they show, and kept in memory.

Drawing costs several times what it costs to find out that nothing has changed. The key says all
that the page depends on beside the reader; the token of its forms is put in anew each time.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

MOST: Final = 64  # pages, some 25 KB each
_PLACE: Final = "HereStandsTheTokenOfTheRequest"
_kept: dict[Hashable, str] = {}


def kept_page(
    request: HttpRequest, template: str, context: Callable[[], dict[str, Any]], key: Hashable
) -> HttpResponse:
    """The page for this reader and this key. One that has messages to tell is always drawn."""
    if len(get_messages(request)):
        return render(request, template, context())
    user = request.user
    place = (template, request.get_full_path(), get_language(), request.COOKIES.get("theme"))
    whole = (*place, user.pk, user.get_username(), getattr(user, "role", ""), user.is_staff, key)
    page = _kept.get(whole)
    if page is None:
        page = render_to_string(template, {**context(), "csrf_token": _PLACE}, request)
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[whole] = page
    return HttpResponse(page.replace(_PLACE, get_token(request)))
