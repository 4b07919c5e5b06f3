"""Kills writers of one file with SIGKILL, again and again, and prints what each kill left behind.

Run as `python -m tests.routing.agents.killed_writer FOLDER COUNT`; one JSON line a kill.
"""

import json
import os
import random
import signal
import stat
import sys
import time
from pathlib import Path

from routing.agents.file import digest_of, read_live
from routing.agents.replacing import TEMP_PREFIX, Known, sweep, write_live

FOLDER, COUNT = Path(sys.argv[1]), int(sys.argv[2])
TARGET = FOLDER / "config.json"


def text(letter: str) -> str:
    return json.dumps({"providers": {"openai": {"apiKey": letter * 40_000}}}) + "\n"


KNOWN = Known(frozenset(digest_of(text(letter)) for letter in "AB"))


def write_for_ever() -> None:
    while True:
        for letter in "AB":
            old = read_live(TARGET)
            write_live(TARGET, text(letter), expected=old.digest if old else None, known=KNOWN)


def report() -> dict[str, object]:
    left = [path for path in FOLDER.iterdir() if path.name.startswith(TEMP_PREFIX)]
    found = TARGET.read_text()
    return {
        "is_whole": found in (text("A"), text("B")),
        "modes": sorted({oct(stat.S_IMODE(path.stat().st_mode)) for path in FOLDER.iterdir()}),
        "left": len(left),
        "swept": sweep(TARGET),
        "names": sorted(path.name for path in FOLDER.iterdir()),
    }


write_live(TARGET, text("A"), expected=None)
write_live(TARGET, text("B"), expected=read_live(TARGET).digest)  # type: ignore[union-attr]
for _ in range(COUNT):
    writer = os.fork()
    if writer == 0:
        write_for_ever()
    time.sleep(random.uniform(0.002, 0.04))
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    print(json.dumps(report()), flush=True)  # noqa: T201
