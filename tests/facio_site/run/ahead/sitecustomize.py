"""Loaded by a Python with this folder in PYTHONPATH: its clock is AHEAD_SECONDS off.

Everything of ours and of the libraries takes the time of day from these two places; what measures
how long something takes has another clock, as on a real machine.
"""

import datetime
import os
import time

_OFF = float(os.environ["AHEAD_SECONDS"])
_time, _datetime = time.time, datetime.datetime


class _Kind(type(_datetime)):  # type: ignore[misc]
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _datetime)


class _Ahead(_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return _datetime.now(tz) + datetime.timedelta(seconds=_OFF)

    @classmethod
    def utcnow(cls) -> datetime.datetime:
        return _datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=_OFF)


time.time = lambda: _time() + _OFF
datetime.datetime = _Ahead  # type: ignore[misc]
