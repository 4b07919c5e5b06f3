import ast
import json
import logging
import ssl
import threading
import time
from pathlib import Path

import pytest

from providers.http import (
    NOT_JSON,
    Door,
    Policy,
    Request,
    parse_hosts,
    resolver,
    tls,
    tls_context,
)
from providers.outcomes import Failed, Outcome
from providers.secret import Secret
from tests.providers.http.servers import always, answer, drip, hang, once, serve

ROOT = Path(__file__).parents[3]


def head_of(raw: bytes) -> dict[str, str]:
    lines = raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


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
    start_up = {"facio_site/launch.py", "facio_site/up.py"}  # they only wait for our own port
    assert {file for file in guilty - start_up if not file.startswith("providers/http/")} == set()
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


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "https://a@b", "nonsense", "ftp://a"])
def test_a_bad_url_ends_on_the_first_rung(verdict_of, rungs, url):
    verdict = verdict_of(url, observe=rungs)
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_ENDPOINT, "bad_url")
    assert verdict.params["code"] in {"port", "user_info", "scheme"}
    assert rungs == [("address", "bad_endpoint", "bad_url")]


def test_the_rungs_of_a_name_are_told_once_and_kept_connections_are_silent(names, rungs, authority):
    names["api.example"] = ["127.0.0.1"]
    context = authority.context("api.example")
    with serve(always(answer()), tls=context) as server:
        url = f"https://api.example:{server.port}/"
        policy = Policy.parse(f"api.example:{server.port}")
        with Door(policy, seconds=10, ca_file=str(authority.file), observe=rungs) as door:
            door.send(Request(url=url))
            told = list(rungs)
            door.send(Request(url=url))
    assert told == [
        ("address", "ok", ""),
        ("dns", "ok", ""),
        ("connect", "ok", ""),
        ("tls", "ok", ""),
    ]
    assert rungs == told
    assert server.accepted == 1


def test_a_plain_connection_to_an_address_has_no_tls_rung(fetch, rungs):
    with serve(always(answer())) as server:
        fetch(f"http://127.0.0.1:{server.port}/", observe=rungs)
    assert rungs == [("address", "ok", ""), ("dns", "ok", "literal"), ("connect", "ok", "")]


def test_an_unknown_name_is_told(verdict_of, rungs, names):
    verdict = verdict_of("http://nowhere.example:8000/", observe=rungs)
    assert (verdict.outcome, verdict.detail) == (Outcome.DNS_ERROR, "not_found")
    assert rungs == [("address", "ok", "unresolved"), ("dns", "dns_error", "not_found")]


def test_s3_the_checked_address_is_dialled_and_the_name_is_kept(names, fetch, authority):
    names["api.example"] = ["127.0.0.1"]
    with serve(always(answer()), tls=authority.context("api.example")) as server:
        policy = Policy.parse(f"api.example:{server.port}")
        fetch(f"https://api.example:{server.port}/", policy=policy, ca_file=str(authority.file))
    assert head_of(server.requests[0])["Host"] == f"api.example:{server.port}"


def test_s3_a_name_that_answers_otherwise_the_second_time_gains_nothing(monkeypatch, loopback):
    """DNS rebinding: the address that was judged is the one that is dialled."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    asked = []

    def lookup(host):
        asked.append(host)
        return next(answers)

    monkeypatch.setattr(resolver, "lookup", lookup)
    with serve(once(answer())) as server, Door(loopback, seconds=10) as door:
        request = Request(url=f"http://rebind.example:{server.port}/")
        assert door.send(request).status == 200
        assert asked == ["rebind.example"]
        server.stop()
        with pytest.raises(Failed) as caught:
            door.send(request)
    assert caught.value.verdict.outcome is Outcome.BLOCKED_ADDRESS
    assert caught.value.verdict.detail == "never"
    assert server.accepted == 1


@pytest.mark.parametrize("forbidden", ["169.254.169.254", "10.0.0.1", "::ffff:10.0.0.1"])
def test_s3_two_answers_of_which_one_is_forbidden_are_refused(names, verdict_of, rungs, forbidden):
    with serve(always(answer())) as server:
        names["mixed.example"] = ["127.0.0.1", forbidden]
        verdict = verdict_of(f"http://mixed.example:{server.port}/", observe=rungs)
    assert verdict.outcome is Outcome.BLOCKED_ADDRESS
    assert rungs == [("address", "blocked_address", verdict.detail)]
    assert server.accepted == 0


@pytest.mark.parametrize(
    ("host", "allow"),
    [("127.0.0.1", "private"), ("canary.example", "private"), ("[::ffff:127.0.0.1]", "private")],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_s14_a_forbidden_target_costs_no_packet(names, verdict_of, host, allow, scheme):
    names["canary.example"] = ["127.0.0.1"]
    with serve(always(answer())) as server:
        url = f"{scheme}://{host}:{server.port}/"
        refused = verdict_of(url, policy=Policy.parse(allow))
        open_port = server.port
    closed = verdict_of(f"{scheme}://{host}:1/", policy=Policy.parse(allow))
    assert server.accepted == 0
    assert (refused.outcome, refused.detail) == (Outcome.BLOCKED_ADDRESS, "loopback")
    assert (closed.outcome, closed.detail) == (refused.outcome, refused.detail)
    assert refused.params["token"] == f"{host}:{open_port}"


def test_s14_an_own_port_costs_no_packet(verdict_of):
    with serve(always(answer())) as server:
        policy = Policy.parse("loopback", own_ports={server.port})
        verdict = verdict_of(f"http://127.0.0.1:{server.port}/", policy=policy)
    assert (verdict.detail, verdict.params["token"], server.accepted) == ("own_port", "", 0)


def test_the_hosts_file_redirects_the_connection_and_nothing_else(names, fetch, rungs, authority):
    with serve(always(answer()), tls=authority.context("api.openai.com")) as server:
        hosts = parse_hosts(f"api.openai.com:443 127.0.0.1:{server.port}")
        fetch(
            "https://api.openai.com/v1/models",
            policy=Policy.parse("", hosts=hosts),
            ca_file=str(authority.file),
            observe=rungs,
        )
    assert head_of(server.requests[0])["Host"] == "api.openai.com"
    assert ("dns", "ok", "hosts_file") in rungs
    assert ("tls", "ok", "") in rungs


def test_s6_the_environment_has_no_say(monkeypatch, tmp_path, fetch):
    keys = tmp_path / "keys.log"
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("SSLKEYLOGFILE", str(keys))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    for name in (
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    context = tls._build.__wrapped__(None)
    assert context.keylog_filename is None
    assert len(context.get_ca_certs()) > 50
    with serve(always(answer())) as server:
        assert fetch(f"http://127.0.0.1:{server.port}/").status == 200
    assert "Authorization" not in head_of(server.requests[0])
    assert not keys.exists()


def test_s12_tls_is_always_verified_and_the_operators_file_comes_on_top(authority, tmp_path):
    plain, extended = tls_context(), tls_context(str(authority.file))
    for context in (plain, extended):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname is True
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert len(extended.get_ca_certs()) == len(plain.get_ca_certs()) + 1
    assert tls_context(str(authority.file)) is extended
    (tmp_path / "bad.pem").write_text("nonsense")
    for file in ("bad.pem", "missing.pem"):
        with pytest.raises(ValueError, match=r"OUTBOUND_CA_FILE .* cannot be read"):
            tls_context(str(tmp_path / file))


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


def test_the_deadline_is_of_the_door_and_not_of_each_request(loopback):
    with serve(always(answer())) as server, Door(loopback, seconds=0.4) as door:
        request = Request(url=f"http://127.0.0.1:{server.port}/")
        door.send(request)
        time.sleep(0.5)
        with pytest.raises(Failed) as caught:
            door.send(request)
    assert caught.value.verdict.outcome is Outcome.TIMEOUT
    assert len(server.requests) == 1


@pytest.mark.parametrize("script", [hang(), hang(b"HTTP/1.1 200 OK\r\n"), drip()])
@pytest.mark.parametrize("is_tls", [False, True])
def test_s13_a_call_that_waits_ends_when_somebody_hangs_up(names, authority, script, is_tls):
    names["api.example"] = ["127.0.0.1"]
    policy = Policy.parse("loopback")
    context = authority.context("api.example") if is_tls else None
    with serve(script, tls=context) as server:
        url = f"http{'s' if is_tls else ''}://api.example:{server.port}/"
        policy = Policy.parse(f"api.example:{server.port},loopback")
        with Door(policy, seconds=30, ca_file=str(authority.file)) as door:

            def hang_up():
                while not server.requests:
                    time.sleep(0.01)
                door.hang_up()

            threading.Thread(target=hang_up).start()
            began = time.monotonic()
            with pytest.raises(Failed):
                door.send(Request(url=url))
            assert time.monotonic() - began < 5
            with pytest.raises(Failed):
                door.send(Request(url=url))
        assert len(server.requests) == 1


def test_the_clock_of_a_door_starts_with_the_first_request(loopback):
    with serve(always(answer())) as server, Door(loopback, seconds=2) as door:
        time.sleep(0.3)
        began = time.monotonic()
        door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
        assert door._deadline is not None
        assert door._deadline - began > 1.9


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(loopback):
    with serve(once(answer())) as server, Door(loopback, seconds=10) as door:
        for _ in range(3):
            assert door.send(Request(url=f"http://127.0.0.1:{server.port}/")).status == 200
    assert server.accepted == 3


def test_a_kept_connection_that_closes_on_the_next_request_is_tried_once_more(loopback):
    def script(call):
        call.request()
        call.send(answer())
        if call.server.accepted < 3:
            call.request()  # and gone without a word

    with serve(script) as server, Door(loopback, seconds=10) as door:
        request = Request(url=f"http://127.0.0.1:{server.port}/")
        assert [door.send(request).status for _ in range(2)] == [200, 200]
        assert server.accepted == 2
        with pytest.raises(Failed) as caught:
            door.send(Request(url=request.url, method="POST", json={}))
    assert caught.value.verdict.detail == "closed"  # a POST may have been carried out


def test_one_door_serves_several_threads_at_once(loopback):
    barrier = threading.Barrier(4, timeout=10)

    def script(call):
        while raw := call.request():
            barrier.wait()
            call.send(answer(json.dumps(raw.split(b" ")[1].decode()).encode()))

    results = {}
    with serve(script) as server, Door(loopback, seconds=20) as door:

        def ask(number):
            reply = door.send(Request(url=f"http://127.0.0.1:{server.port}/{number}"))
            results[number] = reply.data

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {number: f"/{number}" for number in range(4)}


def test_a_warm_door_costs_well_under_a_millisecond(loopback):
    with Door(loopback, seconds=1):
        pass
    began = time.perf_counter()
    for _ in range(200):
        with Door(loopback, seconds=1):
            pass
    assert (time.perf_counter() - began) / 200 < 0.001


def test_connections_are_closed_with_the_door(loopback):
    closed = threading.Event()

    def script(call):
        while call.request():
            call.send(answer())
        closed.set()

    with serve(script) as server:
        with Door(loopback, seconds=10) as door:
            door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
            assert not closed.is_set()
        assert closed.wait(5)
