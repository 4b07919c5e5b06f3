"""The receivers of alerts as servers: they keep what comes, and answer as they are told."""

import smtplib
import ssl
import threading
import time
from http.client import HTTPConnection, RemoteDisconnected  # noqa: TID251 - loopback only
from pathlib import Path

import pytest

from tests.simulators.answers import Answer, as_text
from tests.simulators.certs import make_authority, server_context
from tests.simulators.receivers import MUCH, Hooks, Mail, limited, much, redirected

LETTER = "Subject: Groq fails\r\n\r\n.first line\r\nsecond line\r\n"


def posted(hooks: Hooks, body: str = "{}") -> tuple[int, dict[str, str], int]:
    """Status, headers and length of what a call gets."""
    connection = HTTPConnection("127.0.0.1", hooks.port, timeout=10)
    try:
        connection.request("POST", "/hook", body, {"X-Mark": "1"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), len(answer.read())
    finally:
        connection.close()


def test_a_hook_is_taken_and_kept_with_its_headers() -> None:
    with Hooks() as hooks:
        assert posted(hooks, '{"a": 1}')[0] == 200
    (hit,) = hooks.hits
    assert (hit.method, hit.target, hit.body) == ("POST", "/hook", b'{"a": 1}')
    assert hit.headers["x-mark"] == "1"


def test_answers_are_given_in_turn_and_then_all_is_well_again() -> None:
    with Hooks() as hooks:
        hooks.answers += [limited(120), redirected("http://127.0.0.1:1/"), as_text(500, ""), much()]
        found = [posted(hooks) for _ in range(5)]
    assert [status for status, *_ in found] == [429, 302, 500, 200, 200]
    assert found[0][1]["retry-after"] == "120"
    assert found[1][1]["location"] == "http://127.0.0.1:1/"
    assert found[3][2] == MUCH


def test_a_late_answer_comes_late_and_a_dropped_call_gets_none() -> None:
    with Hooks() as hooks:
        hooks.answers += [(0.3, as_text(200, "")), Answer(200, trick="drop")]
        begin = time.monotonic()
        assert posted(hooks)[0] == 200
        assert time.monotonic() - begin >= 0.3
        with pytest.raises(RemoteDisconnected):
            posted(hooks)
    assert len(hooks.hits) == 2


def test_a_letter_is_kept_as_it_was_written() -> None:
    with Mail() as mail, smtplib.SMTP("127.0.0.1", mail.port, timeout=10) as client:
        client.sendmail("site@example.com", ["a@example.com", "b@example.com"], LETTER)
    (letter,) = mail.letters
    assert (letter.sender, letter.user) == ("site@example.com", "")
    assert letter.to == ("a@example.com", "b@example.com")
    assert letter.message["Subject"] == "Groq fails"
    assert letter.text == ".first line\nsecond line\n"


def test_a_wrong_password_gets_nobody_in() -> None:
    with Mail(("site", "right")) as mail, smtplib.SMTP("127.0.0.1", mail.port) as client:
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("site", "wrong")
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("site@example.com", ["a@example.com"], LETTER)
        client.login("site", "right")
        client.sendmail("site@example.com", ["a@example.com"], LETTER)
    assert [letter.user for letter in mail.letters] == ["site"]


def test_starttls_makes_the_rest_safe(tmp_path: Path) -> None:
    authority = make_authority()
    context = server_context(authority, ["127.0.0.1"], tmp_path)
    trusted = ssl.create_default_context(cadata=authority.pem.decode())
    with Mail(upgrade=context) as mail, smtplib.SMTP("127.0.0.1", mail.port) as client:
        client.starttls(context=trusted)
        client.sendmail("site@example.com", ["a@example.com"], LETTER)
    assert [letter.is_safe for letter in mail.letters] == [True]


def test_a_refused_letter_is_not_kept() -> None:
    with Mail() as mail, smtplib.SMTP("127.0.0.1", mail.port) as client:
        mail.refusals.append("451 4.3.0 later")
        with pytest.raises(smtplib.SMTPDataError):
            client.sendmail("site@example.com", ["a@example.com"], LETTER)
    assert mail.letters == []


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    with Hooks() as hooks, Mail() as mail, smtplib.SMTP("127.0.0.1", mail.port) as client:
        posted(hooks)
        client.noop()
    assert threading.active_count() == before
