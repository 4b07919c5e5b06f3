import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.http import (
    SENTENCES,
    BadURL,
    Door,
    Policy,
    Request,
    network,
    origin_of,
    parse_base,
    parse_target,
    resolver,
)
from providers.http.addresses import read
from providers.spec.outcomes import Failed

GOOD = [
    ("https://api.openai.com/v1", "https://api.openai.com/v1"),
    ("HTTPS://API.OpenAI.com:443/v1/", "https://api.openai.com/v1"),
    ("http://localhost:11434", "http://localhost:11434"),
    ("http://localhost:80/", "http://localhost"),
    ("http://my_ollama:11434/v1", "http://my_ollama:11434/v1"),
    ("http://192.168.1.20:8000/v1", "http://192.168.1.20:8000/v1"),
    ("http://[FD12:0::1]:8000/v1", "http://[fd12::1]:8000/v1"),
    ("https://[::ffff:127.0.0.1]/", "https://[::ffff:127.0.0.1]"),
    ("https://[::ffff:7f00:1]/", "https://[::ffff:127.0.0.1]"),
    ("https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example/v1"),
    ("https://gateway.example/v1/a%C3%A9/b~c@d", "https://gateway.example/v1/a%C3%A9/b~c@d"),
    ("https://a.example:65535", "https://a.example:65535"),
]

BAD = [
    ("", "empty"),
    ("https://a.example/" + "x" * 2_048, "too_long"),
    ("https://bücher.example/v1", "not_ascii"),
    ("https://a.example:\uff18\uff10", "full_width"),
    ("https\uff1a//a.example", "full_width"),
    ("https://a\u3002example", "full_width"),
    ("https://a.\u200bexample", "invisible"),
    ("https://a.example/v\u00ad1", "invisible"),
    ("https://a\u00a0b.example", "invisible"),
    ("https://a.example\u2013b/v1", "foreign_sign"),
    ("https://\u212aube.example", "foreign_sign"),  # Kelvin sign, which lower-cases to k
    (" https://a.example", "blank"),
    ("https://a.example\n", "blank"),
    ("https://a.example/\x00", "blank"),
    ("https://a.example\\@b.example", "backslash"),
    ("api.openai.com/v1", "scheme"),
    ("ftp://a.example", "scheme"),
    ("file:///etc/passwd", "scheme"),
    ("//a.example", "scheme"),
    ("https:/a.example", "scheme"),
    ("https://user:pw@a.example", "user_info"),
    ("https://a.example:443@b.example/", "user_info"),
    ("https://a.example/v1?key=1", "query"),
    ("https://a.example/v1?", "query"),
    ("https://a.example#x", "fragment"),
    ("https://a.example/v1?x#", "fragment"),
    ("https://a.example:0", "port"),
    ("https://a.example:65536", "port"),
    ("https://a.example:99999", "port"),
    ("https://a.example:131515", "port"),
    ("https://a.example:", "port"),
    ("https://a.example:08080", "port"),
    ("https://a.example:https", "port"),
    ("https://", "host"),
    ("https:///v1", "host"),
    ("https://a..example", "host"),
    ("https://a.example.", "host"),
    ("https://-a.example", "host"),
    ("https://a-.example", "host"),
    ("https://" + "a" * 64 + ".example", "host"),
    ("https://" + ".".join(["a" * 50] * 6), "host"),
    ("https://a%2eexample", "host"),
    ("https://a!b.example", "host"),
    ("https://2130706433", "ipv4"),
    ("https://0x7f000001", "ipv4"),
    ("https://0x7f.1", "ipv4"),
    ("https://127.1", "ipv4"),
    ("https://0177.0.0.1", "ipv4"),
    ("https://127.0.0.01", "ipv4"),
    ("https://256.0.0.1", "ipv4"),
    ("https://a.example.1", "ipv4"),
    ("https://1.2.3.4.5", "ipv4"),
    ("https://[::1", "ipv6"),
    ("https://::1", "ipv6"),
    ("https://[fe80::1%25eth0]", "ipv6"),
    ("https://[1::2::3]", "ipv6"),
    ("https://[127.0.0.1]", "ipv6"),
    ("https://[v1.a]", "ipv6"),
    ("https://xn--a.example", "idna"),
    ("https://xn--99999999999.example", "idna"),
    ("https://a.example/..", "dots"),
    ("https://a.example/v1/../admin", "dots"),
    ("https://a.example/./v1", "dots"),
    ("https://a.example//v1", "path"),
    ("https://a.example/v1//", "path"),
    ("https://a.example/%", "path"),
    ("https://a.example/%zz", "path"),
    ("https://a.example/%2e%2e/x", "path"),
    ("https://a.example/a%2fb", "path"),
    ("https://a.example/%5c", "path"),
    ("https://a.example/%00", "path"),
    ("https://a.example/<x>", "path"),
]


@pytest.mark.parametrize(("text", "url"), GOOD)
def test_s2_a_good_base_has_one_spelling(text, url):
    base = parse_base(text)
    assert base.url == url
    assert parse_base(base.url) == base
    assert origin_of(text) == base.origin == url.removesuffix(base.path)


@pytest.mark.parametrize(("text", "code"), BAD)
def test_s2_a_bad_base_is_refused_with_the_sentence_of_its_fault(text, code):
    with pytest.raises(BadURL) as caught:
        parse_base(text)
    assert caught.value.code == code
    assert str(caught.value) == SENTENCES[code] % caught.value.params


@pytest.mark.parametrize("text", ["https://user:hunter2pass@a.example", "https://a/?k=hunter2pass"])
def test_a_refusal_does_not_repeat_what_was_typed(text):
    with pytest.raises(BadURL) as caught:
        parse_base(text)
    assert "hunter2pass" not in str(caught.value) + repr(caught.value)


def test_a_called_address_may_have_a_query_and_encoded_slashes():
    target = parse_target("https://a.example:8443/model/arn%3Aaws%2Fx/converse?page=2&t=a%2Bb+c/?")
    assert (target.scheme, target.host, target.port) == ("https", "a.example", 8443)
    assert target.line == "/model/arn%3Aaws%2Fx/converse?page=2&t=a%2Bb+c/?"
    assert target.netloc == "a.example:8443"


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/model/../admin",
        "https://a.example/model/%2e%2E/admin",
        "https://a.example/x#y",
        "https://a.example/x y",
        "https://a.example/x?y\r\nX: 1",
        "https://u@a.example/x",
        "https://a.example/" + "x" * 8_192,
    ],
)
def test_s2_a_called_address_passes_the_same_grammar(text):
    with pytest.raises(BadURL):
        parse_target(text)


def test_the_default_path_of_a_called_address_is_a_slash():
    assert parse_target("https://a.example").line == "/"
    assert parse_target("https://a.example?x=1").line == "/?x=1"


# A text that is near to an address: pieces that parsers are known to read differently
_PIECES = st.sampled_from(
    [
        *("http", "https", "HTTP", "://", ":", "//", "/", "\\", "@", "?", "#", "%", ".", ".."),
        *("[", "]", "::", "127.0.0.1", "0x7f", "0177", "1", "a.example", "localhost", "xn--"),
        *("xn--bcher-kva", "xn--a", ":80", ":0", ":65536", ":99999", "::1", "fe80::1%25eth0"),
        *("::ffff:127.0.0.1", "%2e", "%00", "user:pw@", "_", "-", "0", "~", ";", ",", "+", "*"),
        *("\u212a", "\uff18", "\u3002", "\u00df", "\u2024", "\u00ad"),
    ]
) | st.characters(max_codepoint=0x3000)
_TEXTS = st.lists(_PIECES, max_size=12).map("".join)
_NEAR = st.builds("{}://{}{}".format, st.sampled_from(["http", "https"]), _TEXTS, _TEXTS)


@given(st.text() | _TEXTS | _NEAR)
@example("http://a.example:1\n")
@example("http://[::ffff:1.2.3.4]:80")
def test_s2_any_text_is_a_base_or_a_bad_url(text):
    try:
        base = parse_base(text)
    except BadURL:
        return
    assert base.scheme in {"http", "https"}
    assert 1 <= base.port <= 65_535
    assert re.fullmatch(r"[a-z0-9_.:-]+", base.host)
    assert len(base.path) <= len(text) <= 2_048
    assert parse_base(base.url) == base
    target = parse_target(base.url + "/models?limit=1")
    assert (target.scheme, target.host, target.port) == (base.scheme, base.host, base.port)
    assert target.line == f"{base.path}/models?limit=1"


@given(
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https"]),
        st.from_regex(r"[A-Za-z0-9_.-]{1,20}", fullmatch=True)
        | st.ip_addresses(v=4).map(str)
        | st.ip_addresses(v=6).map("[{}]".format),
        st.just("") | st.integers(0, 70_000).map(":{}".format),
        st.from_regex(r"(/[A-Za-z0-9._~%-]{0,8}){0,4}", fullmatch=True),
    )
)
def test_s2_what_passes_is_what_gets_dialled(text):
    try:
        base = parse_base(text)
    except BadURL:
        return
    asked, dialled = [], []

    def lookup(host):
        asked.append(host)
        return ["93.184.216.34"]

    def dial(address, port, seconds, _hold):
        dialled.append((address, port))
        raise ConnectionRefusedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resolver, "lookup", lookup)
        patch.setattr(network, "dial", dial)
        door = Door(Policy.parse(None, public_http=True), seconds=5)
        with door, pytest.raises(Failed) as caught:
            door.send(Request(url=base.url))
    literal = read(base.host)
    if caught.value.verdict.outcome == "blocked_address":
        assert literal is not None
        assert dialled == []
    else:
        assert dialled == [(str(literal) if literal else "93.184.216.34", base.port)]
        assert asked == ([] if literal else [base.host])
