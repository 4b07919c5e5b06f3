"""Every ending that the code can produce has a sentence of its own, and it can be filled."""

import re
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import pytest
from django.utils.functional import Promise
from django.utils.translation import override

from providers.catalog.fetch import fetch_catalog
from providers.dialects.adapters import Entered
from providers.dialects.judge import judge
from providers.dialects.ladder import preflight
from providers.http import SENTENCES as URL_SENTENCES
from providers.http import BadHeader, BadURL, Policy, check_headers, parse_base
from providers.kinds import KINDS, adapter_for
from providers.spec import keyshapes
from providers.spec.keyshapes import KeyWarning
from providers.spec.outcomes import Failed, Outcome
from providers.spec.secret import Secret
from providers.wording import (
    KEY_PROBLEMS,
    LOCAL,
    SENTENCES,
    catalog_note,
    header_sentence,
    key_problem_sentence,
    key_warning,
    sentence,
    url_sentence,
)
from tests.providers.endings import (
    COMPUTED,
    DERIVED,
    SAMPLES,
    endings,
    notes,
    outcomes_of,
    places,
    texts,
)
from tests.providers.replies import Script, reply

LONGEST = 280
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
OPENAI, AZURE, OLLAMA, BEDROCK = (
    KINDS[kind] for kind in ("openai", "azure_openai", "ollama", "bedrock")
)

# Discovered ---------------------------------------------------------------------------------------


def test_the_search_finds_what_is_known_to_be_there() -> None:
    known = {
        (Outcome.BLOCKED_ADDRESS, "plain_http"),
        (Outcome.DNS_ERROR, "temporary"),
        (Outcome.TLS_ERROR, "self_signed"),
        (Outcome.UNREACHABLE, "refused"),
        (Outcome.TIMEOUT, "read"),
        (Outcome.TIMEOUT, "deadline"),
        (Outcome.OK, "hosts_file"),
        (Outcome.OK, "unresolved"),
        (Outcome.OK, "model_proves"),
        (Outcome.UNEXPECTED_RESPONSE, "bomb"),
        (Outcome.UNEXPECTED_RESPONSE, "wrong_shape"),
        (Outcome.BAD_KEY, "region_or_plan"),
        (Outcome.BAD_REQUEST, "bad_header"),
        (Outcome.DNS_ERROR, "azure_resource"),
        (Outcome.REFERENCE, "aws_profile"),
        (Outcome.NO_WORKER, "no_broker"),
    }
    assert known <= endings().keys()
    assert len(places()) > 60
    assert {"host", "port", "token"} <= endings()[Outcome.BLOCKED_ADDRESS, "private"]
    assert "fields" in endings()[Outcome.MISSING_CONFIG, ""]


def test_a_detail_that_is_computed_is_accounted_for_in_this_file() -> None:
    unread = {(p.file, p.outcome, p.computed) for p in places() if p.computed}
    assert unread == COMPUTED.keys()


def test_a_detail_without_an_outcome_beside_it_is_a_declared_one() -> None:
    loose = {d for place in places() if place.outcome is None for d in place.details if d}
    assert loose
    assert [detail for detail in loose if not outcomes_of(detail)] == []


def test_every_ending_has_a_sentence_of_its_own() -> None:
    missing = [pair for pair in endings() if pair[1] not in SENTENCES.get(pair[0], {})]
    assert missing == []


def test_no_sentence_is_for_an_ending_that_never_comes() -> None:
    stale = [(o, d) for _, o, d, _ in texts() if (Outcome(o), d) not in endings()]
    assert stale == []


def test_no_two_endings_say_the_same() -> None:
    said: dict[tuple[str, str, str], str] = {}
    for table, outcome, detail, text in texts():
        assert said.setdefault((table, outcome, text), detail) == detail


def test_a_sentence_asks_only_for_parameters_that_the_code_gives() -> None:
    for table, outcome, detail, text in texts():
        given = endings()[Outcome(outcome), detail]
        for name in PLACEHOLDER.findall(text):
            sources = DERIVED.get(name, {name})
            assert sources & given, f"{table}: {outcome} {detail} has no {name}"


@pytest.mark.parametrize("spec", [None, OPENAI, OLLAMA], ids=["no kind", "hosted", "local"])
@pytest.mark.parametrize("host", ["models.example.com", "localhost", "fd12::1"])
def test_every_sentence_is_filled_and_short(spec: Any, host: str) -> None:
    """With all parameters that may come along, and with any of them left out."""
    samples = {**SAMPLES, "host": host}
    for (outcome, detail), names in endings().items():
        for size in range(len(names) + 1):
            for given in combinations(sorted(names), size):
                text = sentence(outcome, detail, {name: samples[name] for name in given}, spec)
                assert 15 <= len(text) <= LONGEST, (outcome, detail, text)
                assert "%" not in text
                assert "None" not in text
                assert text[-1] in ".?", text


def test_every_variant_can_be_the_one_that_is_shown() -> None:
    """A variant that needs more than the one before it would never be reached."""
    for sentences in (SENTENCES, LOCAL):
        for outcome, by_detail in sentences.items():
            for detail, value in by_detail.items():
                texts = value if isinstance(value, tuple) else (value,)
                needs = [set(PLACEHOLDER.findall(str(text))) for text in texts]
                for at, names in enumerate(needs):
                    assert not any(before <= names for before in needs[:at]), (outcome, detail)


def test_words_that_are_no_outcome_have_no_sentence() -> None:
    assert sentence("running") == sentence("skipped") == sentence("") == ""


def test_a_detail_of_another_version_falls_back_to_its_outcome() -> None:
    assert sentence("bad_key", "from_the_future") == sentence("bad_key")


# Said exactly -------------------------------------------------------------------------------------


def refusal(host: str, port: int, address: str, scheme: str = "http", **more: Any) -> str:
    with pytest.raises(Failed) as caught:
        Policy.parse("", **more).check(host, port, scheme, [address])
    verdict = caught.value.verdict
    return sentence(verdict.outcome, verdict.detail, verdict.params)


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("host.docker.internal", 11434, "192.168.65.254"),
        ("localhost", 1234, "127.0.0.1"),
        ("fd12::1", 8000, "fd12::1"),
        ("100.64.0.7", 8000, "100.64.0.7"),
        ("models.example.com", 80, "93.184.216.34"),
    ],
)
def test_a_refusal_names_the_line_that_opens_the_address(
    host: str, port: int, address: str
) -> None:
    line = re.search(r" OUTBOUND_ALLOW=(\S+) ", refusal(host, port, address))
    assert line
    assert Policy.parse(line[1]).check(host, port, "http", [address]) == [address]


def test_a_refusal_that_nothing_lifts_names_no_line() -> None:
    for text in (
        refusal("169.254.169.254", 80, "169.254.169.254"),
        refusal("localhost", 8000, "127.0.0.1", own_ports=[8000]),
    ):
        assert "No setting opens it" in text
        assert "OUTBOUND_ALLOW" not in text


def test_a_name_in_a_special_range_is_opened_by_number_only() -> None:
    text = refusal("box.example.net", 8000, "100.64.0.7")
    assert "by number only" in text
    assert " OUTBOUND_ALLOW=ADDRESS:8000 " in text


@pytest.mark.parametrize(
    ("seconds", "span"),
    [
        (1, "1 s"),
        (20, "20 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3_601, "61 min"),
        (7_200, "2 h"),
        (90_001, "26 h"),
        (172_800, "2 days"),
        (30 * 86_400, "30 days"),
    ],
)
def test_a_wait_is_told_in_a_unit_for_people(seconds: int, span: str) -> None:
    params = {"retry_after_s": seconds}
    assert f"Try again in {span}." in sentence("rate_limited", "", params)


def test_no_wait_is_not_told_as_zero_seconds() -> None:
    assert "a moment" in sentence("rate_limited", "", {"retry_after_s": 0})


def test_the_wait_of_an_answer_reaches_the_sentence() -> None:
    answer = reply(429, {"error": {"message": "slow down"}}, retry_after="7")
    verdict = judge(answer, "key", now=datetime(2026, 11, 22, tzinfo=UTC))
    assert "7 s" in sentence(verdict.outcome, verdict.detail, verdict.params)


def test_missing_fields_go_by_the_names_on_the_page() -> None:
    def said(kind: str) -> str:
        spec = KINDS[kind]
        verdict = preflight(adapter_for(spec, Entered()))
        assert verdict is not None
        return sentence(verdict.outcome, verdict.detail, verdict.params, spec)

    assert "API key" in said("openai")
    assert "Endpoint, Deployment name, API key" in said("azure_openai")
    assert "Region, API key or access keys" in said("bedrock")
    assert "API base" in said("vllm")


def test_a_header_that_holds_a_reference_keeps_its_name() -> None:
    entered = Entered(
        secrets={"api_key": Secret("sk-abc")}, extra_headers={"X-Tenant": Secret("${TENANT}")}
    )
    verdict = preflight(adapter_for(OPENAI, entered))
    assert verdict is not None
    assert "X-Tenant" in sentence(verdict.outcome, verdict.detail, verdict.params, OPENAI)


SIGN = {
    "at": 7,
    "sign": "U+FF0D fullwidth hyphen-minus",
    "plain": "-",
    "form": "${OPENAI_API_KEY}",
}


@pytest.mark.parametrize("problem", keyshapes.PROBLEMS)
def test_a_key_that_cannot_be_sent_is_told_by_what_is_wrong_with_it(problem: str) -> None:
    text = sentence("bad_key", "unsendable", {"problem": problem, **SIGN})
    assert text.startswith(str(KEY_PROBLEMS[problem]) % SIGN)
    assert len(text) <= LONGEST
    assert sentence("bad_key", "unsendable", {"problem": problem})  # of an older row


def test_a_header_that_cannot_be_sent_is_named() -> None:
    assert "X-Tenant" in sentence("bad_key", "unsendable", {"header": "X-Tenant"})


@pytest.mark.parametrize("code", sorted(URL_SENTENCES))
def test_an_address_that_cannot_be_used_is_told_by_what_is_wrong_with_it(code: str) -> None:
    text = sentence("bad_endpoint", "bad_url", {"code": code, **SIGN})
    assert text.endswith(URL_SENTENCES[code] % SIGN)
    assert len(text) <= LONGEST
    assert sentence("bad_endpoint", "bad_url", {"code": code})


@pytest.mark.parametrize("kind", [kind for kind, spec in KINDS.items() if spec.is_local])
@pytest.mark.parametrize("detail", ["", "refused", "reset", "closed", "no_route", "failed"])
def test_a_local_server_out_of_reach_is_asked_after(kind: str, detail: str) -> None:
    params = {"host": "10.0.0.5", "port": 11434}
    text = sentence("unreachable", detail, params, KINDS[kind])
    assert "running" in text
    assert "machine or container" in text


def test_localhost_is_told_to_be_the_container_itself() -> None:
    params = {"host": "localhost", "port": 11434}
    for text in (
        sentence("unreachable", "refused", params, OLLAMA),
        sentence("unreachable", "refused", params, OPENAI),
    ):
        assert "localhost:11434" in text
        assert "localhost is that container" in text
    elsewhere = sentence("unreachable", "refused", {"host": "10.0.0.5", "port": 1}, OLLAMA)
    assert "10.0.0.5:1" in elsewhere
    assert "itself" not in elsewhere


def test_a_hosted_service_is_not_asked_whether_it_was_started() -> None:
    text = sentence("unreachable", "refused", {"host": "api.openai.com", "port": 443}, OPENAI)
    assert text.startswith("api.openai.com refuses")
    assert "running" not in text


def test_a_server_without_a_key_is_not_said_to_have_accepted_one() -> None:
    assert "key" not in sentence("ok", "", {}, OLLAMA)
    assert "key" in sentence("ok", "", {}, OPENAI)


def test_azure_is_told_about_the_deployment_by_its_name() -> None:
    answer = reply(404, {"error": {"code": "DeploymentNotFound", "message": "no"}})
    verdict = judge(answer, "model", rules=AZURE.error_rules)
    params = {**verdict.params, "model": "gpt-main"}
    text = sentence(verdict.outcome, verdict.detail, params, AZURE)
    assert "no deployment named gpt-main" in text


def test_text_of_the_other_side_is_in_no_sentence() -> None:
    for (outcome, detail), names in endings().items():
        params = {name: SAMPLES[name] for name in names}
        foreign = {"quote": "EVIL", "provider_code": "EVIL", "request_id": "EVIL"}
        assert "EVIL" not in sentence(outcome, detail, params | foreign, OPENAI)


def test_a_percent_sign_in_a_value_is_only_text() -> None:
    assert "100%(model)s" in sentence("model_not_found", "", {"model": "100%(model)s"})


# Notes and warnings -----------------------------------------------------------------------------


def warning_of(kind: str, pasted: str) -> list[str]:
    return [key_warning(found) for found in keyshapes.warnings_for(KINDS[kind], pasted)]


def test_every_warning_about_a_key_has_a_sentence() -> None:
    params = {"prefix": "gsk_", "owner": "Groq", "text": "This is an admin key."}
    said = [key_warning(KeyWarning(code, params)) for code in keyshapes.WARNINGS]
    assert len(set(said)) == len(keyshapes.WARNINGS)
    assert all(20 <= len(text) <= LONGEST and "%(" not in text for text in said)


@pytest.mark.parametrize(
    ("kind", "pasted", "words"),
    [
        ("openai", "gsk_abcdefgh", ["gsk_", "Groq"]),
        ("anthropic", "sk-ant-admin-abcdef", ["admin key"]),
        ("openai", "https://api.openai.com/v1", ["address"]),
        ("openai", "export OPENAI_API_KEY=sk-abcdef", ["variable"]),
        ("openai", '"sk-abcdef"', ["quotation marks"]),
        ("openai", "Bearer sk-abcdef", ["Bearer"]),
    ],
)
def test_a_warning_says_what_is_odd(kind: str, pasted: str, words: list[str]) -> None:
    (text,) = warning_of(kind, pasted)
    assert all(word in text for word in words)


def test_a_warning_shows_no_more_of_a_key_than_its_prefix() -> None:
    assert "SECRETPART" not in " ".join(warning_of("openai", "gsk_SECRETPART"))


def test_every_note_on_a_catalog_has_a_sentence() -> None:
    assert {"static", "base_models", "not_exhaustive", "profiles_forbidden"} <= notes()
    said = [catalog_note(note) for note in notes()]
    assert len(set(said)) == len(said)
    assert all(20 <= len(text) <= LONGEST for text in said)
    assert catalog_note("") == catalog_note("unknown") == ""


def test_the_notes_of_a_fetched_catalog_can_be_shown() -> None:
    entered = Entered(secrets={"api_key": Secret("key-of-the-plan")})
    adapter = adapter_for(KINDS["byteplus_coding_plan"], entered)
    assert [catalog_note(note) for note in fetch_catalog(adapter, Script()).notes] != [""]


# Translation ------------------------------------------------------------------------------------


def test_an_address_is_refused_in_its_own_sentence() -> None:
    with pytest.raises(BadURL) as caught:
        parse_base("https://user:pass@example.com")
    assert url_sentence(caught.value) == URL_SENTENCES["user_info"]


def test_a_sign_that_cannot_be_cut_is_told_with_its_place() -> None:
    with pytest.raises(BadURL) as caught:
        parse_base("https\uff1a//example.com")
    for text in (url_sentence(caught.value), str(caught.value)):
        assert "at place 6" in text
        assert "(U+FF1A fullwidth colon). Write : there." in text
    problem, told = keyshapes.problem_of("sk-\u00adabc")
    assert "at place 4 (U+00AD soft hyphen)" in key_problem_sentence(problem, told)
    assert key_problem_sentence(*keyshapes.problem_of("sk-abc")) == ""


def test_a_proxy_of_the_environment_is_told_behind_the_sentence() -> None:
    params = {"host": "api.example.com", "port": 443, "proxy": "HTTPS_PROXY"}
    text = sentence("unreachable", "refused", params)
    assert text.startswith(sentence("unreachable", "refused", {**params, "proxy": ""}))
    assert "HTTPS_PROXY" in text
    assert "OUTBOUND_PROXY" in text


def test_a_header_is_refused_in_the_language_of_its_reader() -> None:
    with pytest.raises(BadHeader) as caught:
        check_headers([("Host", "example.com")])
    assert header_sentence(caught.value) == "The header Host cannot be set here."
    with override("de"):
        assert header_sentence(caught.value) == "Der Header Host kann hier nicht gesetzt werden."


def test_a_sentence_is_made_in_the_language_of_its_reader() -> None:
    for sentences in (SENTENCES, LOCAL):
        for value in (value for details in sentences.values() for value in details.values()):
            for text in value if isinstance(value, tuple) else (value,):
                assert isinstance(text, Promise)
