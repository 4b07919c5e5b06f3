"""Looks names up, with a time limit that the system's own resolver does not have.

Each look-up runs in a daemon thread of its own: a resolver that hangs costs a thread until it
gives up, never a caller. The number of such threads is bounded.
"""

import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import Final

from providers.spec.outcomes import Failed, Outcome

MAX_LOOKUPS: Final = 64  # at once, hanging ones included
ASKED_EVERY: Final = 0.2  # seconds

_places = threading.BoundedSemaphore(MAX_LOOKUPS)
_WORDS: Final = {
    socket.EAI_NONAME: "not_found",
    getattr(socket, "EAI_NODATA", socket.EAI_NONAME): "not_found",
    socket.EAI_AGAIN: "temporary",  # no answer from the name server
}


def lookup(host: str) -> list[str]:
    """All addresses of a name, in the system's order. Blocks as long as the system likes."""
    # As bytes: a str would pass through Python's IDNA 2003 codec, a second reading of the name
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return [str(place[4][0]) for place in found]


def resolve(host: str, seconds: float, go_on: Callable[[], object] = lambda: None) -> list[str]:
    """The same within a time limit. Raises Failed with dns_error or timeout, and what `go_on`
    raises, which is asked while nothing has come."""
    answer: queue.SimpleQueue[list[str] | BaseException] = queue.SimpleQueue()
    places = _places
    if not places.acquire(timeout=max(seconds, 0)):
        raise Failed(Outcome.TIMEOUT, "dns", host=host)

    def look_up() -> None:
        try:
            answer.put(lookup(host))
        except BaseException as error:  # noqa: BLE001 - told to the waiting thread
            answer.put(error)
        finally:
            places.release()

    try:
        threading.Thread(target=look_up, name="lookup", daemon=True).start()
    except BaseException:
        places.release()
        raise
    until = time.monotonic() + seconds
    found: list[str] | BaseException | None = None
    while found is None:
        left = max(until - time.monotonic(), 0)
        try:
            found = answer.get(timeout=min(left, ASKED_EVERY))
        except queue.Empty:
            if not left:
                raise Failed(Outcome.TIMEOUT, "dns", host=host) from None
            go_on()
    if isinstance(found, list):
        return found
    raise Failed(Outcome.DNS_ERROR, _word_of(found), host=host)


def _word_of(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return _WORDS.get(error.errno or 0, "failed")
    return "bad_name" if isinstance(error, UnicodeError) else "failed"
