"""Memory of processes that stay: less work for Python's collector, nothing kept for later."""

import contextlib
import ctypes
import gc


def leave_imports_alone() -> None:
    """What was imported so far stays until the end: looking at it again and again would take a
    tenth of every page's time, and a third of storing a large catalog."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def give_back() -> None:
    """Return to the system what a large answer took for a moment; glibc would keep most of it."""
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
