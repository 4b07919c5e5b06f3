"""What hostile servers cost in memory, measured in a process that holds nothing but the door."""

import contextlib
import gzip
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from providers.outbound import DECODED_BYTES, WIRE_BYTES
from tests.providers.http.servers import (
    CHUNKED,
    HEAD,
    always,
    answer,
    bomb,
    endless,
    once,
    packed,
    serve,
)

pytestmark = pytest.mark.battery

_MEASURE = textwrap.dedent(
    """
    import os, resource, sys, threading
    from pathlib import Path
    from facio_site.run.up import save_memory
    from providers.http import Door, Policy, Request
    from providers.spec.outcomes import Failed

    def peak():
        status = Path("/proc/self/status")  # ru_maxrss would begin with the parent's size
        if status.exists():
            (line,) = (line for line in status.read_text().splitlines() if "VmHWM" in line)
            return int(line.split()[1]) * 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def send(port, words):
        with Door(Policy.parse("loopback"), seconds=60, **limits) as door:
            try:
                door.send(Request(url=f"http://127.0.0.1:{port}/"))
                words[port] = "reply"
            except Failed as failed:
                words[port] = failed.verdict.detail

    save_memory(os.environ)
    mode, warm, *ports = sys.argv[1:]
    wire, decoded = map(int, os.environ["LIMITS"].split())
    limits = {"wire_bytes": wire, "decoded_bytes": decoded} if mode == "catalog" else {}
    words = {}
    send(warm, {})
    before = peak()
    threads = [threading.Thread(target=send, args=(port, words)) for port in ports]
    for thread in threads:
        thread.start()
        if mode == "check":
            thread.join()
    for thread in threads:
        thread.join()
    print(peak() - before, *(words[port] for port in ports))
    """
)


def growth_and_words(mode, scripts):
    """Bytes that the peak of memory grew in a process of its own, and how each request ended."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(serve(script)) for script in (always(answer()), *scripts)]
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, mode, *(str(server.port) for server in servers)],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            env=os.environ | {"LIMITS": f"{WIRE_BYTES} {DECODED_BYTES}"},
        )
    grown, *words = done.stdout.split()
    return int(grown), words


_KEPT = textwrap.dedent(
    """
    import sys, threading
    from pathlib import Path
    from facio_site.run.up import save_memory

    def held():
        (line,) = (line for line in status.read_text().splitlines() if "VmRSS" in line)
        return int(line.split()[1]) * 1024

    def work():
        for _ in range(4):
            answers = [b"x" * 1_500_000 for _ in range(10)] + [b"x" * 30_000_000]
            stays.append(answers[0][:5_000])
            del answers

    status, stays = Path("/proc/self/status"), []
    if sys.argv[1] == "saving":
        save_memory({})
    before = held()
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(held() - before)
    """
)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measured by /proc")
def test_s7_large_pieces_of_memory_are_given_back():
    kept = {
        mode: int(subprocess.check_output([sys.executable, "-c", _KEPT, mode], text=True))
        for mode in ("saving", "as it is")
    }
    assert kept["saving"] < 10_000_000 < kept["as it is"]


def test_s7_hostile_bodies_cost_little_memory():
    grown, words = growth_and_words(
        "check",
        [
            endless(HEAD + b"\r\n", b" " * 65_536),
            endless(HEAD, b"X: y\r\n" * 9_000),
            endless(CHUNKED, b"1\r\n \r\n" * 10_000),
            once(packed(bomb())),
            once(answer(b"[" * 1_900_000)),
            once(answer(b"[" + b"[]," * 120_000 + b"[]]")),
            once(answer(b'["' + "😀".encode() + b"x" * 1_900_000 + b'"]')),
        ],
    )
    assert words == ["too_large", "bad_http", "too_large", "bomb", "too_large", "reply", "reply"]
    assert grown < 64_000_000


LENGTH = DECODED_BYTES - 1_000_000
WIDE = [  # what makes Python's text grow, or the work on it
    b"x" * LENGTH,
    "😀".encode() + b"x" * LENGTH,
    "😀xy".encode() * (LENGTH // 6),
    "中".encode() * (LENGTH // 3),
    b"\\ud83d\\ude00" + b"x" * LENGTH,
    b"\\u4e2d" * (LENGTH // 6),
    "€".encode() + b"x\\n" * (LENGTH // 3),
    b'\\ud83d\\ude00","' * (LENGTH // 200),
    ("😀" + "x" * 1_000 + '","').encode() * (LENGTH // 1_010),
]


@pytest.mark.long
def test_s7_a_worker_full_of_hostile_catalogs_stays_under_256_mb():
    """One on each of its 32 threads, all at once."""
    scripts = [
        *[once(packed(bomb()))] * 12,
        *[endless(HEAD + b"\r\n", b" " * 65_536)] * 12,
        *[once(packed(gzip.compress(b'["' + text + b'"]', 1))) for text in WIDE],
        *[once(packed(gzip.compress(b"[" + b'{"a":1},' * 490_000 + b"{}]", 1)))] * 2,
    ]
    grown, words = growth_and_words("catalog", scripts)
    assert words == [
        *(["bomb"] * 12 + ["too_large"] * 12 + ["reply"] * len(WIDE) + ["too_large"] * 2),
    ]
    assert grown < 256_000_000 - 90_000_000  # with all its modules a worker begins at 80 MB


def test_s7_the_memory_of_a_hostile_catalog_is_given_back():
    scripts = [once(packed(gzip.compress(b'["' + WIDE[2] + b'"]', 1)))] * 12
    grown, words = growth_and_words("catalog", scripts)
    assert words == ["reply"] * 12
    assert grown < 130_000_000
