import contextlib
import gzip

import pytest

from providers.http import bodies
from providers.http.bodies import Body
from providers.spec.outcomes import Failed


def word_of(caught):
    return caught.value.verdict.outcome.value, caught.value.verdict.detail


def collect(encoding, *pieces, limit=1_000_000):
    with Body(encoding, limit, lambda: 0.05) as body:
        for piece in pieces:
            body.feed(piece)
        return bytes(body.finish())


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "GZIP", "x-gzip", "identity, gzip"])
def test_plain_and_packed_bodies_are_collected(encoding):
    text = b"some text " * 50
    data = gzip.compress(text) if "gzip" in encoding.lower() else text
    assert collect(encoding, data) == text
    assert collect(encoding, *(data[index : index + 1] for index in range(len(data)))) == text
    assert collect(encoding) == b""


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "compress", "gzip;q"])
def test_s7_other_encodings_are_refused(encoding):
    with pytest.raises(Failed) as caught:
        Body(encoding, 1_000, lambda: 1.0)
    assert word_of(caught) == ("unexpected_response", "bad_encoding")


@pytest.mark.parametrize(
    "data",
    [
        b"not gzip at all",
        gzip.compress(b"x" * 100)[:-4],
        gzip.compress(b"x") + b"trailing",
        gzip.compress(b"x")[:-8] + b"\0" * 8,
    ],
    ids=["no gzip", "cut", "more after it", "wrong sum"],
)
def test_s8_a_broken_gzip_stream_is_refused(data):
    with pytest.raises(Failed) as caught:
        collect("gzip", data)
    assert word_of(caught) == ("unexpected_response", "bad_encoding")


def test_s7_the_decoded_size_is_exact():
    assert len(collect("", b"x" * 1_000, limit=1_000)) == 1_000
    assert len(collect("gzip", gzip.compress(b"x" * 1_000), limit=1_000)) == 1_000
    with pytest.raises(Failed) as caught:
        collect("", b"x" * 1_001, limit=1_000)
    assert word_of(caught) == ("unexpected_response", "too_large")
    with pytest.raises(Failed) as caught:
        collect("gzip", gzip.compress(b"x" * 1_001), limit=1_000)
    assert word_of(caught) == ("unexpected_response", "bomb")


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_s7_few_large_bodies_are_in_memory_at_once(encoding):
    text = b"x" * (bodies.SMALL_BYTES + 1)
    data = gzip.compress(text) if encoding else text
    with contextlib.ExitStack() as held:
        for _ in range(2):
            body = held.enter_context(Body(encoding, 32_000_000, lambda: 0.05))
            body.feed(data)
        assert len(collect(encoding, data[:1_000_000] if not encoding else gzip.compress(b"x")))
        with pytest.raises(Failed) as caught:
            collect(encoding, data, limit=32_000_000)
        assert word_of(caught) == ("timeout", "deadline")
    assert collect(encoding, data, limit=32_000_000) == text


def test_s7_a_body_in_countless_pieces_is_refused():
    with pytest.raises(Failed) as caught:
        collect("", *[b"x"] * 50_001, limit=100_000)
    assert word_of(caught) == ("unexpected_response", "too_large")
