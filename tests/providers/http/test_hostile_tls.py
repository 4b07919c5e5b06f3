"""What goes wrong under the request: every fault of TLS ends on its rung, in a word of ours."""

import socket
import ssl

import pytest

from providers.http import Door, Policy, Request
from providers.spec.outcomes import Failed, Outcome
from tests.providers.http.conftest import Rungs
from tests.providers.http.servers import (
    HEAD,
    Authority,
    always,
    answer,
    bomb,
    drip,
    once,
    packed,
    serve,
    silent,
)

pytestmark = pytest.mark.battery


def tls_outcome(authority, script, context, host="api.example", seconds=10.0):
    rungs = Rungs()
    with serve(script, tls=context) as server:
        policy = Policy.parse("", hosts={(host, None): ("127.0.0.1", server.port)})
        with (
            Door(policy, seconds=seconds, ca_file=str(authority.file), observe=rungs) as door,
            pytest.raises(Failed) as caught,
        ):
            door.send(Request(url=f"https://{host}/"))
    verdict = caught.value.verdict
    assert rungs[-1] == ("tls", verdict.outcome.value, verdict.detail)
    assert rungs[-2] == ("connect", "ok", "")
    assert server.requests == []
    return verdict.outcome.value, verdict.detail


def test_tls_an_expired_certificate(authority):
    context = authority.context("api.example", days=(-30, -1))
    assert tls_outcome(authority, always(answer()), context) == ("tls_error", "expired")


def test_tls_a_certificate_of_tomorrow(authority):
    context = authority.context("api.example", days=(1, 30))
    assert tls_outcome(authority, always(answer()), context) == ("tls_error", "not_yet_valid")


def test_tls_a_certificate_of_another_name(authority):
    context = authority.context("other.example", "*.api.example", "127.0.0.1")
    assert tls_outcome(authority, always(answer()), context) == ("tls_error", "wrong_name")


def test_tls_a_certificate_of_another_address(authority, verdict_of):
    with serve(always(answer()), tls=authority.context("10.0.0.1")) as server:
        verdict = verdict_of(f"https://127.0.0.1:{server.port}/", ca_file=str(authority.file))
    assert (verdict.outcome.value, verdict.detail) == ("tls_error", "wrong_name")


def test_tls_a_certificate_of_the_address_is_good(authority, fetch):
    with serve(always(answer()), tls=authority.context("127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert fetch(url, ca_file=str(authority.file)).status == 200


def test_tls_a_self_signed_certificate(authority):
    context = authority.context("api.example", self_signed=True)
    assert tls_outcome(authority, always(answer()), context) == ("tls_error", "self_signed")


def test_tls_an_unknown_authority(authority, verdict_of):
    with serve(always(answer()), tls=authority.context("127.0.0.1")) as server:
        verdict = verdict_of(f"https://127.0.0.1:{server.port}/")
    assert (verdict.outcome.value, verdict.detail) == ("tls_error", "unknown_issuer")


def test_tls_a_servers_own_certificate_in_the_file_is_not_enough(authority, verdict_of):
    context, leaf = authority.served("127.0.0.1")
    with serve(always(answer()), tls=context) as server:
        verdict = verdict_of(f"https://127.0.0.1:{server.port}/", ca_file=str(leaf))
    assert (verdict.outcome.value, verdict.detail) == ("tls_error", "unknown_issuer")


def test_tls_an_authority_in_between_without_its_root(authority, verdict_of, fetch):
    between = Authority(authority.folder, authority)
    with serve(always(answer()), tls=between.context("127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}/"
        verdict = verdict_of(url, ca_file=str(between.file))
        assert (verdict.outcome.value, verdict.detail) == ("tls_error", "missing_root")
        assert fetch(url, ca_file=str(authority.file)).status == 200


@pytest.mark.parametrize("data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail ESMTP\r\n"])
def test_tls_against_a_plain_port(authority, data):
    def script(call):
        call.sock.recv(10)
        call.send(data)
        call.wait(0.2)

    assert tls_outcome(authority, script, None) == ("tls_error", "not_tls")


def test_tls_that_is_closed_in_the_handshake(authority):
    def script(call):
        call.sock.recv(65_536)

    assert tls_outcome(authority, script, None) == ("tls_error", "handshake")


def test_tls_that_is_reset_in_the_handshake(authority):
    def script(call):
        call.sock.recv(65_536)
        call.reset()

    assert tls_outcome(authority, script, None) == ("unreachable", "reset")


def test_tls_that_refuses_the_name_with_an_alert(authority):
    context = authority.context("api.example")
    context.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    assert tls_outcome(authority, always(answer()), context) == ("tls_error", "handshake")


@pytest.mark.parametrize(
    ("version", "word"), [(ssl.TLSVersion.TLSv1_2, "handshake"), (ssl.TLSVersion.TLSv1_3, "broken")]
)
def test_tls_that_wants_a_certificate_of_ours(authority, verdict_of, version, word):
    context = authority.context("127.0.0.1", tls=version)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    with serve(always(answer()), tls=context) as server:
        verdict = verdict_of(f"https://127.0.0.1:{server.port}/", ca_file=str(authority.file))
    assert (verdict.outcome.value, verdict.detail) == ("tls_error", word)
    assert server.requests == []


def test_tls_that_is_cut_in_the_answer(authority, verdict_of):
    def script(call):
        call.request()
        call.send(HEAD + b"Content-Length: 9\r\n\r\n{}")
        socket.socket(fileno=call.sock.detach()).close()  # without a goodbye

    with serve(script, tls=authority.context("127.0.0.1")) as server:
        verdict = verdict_of(f"https://127.0.0.1:{server.port}/", ca_file=str(authority.file))
    assert (verdict.outcome.value, verdict.detail) == ("unexpected_response", "incomplete")


def test_tls_and_a_bomb(authority, verdict_of):
    data = packed(bomb())
    with serve(once(data), tls=authority.context("127.0.0.1")) as server:
        verdict = verdict_of(f"https://127.0.0.1:{server.port}/", ca_file=str(authority.file))
    assert (verdict.outcome.value, verdict.detail) == ("unexpected_response", "bomb")


def test_tls_that_never_answers(authority):
    assert tls_outcome(authority, silent, None, seconds=0.3) == ("timeout", "tls")


def test_tls_that_drips_its_handshake(authority):
    script = drip(b"\x16\x03\x03\x40\x00\x02", b"\0")
    assert tls_outcome(authority, script, None, seconds=0.4) == ("timeout", "tls")


def test_tls_of_an_old_version(authority):
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context = authority.context("api.example", tls=ssl.TLSVersion.TLSv1_1)
    assert tls_outcome(authority, always(answer()), context) == ("tls_error", "handshake")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions_that_are_current_work_and_keep_their_connection(authority, version):
    context = authority.context("127.0.0.1", tls=version)
    with serve(always(answer()), tls=context) as server:
        request = Request(url=f"https://127.0.0.1:{server.port}/")
        policy = Policy.parse("loopback")
        with Door(policy, seconds=10, ca_file=str(authority.file)) as door:
            assert [door.send(request).status for _ in range(3)] == [200] * 3
    assert server.accepted == 1


def test_tls_and_a_drip_end_at_the_deadline(authority, verdict_of):
    with serve(drip(HEAD + b"\r\n"), tls=authority.context("127.0.0.1")) as server:
        verdict = verdict_of(
            f"https://127.0.0.1:{server.port}/", seconds=0.5, ca_file=str(authority.file)
        )
    assert (verdict.outcome.value, verdict.detail) == ("timeout", "deadline")


def test_tls_that_breaks_in_the_answer(authority, verdict_of):
    def script(call):
        call.request()
        raw = call.sock.detach()
        with socket.socket(fileno=raw) as sock:
            sock.sendall(b"\x17\x03\x03\x00\x20" + b"\0" * 32)

    with serve(script, tls=authority.context("127.0.0.1")) as server:
        verdict = verdict_of(f"https://127.0.0.1:{server.port}/", ca_file=str(authority.file))
    assert (verdict.outcome.value, verdict.detail) == ("tls_error", "broken")


def test_a_plain_request_to_a_tls_port(authority, verdict_of):
    with serve(always(answer()), tls=authority.context("127.0.0.1")) as server:
        verdict = verdict_of(f"http://127.0.0.1:{server.port}/")
    assert verdict.outcome in {Outcome.UNREACHABLE, Outcome.UNEXPECTED_RESPONSE}
