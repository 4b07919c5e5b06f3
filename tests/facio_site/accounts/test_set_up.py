"""The first run: the link, its token, the owner's form, and the same in the terminal."""

import html
import io
import os
import re
import subprocess
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facio_site.accounts.models import KEPT, Invitation, Role, User
from facio_site.audit.models import AuditEntry
from facio_site.commands import SQLITE
from tests.facio_site.accounts.person import PASSWORD, form_data, setup_token, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.alike]


def test_setup_link_prints_a_new_token_each_time_and_keeps_only_its_hash(capsys, settings):
    first, second = setup_token(capsys), setup_token(capsys)
    assert first != second
    assert len(first) >= 43
    assert Invitation.objects.count() == 1
    assert second not in str(Invitation.objects.values())


def test_a_start_renews_the_link_of_its_own_place_and_no_other(capsys, settings, tmp_path):
    """As two web servers that share a state folder, or a machine, and one that starts again."""
    places = [(8000, "one"), (8001, "one"), (8000, "two"), (8000, "one")]
    tokens = []
    for settings.PORT, folder in places:
        settings.STATE_DIR = tmp_path / folder
        tokens.append(setup_token(capsys, "--add"))
    found = [Invitation.objects.of_token(token) for token in tokens]
    assert [one and one.state for one in found] == [None, "open", "open", "open"]


def test_setup_link_names_the_public_address(capsys, settings):
    settings.PUBLIC_URL = "https://facio.example"
    call_command("setup_link")
    assert capsys.readouterr().out.startswith("https://facio.example/setup/?token=")


def test_setup_link_prints_nothing_once_there_is_an_owner(capsys, owner):
    assert setup_token(capsys) == ""
    assert not Invitation.objects.exists()


def test_s53_the_token_leads_to_the_owner_form_and_into_the_site(client, capsys):
    answer = client.get("/setup/", {"token": setup_token(capsys)})
    assert (answer.status_code, answer.url) == (302, "/setup/")
    assert b"Create the owner account" in client.get("/setup/").content
    answer = client.post("/setup/", form_data())
    assert (answer.status_code, answer.url) == (302, "/")
    owner = User.objects.get()
    assert (owner.username, owner.role, owner.is_staff) == ("ada", "owner", True)
    assert client.session["_auth_user_id"] == str(owner.pk)
    assert not Invitation.objects.open().exists()


def test_s53_a_link_makes_one_account(client, capsys):
    token = setup_token(capsys)
    second = Client()
    for browser in (client, second):
        browser.get("/setup/", {"token": token})
    assert client.post("/setup/", form_data()).url == "/"
    late = second.post("/setup/", form_data("mallory"))
    assert late.status_code == 410
    assert "An account was made with it" in late.content.decode()
    assert User.objects.count() == 1


def test_s53_a_newer_link_voids_the_one_before_also_in_a_session(client, capsys):
    old = setup_token(capsys)
    client.get("/setup/", {"token": old})
    setup_token(capsys)
    assert client.post("/setup/", form_data()).status_code == 410
    assert not User.objects.exists()


@pytest.mark.parametrize("method", ["get", "head"])
def test_s93_a_link_may_be_looked_at_by_anybody_any_number_of_times(client, capsys, method):
    token = setup_token(capsys)
    for _ in range(3):
        getattr(Client(), method)("/setup/", {"token": token}, follow=True)
    client.get("/setup/", {"token": token})
    client.post("/setup/", form_data(password="tiny"))  # nor does a refused form spend it
    client.get("/setup/", {"token": token})
    assert client.post("/setup/", form_data()).url == "/"
    assert User.objects.get().username == "ada"


def test_a_link_that_is_no_longer_good_says_what_became_of_it_and_what_to_do(client, owner):
    def told(token, sentence):
        answer = Client().get("/setup/", {"token": token})
        assert answer.status_code == 410
        assert b'action="/setup/"' not in answer.content
        text = " ".join(answer.content.decode().split())
        assert sentence in text
        assert reverse("account_login") in text
        return text

    used = Invitation.objects.issue(Role.EDITOR, by=owner, name="Eve")
    client.get("/setup/", {"token": used})
    client.post("/setup/", form_data("eve"))
    late = Invitation.objects.issue(Role.EDITOR, by=owner, name="Eve")
    Invitation.objects.filter(redeemed_at=None).update(expires_at=timezone.now())
    assert "ask ada for a new link" in told(used, "An account was made with it on")
    assert "ask ada for a new link" in told(late, "It expired on")
    assert "ask an owner for a new link" in told("guess", "withdrawn, replaced by a newer one")


def test_the_set_up_link_says_when_somebody_else_was_the_first_owner(client, capsys):
    token = setup_token(capsys)
    User.objects.create_user("ada", password=PASSWORD, role=Role.OWNER)
    page = client.get("/setup/", {"token": token})
    assert page.status_code == 410
    assert "It was for the first owner" in page.content.decode()


def test_a_link_is_remembered_for_a_month(owner):
    old = Invitation.objects.issue(Role.EDITOR, by=owner)
    Invitation.objects.update(created_at=timezone.now() - KEPT - timedelta(hours=1))
    new = Invitation.objects.issue(Role.EDITOR, by=owner)
    assert Invitation.objects.of_token(old) is None
    assert Invitation.objects.of_token(new).state == "open"


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "guess"}, {"token": "é\x00"}])
def test_without_a_good_token_the_page_only_says_where_to_find_it(client, capsys, query):
    setup_token(capsys)
    page = client.get("/setup/", query)
    assert page.status_code == (410 if query else 200)
    assert b"terminal" in page.content
    assert b"<form" not in page.content
    assert client.post("/setup/", form_data()).status_code == 200
    assert not User.objects.exists()


@pytest.mark.alike
@pytest.mark.battery
def test_the_page_has_the_whole_command_for_a_new_link(client, settings, tmp_path):
    """Run as it is, from any folder, it makes a link to this very installation."""
    settings.STATE_DIR = tmp_path / "the state"
    settings.PUBLIC_URL = "http://127.0.0.1:8123"
    database = {**settings.DATABASES["default"], "ENGINE": SQLITE, "NAME": tmp_path / "a b.sqlite3"}
    with patch.dict(settings.DATABASES, {"default": database}):
        page = client.get("/setup/").content.decode()
    (line,) = re.findall(r'<code id="command">(.*?)</code>', page)
    line = html.unescape(line)
    bare = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "facio_site.settings"}
    shell = {"shell": True, "cwd": tmp_path, "env": bare, "text": True, "check": True}
    subprocess.run(line.replace("setup_link", "migrate"), capture_output=True, **shell)
    said = subprocess.run(line, capture_output=True, **shell).stdout
    assert said.startswith("http://127.0.0.1:8123/setup/?token=")
    assert (tmp_path / "a b.sqlite3").is_file()


def test_strangers_on_a_network_are_told_no_folder_of_the_machine(client, settings):
    settings.PUBLIC_URL = "https://facio.example"
    page = client.get("/setup/").content.decode()
    assert '<code id="command">manage.py setup_link</code>' in page
    assert str(settings.BASE_DIR) not in page


def test_a_database_server_is_named_by_its_variable_alone(client, settings):
    database = {**settings.DATABASES["default"], "ENGINE": "django.db.backends.postgresql"}
    with patch.dict(settings.DATABASES, {"default": database}):
        page = client.get("/setup/").content.decode()
    assert "has the same DATABASE_URL as the site" in page
    assert "DATABASE_URL=" not in page


@pytest.mark.parametrize(
    ("password", "sentence"),
    [("tiny-pass", "too short"), ("password123456", "too common"), ("ada.lovelace", "too similar")],
)
def test_s50_a_weak_password_is_refused_at_its_field(client, capsys, password, sentence):
    client.get("/setup/", {"token": setup_token(capsys)})
    page = client.post("/setup/", form_data("ada.lovelace", password))
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert password not in page.content.decode().replace('value="ada.lovelace"', "")
    assert not User.objects.exists()


def test_setup_is_not_found_once_there_is_an_owner(client, owner, capsys):
    assert client.get("/setup/").status_code == 404
    assert client.get("/setup/", {"token": "x"}).status_code == 410
    assert client.post("/setup/", form_data("mallory")).status_code == 404


def test_an_owner_made_meanwhile_closes_the_open_setup_form(client, capsys):
    client.get("/setup/", {"token": setup_token(capsys)})
    User.objects.create_user("ada", password=PASSWORD, role=Role.OWNER)
    assert client.post("/setup/", form_data("mallory")).status_code == 410
    assert User.objects.count() == 1


def test_sign_in_leads_to_setup_while_there_is_no_owner(client):
    assert client.get(reverse("account_login")).url == "/setup/"


def run_create_owner(monkeypatch, password, *args):
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    call_command("create_owner", "--username", "ada", *args)


def test_create_owner_takes_the_password_from_stdin(monkeypatch, client):
    run_create_owner(monkeypatch, PASSWORD + "\n", "--password-stdin")
    assert User.objects.get().role == Role.OWNER
    assert sign_in(client).status_code == 302
    assert AuditEntry.objects.filter(action="owner.created", target="ada").exists()


@pytest.mark.parametrize(
    ("password", "args", "code"),
    [
        ("short\n", ["--password-stdin"], 1),
        ("\n", ["--password-stdin"], 2),
        ("gr\udcf6sse horses\n", ["--password-stdin"], 2),  # bytes that are no UTF-8
        (PASSWORD, [], 2),
        (PASSWORD, ["--password-stdin", "--nonsense"], 2),
    ],
)
def test_create_owner_refuses_in_one_line_with_its_exit_code(monkeypatch, password, args, code):
    with pytest.raises(CommandError) as failure:
        run_create_owner(monkeypatch, password, *args)
    assert failure.value.returncode == code
    assert "\n" not in str(failure.value)
    assert PASSWORD not in str(failure.value)
    assert not User.objects.exists()


def test_create_owner_makes_no_second_owner(monkeypatch, owner):
    with pytest.raises(CommandError, match="already"):
        run_create_owner(monkeypatch, PASSWORD, "--password-stdin")


def test_s33_an_owner_made_by_djangos_own_command_is_recorded(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="ada", email="", interactive=False, verbosity=0)
    entry = AuditEntry.objects.get(action="owner.created")
    assert (entry.target, entry.result) == ("ada", "owner")
