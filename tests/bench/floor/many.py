"""Starts the task TASKS times at once, twice; prints how many seconds the second time took.

`python -m tests.bench.floor.many TASKS WORKERS`; all of these must be there first.
"""

import sys
import time

import django

from tests.bench.floor.seed import ROWS

STARTS_WITHIN = 60.0


def main(tasks: int, workers: int) -> int:
    django.setup()
    from tests.bench.floor.celery import app, call, client

    until = time.monotonic() + STARTS_WITHIN
    while len(app.control.ping(timeout=0.5)) < workers:
        if time.monotonic() > until:
            return 1
    rows = [1 + number % ROWS for number in range(tasks)]
    for _time in ("not counted: threads connect to the database", "counted"):
        begin = time.perf_counter()
        for row_id in rows:
            call.delay(row_id)
        for row_id in rows:
            if client.blpop([f"row:{row_id}"], 60) is None:
                return 1
        seconds = time.perf_counter() - begin
    sys.stdout.write(f"{seconds}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
