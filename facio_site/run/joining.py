"""What a parent settles with the rest of its site before anything starts: that the database is
there and its tables are this version's, that all share one broker, and who has which keys.

Imported after `django.setup()`. It leaves no connection open, because its caller forks.
"""

import contextlib
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import OperationalError, connections
from django.db.utils import DatabaseError
from django.utils.module_loading import import_string

from facio_site import keys, schema, sealing, trouble
from facio_site.run.children import Bell, Refused, Stopped, say
from facio_site.sealing import site


def wait_for_database(bell: Bell) -> None:
    """Raises Refused, after a minute or where a newer release has been at work, and Stopped."""
    with _told():
        schema.wait(say, pauses(bell))
        with contextlib.suppress(DatabaseError):  # a damaged one is told by migrate
            schema.refuse_newer()


def wait_for_tables(bell: Bell) -> None:
    """For a part alone, which does not migrate. Raises Refused after a minute, and Stopped."""
    pause, give_up, is_told = pauses(bell), time.monotonic() + schema.WAIT_SECONDS, False
    with _told():
        while (found := _state()) is not schema.State.CURRENT:
            if found is schema.State.NEWER:
                raise Refused(schema.NEWER)
            if time.monotonic() > give_up:
                raise Refused(schema.RUN_MIGRATE)
            if not is_told:
                said = "is empty" if found is schema.State.EMPTY else "is not this version's yet"
                say(f"the database {said}: waiting for migrate_site, a minute at most")
                is_told = True
            pause(schema.LOOK_SECONDS)


def share_broker(bell: Bell) -> None:
    """Raises Refused where another site works on this database with another broker, Stopped."""
    with _told():
        import_string(settings.SHARE_BROKER)(say, pauses(bell))


def tell_keys() -> None:
    """Name the keys in the database where it does not, and say on the terminal what lacks here."""
    with _told():
        keys.settle()
        for sentence in keys.told():
            say(sentence)


def wait_for_keys(seconds: float = 2.0) -> None:
    """In a worker, before it is one: return once this machine has all keys that the site uses."""
    is_told = False
    while not _has_keys():
        is_told = True
        time.sleep(seconds)
    connections.close_all()
    if is_told:
        say("the master keys are here: the worker starts")


def when_keys_are_lost(end: Callable[[], object]) -> None:
    """In a worker: have it end when the site uses a key that this machine lacks."""

    def leave(**_words: object) -> None:
        with contextlib.suppress(DatabaseError, sealing.BadMasterKey):
            for sentence in keys.told():
                say(sentence)
        end()

    site.lost.connect(leave, weak=False)


def pauses(bell: Bell) -> Callable[[float], None]:
    """Waiting that a signal ends, by Stopped."""

    def pause(seconds: float) -> None:
        bell.wait(seconds)
        if bell.first is not None:
            raise Stopped

    return pause


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (schema.Refused, sealing.BadMasterKey) as refusal:
        raise Refused(str(refusal)) from None
    except OperationalError as error:
        said = trouble.SENTENCES[trouble.of_database(error) or trouble.AWAY]
        raise Refused(f"{schema.place()}: {said}") from None
    finally:
        connections.close_all()


def _state() -> schema.State | None:
    """None while the database is away again."""
    try:
        return schema.state()
    except OperationalError:
        return None


def _has_keys() -> bool:
    """Also true while nobody can be asked: whoever works then meets that by itself."""
    try:
        return bool(sealing.master_keys(now=True))
    except sealing.BadMasterKey:
        return False
    except DatabaseError:
        connections.close_all()
        return True
