"""Pages, or parts of them, drawn once for each state of what they show, and kept in memory.

Drawing costs several times what it costs to find out that nothing has changed. The key says all
that the page depends on beside the reader; the token of its forms is put in anew each time, into
the compressed page as it is: nothing tells its length or what else it is like.
"""

import secrets
import struct
import threading
import zlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language

MOST: Final = 96  # the last ones asked for, some 30 KB a page
LARGEST: Final = 100_000  # bytes; what is larger is drawn each time
_PLACE: Final = secrets.token_urlsafe(24)  # where a token belongs; no text from outside holds it
# RFC 1952: no name, no time, unknown system. RFC 1951: a last block with nothing in it.
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK: Final = b"\x03\x00"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A page in pieces, between which the token belongs."""

    pieces: tuple[bytes, ...]
    deflated: tuple[bytes, ...]  # each ends at a byte and refers to nothing before itself

    @classmethod
    def of(cls, page: str) -> "_Kept":
        pieces = tuple(piece.encode() for piece in page.split(_PLACE))
        return cls(pieces, tuple(map(_deflated, pieces)))


class KeptPage(HttpResponse):
    """`packed` is its content for a reader who takes gzip."""

    def __init__(self, kept: _Kept, token: bytes) -> None:
        content = token.join(kept.pieces)
        super().__init__(content)
        length = len(token)
        stored = b"\x00" + struct.pack("<HH", length, length ^ 0xFFFF) + token
        self.packed = b"".join(
            (
                _GZIP_HEADER,
                stored.join(kept.deflated),
                _LAST_BLOCK,
                struct.pack("<LL", zlib.crc32(content), len(content)),
            )
        )


_kept: dict[Hashable, _Kept] = {}  # what was asked for last stands last
_ordering = threading.Lock()


def kept_page(
    request: HttpRequest, template: str, context: Callable[[], dict[str, Any]], key: Hashable
) -> HttpResponse:
    """The page for this reader and this key. One that has messages to tell is always drawn."""
    if len(get_messages(request)):
        return render(request, template, context())
    user = request.user
    place = (template, request.get_full_path(), get_language(), request.COOKIES.get("theme"))
    whole = (*place, user.pk, user.get_username(), getattr(user, "role", ""), user.is_staff, key)

    def draw() -> str:
        return render_to_string(template, {**context(), "csrf_token": _PLACE}, request)

    return KeptPage(_find(whole, draw), get_token(request).encode())


def kept_part(template: str, context: Callable[[], dict[str, Any]], key: Hashable) -> HttpResponse:
    """A part without forms, which is the same for whoever reads this language."""
    whole = (template, get_language(), key)
    return KeptPage(_find(whole, lambda: render_to_string(template, context())), b"")


def _find(key: Hashable, draw: Callable[[], str]) -> _Kept:
    with _ordering:
        found = _kept.pop(key, None)
        if found is not None:
            _kept[key] = found
            return found
    drawn = _Kept.of(draw())
    if sum(map(len, drawn.pieces)) <= LARGEST:
        with _ordering:
            _kept[key] = drawn
            if len(_kept) > MOST:
                del _kept[next(iter(_kept))]
    return drawn


def _deflated(piece: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
