"""A plain HTTP client for this machine's own servers: a connection a request, timed without it.

Sends what a browser would send (Accept-Encoding, cookies), so that no side is spared its packing.
"""

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException  # noqa: TID251 - loopback only
from urllib.parse import urlencode, urlsplit

CSRF = "benchmarkbenchmarkbenchmarkbench"  # of cookie and form, which Django compares
TIMEOUT = 120.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true"}


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    sent: int  # bytes of the body as they came over the wire
    ms: float  # from the first byte sent to the last one read

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Client:
    """Speaks to one side. `headers` go with every request."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, fields: Mapping[str, str] = {}, **headers: str) -> Answer:
        """A form with Django's token, the way htmx sends it."""
        body = urlencode({**fields, "csrfmiddlewaretoken": CSRF})
        return self._ask("POST", path, body, {**_FORM, **headers})

    def _ask(self, method: str, path: str, body: str | None, more: Mapping[str, str]) -> Answer:
        place = urlsplit(self.url)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=TIMEOUT)
        try:
            connection.connect()
            begin = time.perf_counter()
            headers = {"Accept-Encoding": "gzip", **self.headers, **more}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            raw = answer.read()
            ms = (time.perf_counter() - begin) * 1000
        finally:
            connection.close()
        content = unpacked(raw, answer.getheader("Content-Encoding"))
        return Answer(answer.status, content, len(raw), ms)

    def page(self, path: str) -> float:
        """Milliseconds for a page. Raises RuntimeError for anything but a 200."""
        answer = self.get(path)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return answer.ms


def unpacked(raw: bytes, encoding: str | None) -> bytes:
    if encoding != "gzip":
        return raw
    import gzip

    return gzip.decompress(raw)


def signed_in(url: str, session: str) -> Client:
    """A Django side with the session that was made beforehand."""
    cookies = {"session": session, "sessionid": session, "csrf": CSRF, "csrftoken": CSRF}
    return Client(url, {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())})


def first_answer(client: Client, path: str, *, seconds: float) -> float:
    """time.perf_counter() at the end of the first 200. Raises TimeoutError."""
    give_up = time.perf_counter() + seconds
    while time.perf_counter() < give_up:
        try:
            if client.get(path).status == 200:
                return time.perf_counter()
        except (OSError, HTTPException):
            pass
        time.sleep(0.005)
    raise TimeoutError(f"no 200 for {path} within {seconds} s")


def per_second(client: Client, path: str, *, clients: int, seconds: float) -> float:
    """Requests a second that so many clients get done at the same time."""
    end = time.perf_counter() + seconds

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < end:
            client.page(path)
            done += 1
        return done

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        total = sum(pool.map(work, range(clients)))
    return total / (time.perf_counter() - begin)


def awaited(client: Client, start: str, fields: Mapping[str, str]) -> tuple[float, str]:
    """Press a button and wait for its result as the page does; (milliseconds, the last part).

    Raises RuntimeError when nothing was started.
    """
    begin = time.perf_counter()
    part = client.post(start, fields).text
    while watched := re.findall(r'name="w" value="([^"]+)"', part):
        answer = client.get("/live/?" + urlencode([("w", one) for one in watched]))
        part = answer.text or part
    if 'data-state="done"' not in part:
        raise RuntimeError(f"{start} did not end in a result: {part[:300]}")
    return (time.perf_counter() - begin) * 1000, part
