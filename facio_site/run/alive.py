"""`python -m facio_site.run.alive --web | --worker`: whether the part of this container lives.

For health checks that run inside of it: exit 0 or 1, and nothing said. A web server is asked on its
port, a worker looked for among the heartbeats, under this machine's name.
"""

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import closing

SECONDS = 3.0
HEARTBEAT = "facio:worker:"  # providers/broker.py writes them


def web_lives(port: int) -> bool:
    with closing(socket.socket()) as caller:
        caller.settimeout(SECONDS)
        caller.connect(("127.0.0.1", port))
        caller.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return caller.recv(64).split(b" ")[1:2] == [b"200"]


def worker_lives() -> bool:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "facio_site.settings")
    import redis
    from django.conf import settings

    broker = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=SECONDS, socket_connect_timeout=SECONDS
    )
    with closing(broker):
        own = f"{HEARTBEAT}worker-{socket.gethostname()}-*"
        return any(True for _ in broker.scan_iter(match=own, count=100))


def main(words: Sequence[str]) -> int:
    if list(words) not in (["--web"], ["--worker"]):
        return 2
    try:
        if list(words) == ["--web"]:
            return int(not web_lives(int(os.environ.get("PORT") or 8000)))
        return int(not worker_lives())
    except Exception:  # noqa: BLE001 - whatever it is, the part is not well
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
