"""What is refused before a view is asked, or fails below it, is told as what it is: on the page,
and at most once a minute in the log."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, InternalError, OperationalError
from django.test import Client

from facio_site import logs, trouble
from facio_site.web import behind
from providers.models import Provider
from tests.desk import HTMX, KEY
from tests.facio_site.accounts.person import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
EVIL = "evil.example"


@pytest.fixture(autouse=True)
def fresh_minute() -> Iterator[None]:
    logs._moments.clear()
    yield
    logs._moments.clear()


@pytest.fixture
def https(settings: Any) -> Any:
    settings.IS_HTTPS = True
    settings.TRUSTED_PROXY_COUNT = 1
    return settings


@pytest.fixture
def strict(owner: Any) -> Client:
    """A visitor on the sign-in page, whose browser is checked as a real one is."""
    client = Client(enforce_csrf_checks=True)
    client.get("/accounts/login/")
    return client


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "facio"]


def token(client: Client) -> str:
    page = client.get("/accounts/login/").content.decode()
    found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return found[1]


def test_s94_a_refused_host_is_told_on_the_page_and_once_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        answer = client.get("/accounts/login/", headers={"Host": EVIL})
    assert answer.status_code == 400
    assert "ALLOWED_HOSTS" in answer.content.decode()
    (line,) = said(caplog)
    assert "ALLOWED_HOSTS" in line
    assert "testserver" in line


def test_s94_a_hostile_host_reaches_no_page_no_log_and_no_link(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/", "/accounts/login/", "/setup/?token=x", "/no/page", "/readyz", "/static/x"):
        for name in ("Host", "X-Forwarded-Host"):
            answer = client.get(path, headers={name: EVIL})
            assert EVIL not in answer.content.decode() + str(answer.headers)
    assert EVIL not in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_answers_under_any_host(client: Client, path: str) -> None:
    for host in (EVIL, "10.1.2.3:8000", "[::1", ""):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code in (200, 503)
        assert b"<html" not in answer.content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "NONSENSE"])
def test_readiness_is_json_to_who_may_not_ask_that_way(client: Client, method: str) -> None:
    answer = client.generic(method, "/readyz")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json() == {"error": "method not allowed"}
    assert client.head("/readyz").headers["Content-Type"] == "application/json"


def test_health_answers_without_the_headers_of_a_proxy(client: Client, https: Any) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code in (200, 503)


def test_health_asks_no_session_of_a_signed_in_visitor(
    site: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert site.get("/healthz").status_code == 200


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError(), RuntimeError()])
def test_readiness_is_json_whatever_happens(
    site: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("facio_site.trouble._write", fail)
    monkeypatch.setattr("providers.broker.is_up", fail)
    answer = site.get("/readyz")
    assert answer.status_code == 503
    state = answer.json()
    assert state["database"] is state["broker"] is False


def test_s94_a_proxy_that_does_not_say_https_is_told(
    client: Client, https: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        answer = client.get("/accounts/login/", headers={"X-Forwarded-For": "192.0.2.1"})
    assert answer.status_code == 400
    assert "X-Forwarded-Proto" in answer.content.decode()
    assert len(said(caplog)) == 1


@pytest.mark.parametrize("header", ["", "192.0.2.1", "192.0.2.1, "])
def test_s94_too_high_a_number_of_proxies_is_named(
    client: Client, https: Any, caplog: pytest.LogCaptureFixture, header: str
) -> None:
    https.TRUSTED_PROXY_COUNT = 2
    given = {"X-Forwarded-Proto": "https", "X-Forwarded-For": header}
    answer = client.get("/accounts/login/", headers=given)
    assert answer.status_code == 400
    assert "TRUSTED_PROXY_COUNT is 2" in answer.content.decode()
    assert "TRUSTED_PROXY_COUNT" in said(caplog)[0]


def test_enough_addresses_pass(client: Client, https: Any) -> None:
    given = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7, 192.0.2.1"}
    assert client.get("/accounts/login/", headers=given).status_code != 400


def test_the_page_of_a_refusal_is_in_the_visitors_language(client: Client, https: Any) -> None:
    answer = client.get("/", headers={"Accept-Language": "de"})
    assert '<html lang="de"' in answer.content.decode()


@pytest.mark.parametrize("is_loopback", [True, False])
def test_https_without_a_trusted_proxy_is_doubted_at_the_start(
    settings: Any, is_loopback: bool
) -> None:
    settings.IS_HTTPS, settings.IS_LOOPBACK, settings.TRUSTED_PROXY_COUNT = True, is_loopback, 0
    assert "TRUSTED_PROXY_COUNT is 0" in behind.doubts()[0]
    settings.TRUSTED_PROXY_COUNT = 1
    assert behind.doubts() == []


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"Origin": "https://evil.example"}, "PUBLIC_URL"),
        ({"Origin": "null"}, "Referrer-Policy: no-referrer"),
    ],
)
def test_s94_a_wrong_origin_is_told_on_the_page_and_once_in_the_log(
    strict: Client, caplog: pytest.LogCaptureFixture, headers: dict[str, str], sentence: str
) -> None:
    data = {"login": "ada", "password": PASSWORD, "csrfmiddlewaretoken": token(strict)}
    for _ in range(3):
        answer = strict.post("/accounts/login/", data, headers=headers)
    assert answer.status_code == 403
    assert sentence in answer.content.decode()
    (line,) = said(caplog)
    assert EVIL not in line + answer.content.decode()
    assert "refused" in line


def test_inside_htmx_the_reason_comes_as_a_message(strict: Client) -> None:
    headers = {**HTMX, "Origin": "null", "HX-Current-URL": "http://testserver/accounts/login/"}
    data = {"csrfmiddlewaretoken": token(strict)}
    answer = strict.post("/accounts/login/", data, headers=headers)
    assert answer.headers["HX-Redirect"] == "/accounts/login/"
    assert "no-referrer" in strict.get("/accounts/login/").content.decode()


def test_a_browser_that_keeps_no_cookie_is_told(owner: Any) -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "ada"})
    assert answer.status_code == 403
    assert "cookie" in answer.content.decode()


def test_a_second_sign_in_tab_is_told_that_the_first_was_enough(strict: Client) -> None:
    first, second = token(strict), token(strict)
    data = {"login": "ada", "password": PASSWORD}
    done = strict.post("/accounts/login/", {**data, "csrfmiddlewaretoken": first})
    assert done.status_code == 302
    answer = strict.post("/accounts/login/", {**data, "csrfmiddlewaretoken": second})
    assert answer.status_code == 403
    assert "signed in already" in answer.content.decode().replace("&#x27;", "'")


def test_a_sign_in_page_that_is_out_of_date_leads_to_a_fresh_one(strict: Client) -> None:
    data = {"login": "ada", "password": PASSWORD, "csrfmiddlewaretoken": "x" * 64}
    answer = strict.post("/accounts/login/?next=/routing/", data)
    assert answer.status_code == 403
    assert 'href="/accounts/login/?next=/routing/"' in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (OperationalError("database or disk is full"), trouble.FULL),
        (OperationalError("disk I/O error"), trouble.FULL),
        (OperationalError("attempt to write a readonly database"), trouble.READ_ONLY),
        (OperationalError("database is locked"), trouble.BUSY),
        (OperationalError("unable to open database file"), trouble.NO_FILE),
        (OperationalError("connection to server at 10.0.0.5 failed"), trouble.AWAY),
        (InterfaceError("connection already closed"), trouble.AWAY),
        (OperationalError("no such table: x"), ""),
        (ValueError("database is locked"), ""),
    ],
)
def test_a_database_error_is_judged(error: Exception, found: str) -> None:
    assert trouble.of_database(error) == found
    outer = RuntimeError()
    outer.__context__ = error
    assert trouble.of_database(outer) == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("53100", trouble.FULL),
        ("25006", trouble.READ_ONLY),
        ("55P03", trouble.BUSY),
        ("57P01", trouble.AWAY),
        ("28P01", trouble.AWAY),
    ],
)
def test_postgresql_is_judged_by_its_code(code: str, found: str) -> None:
    error = InternalError("in whatever language the server speaks")
    error.__cause__ = Exception()
    error.__cause__.sqlstate = code  # type: ignore[attr-defined]
    assert trouble.of_database(error) == found


WORDS = {
    "database or disk is full": "disk of the database is full",
    "readonly database": "can't be written",
    "database is locked": "busy",
    "server closed the connection": "isn't responding",
}


NOTHING, PERHAPS = "Nothing was saved.", "Your last change may not have been saved."


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_database_that_fails_after_a_save_is_no_word_that_nothing_was_saved(
    site: Client, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    site.raise_request_exception = False
    monkeypatch.setattr("facio_site.accounts.sessions.SEEN_EVERY", -1)
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.save", fail)
    answer = site.post("/providers/openrouter/", {"api_key": KEY}, headers=headers)
    assert answer.status_code == 503
    assert Provider.objects.configured().exists()
    assert NOTHING not in answer.content.decode()
    assert PERHAPS in answer.content.decode()
    read = site.get("/", headers=headers)
    assert read.status_code == 503
    assert "saved" not in read.content.decode()


def test_before_any_view_was_asked_it_is_known_that_nothing_was_saved(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("database is locked")

    site.raise_request_exception = False
    monkeypatch.setattr("facio_site.web.middleware.enforce_limits", fail)
    assert NOTHING in site.post("/providers/openrouter/", {}).content.decode()


def test_a_session_that_went_during_a_save_is_no_word_that_nothing_was_changed(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise UpdateError

    monkeypatch.setattr("facio_site.accounts.sessions.SEEN_EVERY", -1)
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.save", gone)
    for headers, status in (({}, 400), (HTMX, 422)):
        answer = site.post("/providers/openrouter/", {"api_key": KEY}, headers=headers)
        text = answer.content.decode()
        assert answer.status_code == status
        assert "Nothing was changed" not in text
        assert "Your session ended meanwhile." in text
        assert "may have been saved" in text
        assert ("<html" in text) == (not headers)
    assert answer.headers["HX-Retarget"] == "#messages"
    assert Provider.objects.configured().exists()
    assert "saved" not in site.get("/").content.decode()


@pytest.mark.parametrize("text", WORDS)
def test_s94_a_database_in_trouble_is_told_on_the_page_and_once_in_the_log(
    site: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError(f"10.0.0.5: {text}")

    site.raise_request_exception = False
    monkeypatch.setattr("facio_site.web.middleware.enforce_limits", fail)
    for _ in range(3):
        answer = site.get("/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert WORDS[text] in answer.content.decode().replace("&#x27;", "'")
    inside = site.get("/", headers=HTMX)
    assert inside.headers["HX-Retarget"] == "#messages"
    assert "<html" not in inside.content.decode()
    (line,) = said(caplog)
    assert "10.0.0.5" not in line
