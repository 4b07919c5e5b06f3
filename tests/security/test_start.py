"""What stops the start, each with one sentence; the settings of a real installation."""

from pathlib import Path

import pytest

from tests import stores
from tests.facio_site.run.start import refused
from tests.security import command

pytestmark = [pytest.mark.alike, pytest.mark.journey]

ASK = """
from urllib.parse import urlsplit
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from facio_site.accounts.users import setup_url
link = setup_url("t")
host, port = split_domain_port(urlsplit(link).netloc)
print(link, validate_host(host, settings.ALLOWED_HOSTS))
"""


@pytest.mark.parametrize(
    ("sentence", "environ"),
    [
        ("OUTBOUND_ALLOW", {"OUTBOUND_ALLOW": "everything!"}),
        pytest.param(
            "OUTBOUND_ALLOW", {"OUTBOUND_ALLOW": "127.0.0.1:99999"}, marks=pytest.mark.long
        ),
        ("ALLOWED_HOSTS must name exact hosts", {"ALLOWED_HOSTS": "*"}),
        pytest.param(
            "PUBLIC_URL must start with https://", {"HOST": "0.0.0.0"}, marks=pytest.mark.long
        ),
        pytest.param(
            "PUBLIC_URL",
            {"HOST": "192.0.2.1", "PUBLIC_URL": "http://facio.example"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            "PUBLIC_URL", {"PUBLIC_URL": "https://[facio.example"}, marks=pytest.mark.long
        ),
        ("FACIO_CONFIG_MODE", {"FACIO_CONFIG_MODE": "0777"}),
        pytest.param(
            "FACIO_CONFIG_PATH", {"FACIO_CONFIG_PATH": "config.json"}, marks=pytest.mark.long
        ),
        pytest.param(
            "OUTBOUND_HOSTS_FILE /nowhere/hosts",
            {"OUTBOUND_HOSTS_FILE": "/nowhere/hosts"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            "OUTBOUND_CA_FILE /nowhere/ca.pem",
            {"OUTBOUND_CA_FILE": "/nowhere/ca.pem"},
            marks=pytest.mark.long,
        ),
        pytest.param(
            "OUTBOUND_CA_FILE /etc/hostname",
            {"OUTBOUND_CA_FILE": "/etc/hostname"},
            marks=pytest.mark.long,
        ),
    ],
)
def test_s55_s4_a_bad_setting_stops_the_start(
    tmp_path: Path, sentence: str, environ: dict[str, str]
) -> None:
    does_not_start(tmp_path, sentence, environ)


@pytest.mark.parametrize(
    "environ",
    [{"FACIO_SERVING": "1"}, {"HOST": "192.0.2.1", "PUBLIC_URL": "https://facio.example"}],
)
def test_s30_nothing_is_served_with_debugging_on(tmp_path: Path, environ: dict[str, str]) -> None:
    does_not_start(tmp_path, "DEBUG is only for", {"DEBUG": "1", **environ})


def does_not_start(tmp_path: Path, sentence: str, environ: dict[str, str]) -> None:
    done = command.run(tmp_path, "migrate", "--verbosity=0", **environ)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert stores.tables(tmp_path) == []


def test_a_bad_setting_reaches_the_terminal_through_the_parent(tmp_path: Path) -> None:
    said = refused(tmp_path, OUTBOUND_ALLOW="everything!")
    assert "everything!" in said
    assert len(said.strip().splitlines()) == 1


def test_our_commands_tell_a_bad_setting_in_one_line(tmp_path: Path) -> None:
    done = command.run(tmp_path, "rotate_master_key", OUTBOUND_ALLOW="everything!")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "name",
    [
        "HTTPS_PROXY",
        *(
            pytest.param(name, marks=pytest.mark.long)
            for name in ("http_proxy", "SSL_CERT_FILE", "SSLKEYLOGFILE")
        ),
    ],
)
def test_s30_the_deployment_checks_pass_whatever_else_is_set(tmp_path: Path, name: str) -> None:
    production = {"PUBLIC_URL": "https://facio.example", "TRUSTED_PROXY_COUNT": "1"}
    words = ("check", "--deploy", "--fail-level", "WARNING")
    done = command.run(tmp_path, *words, **production, **{name: "/nowhere"})
    assert done.returncode == 0, done.stderr


@pytest.mark.long
def test_what_a_command_makes_is_this_users_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert command.run(tmp_path, "migrate", "--verbosity=0").returncode == 0
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert made
    assert [path for path in made if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ({"HOST": "::1"}, "[::1]"),
        *(
            pytest.param({"PUBLIC_URL": url}, host, marks=pytest.mark.long)
            for url, host in (
                ("https://[2001:db8::1]", "[2001:db8::1]"),
                ("https://[2001:db8::1]:8443/", "[2001:db8::1]"),
                ("https://Facio.example:8443", "facio.example"),
            )
        ),
    ],
)
def test_the_host_of_the_announced_link_is_answered(
    tmp_path: Path, given: dict[str, str], host: str
) -> None:
    done = command.run(tmp_path, "shell", "--no-imports", given=ASK, **given)
    assert done.returncode == 0, done.stderr
    link, answered = done.stdout.split()
    assert f"//{host}" in link.lower()
    assert answered == "True"
