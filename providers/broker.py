"""The broker as seen from here: is it there, is a worker there, and wake-ups for waiting pages.

State never lives here: the broker starts empty and may be flushed at any moment.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_CHANNEL = "facio:changes"
_HEARTBEAT = "facio:worker:"
BEAT_SECONDS = 2
LIFETIME_SECONDS = 7  # three missed beats
_MOMENT_SECONDS = 1.0
_silent_until = 0.0  # after a question without an answer nobody waits for the next one at once


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=2,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),  # a missing broker is told at once
    )


def is_up() -> bool:
    """True when the broker answers; takes at most about two seconds."""
    try:
        return bool(_client().ping())
    except (redis.RedisError, OSError):
        return False


def workers() -> set[str]:
    """Ids of workers that were alive in the last seconds. Raises ConnectionError without broker."""
    if time.monotonic() < _silent_until:
        raise ConnectionError
    try:
        keys = list(_client().scan_iter(match=_HEARTBEAT + "*", count=100))
    except (redis.RedisError, OSError):
        _note_silence()
        raise ConnectionError from None
    return {key.decode().removeprefix(_HEARTBEAT) for key in keys}


def count_workers() -> int | None:
    """How many workers were alive in the last seconds; None when the broker does not answer."""
    try:
        return len(workers())
    except ConnectionError:
        return None


def has_worker() -> bool:
    """True when a worker was alive in the last seconds."""
    try:
        return bool(workers())
    except ConnectionError:
        return False


def beat_for_ever(worker: str) -> None:
    """Start the daemon thread that says every two seconds that this worker lives."""

    def loop() -> None:
        while True:
            with contextlib.suppress(redis.RedisError, OSError):
                _client().set(_HEARTBEAT + worker, b"1", ex=LIFETIME_SECONDS)
            time.sleep(BEAT_SECONDS)

    threading.Thread(target=loop, name="heartbeat", daemon=True).start()


def stop_beating(worker: str) -> None:
    with contextlib.suppress(redis.RedisError, OSError):
        _client().delete(_HEARTBEAT + worker)


def announce() -> None:
    """Wake the pages that wait for news. Losing one is fine: they look again by themselves."""
    if time.monotonic() < _silent_until:
        return
    try:
        _client().publish(_CHANNEL, b"1")
    except (redis.RedisError, OSError):
        _note_silence()


def _note_silence() -> None:
    global _silent_until
    _silent_until = time.monotonic() + _MOMENT_SECONDS


@contextlib.contextmanager
def changes() -> Iterator["Changes"]:
    """Subscribe first, then look, then wait: no change between the two is lost."""
    pubsub = _client().pubsub(  # type: ignore[no-untyped-call]
        ignore_subscribe_messages=False
    )
    try:
        try:
            pubsub.subscribe(_CHANNEL)
            pubsub.get_message(timeout=1)  # the subscription itself
        except (redis.RedisError, OSError):
            yield Changes(None)
        else:
            yield Changes(pubsub)
    finally:
        with contextlib.suppress(redis.RedisError, OSError):
            pubsub.close()


class Changes:
    """News on one subscription; without a broker, a short nap instead."""

    def __init__(self, pubsub: "redis.client.PubSub | None") -> None:
        self._pubsub = pubsub

    def wait(self, seconds: float) -> None:
        """Return at the first change, or after `seconds`; never raises."""
        if self._pubsub is None:
            time.sleep(min(seconds, 1.0))
            return
        try:
            self._pubsub.get_message(timeout=seconds)
        except (redis.RedisError, OSError):
            time.sleep(min(seconds, 1.0))
