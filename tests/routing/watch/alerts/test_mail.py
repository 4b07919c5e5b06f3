"""Mail through a real SMTP server on loopback: in clear, by STARTTLS, by TLS, signed in or not."""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from providers.spec.outcomes import Outcome, Verdict
from routing.models import Delivery
from routing.watch.alerts import mail
from routing.watch.alerts.answers import sentence
from routing.watch.alerts.deliver import deliver
from routing.watch.alerts.message import make
from routing.watch.alerts.sending import send
from tests.providers.http.servers import Authority, Call, always, drip, hang, serve
from tests.routing.watch.alerts.desk import NOW, alert, made

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.alike]
USER, PASSWORD = "facio", "mail-password"


class Box:
    """Takes mail, or answers otherwise: by recipient, by sender, or to the data."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.taken: list[Envelope] = []

    async def handle_RCPT(  # noqa: N802 - named by aiosmtpd
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        refusal = self.answers.get(address.partition("@")[0], self.answers.get("everybody", ""))
        if not refusal:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("sender", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if refusal := self.answers.get("data"):
            return refusal
        self.taken.append(envelope)
        return "250 Taken"

    @property
    def mails(self) -> list[Any]:
        return [message_from_bytes(one.content, policy=default) for one in self.taken]  # type: ignore[arg-type]


@contextlib.contextmanager
def mail_server(box: Box, settings: Any, **options: Any) -> Iterator[None]:
    """`settings` lead to it: without TLS and sign-in."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", port
    settings.SMTP_SECURITY, settings.SMTP_FROM = "none", "Facio <facio@example.org>"
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("mail"))


def lets_in(server: Any, session: Any, envelope: Any, mechanism: str, told: Any) -> AuthResult:
    known = isinstance(told, LoginPassword) and told.password == PASSWORD.encode()
    return AuthResult(success=known, handled=known)


def mailed(**more: str) -> Verdict:
    channel = made("email", **more)
    return send(channel, make([alert()], channel, "an-id"))


def test_a_mail_arrives_with_subject_text_link_and_id(settings: Any) -> None:
    box = Box()
    with mail_server(box, settings):
        assert mailed().outcome == Outcome.OK
    mail = box.mails[0]
    assert box.taken[0].rcpt_tos == ["ops@example.org", "second@example.org"]
    assert mail["From"] == "Facio <facio@example.org>"
    assert mail["Subject"] == "Groq fails"
    assert mail["Message-ID"] == "<an-id@facio-settings>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content()
    assert "Key rejected." in text
    assert f"{settings.PUBLIC_URL}/providers/groq/" in text


def test_a_title_with_a_line_break_makes_no_further_header(settings: Any) -> None:
    from tests.routing.watch.alerts.channels.test_channels import message

    box, channel = Box(), made("email")
    with mail_server(box, settings):
        told = message(title="Groq\r\nBcc: all@example.org")
        assert send(channel, told).outcome == Outcome.OK
    assert box.mails[0]["Bcc"] is None
    assert box.mails[0]["Subject"] == "Groq Bcc: all@example.org"


def test_by_starttls_with_a_sign_in(settings: Any, authority: Authority) -> None:
    box = Box()
    options = {
        "tls_context": authority.context("127.0.0.1"),
        "require_starttls": True,
        "authenticator": lets_in,
        "auth_required": True,
    }
    with mail_server(box, settings, **options):
        settings.SMTP_SECURITY = "starttls"
        settings.SMTP_USER, settings.SMTP_PASSWORD = USER, PASSWORD
        assert mailed().outcome == Outcome.TLS_ERROR  # nobody knows this authority yet
        settings.OUTBOUND_CA_FILE = str(authority.file)
        assert mailed_again().outcome == Outcome.OK
        settings.SMTP_PASSWORD = "another"
        refused = mailed_again()
    assert (refused.outcome, refused.detail) == (Outcome.BAD_KEY, "sign_in")
    assert len(box.taken) == 1


def mailed_again() -> Verdict:
    delivery = Delivery.objects.select_related("channel", "alert").first()
    if delivery is None:
        return mailed(name="another")
    return send(delivery.channel, make([delivery.alert], delivery.channel, "an-id"))


def test_by_tls_from_the_start(settings: Any, authority: Authority) -> None:
    box = Box()
    with mail_server(box, settings, ssl_context=authority.context("127.0.0.1")):
        settings.SMTP_SECURITY = "tls"
        assert mailed().outcome == Outcome.TLS_ERROR
        settings.OUTBOUND_CA_FILE = str(authority.file)
        assert mailed_again().outcome == Outcome.OK
    assert len(box.taken) == 1


def test_a_certificate_of_another_name_is_refused(settings: Any, authority: Authority) -> None:
    box = Box()
    options = {"tls_context": authority.context("mail.example"), "require_starttls": True}
    with mail_server(box, settings, **options):
        settings.SMTP_SECURITY, settings.OUTBOUND_CA_FILE = "starttls", str(authority.file)
        verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (Outcome.TLS_ERROR, "wrong_name")
    assert box.taken == []


def test_a_server_without_starttls_gets_nothing(settings: Any) -> None:
    box = Box()
    with mail_server(box, settings):
        settings.SMTP_SECURITY = "starttls"
        verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (Outcome.TLS_ERROR, "no_starttls")


@pytest.mark.parametrize(
    ("answers", "outcome", "detail"),
    [
        ({"everybody": "550 no such user"}, "bad_request", "recipients_unsigned"),
        ({"everybody": "554 5.7.1 Relay access denied"}, "bad_request", "recipients_unsigned"),
        ({"everybody": "504 5.5.2 Helo command rejected"}, "bad_request", "greeting"),
        ({"everybody": "530 5.7.0 Authentication required"}, "bad_key", "wants_more"),
        ({"sender": "530 5.7.0 Must issue a STARTTLS command first"}, "bad_key", "wants_more"),
        ({"data": "451 5.7.3 STARTTLS is required to send mail"}, "bad_key", "wants_more"),
        ({"everybody": "451 later"}, "server_error", "mail"),
        ({"sender": "550 not you"}, "bad_request", "sender"),
        ({"data": "554 no"}, "bad_request", ""),
        ({"data": "452 full"}, "server_error", "mail"),
        ({"second": "550 no such user"}, "ok", "some_refused"),
    ],
    ids=[
        *("nobody", "relay", "greeting", "sign-in", "encryption", "encryption-4xx"),
        *("later", "sender", "data", "full", "one-of-two"),
    ],
)
def test_what_a_server_refuses(
    answers: dict[str, str], outcome: str, detail: str, settings: Any
) -> None:
    box = Box(**answers)
    with mail_server(box, settings):
        verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (outcome, detail)
    assert sentence(verdict.outcome, verdict.detail, verdict.params)
    assert "no such user" not in repr(verdict)


def test_a_server_that_signs_nobody_in_is_told_apart_from_a_wrong_password(settings: Any) -> None:
    with mail_server(Box(), settings):
        settings.SMTP_USER, settings.SMTP_PASSWORD = USER, PASSWORD
        verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_KEY, "no_sign_in")
    assert "SMTP_PORT" in sentence(verdict.outcome, verdict.detail, verdict.params)


def test_recipients_that_are_refused_after_a_sign_in_are_the_cause(settings: Any) -> None:
    options = {"authenticator": lets_in, "auth_require_tls": False}
    with mail_server(Box(everybody="550 no such user"), settings, **options):
        settings.SMTP_USER, settings.SMTP_PASSWORD = USER, PASSWORD
        verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (Outcome.BAD_REQUEST, "recipients")


def test_tls_and_starttls_on_each_others_ports_are_told(
    settings: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port for TLS waits for the client and says nothing, which looks like a dead server."""
    monkeypatch.setattr(mail, "SILENCE_SECONDS", 0.5)
    with mail_server(Box(), settings, ssl_context=authority.context("127.0.0.1")):
        settings.SMTP_SECURITY = "starttls"
        verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (Outcome.TIMEOUT, "no_greeting")
    with mail_server(Box(), settings):
        settings.SMTP_SECURITY = "tls"
        verdict = mailed_again()
    assert (verdict.outcome, verdict.detail) == (Outcome.TLS_ERROR, "mail_not_tls")
    assert "http" not in sentence(verdict.outcome, verdict.detail, verdict.params)


def test_silence_before_the_message_does_not_claim_that_it_was_sent(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SILENCE_SECONDS", 0.5)
    with serve(lambda call: (call.send(b"220 hello\r\n"), call.wait(2))) as server:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", server.port
        settings.SMTP_SECURITY, settings.SMTP_FROM = "starttls", "facio@example.org"
        verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (Outcome.TIMEOUT, "")


class Greeted(Box):
    """Remembers by which names it was greeted."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.names.append(hostname)
        return responses


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://facio.example.org/settings", "facio.example.org"),
        ("http://facio:8000", "[127.0.0.1]"),
        ("http://192.0.2.7:8000", "[127.0.0.1]"),
        ("http://facio.localhost:8000", "[127.0.0.1]"),
    ],
)
def test_a_server_is_greeted_by_a_full_name_or_an_address(
    url: str, name: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never by the name of a container, and without a look-up of it, which may take its time."""

    def asked(*_args: Any) -> str:
        raise AssertionError("this machine's name was looked up")

    box, settings.PUBLIC_URL = Greeted(), url
    with mail_server(box, settings):
        monkeypatch.setattr("django.core.mail.utils.DNS_NAME.get_fqdn", asked)
        verdict = mailed()
    assert verdict.outcome == Outcome.OK
    assert box.names == [name]


def test_an_address_of_version_6_has_its_own_form(settings: Any) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    assert mail.own_name("fe80::1%eth0") == "[IPv6:fe80::1]"


def refusing(call: Call) -> None:
    call.send(b"554 go away\r\n")
    call.wait(1)


def resetting(call: Call) -> None:
    call.send(b"2")
    call.wait(0.1)
    call.reset()


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (drip(b"", b"2"), "timeout"),
        (hang(), "timeout"),
        (always(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "timeout"),
        (refusing, "unexpected_response"),
        (lambda call: call.send(b"HTTP/1.1 200 OK\r\n"), "unexpected_response"),
        (resetting, "unexpected_response"),
    ],
    ids=["drip", "hang", "http", "refuses", "no-mail", "reset"],
)
def test_what_is_no_mail_server_ends_in_time(script: Any, outcome: str, settings: Any) -> None:
    settings.ALERT_SECONDS = 1
    began = time.monotonic()
    with serve(script) as server:
        settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", server.port
        settings.SMTP_SECURITY, settings.SMTP_FROM = "none", "facio@example.org"
        verdict = mailed()
        took = time.monotonic() - began
    assert verdict.outcome == outcome
    assert took < 4


def test_nobody_there_and_no_server_set_are_told(settings: Any) -> None:
    with serve(hang()) as server:
        port = server.port
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", port
    settings.SMTP_SECURITY, settings.SMTP_FROM = "none", "facio@example.org"
    verdict = mailed()
    assert (verdict.outcome, verdict.detail) == (Outcome.UNREACHABLE, "refused")
    settings.SMTP_HOST = ""
    verdict = mailed_again()
    assert (verdict.outcome, verdict.detail) == (Outcome.MISSING_CONFIG, "no_mail")


def test_a_mail_that_is_tried_again_keeps_its_id(settings: Any) -> None:
    box = Box(data="451 later")
    channel = made("email")
    alert()
    with mail_server(box, settings):
        assert deliver(channel.pk, NOW) == 0
        box.answers = {}
        next_at = Delivery.objects.get().next_at
        assert deliver(channel.pk, next_at) == 1
    assert len(box.mails) == 1


def test_the_context_is_the_one_of_every_call(tmp_path: Path) -> None:
    """Verified by name and authority; SSL_CERT_FILE and the like have no say."""
    from providers.http import tls_context

    context = tls_context(None)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
