"""`python -m tests.simulators --state DIR`: serves until SIGTERM or Ctrl-C."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.simulators.server import Simulators


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.simulators", description=__doc__)
    parser.add_argument(
        "--state", type=Path, required=True, help="folder for ca.pem and hosts; made when missing"
    )
    stop = threading.Event()
    state = parser.parse_args().state
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Simulators(state):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
