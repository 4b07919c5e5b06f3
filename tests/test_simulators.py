"""The simulators as servers: start and stop, TLS, misbehaviour, record, speed.

What each kind answers is in tests/simulated.
"""

import gzip
import itertools
import signal
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.simulators import Simulators
from tests.simulators.client import ask, fetch, opened
from tests.simulators.entries import HOSTED, KEYS, LOCAL, demo_key
from tests.simulators.expected import EXPECTED, Expectation
from tests.simulators.expected_catalogs import CATALOGS, CatalogExpectation
from tests.simulators.kinds import HOST_NAMES, PLAIN_NAMES
from tests.simulators.words import split_path, words_of_key

pytestmark = pytest.mark.battery

OPENAI = "https://api.openai.com/v1/models"
OLLAMA = "http://localhost:11434"


def bearer(word: str) -> dict[str, str]:
    return {"authorization": f"Bearer sk-proj-demo-{word}-a1b2"}


def test_the_process_says_ready_writes_its_files_and_ends_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.simulators", "--state", str(tmp_path / "state")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout:
        try:
            assert process.stdout.readline() == "ready\n"
            authority = (tmp_path / "state" / "ca.pem").read_text()
            assert authority.startswith("-----BEGIN CERTIFICATE-----")
            lines = (tmp_path / "state" / "hosts").read_text().splitlines()
            assert all(line.split()[1].startswith("127.0.0.1:") for line in lines)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=5) == 0
        finally:
            process.kill()
            process.wait()


def test_no_private_key_stays_in_the_state_folder(sims: Simulators) -> None:
    assert sorted(path.name for path in sims.state.iterdir()) == ["ca.pem", "hosts"]
    assert "PRIVATE KEY" not in sims.ca_file.read_text()


def test_a_client_without_a_hosts_file_names_the_host_in_the_path(sims: Simulators) -> None:
    url = "http://localhost:11434/~to-api.groq.com/openai/v1/models"
    reply = fetch(sims, url, {"authorization": f"Bearer {demo_key('groq')}"})
    assert reply.status == 200
    assert [(call.kind, call.path) for call in sims.calls] == [("groq", "/openai/v1/models")]


def test_the_hosts_file_names_every_default_base(sims: Simulators) -> None:
    names = {line.split()[0] for line in sims.hosts_file.read_text().splitlines()}
    assert names >= {
        "api.anthropic.com", "api.openai.com", "openrouter.ai", "demo.openai.azure.com",
        "bedrock.us-east-1.amazonaws.com", "bedrock-runtime.us-east-1.amazonaws.com",
        "router.huggingface.co", "huggingface.co", "ark.ap-southeast.bytepluses.com",
        "opencode.ai", "api.deepseek.com", "generativelanguage.googleapis.com",
        "open.bigmodel.cn", "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com",
        "api.moonshot.ai", "api.moonshot.cn", "api.minimax.io", "api.mistral.ai", "api.groq.com",
        "llm.example.com", "localhost:11434", "localhost:1234", "localhost:8000", "localhost:8001",
        "vllm.example:8000", "host.docker.internal:11434",
    }  # fmt: skip


@pytest.mark.parametrize("name", [*HOST_NAMES, *PLAIN_NAMES])
def test_every_name_is_answered_by_a_kind(sims: Simulators, name: str) -> None:
    scheme = "http" if ":" in name else "https"
    assert fetch(sims, f"{scheme}://{name}/v1/models").status != 421
    assert sims.calls[0].kind


@pytest.mark.parametrize(
    "name", ["expired.example.com", "wrongname.example.com", "selfsigned.example.com"]
)
def test_a_bad_certificate_ends_the_handshake(sims: Simulators, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        fetch(sims, f"https://{name}/v1/models")


def test_tls_on_the_plain_port_fails_at_once(sims: Simulators) -> None:
    with pytest.raises(ssl.SSLError):
        fetch(sims, "https://localhost:9000/v1/models")


def test_plain_http_on_the_tls_port_is_a_400(sims: Simulators) -> None:
    assert fetch(sims, "http://llm.example.com/v1/models").status == 400


@pytest.mark.parametrize("url", ["https://closed.example.com/", "http://closed.example:8000/"])
def test_nobody_listens_behind_the_closed_names(sims: Simulators, url: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        fetch(sims, url)


def test_an_unknown_name_is_told_so(sims: Simulators) -> None:
    headers = {"host": "nobody.example.com"}
    assert fetch(sims, OPENAI, headers).status == 421


def test_a_hang_lasts_until_it_is_released(sims: Simulators) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(fetch, sims, OPENAI, bearer("hang"))
        while not sims.calls:
            time.sleep(0.01)
        time.sleep(0.2)
        assert not waiting.done()
        sims.release_hangs()
        assert waiting.result(timeout=3).status == 200
    with pytest.raises(TimeoutError):
        fetch(sims, OPENAI, bearer("hang"), timeout=0.3)


def test_stopping_does_not_wait_for_hangs(tmp_path: Path) -> None:
    sims = Simulators(tmp_path)
    sims.start()
    with ThreadPoolExecutor(2) as pool:
        urls = (OPENAI, f"{OLLAMA}/~hang/api/tags")
        hanging = [pool.submit(fetch, sims, url, bearer("hang")) for url in urls]
        while len(sims.calls) < 2:
            time.sleep(0.01)
        started = time.monotonic()
        sims.stop()
        assert time.monotonic() - started < 4
        for one in hanging:
            with pytest.raises(ConnectionError):
                one.result(timeout=2)
    assert not [one for one in threading.enumerate() if one.name == f"simulator {sims.tls_port}"]


def test_a_caller_who_gives_up_frees_its_thread(tmp_path: Path) -> None:
    with Simulators(tmp_path) as sims:
        with pytest.raises(TimeoutError):
            fetch(sims, OPENAI, bearer("hang"), timeout=0.2)
        name = f"simulator {sims.tls_port}"
        until = time.monotonic() + 3
        while time.monotonic() < until:
            if len([one for one in threading.enumerate() if one.name == name]) == 2:
                break  # the two that accept
            time.sleep(0.02)
        else:
            pytest.fail("the hanging thread stayed")


def test_forty_connections_are_held_while_others_are_served(sims: Simulators) -> None:
    with ThreadPoolExecutor(60) as pool:
        hanging = [pool.submit(fetch, sims, OPENAI, bearer("hang"), timeout=20) for _ in range(40)]
        while len(sims.calls) < 40:
            time.sleep(0.01)
        good = [pool.submit(fetch, sims, OPENAI, bearer("good")) for _ in range(20)]
        assert [one.result(timeout=10).status for one in good] == [200] * 20
        assert not any(one.done() for one in hanging)
        sims.release_hangs()
        assert [one.result(timeout=10).status for one in hanging] == [200] * 40


def test_calls_on_a_kept_connection_are_not_delayed(sims: Simulators) -> None:
    with opened(sims, OPENAI) as connection:
        ask(connection, "GET", OPENAI, bearer("good"))
        started = time.monotonic()
        for _ in range(100):
            assert ask(connection, "GET", OPENAI, bearer("good")).status == 200
        assert time.monotonic() - started < 3.9  # 100 delayed acknowledgements would be 4 s


@pytest.mark.parametrize(("word", "least"), [("slow150", 0.15), ("slow", 1.0)])
def test_a_slow_key_is_answered_late_but_well(sims: Simulators, word: str, least: float) -> None:
    started = time.monotonic()
    assert fetch(sims, OPENAI, bearer(word)).status == 200
    assert time.monotonic() - started >= least


def test_set_delay_slows_a_kind_or_a_host(sims: Simulators) -> None:
    for name in ("openai", "api.openai.com"):
        sims.set_delay(name, 0.2)
        started = time.monotonic()
        assert fetch(sims, OPENAI, bearer("good")).status == 200
        assert time.monotonic() - started >= 0.2
        sims.set_delay(name, 0)


def test_a_drop_closes_without_an_answer(sims: Simulators) -> None:
    with pytest.raises(ConnectionError):
        fetch(sims, OPENAI, bearer("drop"))


def test_a_redirect_points_elsewhere(sims: Simulators) -> None:
    reply = fetch(sims, OPENAI, bearer("redirect"))
    assert (reply.status, reply.headers["location"]) == (302, "https://elsewhere.example.com/login")


def test_a_drip_keeps_sending_single_bytes(sims: Simulators) -> None:
    with opened(sims, OPENAI) as connection:
        connection.request("GET", "/v1/models", headers=bearer("drip"))
        response = connection.getresponse()
        started = time.monotonic()
        assert response.read(3) == b'{"o'
        assert time.monotonic() - started >= 0.3


def test_a_flood_has_no_end(sims: Simulators) -> None:
    with opened(sims, OPENAI) as connection:
        connection.request("GET", "/v1/models", headers=bearer("flood"))
        response = connection.getresponse()
        assert len(response.read(5_000_000)) == 5_000_000


def test_a_bomb_is_small_on_the_wire(sims: Simulators) -> None:
    with opened(sims, OPENAI) as connection:
        connection.request("GET", "/v1/models", headers=bearer("bomb"))
        response = connection.getresponse()
        assert response.headers["content-encoding"] == "gzip"
        packed = response.read()
    assert len(packed) < 100_000
    assert len(gzip.decompress(packed)) > 64_000_000


def test_long_answers_are_packed_only_for_those_who_take_it(sims: Simulators) -> None:
    with opened(sims, OPENAI) as connection:
        headers = {**bearer("good"), "accept-encoding": "gzip, identity"}
        connection.request("GET", "/v1/models", headers=headers)
        packed = connection.getresponse().read()
        assert (
            gzip.decompress(packed).decode() == ask(connection, "GET", OPENAI, bearer("good")).text
        )


def test_any_status_can_be_ordered(sims: Simulators) -> None:
    assert fetch(sims, OPENAI, bearer("status418")).status == 418


def test_the_record_holds_what_was_sent_but_no_key(sims: Simulators) -> None:
    url = "https://api.openai.com/v1/chat/completions?a=1&a=2"
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
    fetch(sims, url, {**bearer("good"), "X-Extra": "secret-value"}, body=body)
    (call,) = sims.calls
    assert (call.kind, call.method, call.host) == ("openai", "POST", "api.openai.com")
    assert (call.path, call.query) == ("/v1/chat/completions", {"a": ["1", "2"]})
    assert (call.key_carrier, call.key_label) == ("authorization", "good")
    assert call.body == body
    assert {"x-extra", "authorization"} <= set(call.header_names)
    assert "demo-good" not in repr(call)
    assert "secret-value" not in repr(call)
    sims.clear()
    assert sims.calls == []


def test_two_keys_of_one_word_leave_different_marks(sims: Simulators) -> None:
    for key in ("sk-proj-demo-good-1", "sk-proj-demo-good-2", "sk-proj-demo-good-1"):
        fetch(sims, OPENAI, {"authorization": f"Bearer {key}"})
    first, second, third = (call.key_mark for call in sims.calls_of("openai"))
    assert first == third != second


def test_a_catalog_can_be_replaced_and_brought_back(sims: Simulators) -> None:
    usual = fetch(sims, OPENAI, bearer("good")).data["data"]
    sims.set_models("openai", ["only-this", {"id": "and-this", "object": "model"}])
    assert [row["id"] for row in fetch(sims, OPENAI, bearer("good")).data["data"]] == [
        "only-this",
        "and-this",
    ]
    sims.set_models("openai", None)
    assert fetch(sims, OPENAI, bearer("good")).data["data"] == usual


def test_a_changing_catalog_gains_one_and_loses_one_each_time(sims: Simulators) -> None:
    seen = [
        {row["id"] for row in fetch(sims, OPENAI, bearer("changing")).data["data"]}
        for _ in range(3)
    ]
    for before, after in itertools.pairwise(seen):
        assert len(after - before) == 1
        assert len(before - after) == 1


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("https://llm.example.com/~huge20000/v1/models", 20_000),
        ("https://api.openai.com/~huge/v1/models", 5_000),
    ],
)
def test_a_huge_catalog_has_the_ordered_size(sims: Simulators, url: str, count: int) -> None:
    rows = fetch(sims, url, bearer("good")).data["data"]
    assert len({row["id"] for row in rows}) == count


def test_words_of_the_path_are_cut_before_the_kind_sees_it() -> None:
    assert split_path("/~hang/~slow5/v1/models") == ("/~hang/~slow5", "/v1/models")
    assert split_path("/v1/~hang") == ("", "/v1/~hang")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-proj-demo-good-a1b2", {"good"}),
        ("hf_demo_limited_a1b2", {"limited"}),
        ("sk-good-slow250", {"good", "slow250"}),
        ("AKIADEMOGOOD00000000", {"good"}),
        ("AKIADEMONOLIST000000", {"nolist"}),
        ("sk-a-real-looking-key", {"bad"}),
        ("goodness", {"bad"}),
    ],
)
def test_a_key_is_read_by_its_words(key: str, words: set[str]) -> None:
    assert words_of_key(key) == words


def test_the_table_covers_every_kind_and_every_case_once() -> None:
    assert {one.kind for one in EXPECTED} == set(KEYS) == {*HOSTED, *LOCAL}
    assert len({str(one) for one in EXPECTED}) == len(EXPECTED)
    assert len({str(one) for one in CATALOGS}) == len(CATALOGS)
    for kind in HOSTED:
        cases = {one.case for one in EXPECTED if one.kind == kind}
        assert cases >= {"good key", "bad key", "rate limited", "server error", "hang", "html"}


def test_every_key_of_the_table_is_one_the_simulators_know() -> None:
    tables: list[Expectation | CatalogExpectation] = [*EXPECTED, *CATALOGS]
    for one in tables:
        key = one.fields.get("apiKey", "")
        if key and one.outcome != "bad_key" and "bad" not in key:
            assert words_of_key(key) != {"bad"}, str(one)
