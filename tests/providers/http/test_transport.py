"""httpx above the guarded network: it decides nothing, follows nothing, keeps nothing."""

import base64
import logging
import shutil

import h11
import httpcore
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.http import NOT_JSON, BadURL, Door, Policy, Request, parse_target, tls_context
from providers.http.network import Exchange
from providers.http.transport import GuardedTransport, outgoing
from providers.spec.outcomes import Failed
from providers.spec.secret import Secret
from tests.providers.http.servers import always, answer, serve

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def exchange_to(url, policy=None):
    target = parse_target(url)
    return Exchange(target, policy or Policy.parse("loopback"), deadline=10**9, wire_bytes=1_000)


@pytest.fixture
def transport():
    made = GuardedTransport(tls_context())
    yield made
    made.close()


class Stopped(Exception):
    pass


class Pool:
    """Stands for httpcore's pool and remembers where a request was to go."""

    def __init__(self, error=None):
        self.error = error or Stopped()
        self.urls = []

    def handle_request(self, request):
        self.urls.append(request.url)
        raise self.error

    def close(self):
        pass


_STEP = st.from_regex(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}){0,6}", fullmatch=True)
_QUERY = st.from_regex(
    r"\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2}){0,12}", fullmatch=True
)


@given(
    st.builds(
        "{}://{}{}{}{}".format,
        st.sampled_from(["http", "https", "HTTPS"]),
        st.from_regex(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,12}[A-Za-z0-9_])?", fullmatch=True)
        | st.sampled_from(["xn--bcher-kva.example", "XN--FIQS8S.example", "a_b", "0x.a"])
        | st.ip_addresses().map(lambda address: f"[{address}]" if address.version == 6 else address)
        | st.ip_addresses(v=4).map("[::ffff:{}]".format),
        st.just("") | st.integers(1, 65_535).map(":{}".format) | st.sampled_from([":80", ":443"]),
        st.lists(_STEP, max_size=4).map("".join),
        st.just("") | _QUERY,
    )
)
@example("https://a.example//b.example/x")
@example("https://a.example?/b?c=http://d.example:1/")
@example("https://a.example/@b.example:1/;%0d%0a%00%7f%23%3f%5c")
@example("http://a.example:443/'()*!$&")
def test_s2_httpx_reads_an_address_as_our_grammar_does(text):
    try:
        target = parse_target(text)
    except BadURL:
        return
    transport = GuardedTransport(tls_context())
    transport._pool = Pool()
    with pytest.raises(Stopped):
        transport.handle_request(outgoing(exchange_to(text), "GET", [], b""))
    (url,) = transport._pool.urls
    assert (url.scheme, url.host) == (target.scheme.encode(), target.host.encode())
    assert (url.port, url.target) == (target.port, target.line.encode())


@pytest.mark.parametrize(
    "other",
    [
        "http://localhost:{port}/v1?x=1",
        "http://127.0.0.1:{other}/v1?x=1",
        "http://127.0.0.1/v1?x=1",
        "https://127.0.0.1:{port}/v1?x=1",
        "http://127.0.0.1:{port}/v2?x=1",
        "http://127.0.0.1:{port}/v1?x=2",
        "http://127.0.0.1:{port}/v1",
        "//127.0.0.1:{port}/v1?x=1",
        "/v1?x=1",
    ],
)
def test_s3_a_request_that_leads_elsewhere_than_its_exchange_opens_nothing(transport, other):
    with serve(always(answer())) as server:
        exchange = exchange_to(f"http://127.0.0.1:{server.port}/v1?x=1")
        url = other.format(port=server.port, other=server.port ^ 1)
        request = httpx.Request("GET", url, extensions={"exchange": exchange})
        with pytest.raises(RuntimeError, match="read an address differently"):
            transport.handle_request(request)
        good = transport.handle_request(outgoing(exchange, "GET", [(b"Host", b"a")], b""))
        good.close()
        assert server.accepted == 1


def test_s3_an_httpx_client_cannot_use_the_transport(transport):
    with (
        serve(always(answer())) as server,
        httpx.Client(transport=transport, trust_env=False) as client,
    ):
        with pytest.raises(KeyError, match="exchange"):
            client.get(f"http://127.0.0.1:{server.port}/")
        assert server.accepted == 0


def test_a_request_of_httpx_has_our_header_lines_and_no_others():
    lines = [(b"Host", b"a.example"), (b"x-Title", b"t")]
    request = outgoing(exchange_to("https://a.example/x"), "POST", lines, b"{}")
    assert request.headers.raw == lines
    assert b"".join(request.stream) == b"{}"
    assert (request.method, str(request.url)) == ("POST", "https://a.example/x")


@pytest.fixture
def environment(monkeypatch, tmp_path, authority):
    """Everything by which an environment can bend httpx or OpenSSL; yields the canary proxy."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    logins = tmp_path / ".netrc"
    logins.touch(0o600)
    logins.write_text("default login canary password hunter2\n")
    for name, value in (
        ("HOME", tmp_path),
        ("NETRC", logins),
        ("SSLKEYLOGFILE", tmp_path / "keys.log"),
        ("SSL_CERT_FILE", authority.file),
        ("SSL_CERT_DIR", authority.folder),
        ("REQUESTS_CA_BUNDLE", authority.file),
        ("CURL_CA_BUNDLE", authority.file),
    ):
        monkeypatch.setenv(name, str(value))
    with serve(always(answer(b'"proxy"'))) as proxy:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://u:p@127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.lower(), f"http://u:p@127.0.0.1:{proxy.port}")
        yield proxy


def test_s6_an_httpx_client_would_obey_the_environment(environment, tmp_path):
    """The control: what the next tests set does bend a client that is not told otherwise."""
    assert httpx.get("http://127.0.0.1:1/").json() == "proxy"
    assert environment.accepted == 1
    login = httpx.NetRCAuth()._netrc_info.authenticators("api.example")
    assert (login[0], login[2]) == ("canary", "hunter2")
    context = httpx.create_ssl_context()
    assert context.keylog_filename == str(tmp_path / "keys.log")


def test_s6_no_proxy_and_no_netrc_of_the_environment_through_httpx(environment, loopback):
    with serve(always(answer(b'"direct"'))) as server, Door(loopback, seconds=10) as door:
        url = f"http://127.0.0.1:{server.port}/v1"
        assert door.send(Request(url=url)).data == "direct"
        assert door.send(Request(url=url, method="POST", json={})).data == "direct"
    assert environment.accepted == 0
    assert len(server.requests) == 2
    for raw in server.requests:
        assert raw.split(b" ")[1] == b"/v1"  # not the absolute form that a proxy gets
        assert b"authorization" not in raw.lower()
        assert base64.b64encode(b"canary:hunter2") not in raw


def test_s6_no_key_log_and_no_authority_of_the_environment_through_httpx(
    environment, tmp_path, authority, fetch, verdict_of
):
    own = tmp_path / "own.pem"
    shutil.copy(authority.file, own)  # a path that no context was made for yet
    with serve(always(answer()), tls=authority.context("127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.port}/"
        assert fetch(url, ca_file=str(own)).status == 200
        verdict = verdict_of(url)
    assert (verdict.outcome.value, verdict.detail) == ("tls_error", "unknown_issuer")
    assert environment.accepted == 0
    assert not (tmp_path / "keys.log").exists()


LOCATIONS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://user:hunter2@127.0.0.1:{port}/",
    "//127.0.0.1:{port}/x",
    "/x",
    "?",
    "#",
    "http://[::1",
    "http://[fe80::1%25eth0]/",
    "http://127.0.0.1:99999999999999999999/",
    "http://127.0.0.1:\xb2/",
    "http://xn--a.example/",
    "http://" + "a" * 300 + ".example/",
    "http://a.example/" + "x" * 40_000,
    "http:\\\\127.0.0.1:{port}",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:,x",
    "\xff\xfe",
    "\t/x",
    "%",
]


@pytest.mark.parametrize("location", LOCATIONS, ids=range(len(LOCATIONS)))
def test_s5_no_location_is_read_whatever_it_says(loopback, location):
    statuses = [200, 201, 301, 302, 303, 307, 308, 401]
    rest = list(statuses)

    def script(call):
        while call.request():
            line = f"Location: {location.format(port=server.port)}"
            call.send(answer(b"{}", status=f"{rest.pop(0)} Moved", headers=(line, line)))

    with serve(script) as server, Door(loopback, seconds=10) as door:
        url = f"http://127.0.0.1:{server.port}/"
        for status in statuses:
            reply = door.send(Request(url=url, headers={"X-Api-Key": Secret("k")}))
            assert reply.status == status
            assert (reply.data is NOT_JSON) is (300 <= status < 400)
    assert len(server.requests) == len(statuses)
    assert all(raw.startswith(b"GET / HTTP/1.1\r\n") for raw in server.requests)


COOKIES = [
    "a=b",
    "a=b; Domain=127.0.0.1; Path=/; Max-Age=99999999999999999999999",
    "a=b; Expires=Thu, 99 Foo 99999 99:99:99 GMT",
    'a=b; Domain=.; Version=x; Port="1,2,x"',
    "=; ;;; = ;",
    "\xff=\xff; Domain=\xff",
    'a="' + "\\" * 30_000,
    "a=b; " * 10_000,
    "__Host-a=b; Secure; Path=/",
]


@pytest.mark.parametrize("cookie", COOKIES, ids=range(len(COOKIES)))
def test_no_cookie_is_kept_whatever_it_says(loopback, cookie):
    lines = (f"Set-Cookie: {cookie}", f"Set-Cookie2: {cookie}")
    with serve(always(answer(headers=lines))) as server, Door(loopback, seconds=10) as door:
        for _ in range(3):
            reply = door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
            assert (reply.status, reply.data) == (200, {})
    assert len(server.requests) == 3
    assert not any(b"cookie" in raw.lower() for raw in server.requests)


@pytest.mark.parametrize(
    "line",
    [
        "Content-Type: application/json; charset=zlib_codec",
        "Content-Type: application/json; charset=utf-16",
        "Content-Type: text/html; charset=idna",
        "Content-Type: multipart/form-data; boundary=" + "x" * 9_000,
        "Content-Disposition: attachment; filename=../../x",
        "Link: <" * 500,
        "WWW-Authenticate: Basic realm=x",
        'WWW-Authenticate: Digest realm="x", nonce="x", qop="auth"',
        'Alt-Svc: h2="127.0.0.1:1"; persist=1',
        "Refresh: 0; url=http://127.0.0.1:1/",
        "Upgrade: h2c",
        "Clear-Site-Data: *",
        "Proxy-Authenticate: Basic",
        "Retry-After: -1",
    ],
)
def test_no_header_of_an_answer_makes_httpx_do_anything(fetch, line):
    for status in ("200 OK", "401 No", "407 No", "425 Early", "503 Later"):
        with serve(always(answer(b'{"a": "\xc3\xbc"}', status=status, headers=(line,)))) as server:
            reply = fetch(f"http://127.0.0.1:{server.port}/")
            assert (server.accepted, len(server.requests)) == (1, 1)
        assert (reply.status, reply.data) == (int(status[:3]), {"a": "ü"})


FAULTS = [
    (httpcore.TimeoutException, "timeout", "deadline"),
    (httpcore.PoolTimeout, "timeout", "deadline"),
    (httpcore.ReadTimeout, "timeout", "deadline"),
    (httpcore.NetworkError, "unreachable", "reset"),
    (httpcore.ConnectError, "unreachable", "reset"),
    (httpcore.WriteError, "unreachable", "reset"),
    (httpcore.LocalProtocolError, "bad_key", "unsendable"),
    (h11.LocalProtocolError, "bad_key", "unsendable"),
    (httpcore.RemoteProtocolError, "unexpected_response", "bad_http"),
    (httpcore.ProtocolError, "unexpected_response", "bad_http"),
    (h11.RemoteProtocolError, "unexpected_response", "bad_http"),
    (httpcore.UnsupportedProtocol, "internal_error", ""),
    (httpcore.ConnectionNotAvailable, "internal_error", ""),
    (httpx.InvalidURL, "internal_error", ""),
    (httpx.StreamClosed, "internal_error", ""),
    (httpx.DecodingError, "internal_error", ""),
    (httpx.TooManyRedirects, "internal_error", ""),
    (OSError, "internal_error", ""),
    (ValueError, "internal_error", ""),
    (RecursionError, "internal_error", ""),
]


def made(kind):
    return kind() if kind is httpx.StreamClosed else kind("Authorization: hunter2")


@pytest.mark.parametrize(("kind", "outcome", "detail"), FAULTS)
def test_s8_every_fault_of_the_libraries_has_its_word_and_no_text(
    loopback, caplog, kind, outcome, detail
):
    caplog.set_level(logging.DEBUG)
    with Door(loopback, seconds=10) as door:
        door._transport._pool.close()
        door._transport._pool = Pool(made(kind))
        with pytest.raises(Failed) as caught:
            door.send(Request(url="http://127.0.0.1:1/?q=hunter2"))
    verdict = caught.value.verdict
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert "hunter2" not in caplog.text + repr(verdict)


@pytest.mark.parametrize(("kind", "outcome", "detail"), FAULTS)
def test_s8_a_fault_in_the_body_has_the_same_words(loopback, monkeypatch, kind, outcome, detail):
    def broken(self):
        yield b"{"
        raise made(kind)

    monkeypatch.setattr(httpcore.Response, "iter_stream", broken)
    with (
        serve(always(answer())) as server,
        Door(loopback, seconds=10) as door,
        pytest.raises(Failed) as caught,
    ):
        door.send(Request(url=f"http://127.0.0.1:{server.port}/"))
    verdict = caught.value.verdict
    if outcome == "bad_key":  # it was sent already
        outcome, detail = "unexpected_response", "bad_http"
    assert (verdict.outcome.value, verdict.detail) == (outcome, detail)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_s28_neither_library_may_log_an_exchange_at_any_level_below_warning():
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
