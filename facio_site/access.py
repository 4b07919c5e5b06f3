"""Gunicorn's error log without queries: what stands behind `?` may be a set-up token."""

import logging


def cut_queries(record: logging.LogRecord) -> bool:
    """A log filter that keeps every record, and of each address in it the part before `?`."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            argument.partition("?")[0] if isinstance(argument, str) else argument
            for argument in record.args
        )
    return True
