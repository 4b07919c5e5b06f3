"""Two machines, each with a web server and a worker, behind the nginx of contrib/, which sends each
request to the next one. They share a PostgreSQL and a redis-server; the second machine's clock is
40 seconds ahead."""

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from html import unescape
from http.client import HTTPConnection  # noqa: TID251 - to this machine's own site
from pathlib import Path
from urllib.parse import urlencode

import pytest

from facio_site import sealing
from tests.contrib.proxies import NAME, Front, nginx
from tests.facio_site.run.machines import Part, Site, database, own_redis
from tests.lanes import free_port
from tests.processes import wait_for
from tests.simulators import Simulators
from tests.simulators.entries import KEYS, LOCAL, entered, local_fields

pytestmark = [pytest.mark.alike, pytest.mark.journey]

OWNER, PASSWORD = "olivia", "right horse battery staple"
AHEAD_SECONDS = 40
PAGES = (
    *("/", "/providers/", "/providers/groq/", "/catalog/", "/routing/", "/config/"),
    *("/config/export/", "/config/import/", "/config/versions/", "/providers/new/", "/health/"),
    *("/schedule/", "/alerts/", "/activity/", "/activity/tests/", "/accounts/"),
    *("/accounts/users/", "/accounts/sessions/", "/admin/providers/provider/"),
)
PENDING = "SELECT count(*) FROM providers_job WHERE status IN ('queued', 'running')"
RUNNING = "SELECT count(*) FROM providers_job WHERE status = 'running'"
SAVED = """
from providers.forms.patch import form_of
from providers.models import Provider

for name, fields in {given}.items():
    row = Provider.for_name(name)
    form = form_of(row, fields)
    assert form.is_valid(), form.errors
    form.apply(row)
    row.store()
"""
LIVED = """
from datetime import timedelta

from facio_site import clock
from routing.models import Alert, Span, Watch

now = clock.now()
Watch.objects.create(about="provider:vllm", every=60, due_at=now + timedelta(hours=1))
hour = now.replace(minute=0, second=0, microsecond=0)
Span.objects.create(about="provider:vllm", size=Span.HOUR, began_at=hour, good=3, times=[9] * 3)
Alert.objects.create(kind="fails", about="provider:vllm", params={"outcome": "timeout"}, mark="one")
"""
# What differs from one drawing to the next: tokens, ages, the moment of sending.
_MOVES = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"|<time[^>]*>[^<]*</time>|'
    r"X-CSRFToken[^}]*|\b\d+ (?:s|min|h)( ago)?\b|just now|"
    r'(?s:id="needed-system">.*?</a>)'  # who counts a clock of its own that is off
)


@dataclass
class Visitor:
    """A browser without a screen, and a way past nginx to each of the machines."""

    front: Front
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, path: str, fields: dict[str, str] | None = None) -> str:
        """By nginx; what is led on is followed."""
        method = "GET" if fields is None else "POST"
        answer = self.front.ask(path, method, self._body(fields), **self._headers())
        for cookie in answer.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status in (302, 303):
            return self.ask(answer.headers["Location"].removeprefix(f"https://{NAME}"))
        assert answer.status == 200, (path, answer.status, answer.text[:600])
        return answer.text

    def at(self, port: int, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """The same at one machine; nothing is followed."""
        headers = {name.replace("_", "-"): value for name, value in self._headers().items()}
        headers |= {"Host": NAME, "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
        caller = HTTPConnection("127.0.0.1", port, timeout=20)
        with contextlib.closing(caller):
            method = "GET" if fields is None else "POST"
            caller.request(method, path, self._body(fields) or None, headers)
            answer = caller.getresponse()
            return answer.status, answer.read().decode()

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"https://{NAME}"}
        return {"Cookie": cookies, "Referer": f"https://{NAME}/", **form}

    def _body(self, fields: dict[str, str] | None) -> str:
        if fields is None:
            return ""
        token = next(value for name, value in self.cookies.items() if "csrf" in name)
        return urlencode({"csrfmiddlewaretoken": token, **fields})


@dataclass
class Machines:
    site: Site
    visitor: Visitor
    ports: list[int]  # of the web servers
    webs: list[Part]
    workers: list[Part]
    simulators: Simulators

    def is_idle(self) -> bool:
        return bool(self.site.rows(PENDING) == [(0,)])


def clock_ahead() -> dict[str, str]:
    """What sets the clock of a process ahead: ahead/sitecustomize.py."""
    return {
        "PYTHONPATH": str(Path(__file__).with_name("ahead")),
        "AHEAD_SECONDS": str(AHEAD_SECONDS),
    }


def ready(port: int) -> dict[str, bool]:
    try:
        caller = HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.closing(caller):
            caller.request("GET", "/readyz")
            found: dict[str, bool] = json.loads(caller.getresponse().read())
            return found
    except OSError:
        return {"answers": False}


@pytest.fixture(scope="module")
def machines(
    postgres_server: str,
    simulators: Simulators,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Machines]:
    folder, ports = tmp_path_factory.mktemp("machines"), [free_port(), free_port()]
    (folder / "nginx").mkdir()
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(own_redis())
        url = stack.enter_context(database(postgres_server))
        site = Site(folder, url, broker, simulators=simulators)
        stack.callback(site.stop)
        front = stack.enter_context(nginx(folder / "nginx", *ports))
        site.common |= {
            "PUBLIC_URL": f"https://{NAME}",
            "TRUSTED_PROXY_COUNT": "1",
            "TESTS_PER_MINUTE": "1000",
        }
        made = site.manage("create_owner", "--username", OWNER, "--password-stdin", given=PASSWORD)
        assert made.returncode == 0, made.stderr
        ahead = clock_ahead()
        webs = [
            site.start("--web", state="one", PORT=str(ports[0])),
            site.start("--web", state="two", PORT=str(ports[1]), **ahead),
        ]
        workers = [
            site.start("--worker", state="one"),
            site.start("--worker", state="two", **ahead),
        ]
        wait_for(lambda: all(all(ready(port).values()) for port in ports), seconds=180)
        wait_for(lambda: site.workers() == 2, seconds=30)
        visitor = Visitor(front)
        visitor.ask("/accounts/login/")
        visitor.ask("/accounts/login/", {"login": OWNER, "password": PASSWORD})
        yield Machines(site, visitor, ports, webs, workers, simulators)


def test_who_signs_in_at_one_is_signed_in_at_both(machines: Machines) -> None:
    for port in machines.ports:
        status, html = machines.visitor.at(port, "/providers/")
        assert status == 200
        assert "data-kind" in html


def test_what_is_saved_at_one_is_read_at_the_other(machines: Machines) -> None:
    for here, there in (machines.ports, machines.ports[::-1]):
        base = f"https://llm.example.com/v1/{here}"
        status, page = machines.visitor.at(here, "/providers/vllm/")
        assert status == 200
        kept = dict(re.findall(r'<input type="hidden" name="(version|seen)" value="([^"]*)"', page))
        fields = {name: unescape(value) for name, value in kept.items()}
        status, _page = machines.visitor.at(
            here, "/providers/vllm/", {**fields, "api_base": base, "save": ""}
        )
        assert status in (200, 302)
        assert base in machines.visitor.at(there, "/providers/vllm/")[1]


def test_every_page_is_the_same_at_both(machines: Machines) -> None:
    machines.site.python(LIVED)
    for path in PAGES:
        one, other = (machines.visitor.at(port, path) for port in machines.ports)
        assert one[0] == other[0] == 200
        texts = [_MOVES.sub("", text[1]).splitlines() for text in (one, other)]
        lines = [[line.strip() for line in text if line.strip()] for text in texts]
        diff = list(unified_diff(*lines, "one", "other", lineterm="", n=0))[2:]
        gone, come = ([line for line in diff if line.startswith(sign)] for sign in "-+")
        if path != "/":
            assert (gone, come) == ([], []), path
            continue
        # The machine whose clock is off says so there: one more line that needs attention.
        assert [line for line in gone if "tile-value" not in line] == []
        assert sum("<li " in line for line in come) == 1, come
        assert "ahead of the database" in " ".join(come)


def test_the_worker_whose_clock_is_off_is_told_at_both(machines: Machines) -> None:
    def told(port: int) -> bool:
        page = machines.visitor.at(port, "/")[1].rpartition("Clock of a worker")[2]
        return f"{AHEAD_SECONDS} s ahead of the database" in unescape(page[:600])

    for port in machines.ports:
        wait_for(lambda port=port: told(port))


def test_a_test_is_cancelled_from_the_other_machine(machines: Machines) -> None:
    site, visitor = machines.site, machines.visitor
    set_up(site, "groq")
    for here, there in (machines.ports, machines.ports[::-1]):
        machines.simulators.set_delay("groq", 20)
        assert visitor.at(here, "/providers/groq/check/", {})[0] in (200, 302)
        wait_for(lambda: site.rows(RUNNING) == [(1,)])
        assert visitor.at(there, "/providers/groq/cancel/check/", {})[0] in (200, 302)
        assert machines.is_idle()
        machines.simulators.set_delay("groq", 0)
        visitor.at(here, "/providers/groq/check/", {})
        wait_for(machines.is_idle)
        newest = "SELECT outcome FROM providers_job ORDER BY created_at DESC LIMIT 2"
        assert site.rows(newest) == [("ok",), ("cancelled",)]


def test_a_machine_with_another_key_takes_nothing(machines: Machines) -> None:
    site, port = machines.site, free_port()
    stranger = {"MASTER_KEYS": sealing.new_master_key(), "state": "three"}
    site.start("--web", PORT=str(port), **stranger)
    worker = site.start("--worker", **stranger)
    wait_for(lambda: "answers" not in ready(port), seconds=60)
    assert ready(port)["keys"] is False
    wait_for(lambda: "lacks" in worker.said() or "lock" in worker.said(), seconds=60)
    for _ in range(8):
        machines.visitor.ask("/providers/groq/check/", {})
        wait_for(machines.is_idle)
        newest = "SELECT outcome FROM providers_job ORDER BY created_at DESC LIMIT 1"
        assert site.rows(newest) == [("ok",)]
    assert site.workers() == 2


def test_forty_tests_while_a_web_server_and_a_worker_are_killed(machines: Machines) -> None:
    """None is lost, and none ends in a word that is not true: only what the killed worker was
    calling has no answer."""
    site, visitor = machines.site, machines.visitor
    set_up(site, *KEYS)
    for kind in KEYS:
        machines.simulators.set_delay(kind, 1.0)
    before = count(site)
    visitor.ask("/providers/check/", {})
    wait_for(lambda: site.rows(RUNNING)[0][0] >= len(KEYS) // 2)
    dead = {row[0] for row in site.rows("SELECT DISTINCT worker FROM providers_job")} - {""}
    machines.webs[1].kill()
    machines.workers[1].kill()
    at_work = site.rows("SELECT id, worker FROM providers_job WHERE status = 'running'")
    assert visitor.ask("/providers/")
    wait_for(machines.is_idle, seconds=90)
    wait_for(lambda: site.workers() == 1, seconds=60)
    alive = site.living()
    lost = {pk for pk, worker in at_work if worker not in alive}
    assert dead - alive
    visitor.ask("/providers/check/", {})
    wait_for(machines.is_idle, seconds=90)
    newest = f"ORDER BY created_at DESC LIMIT {count(site) - before}"
    ended = site.rows(f"SELECT id, outcome FROM providers_job {newest}")
    assert len(ended) == 2 * len(KEYS) >= 40
    for pk, outcome in ended:
        assert outcome == ("no_answer" if pk in lost else "ok"), (pk, outcome)
    for kind in KEYS:
        machines.simulators.set_delay(kind, 0)


def set_up(site: Site, *kinds: str) -> None:
    given = {kind: local_fields(kind) if kind in LOCAL else entered(kind) for kind in kinds}
    site.python(SAVED.format(given=given))


def count(site: Site) -> int:
    return int(site.rows("SELECT count(*) FROM providers_job")[0][0])
