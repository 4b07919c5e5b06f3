"""The first run: the link, its token, the owner's form, and the same in the terminal."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from facio_site.accounts.models import Invitation, Role, User
from facio_site.audit.models import AuditEntry
from tests.facio_site.accounts.person import PASSWORD, form_data, setup_token, sign_in

pytestmark = pytest.mark.django_db


def test_setup_link_prints_a_new_token_each_time_and_keeps_only_its_hash(capsys, settings):
    first, second = setup_token(capsys), setup_token(capsys)
    assert first != second
    assert len(first) >= 43
    assert Invitation.objects.count() == 1
    assert second not in str(Invitation.objects.values())


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
    assert not Invitation.objects.exists()


def test_s53_a_token_works_once(client, capsys):
    token = setup_token(capsys)
    client.get("/setup/", {"token": token})
    second = Client()
    second.get("/setup/", {"token": token})
    assert b"<form" not in second.get("/setup/").content


def test_s53_a_newer_link_voids_the_one_before_also_in_a_session(client, capsys):
    old = setup_token(capsys)
    client.get("/setup/", {"token": old})
    setup_token(capsys)
    assert client.post("/setup/", form_data()).status_code == 200
    assert not User.objects.exists()


def test_a_head_request_does_not_use_the_token_up(client, capsys):
    token = setup_token(capsys)
    client.head("/setup/", {"token": token})
    client.get("/setup/", {"token": token})
    assert b"<form" in client.get("/setup/").content


@pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "guess"}, {"token": "é\x00"}])
def test_without_a_good_token_the_page_only_says_where_to_find_it(client, capsys, query):
    setup_token(capsys)
    page = client.get("/setup/", query, follow=True)
    assert page.status_code == 200
    assert b"terminal" in page.content
    assert b"<form" not in page.content
    assert client.post("/setup/", form_data()).status_code == 200
    assert not User.objects.exists()


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
    assert client.get("/setup/", {"token": "x"}, follow=True).status_code == 404
    assert client.post("/setup/", form_data("mallory")).status_code == 404


def test_an_owner_made_meanwhile_closes_the_open_setup_form(client, capsys):
    client.get("/setup/", {"token": setup_token(capsys)})
    User.objects.create_user("ada", password=PASSWORD, role=Role.OWNER)
    assert client.post("/setup/", form_data("mallory")).status_code == 404
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
