"""What the environment may say: a value that nobody can mean is refused by its name."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from facio_site import dotenv, environment, settings
from facio_site.environment import Env
from facio_site.run import up
from facio_site.settings import LIVE_HOLDS, WEB_THREADS
from tests.security import command

env = Env()
SECRET = "hunter%2F2pass"


def told(read: Callable[[], Any]) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        read()
    (sentence,) = str(caught.value).splitlines()
    return sentence


@pytest.mark.parametrize("text", ["-1", "0", "65", "1.5", "many", "1e3", "٣", "9" * 30])
def test_a_number_outside_its_range_names_the_setting_and_the_range(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("WEB_THREADS", text)
    sentence = told(lambda: env.whole("WEB_THREADS", default=32, least=1, most=64))
    assert sentence == "WEB_THREADS must be a whole number from 1 to 64."


@pytest.mark.parametrize("text", ["-1", "0", "nan", "inf", "soon", "81", ""])
def test_so_does_a_number_of_seconds(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TEST_SECONDS", text)
    read = lambda: env.seconds("TEST_SECONDS", default=15, least=0.1, most=80)  # noqa: E731
    if text:
        assert told(read) == "TEST_SECONDS must be a number of seconds from 0.1 to 80."
    else:
        assert read() == 15


@pytest.mark.parametrize("text", ["treu", "2", "-1", "nope"])
def test_a_flag_is_one_or_nought(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("LOG_ACCESS", text)
    assert told(lambda: env.flag("LOG_ACCESS")) == "LOG_ACCESS must be 1 or 0."
    monkeypatch.setenv("LOG_ACCESS", "On")
    assert env.flag("LOG_ACCESS") is True


def test_a_choice_names_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")
    sentence = told(lambda: env.choice("LOG_FORMAT", "text", "json"))
    assert sentence == "LOG_FORMAT must be one of: text, json."
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    assert env.choice("LOG_FORMAT", "text", "json") == "json"


@pytest.mark.parametrize("content", [b"PORT=1\nNAME=\xff\n", None])
def test_a_file_of_settings_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / ".env"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(dotenv.Unreadable, match=re.escape(f"{path} cannot be read: ")):
        env.file(path)
    env.file(tmp_path / "missing")


@pytest.mark.parametrize("line", [f"METRICS_TOKEN = {SECRET}", f"METRICS_TOKEN: {SECRET}", SECRET])
def test_s28_a_line_that_sets_nothing_stops_the_start_and_is_not_quoted(
    tmp_path: Path, line: str
) -> None:
    path = tmp_path / ".env"
    path.write_text(f"# ours\n{line}\n")
    with pytest.raises(dotenv.Unreadable) as refused:
        env.file(path)
    (sentence,) = str(refused.value).splitlines()
    assert sentence.startswith(f"{path} cannot be read: line 2 ")
    assert SECRET not in sentence


def test_a_file_of_settings_may_be_indented_and_begin_with_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env"
    path.write_bytes("\ufeffFIRST_LINE=1\r\n  ; ours\r\n  OF_THE_SHELL=file\r\n".encode())
    monkeypatch.setattr(os, "environ", given := {"OF_THE_SHELL": "shell"})
    env.file(path)
    assert given == {"FIRST_LINE": "1", "OF_THE_SHELL": "shell"}
    path.write_text("QUOTED='\"a\"'\n")
    assert dotenv.read(path) == {"QUOTED": '"a"'}


@pytest.mark.parametrize("value", ["$ecret", "$HOME", "\\$x", "a$b"])
def test_a_value_leads_to_no_other_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", value)
    monkeypatch.delenv("SMTP_PASSWORD_FILE", raising=False)
    assert env.secret("SMTP_PASSWORD") == value


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [
        *(("", True), (" ::1 ", True), ("127.0.0.2", True), ("Localhost", True)),
        *(("0.0.0.0", False), ("::", False), ("facio.example", False)),
    ],
)
def test_every_address_of_this_machine_alone_is_loopback(text: str, is_loopback: bool) -> None:
    assert environment.host(text) == (text.strip() or "127.0.0.1", is_loopback)


@pytest.mark.parametrize("text", ["[::1]", "127.0.0.1:9000", "localhost:1", "http://x", "a b"])
def test_a_host_with_more_than_a_host_is_refused_by_its_own_name(text: str) -> None:
    assert told(lambda: environment.host(text)).startswith("HOST must be an address or a name")


def test_a_further_origin_leaves_the_sites_own() -> None:
    code = "from facio_site.settings import CSRF_TRUSTED_ORIGINS as them; print(sorted(them))"
    given = {"PUBLIC_URL": "https://a.example", "CSRF_TRUSTED_ORIGINS": "https://b.example"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **given}, capture_output=True, text=True
    )
    assert done.stdout == "['https://a.example', 'https://b.example']\n", done.stderr


def test_a_secret_comes_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("of a file\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(path))
    assert env.secret("SECRET_KEY") == "of a file"
    monkeypatch.setenv("SECRET_KEY", "of the environment")
    sentence = told(lambda: env.secret("SECRET_KEY"))
    assert sentence == "SECRET_KEY and SECRET_KEY_FILE are both set: unset one of them."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory."),
        (b"", "is empty."),
        (b" \n", "is empty."),
        (b"one\ntwo\n", "must hold one line."),
        (b"\xff\xfe", "holds no text."),
        (b"x" * 70_000, "must hold one line."),
    ],
)
def test_a_file_without_a_secret_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, why: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("REDIS_URL_FILE", str(path))
    assert told(lambda: env.secret("REDIS_URL")) == f"REDIS_URL_FILE {path} {why}"


@pytest.mark.parametrize(
    "text",
    [
        *("facio.example", "//facio.example", "facio.example:8443/x", "ftp://facio.example"),
        *("https://", "https:///facio", "https://me:pw@facio.example", "https://facio.example/?x"),
        *("https://facio.example/a/../b", "https://facio.example/a//b", "https://facio.example/ä"),
        *("https://facio.example/#x", "https://[facio.example", "https://facio.example:port"),
        *("https://*", "https://.facio.example", "https://a b.example", 'https://a"b.example'),
    ],
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    assert told(lambda: environment.public_address(text)).startswith("PUBLIC_URL ")


def test_a_path_belongs_to_the_address() -> None:
    found = environment.public_address("https://Facio.example:8443/tools/facio/")
    assert found.url == "https://facio.example:8443/tools/facio"
    assert (found.origin, found.host) == ("https://facio.example:8443", "facio.example")
    assert (found.path, found.is_https) == ("/tools/facio", True)
    assert environment.public_address("http://127.0.0.1:8000/").path == ""


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://facio.example:443", "https://facio.example"),
        ("http://127.0.0.1:80/", "http://127.0.0.1"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_is_written_as_browsers_send_it(text: str, origin: str) -> None:
    assert environment.public_address(text).origin == origin


@pytest.mark.parametrize(
    "name",
    [
        *("*", ".example.org", "https://facio.example", "facio.example:8443", "a/b", "::1", "a b"),
        *("[::1]:80", "fa\ncio", ""),
    ],
)
def test_hosts_are_exact(name: str) -> None:
    assert told(lambda: environment.exact_hosts([name])).startswith("ALLOWED_HOSTS ")
    good = ["facio.example", "127.0.0.1", "[::1]", "my_host"]
    assert environment.exact_hosts(good) == good


@pytest.mark.parametrize(
    "name",
    [
        *("facio.example", "https://facio.example/x", "ftp://x", "https://", "https://a@b"),
        *("https://a?x", "https://a#x", "https://a b", "https://bücher.example"),
    ],
)
def test_origins_are_origins(name: str) -> None:
    assert told(lambda: environment.origins([name])).startswith("CSRF_TRUSTED_ORIGINS ")
    assert environment.origins(["https://A.example/"]) == ["https://a.example"]


@pytest.mark.parametrize(
    "text",
    [
        f"mysql://me:{SECRET}@db/facio",
        f"postgres://me:{SECRET}@db",
        f"postgres://me:{SECRET}@db:port/facio",
        f"postgres://me:{SECRET}@db/facio?sslmod=require",
        f"postgres://me:12/{SECRET}@db/facio",
        f"postgres://me:12/x?{SECRET}=@db/facio",
        f"postgres://me:12/x#{SECRET}@db/facio",
        f"postgres://me:{SECRET}@db/facio?connect_timeout=soon",
        f"postgres://me:{SECRET}@db/facio?sslmode=encrypt",
        f"postgres://me:{SECRET}@db/facio?sslrootcert=/nowhere/ca.pem",
        "postgres://db:0/facio",
        "postgres://db-1:5432,db-2:port/facio",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite://db.sqlite3",
        f"me:{SECRET}@db/facio",
    ],
)
def test_a_database_that_nobody_can_use_is_refused_and_not_quoted(text: str) -> None:
    sentence = told(lambda: environment.database(text))
    assert sentence.startswith("DATABASE_URL ")
    assert "hunter" not in sentence


def test_a_database_server_that_says_nothing_is_not_waited_for_long() -> None:
    found = environment.database("postgres://me:x@db-1,db-2/facio?sslmode=require")
    assert found["OPTIONS"] == {"sslmode": "require", "connect_timeout": 5}
    assert found["HOST"] == "db-1,db-2"


def test_a_database_behind_a_socket_is_where_its_options_say() -> None:
    found = environment.database("postgres://me:x@/facio?host=/run/postgresql&port=6000")
    assert (found["HOST"], found["PORT"]) == ("/run/postgresql", 6000)
    assert found["OPTIONS"] == {"connect_timeout": 5}


@pytest.mark.parametrize(
    "text",
    [
        f"sentinel://me:{SECRET}@redis:26379/0",
        f"redis+sentinel://me:{SECRET}@redis:26379/0",
        f"amqp://me:{SECRET}@mq//",
        f"redis://me:{SECRET}@a:6379,b:6379/0",
        f"redis://me:{SECRET}@redis/zero",
        f"redis://me:{SECRET}@redis/0?db=1",
        f"redis://me:{SECRET}@redis/0?ssl_cert_reqs=none",
        f"redis://me:{SECRET}@redis/0?socket_timeout=1",
        f"rediss://me:{SECRET}@redis/0?ssl_cert_reqs=none",
        f"rediss://me:{SECRET}@redis/0?ssl_check_hostname=false",
        f"rediss://me:{SECRET}@redis/0?ssl_ca_certs=/nowhere/ca.pem",
        f"redis://me:{SECRET}@redis:port/0",
        f"redis://me:12?{SECRET}@redis/0",
        f"redis://me:12#{SECRET}@redis/0",
        f"redis://me:{SECRET}@redis:0/0",
        f"redis://me:{SECRET}@a redis/0",
        f"me:{SECRET}@redis:6379",
        "redis://",
        "unix://",
        "unix://broker.sock",
    ],
)
def test_s85_a_broker_that_nobody_can_use_is_refused_and_not_quoted(text: str) -> None:
    sentence = told(lambda: environment.broker(text))
    assert sentence.startswith("REDIS_URL")
    assert "hunter" not in sentence


def test_both_clients_are_told_the_same_of_a_broker(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("-")
    assert environment.broker("redis://redis") == ("redis://redis/0", "redis://redis/0", None)
    assert environment.broker("unix://me:x@/run/a%20b?db=3")[:2] == (
        "unix://me:x@/run/a%20b?db=3",
        "redis+socket://me:x@/run/a%20b?virtual_host=3",
    )
    found = environment.broker(f"rediss://me:x@redis:6380/2?ssl_ca_certs={ca}")
    assert found.celery == "rediss://me:x@redis:6380/2"
    tls = {"ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_ca_certs": str(ca)}
    assert found.tls == tls


def test_a_quarter_of_the_web_threads_is_left_for_pages_that_do_not_wait() -> None:
    assert WEB_THREADS * 3 // 4 == LIVE_HOLDS < WEB_THREADS


def test_pages_and_the_server_that_answers_them_count_the_same_threads() -> None:
    assert up.Choice.read(os.environ).web_threads == WEB_THREADS


GIVEN = {
    "WORKER_CONCURRENCY": "0",
    "WEB_THREADS": "-1",
    "LIVE_HOLDS": "64",
    "TESTS_PER_MINUTE": "0",
    "TRUSTED_PROXY_COUNT": "-1",
    "PORT": "70000",
    "TEST_SECONDS": "-1",
    "COMPLETION_TEST_SECONDS": "81",
    "CATALOG_SECONDS": "0",
    "ALERT_SECONDS": "0",
    "KEEP_JOBS_DAYS": "0",
    "KEEP_JOBS_PER_PROVIDER": "0",
    "FACIO_CONFIG_IN_PLACE": "here",
    "DEBUG": "some",
    "SMTP_HOST": "x/",
    "SMTP_PORT": "70000",
    "SMTP_SECURITY": "ssl",
    "LOG_LEVEL": "loud",
    "LOG_FORMAT": "xml",
    "LOG_ACCESS": "perhaps",
    "OUTBOUND_PUBLIC_HTTP": "yes",
    "PUBLIC_URL": "facio.example",
    "SECRET_KEY_FILE": "/nowhere/key",
    "METRICS_TOKEN": "two words",
    "METRICS_TOKEN_FILE": "/nowhere/token",
    "SMTP_PASSWORD_FILE": "/nowhere/password",
    "OUTBOUND_PROXY_FILE": "/nowhere/proxy",
    "DATABASE_URL_FILE": "/nowhere/database",
    "REDIS_URL_FILE": "/nowhere/redis",
    "STATE_DIR": "/dev/null/state",
}


def test_none_is_left_out_below() -> None:
    text = Path(settings.__file__).read_text()
    read = re.findall(r'env\.(whole|seconds|flag|choice|secret)\(\s*"(\w+)"', text)
    wanted = {f"{name}_FILE" if how == "secret" else name for how, name in read}
    assert len(wanted) > 20
    assert wanted <= GIVEN.keys()


@pytest.mark.alike
@pytest.mark.journey
@pytest.mark.parametrize("name", GIVEN)
def test_each_setting_of_the_site_is_read_that_way(tmp_path: Path, name: str) -> None:
    given = {"DATABASE_URL": "", name: GIVEN[name]}
    if name == "SECRET_KEY_FILE":
        given["SECRET_KEY"] = ""
    done = command.run(tmp_path, "check", **given)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(name)
    assert not (tmp_path / "db.sqlite3").exists()


@pytest.mark.alike
@pytest.mark.journey
def test_a_site_starts_with_its_secrets_in_files(tmp_path: Path) -> None:
    state, files = tmp_path / "state", tmp_path / "files"
    state.mkdir()
    files.mkdir()
    (files / "key").write_text("a key of sessions that is long enough\n")
    (files / "database").write_text(f"sqlite:///{state}/other.sqlite3\n")
    given = {"SECRET_KEY_FILE": str(files / "key"), "DATABASE_URL_FILE": str(files / "database")}
    done = command.run(state, "migrate", "--verbosity=0", **{"DATABASE_URL": "", **given})
    assert done.returncode == 0, done.stderr
    assert (state / "other.sqlite3").exists()
    assert not (state / "secret_key").exists()


@pytest.mark.parametrize("text", ["http://mail.example", "mail.example:25", "a b", "x/y", "a\nb"])
def test_a_mail_server_is_a_host_alone(text: str) -> None:
    sentence = told(lambda: environment.mail_host(text))
    assert sentence.startswith("SMTP_HOST must be")


@pytest.mark.parametrize("text", ["mail.example", "127.0.0.1", "[::1]", "mail", ""])
def test_a_host_of_a_mail_server_is_taken(text: str) -> None:
    assert environment.mail_host(text) == text.strip("[]")


@pytest.mark.parametrize("text", ["facio", "a@b\nBcc: c@d", "<a@b", "a@b, c@d", "a b@c"])
def test_who_mails_is_one_address(text: str) -> None:
    assert told(lambda: environment.sender(text)).startswith("SMTP_FROM must be")


@pytest.mark.parametrize("text", ["facio@example.org", "Facio Settings <facio@example.org>", ""])
def test_an_address_of_who_mails_is_taken(text: str) -> None:
    assert environment.sender(text) == text


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (("mail.example", "tls", "", "", ""), "SMTP_FROM"),
        (("mail.example", "tls", "facio", "", "a@b"), "SMTP_USER"),
        (("mail.example", "tls", "", SECRET, "a@b"), "SMTP_USER"),
        (("mail.example", "tls", "facio", "pässword", "a@b"), "SMTP_USER"),
        (("mail.example", "none", "facio", SECRET, "a@b"), "SMTP_SECURITY"),
    ],
)
def test_settings_of_mail_that_do_not_fit_are_refused_by_name(
    found: tuple[str, str, str, str, str], name: str
) -> None:
    sentence = told(lambda: environment.check_mail(*found))
    assert sentence.startswith(name)
    assert SECRET not in sentence


def test_settings_of_mail_that_fit_are_taken() -> None:
    environment.check_mail("", "none", "facio", "", "")
    environment.check_mail("127.0.0.1", "none", "facio", SECRET, "a@b")
    environment.check_mail("mail.example", "starttls", "facio", SECRET, "a@b")
