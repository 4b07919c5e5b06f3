"""Whether this process has the keys to do jobs; without, it is no worker."""

from django.db import DatabaseError, close_old_connections

from facio_site import sealing
from facio_site.sealing import site
from providers.models import Job
from providers.spec.outcomes import Outcome

_had_keys = True


def has_keys() -> bool:
    """The last answer while the database is away. Sends `site.lost` when they are lost."""
    global _had_keys
    try:
        has = bool(sealing.master_keys())
    except sealing.BadMasterKey:
        has = False
    except DatabaseError:
        return _had_keys
    finally:
        close_old_connections()
    had, _had_keys = _had_keys, has
    if had and not has:
        site.lost.send(sender=None)
    return has


def is_locked(job: Job) -> bool:
    """Whether this machine cannot open what the site has sealed, which ends the job."""
    if sealing.master_keys(now=True):
        return False
    job.give_up(Outcome.NO_KEY)  # another machine may be at it
    return True
