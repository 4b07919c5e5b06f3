"""Every kind of channel, by its declaration alone: form, masking, message, sealing, refusal."""

import dataclasses
import importlib
import inspect
import re
from typing import Any

import pytest
from django.test import Client

from providers.http import Request, encode_json, origin_of
from providers.http.records import Reply
from providers.spec.outcomes import Outcome
from routing.models import Channel
from routing.watch.alerts.answers import sentence
from routing.watch.alerts.channels import CHANNELS
from routing.watch.alerts.entered import secrets_of, values_of, where
from routing.watch.alerts.message import make
from routing.watch.alerts.spec import ChannelSpec, Mail, Message, utf8, utf16
from tests.routing.watch.alerts.desk import NOW, OUTSIDE, alert, filled, form_of, made, sample
from tests.security.sweep import CANARY

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
SPECS = list(CHANNELS.values())
CALLED = [spec for spec in SPECS if spec.address]
every = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
called = pytest.mark.parametrize("spec", CALLED, ids=lambda spec: spec.kind)
MOST = {"discord": (2_000, utf16), "telegram": (4_096, utf16), "ntfy": (4_096, utf8)}
MOST |= {"slack": (40_000, len), "mattermost": (16_383, len), "placet": (10_000, len)}


@pytest.fixture(autouse=True)
def with_mail(settings: Any) -> None:
    settings.SMTP_HOST, settings.SMTP_FROM = "mail.example", "facio@example.org"


def message(lines: int = 1, text: str = "Key rejected.", title: str = "Groq fails") -> Message:
    told = [f"{number}: {text}" for number in range(lines)]
    return Message(
        id="an-id",
        at=NOW,
        kind="fails",
        about="provider:groq",
        tone="error",
        title=title,
        text="\n".join(told),
        link="https://facio.example/providers/groq/",
        lines=(
            Message(
                id="1",
                at=NOW,
                kind="fails",
                about="provider:groq",
                tone="error",
                title=title,
                text=told[0],
                link="https://facio.example/",
            ),
        ),
    )


def built(spec: ChannelSpec, told: Message, **more: str) -> Request | Mail:
    channel = made(spec.kind, **more)
    return spec.build(values_of(channel, spec), secrets_of(channel, spec), told)


def text_of(made: Request | Mail) -> str:
    if isinstance(made, Mail):
        return made.body
    return str(made.json.get("text") or made.json.get("content") or made.json.get("message"))


@every
def test_its_file_says_where_its_facts_were_read(spec: ChannelSpec) -> None:
    module = importlib.import_module(f"routing.watch.alerts.channels.{spec.kind}")
    assert re.search(r"https://\S+", inspect.getdoc(module) or "")
    assert spec.docs_url.startswith("https://")
    assert spec.label
    assert spec.help


@every
def test_its_form_takes_what_it_asks_for(spec: ChannelSpec) -> None:
    channel = made(spec.kind)
    kept = Channel.objects.get(pk=channel.pk)
    assert kept.kind == spec.kind
    assert set(kept.sealed) == {field.name for field in spec.secrets}
    assert set(kept.values) == {field.name for field in spec.fields} - set(kept.sealed)


@every
def test_an_empty_form_is_told_at_each_field_that_is_needed(spec: ChannelSpec) -> None:
    form = form_of(spec.kind, {"name": "", "language": "en"})
    needed = {field.name for field in spec.fields if field.required and not field.default}
    assert set(form.errors) == {"name", *needed}


@every
def test_s97_no_secret_is_in_clear_in_its_row_or_on_its_pages(
    spec: ChannelSpec, site: Client
) -> None:
    channel = made(spec.kind)
    assert CANARY not in repr(Channel.objects.values().get())
    for path in ("/alerts/channels/", f"/alerts/channels/{channel.pk}/"):
        page = site.get(path).content.decode()
        assert CANARY not in page
        assert spec.kind in page
    assert CANARY not in where(channel)


@every
def test_a_secret_that_is_left_empty_stays(spec: ChannelSpec) -> None:
    channel = made(spec.kind)
    before = {name: secret.reveal() for name, secret in secrets_of(channel, spec).items()}
    empty = {field.name: "" for field in spec.secrets}
    form = form_of(spec.kind, {**filled(spec.kind), **empty, "name": "other"}, channel)
    assert form.is_valid(), form.errors
    assert form.apply() == ["name"]
    after = {name: secret.reveal() for name, secret in secrets_of(channel, spec).items()}
    assert after == before


@called
def test_s97_a_secret_does_not_follow_to_another_origin(spec: ChannelSpec) -> None:
    channel = made(spec.kind)
    address = spec.address
    assert address is not None
    asked_again = {one.name for one in spec.secrets if not one.is_address}
    data = filled(spec.kind, "https://elsewhere.example")
    form = form_of(spec.kind, {**data, **dict.fromkeys(asked_again, "")}, channel)
    assert not form.is_valid() if asked_again else form.is_valid()
    assert set(form.errors) == asked_again


@pytest.mark.parametrize("kind", ["ntfy", "telegram", "placet"])
def test_s97_a_moved_address_leaves_no_secret_that_could_be_sent(kind: str) -> None:
    """Whoever writes into the database past the form gets nothing for it."""
    channel, spec = made(kind), CHANNELS[kind]
    assert spec.address
    channel.values[spec.address.name] = "https://elsewhere.example"
    assert secrets_of(channel, spec) == {}


@called
@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("http://169.254.169.254", "never called"),
        ("https://10.1.2.3", "private network"),
        ("http://127.0.0.1:8000", "a port of this installation"),
        ("http://localhost:8000", "a port of this installation"),
    ],
)
def test_s98_a_forbidden_address_is_told_at_the_field(
    spec: ChannelSpec, origin: str, words: str
) -> None:
    form = form_of(spec.kind, filled(spec.kind, origin))
    address = spec.address
    assert address is not None
    assert words in form.errors[address.name][0]


@called
@pytest.mark.parametrize("text", ["ftp://x.example/a", "https://u:p@x.example/a", "no address"])
def test_what_is_no_address_is_told_at_the_field(spec: ChannelSpec, text: str) -> None:
    address = spec.address
    assert address is not None
    form = form_of(spec.kind, {**filled(spec.kind), address.name: text})
    assert address.name in form.errors


@called
def test_its_request_goes_to_where_it_was_told_to(spec: ChannelSpec) -> None:
    request = built(spec, message())
    assert isinstance(request, Request)
    assert origin_of(request.url) == OUTSIDE
    assert request.method == "POST"
    assert CANARY not in repr(request)
    encode_json(request.json)


@every
def test_its_message_holds_title_text_and_link(spec: ChannelSpec) -> None:
    request = built(spec, message())
    told = repr(request.json) if isinstance(request, Request) else repr(request)
    for part in ("Groq fails", "Key rejected.", "https://facio.example/providers/groq/"):
        assert part in told


@pytest.mark.parametrize("kind", MOST)
def test_a_long_text_is_cut_at_a_line_and_says_how_much_is_missing(kind: str) -> None:
    most, size = MOST[kind]
    text = text_of(built(CHANNELS[kind], message(lines=1_000, text="ä" * 60)))
    assert size(text) <= most
    *told, more, link = text.splitlines()
    assert link.strip() == "https://facio.example/providers/groq/"
    found = re.match(r"and (\d+) more", more)
    assert found
    kept = [line for line in told if re.match(r"\d+: ", line)]
    assert len(kept) + int(found[1]) == 1_000
    assert all(line.rstrip().endswith("ä" * 60) for line in kept)


@pytest.mark.parametrize("kind", MOST)
def test_a_single_line_that_is_too_long_is_cut_too(kind: str) -> None:
    most, size = MOST[kind]
    told = message(title="x" * 50_000)
    assert size(text_of(built(CHANNELS[kind], told))) <= most


@pytest.mark.parametrize("kind", ["discord", "mattermost", "placet"])
def test_markup_and_mentions_of_a_name_are_only_text(kind: str) -> None:
    told = message(title="@everyone *fails* [here](https://x.example) <@1>")
    text = text_of(built(CHANNELS[kind], told))
    assert "@everyone" not in text
    assert "<@1>" not in text
    assert r"\*fails\*" in text
    assert "](https" not in text


def test_slack_gets_its_three_signs_escaped_and_no_markup() -> None:
    request = built(CHANNELS["slack"], message(title="a & b <!channel>"))
    assert isinstance(request, Request)
    assert "a &amp; b &lt;!channel&gt;" in request.json["text"]
    assert request.json["mrkdwn"] is False


def test_discord_is_told_to_call_nobody() -> None:
    request = built(CHANNELS["discord"], message())
    assert isinstance(request, Request)
    assert request.json["allowed_mentions"] == {"parse": []}


def test_telegram_gets_text_without_a_mode_for_markup() -> None:
    request = built(CHANNELS["telegram"], message(title="<b>*x*</b>"))
    assert isinstance(request, Request)
    assert request.json["text"].startswith("<b>*x*</b>\n")
    assert "parse_mode" not in request.json


def test_telegram_makes_no_mention_tag_or_command_of_a_name() -> None:
    """Its servers look for them in any text: each needs a letter right after its sign."""
    text = text_of(built(CHANNELS["telegram"], message(title="@here #tag /stop (/start) groq/a")))
    assert not re.search(r"[@#]\w|(?<!\w)/\w", text.splitlines()[0])
    assert "groq/a" in text
    assert text.endswith("https://facio.example/providers/groq/")


@pytest.mark.parametrize(
    "text",
    [
        "ops@example.org\nBcc: all@example.org",
        "ops@example.org\rBcc: all@example.org",
        "ops@example.org\u2028Bcc: all@example.org",
        "ops@example.org%0aBcc:all@example.org\n\n.",
        "no-address",
        "ops@example.org, <script>",
    ],
)
def test_a_mail_address_with_a_line_break_is_refused(text: str) -> None:
    form = form_of("email", {**filled("email"), "to": text})
    assert "no e-mail address" in form.errors["to"][0]


def test_more_than_twenty_recipients_are_refused() -> None:
    text = "\n".join(f"person{number}@example.org" for number in range(21))
    assert "20" in form_of("email", {**filled("email"), "to": text}).errors["to"][0]


def reply(status: int, data: Any = None, text: str = "") -> Reply:
    return Reply(status=status, headers={}, data=data, text=text, ms=1)


@pytest.mark.parametrize(
    ("kind", "answer", "outcome"),
    [
        ("json", reply(202), "ok"),
        ("slack", reply(200, text="ok"), "ok"),
        ("slack", reply(200, {"ok": True}), "ok"),
        ("slack", reply(200, {"success": True}), "ok"),
        ("slack", reply(200, {"ok": False, "error": "invalid_auth"}), "unexpected_response"),
        ("slack", reply(200, {"success": False}), "unexpected_response"),
        ("slack", reply(200, text="no_text"), "unexpected_response"),
        ("slack", reply(200, text="<html>"), "unexpected_response"),
        ("slack", reply(410, text="channel_is_archived"), "bad_endpoint"),
        ("discord", reply(204), "ok"),
        ("discord", reply(200, {"id": "1"}), "ok"),
        ("discord", reply(200, text="<html>"), "unexpected_response"),
        ("mattermost", reply(200, text="ok"), "ok"),
        ("mattermost", reply(200, {"success": True}), "ok"),
        ("mattermost", reply(200, text="<html>"), "unexpected_response"),
        ("ntfy", reply(200, {"id": "1"}), "ok"),
        ("ntfy", reply(200, text="ntfy web app"), "unexpected_response"),
        ("telegram", reply(200, {"ok": True}), "ok"),
        ("telegram", reply(200, {"ok": False}), "bad_request"),
        ("telegram", reply(200, {"ok": False, "error_code": 403}), "forbidden"),
        ("telegram", reply(200, {"ok": False, "error_code": "x" * 9}), "bad_request"),
        ("telegram", reply(404, {"ok": False, "error_code": 404}), "bad_endpoint"),
        ("telegram", reply(200, [1]), "unexpected_response"),
        ("telegram", reply(429, {"ok": False, "parameters": [1]}), "rate_limited"),
        ("placet", reply(201, {"id": "1"}), "ok"),
        ("placet", reply(200, text="<html>"), "unexpected_response"),
        ("placet", reply(401, {}), "bad_key"),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Reply) else None,
)
def test_only_what_the_service_says_of_a_taken_message_is_a_yes(
    kind: str, answer: Reply, outcome: str
) -> None:
    assert CHANNELS[kind].read(answer).outcome == outcome


def test_telegrams_wait_is_read_from_its_body() -> None:
    data = {"ok": False, "error_code": 429, "parameters": {"retry_after": 35}}
    verdict = CHANNELS["telegram"].read(reply(429, data))
    assert (verdict.outcome, verdict.params["retry_after_s"]) == (Outcome.RATE_LIMITED, 35)


@pytest.mark.parametrize(
    ("said", "wait"), [(64.57, 65), (0.3, 1), (7, 7), (0, None), (-1, None), ("9", None)]
)
def test_discords_wait_is_read_from_its_body(said: Any, wait: int | None) -> None:
    """Behind some proxies the header is missing."""
    verdict = CHANNELS["discord"].read(reply(429, {"retry_after": said, "global": False}))
    assert (verdict.outcome, verdict.params.get("retry_after_s")) == (Outcome.RATE_LIMITED, wait)


def test_a_webhook_of_a_forum_is_told_how_to_mend_it() -> None:
    verdict = CHANNELS["discord"].read(reply(400, {"message": "their words", "code": 220001}))
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, "forum")
    assert "thread_id" in sentence(verdict.outcome, verdict.detail, verdict.params)


def test_a_group_that_became_a_supergroup_is_told_with_its_new_id() -> None:
    parameters = {"migrate_to_chat_id": -1001557912345}
    said = {"ok": False, "error_code": 400, "parameters": parameters}
    verdict = CHANNELS["telegram"].read(reply(400, said))
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, "chat_moved")
    assert "-1001557912345" in sentence(verdict.outcome, verdict.detail, verdict.params)
    said["parameters"] = {"migrate_to_chat_id": "their words"}  # type: ignore[dict-item]
    verdict = CHANNELS["telegram"].read(reply(400, said))
    assert (verdict.detail, "their words" in repr(verdict)) == ("no_chat", False)


def test_a_topic_of_a_group_is_named_where_it_is_entered() -> None:
    request = built(CHANNELS["telegram"], message(), topic="42")
    assert isinstance(request, Request)
    assert request.json["message_thread_id"] == 42
    other = built(CHANNELS["telegram"], message(), name="other")
    assert isinstance(other, Request)
    assert "message_thread_id" not in other.json
    assert "topic" in form_of("telegram", {**filled("telegram"), "topic": "x/7"}).errors


@pytest.mark.parametrize("text", ["ключ отклонён", '"quoted" and \\', "Key rejected."])
def test_ntfy_gets_no_larger_json_than_it_reads(text: str) -> None:
    """Twice the limit of a message, whatever JSON makes of its letters."""
    request = built(CHANNELS["ntfy"], message(lines=400, text=text * 3, title=text * 99))
    assert isinstance(request, Request)
    assert len(encode_json(request.json)) <= 8_192
    assert len(request.json["message"].encode()) <= 4_096
    assert request.json["message"].endswith("https://facio.example/providers/groq/")


@called
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_s98_a_redirect_is_a_failure(spec: ChannelSpec, status: int) -> None:
    verdict = spec.read(reply(status))
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_ENDPOINT, "redirected")


@called
def test_s99_a_receivers_own_words_are_not_kept(spec: ChannelSpec) -> None:
    for status in (200, 400, 403, 404, 429, 500):
        said = reply(status, {"message": "their words", "ok": False}, "their words")
        assert "their words" not in repr(dataclasses.asdict(spec.read(said)))


def test_the_same_alerts_make_the_same_json_body() -> None:
    channel, told = made("json"), alert()
    build = CHANNELS["json"].build
    args = values_of(channel, CHANNELS["json"]), secrets_of(channel, CHANNELS["json"])
    first, second = (build(*args, make([told], channel, "x")) for _ in range(2))
    assert isinstance(first, Request)
    assert isinstance(second, Request)
    assert first.json == second.json
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == "x"


def test_every_kind_has_its_sample() -> None:
    assert [kind for kind in CHANNELS if not sample(kind)] == []
