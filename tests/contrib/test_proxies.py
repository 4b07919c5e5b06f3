"""The snippets for nginx and Caddy, run by both: what comes through, and the site behind them."""

import contextlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import (  # noqa: TID251 - to this machine
    HTTPRedirectHandler,
    Request,
    build_opener,
)

import pytest

from tests.contrib import proxies
from tests.contrib.proxies import NAME, Front
from tests.facio_site.run.start import environment
from tests.lanes import free_port
from tests.processes import ROOT, wait_for

pytestmark = [pytest.mark.alike, pytest.mark.battery]
Server = Callable[..., AbstractContextManager[Front]]


@pytest.fixture(params=[proxies.nginx, proxies.caddy], ids=["nginx", "caddy"])
def server(request: pytest.FixtureRequest) -> Server:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def front(server: Server, tmp_path: Path) -> Iterator[Front]:
    with proxies.echo() as port, server(tmp_path, port) as found:
        yield found


def seen(front: Front, path: str = "/", **headers: str) -> dict[str, str]:
    answer = front.ask(path, **headers)
    assert answer.status == 200, answer
    found: dict[str, str] = json.loads(answer.text)["headers"]
    return found


def test_the_site_is_told_the_visitor_the_scheme_and_the_host(front: Front) -> None:
    found = seen(front)
    assert found["host"].partition(":")[0] == NAME
    assert found["x-forwarded-for"] == "127.0.0.1"
    assert found["x-forwarded-proto"] == "https"


def test_what_a_visitor_claims_of_itself_goes_no_further(front: Front) -> None:
    found = seen(
        front,
        X_Forwarded_For="203.0.113.9, 10.0.0.1",
        X_Forwarded_Proto="http",
        X_Forwarded_Host="evil.example",
        Forwarded="for=203.0.113.9;host=evil.example",
    )
    assert found["x-forwarded-for"] == "127.0.0.1"
    assert found["x-forwarded-proto"] == "https"
    assert "evil.example" not in str(found)
    assert "203.0.113.9" not in str(found)


def test_two_megabytes_are_the_most(front: Front) -> None:
    assert json.loads(front.ask("/", "POST", b"x" * 1_900_000).text)["length"] == 1_900_000
    assert front.ask("/", "POST", b"x" * 2_200_000).status in (413, 502)


def test_plain_http_is_sent_to_https(front: Front) -> None:
    class Stay(HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    asked = Request(f"http://127.0.0.1:{front.http}/a?b=c", headers={"Host": NAME})
    with pytest.raises(HTTPError) as caught:
        build_opener(Stay).open(asked, timeout=10)
    with caught.value as answer:
        assert answer.code == 308
        assert re.fullmatch(rf"https://{NAME}(:{front.https})?/a\?b=c", answer.headers["Location"])


def test_a_query_is_not_logged(front: Front) -> None:
    seen(front, "/setup/?token=s3cret-4711", Cookie="session=s3cret-4712")
    wait_for(lambda: "/setup/" in front.log.read_text())
    log = front.log.read_text()
    assert "4711" not in log
    assert "4712" not in log


def test_one_web_server_of_two_may_be_away(server: Server, tmp_path: Path) -> None:
    with proxies.echo() as port, server(tmp_path, free_port(), port) as front:
        for _ in range(6):
            assert front.ask("/").status == 200


@contextlib.contextmanager
def site(state: Path) -> Iterator[int]:
    """The site itself, behind one proxy."""
    port = free_port()
    environ = environment(
        state, PORT=str(port), PUBLIC_URL=f"https://{NAME}", TRUSTED_PROXY_COUNT="1"
    )
    owner = [sys.executable, "manage.py", "create_owner", "--username", "olivia"]
    subprocess.run(
        [*owner, "--password-stdin"],
        input=b"right horse battery",
        cwd=ROOT,
        env=environ,
        check=True,
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "facio_site.up"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline().decode()
        assert first == f"Facio Settings is running at https://{NAME}\n", process.communicate()
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


@pytest.mark.parametrize(
    "server",
    [proxies.nginx, pytest.param(proxies.caddy, marks=pytest.mark.long)],
    indirect=True,
    ids=["nginx", "caddy"],
)
def test_somebody_signs_in_to_the_site_behind_it(server: Server, tmp_path: Path) -> None:
    """Its cookies are Secure and its forms are taken: scheme, host and origin are right."""
    folder = tmp_path / "front"
    folder.mkdir()
    with site(tmp_path / "state") as port, server(folder, port) as front:
        assert front.ask("/healthz").text == "ok\n"
        page = front.ask("/accounts/login/")
        assert page.status == 200
        assert "max-age=" in page.headers["Strict-Transport-Security"]
        cookie = next(line for line in page.cookies if line.startswith("__Host-csrf="))
        assert "Secure" in cookie
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "login": "nobody", "password": "wrong horse"}
        answer = front.ask(
            "/accounts/login/",
            "POST",
            urlencode(form),
            Content_Type="application/x-www-form-urlencoded",
            Cookie=cookie.partition(";")[0],
            Origin=f"https://{NAME}",
            Referer=f"https://{NAME}/accounts/login/",
        )
        assert answer.status == 422, answer.text[:300]
