"""Log lines: one each, as text or JSON, never begun by a stranger; the filter for fail2ban."""

import io
import json
import logging
import logging.config
import re
import shutil
import subprocess
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from facio_site import logs
from tests.conftest import absent
from tests.facio_site.accounts.person import PASSWORD, add_totp, sign_in
from tests.processes import ROOT

FILTER = ROOT / "contrib" / "fail2ban" / "filter.d" / "facio-settings.conf"
JAIL = ROOT / "contrib" / "fail2ban" / "jail.d" / "facio-settings.conf"
FORGED = "/x\n2026-11-29 15:00:00,000 WARNING facio.sign_in: refused address 192.0.2.9 reason x"


class Lines:
    """What the site's own configuration writes for a record, in one of the two forms."""

    def __init__(self, form: str) -> None:
        given = logs.config(form, "WARNING", access=True)
        configurator = logging.config.DictConfigurator(given)
        self.formatter = configurator.configure_formatter(given["formatters"][form])

    def of(self, name: str, text: str, *args: object, **more: Any) -> str:
        record = logging.LogRecord(name, logging.WARNING, "", 0, text, args, more.pop("exc", None))
        record.__dict__.update(more)
        return str(self.formatter.format(record))


@pytest.fixture(params=[logs.TEXT, logs.JSON])
def lines(request: pytest.FixtureRequest) -> Lines:
    return Lines(request.param)


def patterns() -> list[re.Pattern[str]]:
    """As fail2ban reads them: the date is cut out first, HOST is an address."""
    parser = RawConfigParser()
    parser.read(FILTER)
    address = r"(?P<host>[0-9A-Fa-f:.]+)"
    found = parser["Definition"]["failregex"].splitlines()
    return [re.compile(one.replace("<HOST>", address)) for one in found]


def address_in(line: str) -> str:
    """Of a line as it stands in a file, in the journal, and with its date cut out; "" = none."""
    undated = re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", "", line)
    undated = re.sub(r'^\{"time": "[^"Z]*Z', "", undated)
    forms = {undated, line, f"host facio-web[12]: {line}"}
    found = {
        match["host"]
        if (match := next(filter(None, (p.search(one) for p in patterns())), None))
        else ""
        for one in forms
    }
    assert len(found) == 1, (line, found)
    return found.pop()


def test_a_line_stays_one_whatever_a_stranger_sent(lines: Lines) -> None:
    line = lines.of("django.request", "Not Found: %s", FORGED + "\x1b[2J\u2028\r\x85")
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert address_in(line) == ""


@pytest.mark.parametrize(
    "text",
    [
        FORGED,
        '/", "level": "WARNING", "logger": "facio.sign_in", '
        '"message": "refused address 192.0.2.9 reason x"}',
        "WARNING facio.sign_in: refused address 192.0.2.9 reason x",
        "facio.sign_in: refused address 192.0.2.9 reason x",
        '{"time": "", "level": "WARNING", "logger": "facio.sign_in", '
        '"message": "refused address 192.0.2.9 reason x"}',
    ],
)
def test_nobody_has_another_address_banned(lines: Lines, text: str) -> None:
    for before in ("Not Found: ", "", "a: "):
        assert address_in(lines.of("django.request", "%s", before + text)) == ""


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8:85a3::8a2e:370:7334"])
def test_the_filter_finds_the_address_in_a_line_of_either_form(lines: Lines, address: str) -> None:
    line = lines.of("facio.sign_in", "refused address %s reason %s", address, "wrong_password")
    assert address_in(line) == address


def test_json_has_time_level_logger_and_message_first_and_a_trace_last() -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        exc = (ValueError, error, error.__traceback__)
    line = Lines(logs.JSON).of("x", "said %s", "so", exc=exc, counted={"status": 200})
    told = json.loads(line)
    assert list(told) == ["time", "level", "logger", "message", "status", "trace"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told["time"])
    assert (told["level"], told["message"]) == ("WARNING", "said so")
    assert "ValueError: broken" in told["trace"]


def test_celery_says_the_same_once_an_hour() -> None:
    logs._moments.clear()
    repeats = logs.Repeats()

    def said(name: str, text: str) -> bool:
        return repeats.filter(logging.LogRecord(name, logging.ERROR, "", 0, text, (), None))

    assert [said("celery.worker", "no broker") for _ in range(3)] == [True, False, False]
    assert said("celery.worker", "another matter")
    assert [said("facio", "no broker") for _ in range(2)] == [True, True]


def test_a_task_that_met_a_database_in_trouble_is_told_as_that_once_a_minute() -> None:
    logs._moments.clear()
    said = []
    for name in ("sweep", "watch", "sweep"):
        error = OperationalError("connection to server at 10.0.0.5 failed")
        exc = (OperationalError, error, None)
        text = "Task %s raised unexpected"
        record = logging.LogRecord("celery.app.trace", logging.ERROR, "", 0, text, (name,), exc)
        if logs.Repeats().filter(record):
            said.append(logs.Line().format(record))
    logs._moments.clear()
    (line,) = said
    assert line.endswith("the database does not answer, or refuses this site")
    assert "10.0.0.5" not in line


def test_what_is_told_once_a_minute_does_not_grow_without_end() -> None:
    for number in range(3 * logs.MOST_KEPT):
        logs.is_due(f"subject {number}")
    assert len(logs._moments) <= logs.MOST_KEPT
    logs._moments.clear()


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """The lines of the site's own handler, masks and all, as text."""
    given = logs.config(logs.TEXT, "WARNING", access=True)
    configurator = logging.config.DictConfigurator(given)
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    handler.setFormatter(configurator.configure_formatter(given["formatters"][logs.TEXT]))
    for name in given["handlers"]["console"]["filters"]:
        handler.addFilter(configurator.configure_filter(given["filters"][name]))
    logging.getLogger().addHandler(handler)
    yield output
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
def test_each_refused_sign_in_is_one_line_that_the_filter_reads(
    client: Client, owner: Any, heard: io.StringIO, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    where = {"X-Forwarded-For": "198.51.100.1, 203.0.113.77"}
    for name in ("ada", "nobody\n2026-11-29 WARNING facio.sign_in: refused"):
        data = {"login": name, "password": "hunter2 hunter2"}
        client.post("/accounts/login/", data, headers=where)
    client.get("/setup/?token=made-up", headers=where)
    refused = [line for line in heard.getvalue().splitlines() if "facio.sign_in" in line]
    assert [address_in(line) for line in refused] == ["203.0.113.77"] * 3
    assert [line.rpartition(" ")[2] for line in refused] == [
        "wrong_password",
        "wrong_password",
        "unknown_link",
    ]
    assert "hunter2" not in heard.getvalue()
    assert "nobody" not in heard.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("door", "field"),
    [
        ("mfa_authenticate", "code"),
        ("mfa_authenticate", "credential"),
        ("mfa_reauthenticate", "code"),
        ("mfa_login_webauthn", "credential"),
    ],
)
def test_so_is_a_second_factor_that_was_refused(
    client: Client, owner: Any, heard: io.StringIO, door: str, field: str
) -> None:
    sign_in(client)
    add_totp(client, owner)
    if door != "mfa_reauthenticate":
        client = Client()
    if door == "mfa_authenticate":
        sign_in(client)
    client.post(reverse(door), {field: "000000"}, REMOTE_ADDR="203.0.113.8")
    (line,) = [line for line in heard.getvalue().splitlines() if "facio.sign_in" in line]
    assert address_in(line) == "203.0.113.8"
    assert line.endswith("reason wrong_factor")


@pytest.mark.django_db
def test_so_is_one_that_came_too_often(client: Client, owner: Any, heard: io.StringIO) -> None:
    for _ in range(12):
        answer = client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    assert answer.status_code in (422, 429)
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    lines = [line for line in heard.getvalue().splitlines() if "facio.sign_in" in line]
    assert all(address_in(line) == "127.0.0.1" for line in lines)
    assert len(lines) >= 5


def test_the_jail_names_the_filter() -> None:
    parser = RawConfigParser()
    parser.read(JAIL)
    assert parser["facio-settings"]["filter"] == FILTER.stem
    assert parser["facio-settings"]["logtimezone"] == "UTC"


def test_fail2ban_itself_reads_both_forms(tmp_path: Path) -> None:
    """With its own program; what it does with a line is done above, too."""
    date = re.search(r"%%f(.*)\n\njournal", FILTER.read_text())
    assert date
    assert date[1] == "Z"  # what is cut out ends there
    program = shutil.which("fail2ban-regex")
    if program is None:
        absent("fail2ban")
    for form in (logs.TEXT, logs.JSON):
        words = ("refused address %s reason %s", "203.0.113.9", "wrong_password")
        (tmp_path / form).write_text(Lines(form).of("facio.sign_in", *words) + "\n")
        done = subprocess.run(
            [program, str(tmp_path / form), str(FILTER)], capture_output=True, text=True, check=True
        )
        assert "1 matched" in done.stdout, done.stdout
