"""Where a call goes: rungs, the address that was judged, TLS, no environment, faults on the way."""

import errno
import socket
import ssl
import time

import pytest

from providers.http import Door, Policy, Request, network, parse_hosts, resolver, tls, tls_context
from providers.spec.outcomes import Failed, Outcome
from tests.providers.http.servers import always, answer, head_of, once, serve


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


def test_a_closed_port_is_refused(verdict_of, rungs):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    verdict = verdict_of(f"http://127.0.0.1:{port}/", observe=rungs)
    assert (verdict.outcome.value, verdict.detail) == ("unreachable", "refused")
    assert rungs[-1] == ("connect", "unreachable", "refused")


def test_a_full_backlog_is_a_timeout(verdict_of, rungs):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = []
        try:
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(address)
                fillers.append(filler)
            time.sleep(0.1)
            verdict = verdict_of(f"http://127.0.0.1:{address[1]}/", seconds=0.3, observe=rungs)
        finally:
            for filler in fillers:
                filler.close()
    assert (verdict.outcome.value, verdict.detail) == ("timeout", "connect")
    assert rungs[-1] == ("connect", "timeout", "connect")


@pytest.mark.parametrize(
    ("errors", "outcome", "detail"),
    [
        ([OSError(errno.ENETUNREACH, "x")], "unreachable", "no_route"),
        ([OSError(errno.EHOSTUNREACH, "x"), ConnectionRefusedError()], "unreachable", "refused"),
        ([OSError(errno.EPERM, "x")], "unreachable", "failed"),
        ([ConnectionResetError()], "unreachable", "reset"),
        ([OSError(errno.ENETUNREACH, "x"), TimeoutError()], "timeout", "connect"),
    ],
)
def test_the_most_telling_of_several_faults_is_told(
    names, monkeypatch, verdict_of, errors, outcome, detail
):
    names["a.example"] = [f"127.0.0.{number}" for number in range(1, len(errors) + 1)]
    faults = iter(errors)

    def dial(*_):
        raise next(faults)

    monkeypatch.setattr(network, "dial", dial)
    verdict = verdict_of("http://a.example:8000/")
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)


def test_the_next_address_is_tried_when_one_is_closed(names, fetch):
    with serve(always(answer())) as server:
        names["a.example"] = ["127.0.0.9", "127.0.0.1"]
        assert fetch(f"http://a.example:{server.port}/").status == 200
