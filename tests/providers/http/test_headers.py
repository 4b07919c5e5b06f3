import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.http import check_headers
from providers.http.headers import check_header


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Title", "Facio"),
        ("HTTP-Referer", "https://a.example/x?y=1"),
        ("x!#$%&'*+.^_`|~1", "a b"),
    ],
)
def test_s10_plain_headers_pass(name, value):
    check_header(name, value)


@pytest.mark.parametrize("name", ["", "X Title", "X:", "X\n", "Ünicode", "X" * 101, "(x)", 'x"'])
def test_s10_a_name_is_a_token(name):
    with pytest.raises(ValueError, match="header name"):
        check_header(name, "x")


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "content-length", "Transfer-Encoding", "Connection", "Upgrade", "TE", "Trailer"),
        *("Expect", "COOKIE", "Proxy-Authorization", "Proxy-Connection", "Accept-Encoding"),
        *("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Metadata", "Metadata-Flavor"),
        *("X-aws-ec2-metadata-token", "Keep-Alive", "Origin"),
    ],
)
def test_s10_headers_of_the_transport_and_of_metadata_services_are_refused(name):
    with pytest.raises(ValueError, match=f"header {name} cannot be set"):
        check_header(name, "x")


@pytest.mark.parametrize(
    "value",
    [
        *("hunter2\n", "hunter2\r\nX: 1", "hunter2\x00", "hunter2\t", "hunter2" * 1_000),
        *(" hunter2", "hunter2 ", "hunter2ü", "“hunter2”"),
    ],
)
def test_s10_a_value_is_visible_ascii_and_never_repeated(value):
    with pytest.raises(ValueError, match="value of X-Key") as caught:
        check_header("X-Key", value)
    assert "hunter2" not in str(caught.value)


def test_s10_at_most_twenty_headers_and_none_twice():
    check_headers([(f"X-{number}", "x") for number in range(20)])
    with pytest.raises(ValueError, match="more than 20"):
        check_headers([(f"X-{number}", "x") for number in range(21)])
    with pytest.raises(ValueError, match="twice"):
        check_headers([("X-Title", "a"), ("x-title", "b")])


@given(st.text(), st.text())
def test_s10_any_header_passes_or_is_refused_with_a_sentence(name, value):
    try:
        check_header(name, value)
    except ValueError as error:
        sentence = str(error)
    else:
        sentence = "passed."
        assert f"{name}: {value}".isascii()
        assert not {"\r", "\n", "\0"} & {*name, *value}
    assert sentence.endswith(".")
