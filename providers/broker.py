"""The broker as seen from here: is it there, is a worker there, and wake-ups for waiting pages.

State never lives here: the broker starts empty and may be flushed at any moment.
"""

import contextlib
import hashlib
import logging
import os
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import redis
from celery.signals import worker_init, worker_ready
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_CHANNEL = "facio:changes"
_HEARTBEAT = "facio:worker:"
_TURN = "facio:beat"
_MARK = "facio:mark"
BEAT_SECONDS = 2
WATCH_SECONDS = 5.0
LIFETIME_SECONDS = 7  # three missed beats
_MOMENT_SECONDS = 1.0
_LISTEN_SECONDS = 30.0
KNOWN_SECONDS = 20.0
_log = logging.getLogger("facio.broker")
_trouble = ""  # what was said of it last; "" = it answers
_is_needed = True  # else nothing is said of it
_is_ready = threading.Event()  # of a worker: from then on its heartbeat says it
_silent_until = 0.0  # after a question without an answer nobody waits for the next one at once
_told: "tuple[float, Told] | None" = None  # when it was asked for all to see, and what it said
_starting = threading.Lock()
_listening: "_Ear | None" = None


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=2,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 0),  # a missing broker is told at once
    )


def hang_up() -> None:
    """Close what this process has open, as before a fork: a child closes every file and would
    close another one's later, of the same number, with the connection that it inherited."""
    _client().close()
    _client().connection_pool.disconnect()
    _client.cache_clear()


def is_up() -> bool:
    """True when the broker answers; takes at most about two seconds."""
    try:
        found = bool(_client().ping())
    except (redis.RedisError, OSError) as error:
        _tell(error)
        return False
    _tell(None)
    return found


def workers() -> set[str]:
    """Ids of workers that were alive in the last seconds. Raises ConnectionError without broker."""
    if time.monotonic() < _silent_until:
        raise ConnectionError
    try:
        keys = list(_client().scan_iter(match=_HEARTBEAT + "*", count=100))
    except (redis.RedisError, OSError) as error:
        _tell(error)
        _note_silence()
        raise ConnectionError from None
    return {key.decode().removeprefix(_HEARTBEAT) for key in keys}


def skews() -> dict[str, float]:
    """Seconds by which the clock of each of them is ahead of the database's, as it said itself;
    empty while the broker does not answer."""
    try:
        names = sorted(workers())
        told = _client().mget([_HEARTBEAT + name for name in names]) if names else []
    except (ConnectionError, redis.RedisError, OSError):
        return {}
    return {name: _seconds(one) for name, one in zip(names, told, strict=True)}


def _seconds(told: object) -> float:
    """0.0 for a worker of another release, which says only that it lives."""
    try:
        return float(told) if isinstance(told, bytes) else 0.0
    except ValueError:
        return 0.0


def count_workers() -> int | None:
    """How many workers were alive in the last seconds; None when the broker does not answer."""
    try:
        return len(workers())
    except ConnectionError:
        return None


class Told(NamedTuple):
    """What is known of broker and workers: how many live, None = no answer, and their skews."""

    workers: int | None
    skews: tuple[tuple[str, float], ...]


def ask() -> Told:
    """As it is now."""
    global _told
    told = Told(count_workers(), tuple(skews().items()))
    _told = time.monotonic(), told
    return told


def known() -> Told:
    """As this process heard it in the last seconds, for what stands on every page: a thread of each
    web server asks more often than that, so that no reader waits for a broker that is silent."""
    if _told is None or time.monotonic() - _told[0] > KNOWN_SECONDS:
        return ask()
    return _told[1]


def other_workers(worker: str) -> bool:
    """True when another one than this was alive in the last seconds, and while nobody knows."""
    try:
        return bool(workers() - {worker})
    except ConnectionError:
        return True


def has_worker() -> bool:
    """True when a worker was alive in the last seconds."""
    try:
        return bool(workers())
    except ConnectionError:
        return False


def beat_for_ever(
    worker: str, may: Callable[[], bool] = lambda: True, skew: Callable[[], float] = lambda: 0.0
) -> None:
    """Start the daemon thread that says every two seconds that this worker lives, while it `may`
    be one, and how many seconds its clock is ahead."""

    def loop() -> None:
        while True:
            is_one = may()
            try:
                if is_one:
                    told = f"{skew():.1f}"
                    _client().set(_HEARTBEAT + worker, told, ex=LIFETIME_SECONDS)
                else:
                    _client().delete(_HEARTBEAT + worker)
                _tell(None)
            except (redis.RedisError, OSError) as error:
                _tell(error)
            time.sleep(BEAT_SECONDS)

    threading.Thread(target=loop, name="heartbeat", daemon=True).start()


@worker_init.connect
def watch_until_ready(**_kwargs: object) -> None:
    """A worker that gets no connection never comes to say that it lives; so say why."""

    def loop() -> None:
        while not _is_ready.wait(WATCH_SECONDS):
            is_up()

    is_up()
    threading.Thread(target=loop, name="broker", daemon=True).start()


@worker_ready.connect
def stop_watching(**_kwargs: object) -> None:
    _is_ready.set()


def stop_beating(worker: str) -> None:
    with contextlib.suppress(redis.RedisError, OSError):
        _client().delete(_HEARTBEAT + worker)
        if _client().get(_TURN) == worker.encode():
            _client().delete(_TURN)


def has_turn(worker: str) -> bool:
    """Whether this worker does what is due by the clock, for the next seconds: it keeps its turn
    by asking, and one that is gone loses it. False without an answer of the broker."""
    try:
        if _client().set(_TURN, worker, nx=True, ex=LIFETIME_SECONDS):
            return True
        with _client().pipeline() as pipe:
            pipe.watch(_TURN)  # type: ignore[no-untyped-call]
            if pipe.get(_TURN) != worker.encode():
                return False
            pipe.multi()
            pipe.set(_TURN, worker, ex=LIFETIME_SECONDS)
            pipe.execute()
    except (redis.RedisError, OSError):  # or it was lost between the look and the answer
        return False
    return True


def mark() -> str:
    """What tells this broker from another one, by whatever address it is reached; made when it has
    none, and "" when it does not answer. One on a socket has the same one after each start."""
    fresh = uuid.uuid4().hex
    if settings.REDIS_URL.startswith("unix:"):
        name = f"{socket.gethostname()} {settings.REDIS_URL}"
        fresh = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
    try:
        _client().set(_MARK, fresh, nx=True)
        found = _client().get(_MARK)
    except (redis.RedisError, OSError):
        return ""
    return found.decode() if isinstance(found, bytes) else ""


def announce() -> None:
    """Wake the pages that wait for news. Losing one is fine: they look again by themselves."""
    if time.monotonic() < _silent_until:
        return
    try:
        _client().publish(_CHANNEL, b"1")
    except (redis.RedisError, OSError) as error:
        _tell(error)
        _note_silence()


def in_words(error: BaseException) -> str:
    """Why the broker is of no use; none of the error's own text, which may hold its address."""
    chain = [error, error.__cause__, error.__context__]
    text = " ".join(str(one) for one in chain if one).lower()
    if any(isinstance(one, ssl.SSLError) for one in chain) or "certificate" in text:
        return "its certificate is not trusted, or one side speaks TLS and the other does not"
    for words, told in _REASONS.items():
        if words in text:
            return told
    if isinstance(error, redis.AuthenticationError):
        return "it refuses the user or the password of REDIS_URL"
    if isinstance(error, redis.TimeoutError | TimeoutError):
        return "it does not answer in time"
    return "nobody answers at that address"


_REASONS = {
    "noperm": "the user of REDIS_URL lacks permissions that are needed (docs/operating.md)",
    "no permissions": "the user of REDIS_URL lacks permissions that are needed (docs/operating.md)",
    "has no permissions": "the user of REDIS_URL lacks permissions that are needed",
    "db index is out of range": "it has no database of the number in REDIS_URL",
    "select is not allowed": "it has no database of the number in REDIS_URL",
    "read only replica": "it is a replica, which takes nothing that is written",
    "misconf": "it takes nothing that is written: its own disk is full or not writable",
    "command not allowed when used memory": "its memory is full",
    "loading the dataset": "it is still starting",
    "protected mode": "it takes connections from its own machine only (protected mode)",
    "max number of clients": "it has no connection left",
    "wrong version number": "one side speaks TLS and the other does not",
}


@contextlib.contextmanager
def unneeded() -> Iterator[None]:
    """While inside, this process is silent about a broker that is away: it does without one."""
    global _is_needed
    before, _is_needed = _is_needed, False
    try:
        yield
    finally:
        _is_needed = before


def _tell(error: BaseException | None) -> None:
    """Once when the reason changes, and once when it is over."""
    global _trouble
    if not _is_needed:
        return
    found = in_words(error) if error else ""
    if found == _trouble:
        return
    before, _trouble = _trouble, found
    if found:
        _log.warning("the broker (REDIS_URL) cannot be used: %s", found)
    elif before:
        _log.warning("the broker can be used again")


def _note_silence() -> None:
    global _silent_until
    _silent_until = time.monotonic() + _MOMENT_SECONDS


class Changes:
    """News since it was made; without a broker, a short nap instead."""

    def __init__(self, ear: "_Ear") -> None:
        self._ear = ear
        self._heard = ear.count

    def wait(self, seconds: float) -> None:
        """Return at the first change, or after `seconds`; never raises."""
        self._heard = self._ear.wait(self._heard, seconds)


def changes() -> Changes:
    """Make it first, then look, then wait: no change between the two is lost."""
    return Changes(_ear())


def _ear() -> "_Ear":
    """The one of this process, on the present client."""
    global _listening
    with _starting:
        if _listening is None or not _listening.is_on(_client()):
            _listening = _Ear(_client())
            _listening.start()
        ear = _listening
    ear.ready.wait(_MOMENT_SECONDS)
    return ear


class _Ear(threading.Thread):
    """Listens for all pages of a process that wait: a subscription each would cost every one of
    them a connection and some milliseconds."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(name="changes", daemon=True)
        self._client = client
        self._pid = os.getpid()
        self._news = threading.Condition()
        self.count = 0
        self.ready = threading.Event()  # it listens, or has tried to
        self._is_deaf = True

    def is_on(self, client: redis.Redis) -> bool:
        return self._client is client and self._pid == os.getpid() and self.is_alive()

    def run(self) -> None:
        while _listening is self:
            try:
                self._listen()
            except Exception:  # noqa: BLE001 - without this thread no page would hear anything
                self._is_deaf = True
            self.ready.set()
            time.sleep(_MOMENT_SECONDS)

    def _listen(self) -> None:
        pubsub = self._client.pubsub()  # type: ignore[no-untyped-call]
        try:
            pubsub.subscribe(_CHANNEL)
            while _listening is self:
                if pubsub.get_message(timeout=_LISTEN_SECONDS) is None:
                    continue
                self._is_deaf = False
                with self._news:  # what came before the subscription may be news, too
                    self.count += 1
                    self._news.notify_all()
                self.ready.set()
        finally:
            with contextlib.suppress(redis.RedisError, OSError):
                pubsub.close()

    def wait(self, heard: int, seconds: float) -> int:
        """The count after the next change; deaf, it naps a moment, so that the caller looks."""
        with self._news:
            most = min(seconds, _MOMENT_SECONDS) if self._is_deaf else seconds
            self._news.wait_for(lambda: self.count != heard, most)
            return self.count
