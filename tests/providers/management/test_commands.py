"""manage.py commands of providers, through the real door against simulators."""

import io
import json
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from facio_site import sealing
from facio_site.commands import UsageError
from facio_site.sealing import site
from providers import broker
from providers.management import run
from providers.models import Provider, jobs
from providers.work import queue
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.battery]


def give(monkeypatch: pytest.MonkeyPatch, name: str, /, **fields: Any) -> str:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(fields).encode())))
    out = io.StringIO()
    call_command("set_provider", name, stdout=out)
    return out.getvalue()


def told(*arguments: str) -> tuple[list[dict[str, Any]], int]:
    out = io.StringIO()
    code = 0
    try:
        call_command(*arguments, "--json", stdout=out)
    except SystemExit as stop:
        code = int(str(stop.code))
    return json.loads(out.getvalue()), code


def test_set_provider_saves_by_the_rules_of_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    key = demo_key("groq")
    assert key not in give(monkeypatch, "groq", apiKey=key, extraHeaders={"X-Team": "indigo"})
    row = Provider.objects.get(kind="groq")
    secret = row.open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == key
    assert row.open_mapping("extra_headers") == {"X-Team": "indigo"}


def test_null_clears_and_what_is_not_named_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "custom", apiBase="https://llm.example.com/v1", apiKey="one-two-three")
    give(monkeypatch, "custom", extraBody={"seed": 1})
    assert "api_key" in Provider.objects.get(kind="custom").sealed
    give(monkeypatch, "custom", apiKey=None)
    row = Provider.objects.get(kind="custom")
    assert "api_key" not in row.sealed
    assert row.open_mapping("extra_body") == {"seed": 1}


@pytest.mark.parametrize(
    ("kind", "fields", "word"),
    [
        ("groq", {"apiKey": "has a blank inside"}, "api_key"),
        ("groq", {"apiKey": 5}, "apiKey"),
        ("groq", {"region": "x"}, "region"),
        ("azure_openai", {"apiKey": "k" * 32}, "api_base"),
        ("custom", {"apiBase": "https://u:p@h.example"}, "api_base"),
    ],
)
def test_bad_fields_are_told_in_one_line_without_their_value(
    monkeypatch: pytest.MonkeyPatch, kind: str, fields: dict[str, Any], word: str
) -> None:
    with pytest.raises(CommandError) as caught:
        give(monkeypatch, kind, **fields)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Provider.objects.exists()


def test_an_unknown_kind_is_bad_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (
        lambda: give(monkeypatch, "opnai", apiKey="sk-0123456789"),
        lambda: call_command("check_providers", "opnai"),
    ):
        with pytest.raises(UsageError) as caught:
            command()
        assert caught.value.returncode == 2
    assert not Provider.objects.exists()


def test_check_providers_tests_all_configured_and_tells_each(
    monkeypatch: pytest.MonkeyPatch, sims: Simulators
) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    give(monkeypatch, "mistral", apiKey=demo_key("mistral", "bad"))
    rows, code = told("check_providers")
    assert code == 1
    assert [(row["kind"], row["outcome"], row["key_state"]) for row in rows] == [
        ("groq", "ok", "valid"),
        ("mistral", "bad_key", "invalid"),
    ]
    assert list(rows[0]) == [
        *("kind", "name", "outcome", "key_state", "http_status", "ms"),
        *("detail", "message", "quote", "suggested_base"),
    ]
    assert (rows[0]["quote"], rows[0]["suggested_base"]) == ("", "")
    assert rows[1]["quote"]
    rows, code = told("check_providers", "groq", "groq")
    assert (len(rows), code) == (1, 0)
    assert Provider.objects.get(kind="groq").check_outcome == "ok"


@pytest.mark.parametrize("command", ["check_providers", "fetch_catalogs"])
def test_a_broker_that_is_away_is_no_matter_of_a_command(
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    sims: Simulators,
    command: str,
) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    settings.REDIS_URL = "unix:///nowhere/broker.sock"
    monkeypatch.setattr(broker, "_trouble", "")
    monkeypatch.setattr(broker, "_silent_until", 0.0)
    broker._client.cache_clear()
    rows, _code = told(command)
    assert rows[0]["outcome"] == "ok"
    assert [one for one in caplog.records if one.name == "facio.broker"] == []
    broker._silent_until = 0.0
    broker.announce()  # whoever needs it goes on saying so
    assert [one.name for one in caplog.records] == ["facio.broker"]
    broker._client.cache_clear()


@pytest.mark.parametrize("command", ["check_providers", "fetch_catalogs"])
def test_the_terminal_names_the_master_key_that_this_machine_lacks(
    monkeypatch: pytest.MonkeyPatch, settings: Any, command: str
) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    [lacking] = site.keys(now=True).used
    settings.MASTER_KEYS = [sealing.new_master_key()]
    out, errors = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit):
        call_command(command, "--json", stdout=out, stderr=errors)
    assert json.loads(out.getvalue())[0]["outcome"] == "no_key"
    [line] = errors.getvalue().splitlines()
    assert f"this machine has not the master key {lacking}" in line


def test_set_provider_says_that_the_key_may_be_another_one(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    settings.MASTER_KEYS = [sealing.new_master_key()]
    site.forget()
    with pytest.raises(CommandError, match="key is missing or is another one: nothing can be sav"):
        give(monkeypatch, "groq", apiKey=demo_key("groq"))


def test_a_named_model_is_asked_and_goes_into_the_outcome(
    monkeypatch: pytest.MonkeyPatch, sims: Simulators
) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    rows, code = told("check_providers", "groq", "--model", "openai/gpt-oss-120b", "no-such-model")
    assert (rows[0]["outcome"], rows[0]["key_state"], code) == ("model_not_found", "valid", 1)
    assert "no-such-model" in rows[0]["message"]
    rows, code = told("check_providers", "groq", "--model", "openai/gpt-oss-120b")
    assert (rows[0]["outcome"], code) == ("ok", 0)


def test_the_base_that_would_be_right_and_the_providers_words_are_printed(
    monkeypatch: pytest.MonkeyPatch, sims: Simulators
) -> None:
    give(monkeypatch, "ollama", apiBase="http://localhost:11434")
    give(monkeypatch, "openai", apiKey=demo_key("openai", "country"))
    rows, code = told("check_providers", "ollama", "openai", "--model", "qwen3:8b")
    local, hosted = rows
    assert (local["outcome"], local["suggested_base"]) == (
        *("bad_endpoint",),
        "http://localhost:11434/v1",
    )
    assert local["suggested_base"] in local["message"]
    assert (hosted["outcome"], hosted["suggested_base"], code) == ("forbidden", "", 1)
    assert "territory" in hosted["quote"]


@pytest.mark.parametrize("name", ["", " ", "m" * 301, "m\0"])
def test_a_model_without_a_proper_name_is_bad_usage(name: str) -> None:
    with pytest.raises(UsageError):
        call_command("check_providers", "--model", name)


def test_a_test_that_a_worker_has_under_way_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    job = queue.start(Provider.objects.get(kind="groq"), jobs.Task.CHECK, hand_over=False)
    assert job.claim("worker-1", 15)
    monkeypatch.setattr(run, "sleep", lambda _: job.finish(outcome="ok", key_state="valid", ms=3))
    rows, code = told("check_providers")
    assert [(row["outcome"], row["ms"], code) for row in rows] == [("ok", 3, 0)]


def test_a_test_that_a_lost_worker_had_ends_at_its_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    job = queue.start(Provider.objects.get(kind="groq"), jobs.Task.CHECK, hand_over=False)
    assert job.claim("worker-1", 15)
    monkeypatch.setattr(run, "sleep", lambda _: jobs.Job.objects.update(deadline=timezone.now()))
    rows, code = told("check_providers")
    assert [(row["outcome"], code) for row in rows] == [("no_answer", 1)]


def test_fetch_catalogs_prints_ids(monkeypatch: pytest.MonkeyPatch, sims: Simulators) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    rows, code = told("fetch_catalogs")
    assert code == 0
    assert rows[0]["count"] == len(rows[0]["models"])
    assert "openai/gpt-oss-120b" in rows[0]["models"]
    assert set(rows[0]) == {
        *("kind", "name", "outcome", "detail", "count", "dropped", "models"),
        *("message", "quote", "suggested_base"),
    }
    assert (rows[0]["name"], rows[0]["detail"], rows[0]["quote"]) == ("groq", "", "")
    assert rows[0]["dropped"] == 2  # no longer active
    assert str(rows[0]["count"]) in rows[0]["message"]


def test_a_fetch_that_fails_tells_the_sentence(
    monkeypatch: pytest.MonkeyPatch, sims: Simulators
) -> None:
    give(monkeypatch, "mistral", apiKey=demo_key("mistral", "bad"))
    (row,), code = told("fetch_catalogs", "mistral")
    assert (row["outcome"], row["count"], row["models"], code) == ("bad_key", 0, [], 1)
    assert "key" in row["message"]


def test_a_provider_that_is_not_configured_is_an_error() -> None:
    with pytest.raises(CommandError, match="not configured"):
        call_command("check_providers", "groq")


def test_a_list_that_is_known_tells_again_what_it_lost(
    monkeypatch: pytest.MonkeyPatch, sims: Simulators
) -> None:
    give(monkeypatch, "groq", apiKey=demo_key("groq"))
    first, second = (told("fetch_catalogs")[0][0] for _ in range(2))
    assert first["dropped"] > 0
    assert first == second
