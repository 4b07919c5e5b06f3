"""What the agent has in its environment, as far as this site gave it: which of these values were
set, changed or forgotten here since the live file was written. Names only leave this module.

The file tells nothing of it: in mode `env` it says the same before and after. So the values of now
are held beside those in the sealed copy of that moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from facio_site import sealing
from providers.spec.secret import Secret
from routing.config.edits import Current
from routing.config.export import Mode
from routing.config.plans import plan_back
from routing.config.schema import Refused
from routing.models import ConfigVersion
from routing.models.documents import Outlived
from routing.state import exported
from routing.state.store import pasted_version


@dataclass(frozen=True, slots=True)
class Renewal:
    """Names whose value in the agent's environment is not the one that is set here."""

    renew: tuple[str, ...] = ()  # set or changed here since
    drop: tuple[str, ...] = ()  # no longer set here, and read by the agent unasked
    since: int = 0  # the number of the version that they were held beside

    def __bool__(self) -> bool:
        return bool(self.renew or self.drop)


def renewal(env: Mapping[str, Secret], mode: Mode, last: ConfigVersion | None) -> Renewal:
    """`env` holds the values of now, of a file in this mode; `last` is our last write. Nothing is
    said where nobody knows what was set then."""
    since = last
    if last and last.mode != mode and mode is Mode.ENV:  # real keys told the environment nothing
        since = ConfigVersion.objects.written(mode) or last
    then = _set_then(since) if since else None
    if since is None or then is None:
        return Renewal()
    before, unasked = (exported(then, each).env for each in (mode, Mode.KEYS))
    return Renewal(
        renew=tuple(sorted(name for name, value in env.items() if before.get(name) != value)),
        drop=tuple(sorted(unasked.keys() - env.keys())),
        since=since.number,
    )


def _set_then(version: ConfigVersion) -> Current | None:
    try:
        return plan_back(pasted_version(version), Current()).after
    except (sealing.KeyMissing, sealing.Unreadable, Outlived, Refused, KeyError):
        return None
