"""Pages, or parts of them, drawn once for each state of what they show, and kept in memory.

Drawing costs several times what it costs to find out that nothing has changed. The key says all
that the page depends on beside the reader; the token of its forms is put in anew each time.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Hashable
from typing import Any, Final

from django.contrib.messages import get_messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

from facio_site.attention import needed

_BLANKS_COUNT: Final = re.compile(r"(<(?:pre|textarea)\b.*?</(?:pre|textarea)>)", re.DOTALL)
LARGEST: Final = 100_000  # characters; what is larger is drawn each time
_PLACE: Final = secrets.token_urlsafe(24)  # where a token belongs; no text from outside holds it


def kept_page(
    request: HttpRequest, template: str, context: Callable[[], dict[str, Any]], key: Hashable
) -> HttpResponse:
    """The page for this reader and this key. One that has messages to tell is always drawn."""
    if len(get_messages(request)):
        return render(request, template, context())
    user = request.user
    place = (template, request.get_full_path(), get_language(), request.COOKIES.get("theme"))
    reader = (user.pk, user.get_username(), getattr(user, "role", ""), user.is_staff)
    whole = (*place, *reader, needed(request), key)

    def draw() -> str:
        return render_to_string(template, {**context(), "csrf_token": _PLACE}, request)

    return HttpResponse(_find(whole, draw).replace(_PLACE, get_token(request)))


def kept_part(template: str, context: Callable[[], dict[str, Any]], key: Hashable) -> HttpResponse:
    """A part without forms, which is the same for whoever reads this language; where it is not,
    the key says for whom."""
    whole = (template, get_language(), key)
    return HttpResponse(_find(whole, lambda: render_to_string(template, context())))


def _find(key: Hashable, draw: Callable[[], str]) -> str:
    name = hashlib.blake2b(repr(key).encode(), digest_size=20).hexdigest()
    found: str | None = caches["pages"].get(name)
    if found is None:
        found = without_indent(draw())
        if len(found) <= LARGEST:
            caches["pages"].set(name, found)
    return found


def without_indent(text: str) -> str:
    """A tenth less to send, a quarter less to compress; where blanks count, the text as it is."""
    parts = _BLANKS_COUNT.split(text)
    parts[::2] = map(_bare, parts[::2])
    return "".join(parts)


def _bare(text: str) -> str:
    lines = "\n".join(line for line in map(str.strip, text.splitlines()) if line)
    before, after = ("\n" * text[at : at + 1].isspace() for at in (0, len(text) - 1))
    return f"{before}{lines}{after}" if lines else before
