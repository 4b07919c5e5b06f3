"""The provider that all sides call: the simulators in a process of their own, made fast and tame.

`python -m tests.bench.upstream DIR` writes DIR/ca.pem and DIR/hosts, prints its two ports, and ends
with SIGTERM. Whoever cannot be given a hosts file reaches a name as the first part of the path:
`https://127.0.0.1:PORT/llm.example.com/v1/models`. Long lists are packed once. On the plain port,
`/delay/KIND/MILLISECONDS` makes a kind slow.
"""

import signal
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path

from tests.simulators import Simulators
from tests.simulators.answers import Answer, as_text
from tests.simulators.wire import Request


class Upstream(Simulators):
    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self._lists: dict[tuple[str, str], Answer] = {}

    def _answer(self, sock: socket.socket, request: Request) -> Answer | None:
        if request.headers.get("host", "").startswith("127.0.0.1"):
            _, name, rest = request.target.split("/", 2)
            if name == "delay":
                kind, _, milliseconds = rest.partition("/")
                self.set_delay(kind, int(milliseconds) / 1000)
                return as_text(200, "ok")
            headers = {**request.headers, "host": name}
            request = replace(request, target=f"/{rest}", headers=headers)
        if "~huge" not in request.target:
            return super()._answer(sock, request)
        key = (request.headers["host"], request.target)
        if key not in self._lists and (answer := super()._answer(sock, request)):
            self._lists[key] = answer
        self.clear()
        return self._lists.get(key)


def main() -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Upstream(Path(sys.argv[1])) as running:
        sys.stdout.write(f"{running.tls_port} {running.plain_port}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
