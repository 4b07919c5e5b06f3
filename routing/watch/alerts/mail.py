"""Mail, by Django's SMTP backend: the one way by which this site sends any.

The server is the operator's (SMTP_HOST and the like), so no policy of addresses stands before it.
Certificates are verified as everywhere; nothing of what the server says is kept but its codes.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from providers.http import Observer, tls_context
from providers.http.tls import word_of
from providers.spec.outcomes import Failed, Outcome, Step, Verdict
from routing.watch.alerts.spec import Mail

STARTTLS, TLS, NONE = "starttls", "tls", "none"  # of SMTP_SECURITY
SILENCE_SECONDS = 10.0  # between two signs of life of the server
_FULL_NAME = re.compile(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*")


def steps() -> list[Step]:
    """What lies ahead of a mail, as far as smtplib tells it."""
    is_safe, signs_in = settings.SMTP_SECURITY != NONE, bool(settings.SMTP_USER)
    ahead = [Step.CONNECT, *[Step.TLS] * is_safe, *[Step.SIGN_IN] * signs_in]
    return [*ahead, Step.MESSAGE]


def send(mail: Mail, seconds: float, observe: Observer | None = None) -> Verdict:
    """OK once the server has taken it. Raises Failed."""
    if not settings.SMTP_HOST:
        raise Failed(Outcome.MISSING_CONFIG, "no_mail")
    climb = _Climb(seconds, observe)
    backend = _Backend(climb)
    message = EmailMessage(
        mail.subject,
        mail.body,
        settings.SMTP_FROM,
        list(mail.to),
        headers={
            "Message-ID": f"<{mail.message_id}@facio-settings>",  # the same at every try
            "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes in return
        },
        connection=backend,
    )
    timer = threading.Timer(seconds, climb.hang_up)
    timer.daemon = True
    timer.start()
    try:
        message.send()
    finally:
        timer.cancel()
        with suppress(OSError):
            backend.close()
    return Verdict(Outcome.OK, "some_refused" if climb.refused else "")


class _Climb:
    """One mail on its way: which step it is at, and how each went."""

    def __init__(self, seconds: float, observe: Observer | None) -> None:
        self.seconds = seconds
        self.refused = False  # some of the recipients, not all
        self.connection: smtplib.SMTP | None = None
        self._is_over = False
        self._observe = observe
        self._where = {"host": settings.SMTP_HOST, "port": settings.SMTP_PORT}

    def hang_up(self) -> None:
        """From another thread: the time is up."""
        self._is_over = True
        sock = getattr(self.connection, "sock", None)
        if sock is not None:
            with suppress(OSError):  # not the one of ssl, which is not made for two threads
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    @contextmanager
    def rung(self, step: Step) -> Iterator[None]:
        began = time.monotonic()
        try:
            if self._is_over:
                raise TimeoutError
            yield
        except OSError as error:  # smtplib's own are among them
            failed = self._failed(step, error)
        else:
            self._tell(step, Outcome.OK, time.monotonic() - began)
            return
        if self.connection is not None:
            self.connection.close()
        raise failed

    def _failed(self, step: Step, error: OSError) -> Failed:
        if self._is_over:
            outcome, detail = Outcome.TIMEOUT, "deadline"
        else:
            outcome, detail = _meaning(step, error)
        if step is Step.CONNECT and outcome is Outcome.DNS_ERROR:
            step = Step.DNS
        if step is Step.CONNECT and outcome is Outcome.TLS_ERROR:
            self._tell(Step.CONNECT, Outcome.OK, 0)
            step = Step.TLS
        self._tell(step, outcome, 0, detail)
        return Failed(outcome, detail, **self._where)

    def _tell(self, step: Step, outcome: Outcome, seconds: float, detail: str = "") -> None:
        if self._observe is not None:
            self._observe(step, outcome, round(seconds * 1000), detail, self._where)


class _Backend(EmailBackend):
    """Django's, with our certificates and an eye on each step."""

    def __init__(self, climb: _Climb) -> None:
        security = settings.SMTP_SECURITY
        super().__init__(
            host=settings.SMTP_HOST,
            port=settings.SMTP_PORT,
            username=settings.SMTP_USER,
            password=settings.SMTP_PASSWORD,
            use_tls=security == STARTTLS,
            use_ssl=security == TLS,
            timeout=min(SILENCE_SECONDS, climb.seconds),
        )
        self.ssl_context = tls_context(settings.OUTBOUND_CA_FILE or None)
        self._climb = climb

    @property
    def connection_class(self) -> Any:
        return _observed(smtplib.SMTP_SSL if self.use_ssl else smtplib.SMTP, self._climb)

    def open(self) -> bool:
        """Django's, but for the name in the greeting: it asks this machine's resolver for that, for
        as long as it likes, and in a container gets one that many servers refuse.
        """
        if self.connection:
            return False
        context = {"context": self.ssl_context} if self.use_ssl else {}
        opened = self.connection_class(
            self.host, self.port, local_hostname="", timeout=self.timeout, **context
        )
        self._partial_connection = opened
        opened.local_hostname = own_name(opened.sock.getsockname()[0])
        if self.use_tls:
            opened.starttls(context=self.ssl_context)
        if self.username:
            opened.login(self.username, self.password)
        self.connection, self._partial_connection = opened, None
        return True


def own_name(address: str) -> str:
    """How this site greets: the public name that it has, else its address on this connection
    (RFC 5321, 4.1.3)."""
    name = urlsplit(settings.PUBLIC_URL).hostname or ""
    if _FULL_NAME.fullmatch(name) and not name.endswith(".localhost"):
        return name
    return f"[IPv6:{address.partition('%')[0]}]" if ":" in address else f"[{address}]"


def _observed(base: Any, climb: _Climb) -> Any:
    """smtplib's class, whose steps tell how they went."""
    is_safe = issubclass(base, smtplib.SMTP_SSL)

    class Observed(base):  # type: ignore[misc]
        def connect(self, *args: Any, **kwargs: Any) -> Any:
            climb.connection = self
            with climb.rung(Step.CONNECT):
                code, text = super().connect(*args, **kwargs)
                if code != 220:
                    raise smtplib.SMTPConnectError(code, text)
            if is_safe:
                with climb.rung(Step.TLS):  # done by then; its time is part of the connection's
                    pass
            return code, text

        def starttls(self, *args: Any, **kwargs: Any) -> Any:
            with climb.rung(Step.TLS):
                return super().starttls(*args, **kwargs)

        def login(self, *args: Any, **kwargs: Any) -> Any:
            with climb.rung(Step.SIGN_IN):
                return super().login(*args, **kwargs)

        def sendmail(self, *args: Any, **kwargs: Any) -> Any:
            with climb.rung(Step.MESSAGE):
                refused = super().sendmail(*args, **kwargs)
                climb.refused = bool(refused)
                return refused

    return Observed


def _meaning(step: Step, error: OSError) -> tuple[Outcome, str]:
    """Of an error of smtplib or of the socket."""
    if isinstance(error, smtplib.SMTPException):
        return _said(step, error)
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT, "connect" if step is Step.CONNECT else "read"
    if isinstance(error, socket.gaierror):
        return Outcome.DNS_ERROR, "temporary" if error.errno == socket.EAI_AGAIN else "not_found"
    if isinstance(error, ssl.SSLError):
        word = word_of(error)
        return Outcome.TLS_ERROR, "mail_not_tls" if word == "not_tls" else word
    if isinstance(error, ConnectionRefusedError):
        return Outcome.UNREACHABLE, "refused"
    return Outcome.UNREACHABLE, "reset" if isinstance(error, ConnectionError) else "failed"


def _said(step: Step, error: smtplib.SMTPException) -> tuple[Outcome, str]:
    """A code from 400 to 499 passes by itself, one from 500 on does not (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPNotSupportedError):
        is_tls = step is Step.TLS
        return (Outcome.TLS_ERROR, "no_starttls") if is_tls else (Outcome.BAD_KEY, "no_sign_in")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        is_first = step is Step.CONNECT
        if isinstance(error.__context__, TimeoutError):  # smtplib calls silence a hang-up
            silent = "read" if step is Step.MESSAGE else ""
            return Outcome.TIMEOUT, "no_greeting" if is_first else silent
        return (Outcome.UNEXPECTED_RESPONSE, "not_smtp") if is_first else (Outcome.UNREACHABLE, "")
    answers = _answers(error)
    if any(code == 530 or text.startswith(b"5.7.3 ") for code, text in answers):
        return Outcome.BAD_KEY, "wants_more"  # RFC 4954, 6, and RFC 3207, 4
    if any(400 <= code < 500 for code, _text in answers):
        return Outcome.SERVER_ERROR, "mail"
    if step is Step.SIGN_IN:
        return Outcome.BAD_KEY, "sign_in"
    if step is Step.TLS:
        return Outcome.TLS_ERROR, "no_starttls"
    if step is Step.CONNECT:
        return Outcome.UNEXPECTED_RESPONSE, "not_smtp"
    return Outcome.BAD_REQUEST, _refused(error, {code for code, _text in answers})


def _answers(error: smtplib.SMTPException) -> list[tuple[int, bytes]]:
    """Codes with their texts, of which only the enhanced code in front is looked at."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return list(error.recipients.values())
    if not isinstance(error, smtplib.SMTPResponseException):
        return []
    text = error.smtp_error
    return [(error.smtp_code, text if isinstance(text, bytes) else text.encode())]


def _refused(error: smtplib.SMTPException, codes: set[int]) -> str:
    """What the server refuses to take."""
    if 504 in codes:
        return "greeting"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "recipients" if settings.SMTP_USER else "recipients_unsigned"
    return "sender" if isinstance(error, smtplib.SMTPSenderRefused) else ""
