"""The door: what is sent, what is a reply, and what is said of neither."""

import ast
import json
import logging

import pytest

from providers.http import NOT_JSON, Door, Request
from providers.spec.outcomes import Failed, Outcome
from providers.spec.secret import Secret
from tests.processes import ROOT
from tests.providers.http.servers import always, answer, head_of, serve


def test_s1_no_other_module_imports_what_opens_connections():
    openers = {"httpx", "httpcore", "h11", "requests", "aiohttp", "urllib3", "http.client"}
    openers |= {"urllib.request", "websockets", "botocore", "ftplib", "smtplib", "telnetlib"}
    guilty = set()
    for package in ("providers", "routing", "facio_site"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                imported = set()
                if isinstance(node, ast.Import):
                    imported = {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported = {node.module}
                if openers & imported:
                    guilty.add(file.relative_to(ROOT).as_posix())
    start_up = {"facio_site/run/up.py"}  # they only wait for our own port
    mail = {"routing/watch/alerts/mail.py"}  # Django's own way to the operator's mail server
    assert {
        file for file in guilty - start_up - mail if not file.startswith("providers/http/")
    } == set()
    assert "providers/http/door.py" in guilty


def test_a_get_sends_only_our_own_headers(fetch):
    with serve(always(answer(b'{"data": []}'))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/v1/models?limit=5")
    assert (reply.status, reply.data, reply.is_json) == (200, {"data": []}, True)
    assert reply.headers["content-length"] == "12"
    assert reply.text == '{"data": []}'
    assert reply.ms >= 0
    assert server.requests[0].startswith(b"GET /v1/models?limit=5 HTTP/1.1\r\n")
    assert head_of(server.requests[0]) == {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": "Facio-Settings",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, identity",
    }


def test_a_post_sends_json_and_reveals_secrets(fetch):
    with serve(always(answer())) as server:
        fetch(
            f"http://127.0.0.1:{server.port}/chat",
            method="POST",
            headers={
                "Authorization": Secret("Bearer sk-1"),
                "user-agent": "mine",
                "X-Title": "a b",
            },
            json={"model": "ü", "n": 1},
        )
    head = head_of(server.requests[0])
    body = server.requests[0].partition(b"\r\n\r\n")[2]
    assert body == b'{"model":"\\u00fc","n":1}'
    assert head["Content-Type"] == "application/json"
    assert head["Content-Length"] == str(len(body))
    assert head["Authorization"] == "Bearer sk-1"
    assert head["X-Title"] == "a b"
    assert head["user-agent"] == "mine"
    assert "User-Agent" not in head


def test_a_post_without_a_body_says_so(fetch):
    with serve(always(answer())) as server:
        fetch(f"http://127.0.0.1:{server.port}/x", method="POST")
    assert head_of(server.requests[0])["Content-Length"] == "0"


@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 403, 404, 429, 500, 529, 599])
def test_any_status_is_a_reply(fetch, status):
    body = b"" if status == 204 else b'{"error": {"code": "x"}}'
    with serve(always(answer(body, status=f"{status} Whatever"))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert reply.status == status
    assert reply.is_json is (status != 204)


def test_a_long_text_is_cut_but_read_whole(fetch):
    with serve(always(answer(json.dumps(["x" * 100_000]).encode()))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert len(reply.text) == 64_000
    assert len(reply.data[0]) == 100_000


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/x", "http://[", "//\\", "\xff", ""])
def test_s5_a_redirect_is_a_reply_and_not_followed(fetch, status, location):
    location = location.format(port=1)
    data = answer(b"{}", status=f"{status} Moved", headers=(f"Location: {location}",))
    with serve(always(data)) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/", headers={"X-Api-Key": Secret("k")})
    assert reply.status == status
    assert reply.data is NOT_JSON
    assert server.accepted == len(server.requests) == 1


def test_a_cookie_is_not_sent_back(loopback):
    data = answer(headers=("Set-Cookie: session=1; Path=/",))
    with serve(always(data)) as server, Door(loopback, seconds=10) as door:
        for _ in range(2):
            door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
    assert "Cookie" not in head_of(server.requests[1])


@pytest.mark.parametrize(
    "value", ["sk-secret\n", "sk-secret\r\nX: 1", "sk-“secret”", " sk-secret", "sk-secret\x00"]
)
def test_s10_an_unsendable_key_is_a_bad_key_and_appears_nowhere(fetch, caplog, value):
    caplog.set_level(logging.DEBUG)
    with serve(always(answer())) as server, pytest.raises(Failed) as caught:
        fetch(f"http://127.0.0.1:{server.port}/", headers={"Authorization": Secret(value)})
    verdict = caught.value.verdict
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_KEY, "unsendable")
    assert verdict.params == {"header": "Authorization"}
    assert server.accepted == 0
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in repr(error) + str(error)
        error = error.__cause__ or error.__context__
    assert "secret" not in caplog.text


@pytest.mark.parametrize("name", ["Host", "Cookie", "X-Forwarded-For", "X\r\nY", "Origin"])
def test_s10_a_forbidden_header_never_leaves(verdict_of, name):
    with serve(always(answer())) as server:
        verdict = verdict_of(f"http://127.0.0.1:{server.port}/", headers={name: "x"})
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, "bad_header")
    assert server.accepted == 0


@pytest.mark.parametrize("value", [float("nan"), [[]]])
def test_a_body_that_is_no_json_is_a_bad_request(verdict_of, value):
    if value == [[]]:
        value[0].append(value)  # it holds itself
    verdict = verdict_of("http://127.0.0.1:9/", method="POST", json={"x": value})
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, "unsendable")


def test_an_unknown_fault_is_an_internal_error_with_a_reference_and_no_values(
    fetch, caplog, monkeypatch
):
    def broken(*_):
        raise RuntimeError("hunter2 stands in the text of a fault")

    monkeypatch.setattr("providers.http.door.parse_json", broken)
    with serve(always(answer())) as server, pytest.raises(Failed) as caught:
        fetch(f"http://127.0.0.1:{server.port}/", headers={"X-Key": Secret("hunter2")})
    verdict = caught.value.verdict
    assert verdict.outcome is Outcome.INTERNAL_ERROR
    assert len(verdict.params["reference"]) == 8
    assert verdict.params["reference"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_s28_the_http_library_logs_nothing_of_an_exchange(fetch, caplog):
    logging.getLogger().setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    with serve(always(answer(headers=("X-Echo: hunter2",)))) as server:
        fetch(f"http://127.0.0.1:{server.port}/?q=hunter2", headers={"X-Key": Secret("hunter2")})
    assert "hunter2" not in caplog.text


def test_a_record_does_not_print_what_it_carries(fetch):
    request = Request(url="http://127.0.0.1/", headers={"X-Key": "hunter2"}, json={"k": "hunter2"})
    with serve(always(answer(b'"hunter2"', headers=("X-Echo: hunter2",)))) as server:
        reply = fetch(f"http://127.0.0.1:{server.port}/")
    assert "hunter2" not in repr(request) + repr(reply)
    assert reply.data == "hunter2"
