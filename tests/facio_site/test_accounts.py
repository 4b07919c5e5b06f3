"""Set-up, roles, sign-in and its factors, sessions, users; by Django's client, without network."""

import io
import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from facio_site import sealing
from facio_site.accounts import adapters, factors
from facio_site.accounts.models import Invitation, Role, User
from facio_site.audit.models import AuditEntry

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
OTHER_PASSWORD = "staple in the evening"


@pytest.fixture(autouse=True)
def fresh_limits_and_a_master_key(settings):
    cache.clear()
    settings.MASTER_KEYS = [sealing.new_master_key()]


@pytest.fixture
def owner():
    return User.objects.create_user("ada", password=PASSWORD, role=Role.OWNER)


@pytest.fixture
def editor():
    return User.objects.create_user("eve", password=PASSWORD, role=Role.EDITOR)


@pytest.fixture
def viewer():
    return User.objects.create_user("vic", password=PASSWORD, role=Role.VIEWER)


def sign_in(client, username="ada", password=PASSWORD, **extra):
    return client.post(reverse("account_login"), {"login": username, "password": password}, **extra)


def confirm(client, password=PASSWORD):
    return client.post(reverse("account_reauthenticate"), {"password": password})


def setup_token(capsys):
    call_command("setup_link")
    return capsys.readouterr().out.strip().partition("?token=")[2]


def form_data(username="ada", password=PASSWORD):
    return {"username": username, "password1": password, "password2": password}


# First run


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


# Who may what


def test_staff_and_superuser_follow_from_the_role(owner, viewer):
    assert owner.is_staff
    assert owner.is_superuser
    owner.role = Role.EDITOR
    owner.save(update_fields=["role"])
    owner.refresh_from_db()
    assert (owner.is_staff, owner.is_superuser) == (False, False)
    assert not viewer.is_staff


def test_two_names_that_differ_in_case_only_are_one_name(client, owner):
    token = Invitation.objects.issue(Role.VIEWER, by=owner)
    client.get("/setup/", {"token": token})
    assert client.post("/setup/", form_data("ADA")).status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "account_signup",
        "account_email",
        "account_reset_password",
        "account_set_password",
        "account_email_verification_sent",
        "mfa_signup_webauthn",
        "mfa_trust",
    ],
)
def test_doors_that_nobody_needs_do_not_exist(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_s53_a_stranger_reaches_nothing_but_sign_in(client, owner):
    open_names = ["account_login", "account_inactive", "healthz"]
    for name in open_names:
        assert client.get(reverse(name)).status_code == 200
    closed = ["account", "users", "mfa_index", "usersessions_list", "account_change_password"]
    closed += ["account_reauthenticate", "mfa_list_webauthn", "mfa_view_recovery_codes"]
    closed += ["mfa_activate_totp", "mfa_add_webauthn", "admin_password_change"]
    for name in closed:
        answer = client.get(reverse(name))
        assert answer.status_code == 302, name
        assert answer.url.startswith(reverse("account_login")), name
    assert client.get("/admin/", follow=True).request["PATH_INFO"] == reverse("account_login")


@pytest.mark.parametrize(("name", "status"), [("ada", 200), ("eve", 403), ("vic", 403)])
def test_only_an_owner_sees_users_and_admin(client, owner, editor, viewer, name, status):
    client.force_login(User.objects.get(username=name))
    assert client.get(reverse("users")).status_code == status
    assert client.get("/admin/").status_code in ({200} if status == 200 else {302, 403})
    assert client.get(reverse("account")).status_code == 200


def test_what_each_role_can_do(owner, editor, viewer):
    can = [(user.can_edit, user.can_export_keys) for user in (owner, editor, viewer)]
    assert can == [(True, True), (True, False), (False, False)]


def test_s31_the_admin_shows_neither_seeds_nor_session_keys_nor_password_hashes(client, owner):
    from django.contrib import admin

    names = {model._meta.label for model in admin.site._registry}
    assert not names & {"mfa.Authenticator", "usersessions.UserSession", "sessions.Session"}
    client.force_login(owner)
    page = client.get(reverse("admin:accounts_user_change", args=[owner.pk]))
    assert owner.password not in page.content.decode()
    assert b'name="role"' not in page.content


def test_the_admins_own_password_door_leads_to_ours(client, owner):
    client.force_login(owner)
    assert client.get("/admin/password_change/").url == reverse("account_change_password")


# Sign-in


def test_wrong_password_and_unknown_name_read_the_same(client, owner):
    texts = set()
    for name in ("ada", "nobody"):
        answer = sign_in(client, name, "wrong wrong wrong")
        assert answer.status_code == 422
        texts.add(re.sub(r"<input[^>]*>", "", answer.content.decode()))
    assert len(texts) == 1


def test_s52_sign_in_makes_a_new_session(client, owner):
    client.get(reverse("account_login"))
    client.session["x"] = 1
    before = client.session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_next_never_leaves_the_site(client, owner):
    url = reverse("account_login") + "?next=https://evil.example/"
    answer = client.post(url, {"login": "ada", "password": PASSWORD})
    assert answer.url == "/"


def test_s51_guessing_a_password_is_limited_and_a_forged_address_does_not_help(client, owner):
    for number in range(5):
        sign_in(client, password="wrong wrong", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    answer = sign_in(client, headers={"X-Forwarded-For": "192.0.2.99"})
    assert "_auth_user_id" not in client.session
    assert b"Too many" in answer.content


def test_s51_guessing_at_reauthentication_is_limited(client, owner):
    sign_in(client)
    for _ in range(5):
        confirm(client, "wrong wrong")
    assert b"Too many" in confirm(client).content
    assert client.get(reverse("mfa_activate_totp")).status_code == 302


def test_a_deactivated_user_is_out_at_once_and_stays_out(client, owner, viewer):
    client.force_login(viewer)
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert client.get(reverse("account")).status_code == 302
    assert sign_in(client, "vic").url == reverse("account_inactive")


# Password and factors


def change_password(client):
    return client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": OTHER_PASSWORD, "password2": OTHER_PASSWORD},
    )


def test_s52_a_changed_password_keeps_this_session_and_ends_the_others(client, owner):
    other = Client()
    sign_in(client)
    sign_in(other)
    before = client.session.session_key
    assert change_password(client).status_code == 302
    assert client.get(reverse("account")).status_code == 200
    assert client.session.session_key != before
    assert other.get(reverse("account")).status_code == 302
    assert sign_in(Client(), password=PASSWORD).status_code == 422


def test_a_changed_password_is_undone_when_its_audit_row_fails(client, owner, monkeypatch):
    sign_in(client)
    monkeypatch.setattr("facio_site.accounts.models.record", _fails)
    with pytest.raises(OSError):
        change_password(client)
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_s33_a_password_changed_on_the_page_is_recorded_once_with_its_person(client, owner):
    sign_in(client)
    change_password(client)
    entry = AuditEntry.objects.get(action="password.changed")
    assert (entry.actor_name, entry.target, entry.ip) == ("ada", "ada", "127.0.0.1")
    assert OTHER_PASSWORD not in str(entry.as_dict())


def test_s33_a_password_changed_in_the_terminal_is_recorded_and_ends_sessions(
    client, owner, monkeypatch
):
    sign_in(client)
    monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: OTHER_PASSWORD)
    call_command("changepassword", "ada", stdout=io.StringIO())
    entry = AuditEntry.objects.get(action="password.changed")
    assert (entry.actor_name, entry.target, entry.ip) == ("", "ada", None)
    assert client.get(reverse("account")).status_code == 302
    assert sign_in(Client(), password=OTHER_PASSWORD).status_code == 302


def test_s33_a_terminal_that_cannot_record_changes_no_password(owner, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: OTHER_PASSWORD)
    monkeypatch.setattr("facio_site.accounts.models.record", _fails)
    with pytest.raises(OSError):
        call_command("changepassword", "ada", stdout=io.StringIO())
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_s33_an_owner_made_by_djangos_own_command_is_recorded(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username="ada", email="", interactive=False, verbosity=0)
    entry = AuditEntry.objects.get(action="owner.created")
    assert (entry.target, entry.result) == ("ada", "owner")


def test_a_lost_second_factor_is_reset_in_the_terminal(client, owner, viewer, capsys):
    sign_in(client)
    add_totp(client, owner)
    Authenticator.objects.create(user=owner, type="webauthn", data={"name": "key"})
    kept = Authenticator.objects.create(user=viewer, type="webauthn", data={"name": "key"})
    client.force_login(owner)
    AuditEntry.objects.order_by()._raw_delete("default")
    call_command("reset_second_factor", "ADA")
    assert "totp" in capsys.readouterr().out
    assert list(Authenticator.objects.all()) == [kept]
    assert client.get(reverse("account")).status_code == 302
    rows = AuditEntry.objects.values_list("action", "target", "result", "actor_name")
    assert sorted(rows) == [
        ("factor.removed", "ada", "recovery_codes", ""),
        ("factor.removed", "ada", "totp", ""),
        ("factor.removed", "ada", "webauthn", ""),
        ("sessions.ended", "ada", "all", ""),
    ]
    assert sign_in(Client()).url == "/"


def test_a_reset_that_cannot_be_recorded_removes_nothing(client, owner, monkeypatch):
    sign_in(client)
    add_totp(client, owner)
    monkeypatch.setattr("facio_site.audit.receivers.record", _fails)
    with pytest.raises(OSError):
        call_command("reset_second_factor", "ada")
    assert Authenticator.objects.filter(type="totp").exists()


def test_a_reset_of_nobody_is_one_line(owner):
    with pytest.raises(CommandError, match="no user"):
        call_command("reset_second_factor", "nobody")


def _fails(*_args, **_kwargs):
    raise OSError("disk full")


def code_of(user):
    secret = seed_of(user, "secret")
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def seed_of(user, name):
    data = Authenticator.objects.exclude(**{f"data__{name}": None}).get(user=user).data
    return sealing.unseal(adapters.PURPOSE, adapters.place_of(user.pk), data[name])


def add_totp(client, user):
    """Through the pages: confirm, take the secret from the page, enter a code."""
    confirm(client)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})
    assert answer.status_code == 302
    cache.clear()  # a used code is remembered for its period
    return secret


def test_factors_ask_for_a_fresh_confirmation_first(client, owner):
    sign_in(client)
    answer = client.get(reverse("mfa_activate_totp"))
    assert answer.url.startswith(reverse("account_reauthenticate"))


def test_a_confirmation_holds_five_minutes(client, owner, settings):
    assert settings.ACCOUNT_REAUTHENTICATION_TIMEOUT == 300
    sign_in(client)
    confirm(client)
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    session = client.session
    for entry in session["account_authentication_methods"]:
        entry["at"] -= 301
    session.save()
    assert client.get(reverse("mfa_activate_totp")).status_code == 302


def test_s50_totp_is_asked_for_after_the_password(
    client, owner, django_capture_on_commit_callbacks
):
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        add_totp(client, owner)
    other = Client()
    assert sign_in(other).url == reverse("mfa_authenticate")
    assert other.get(reverse("account")).status_code == 302
    page = other.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert page.status_code == 422
    assert other.post(reverse("mfa_authenticate"), {"code": code_of(owner)}).url == "/"
    assert other.get(reverse("account")).status_code == 200


def test_s51_guessing_totp_codes_is_limited(client, owner):
    sign_in(client)
    add_totp(client, owner)
    other = Client()
    sign_in(other)
    for _ in range(5):
        other.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = other.post(reverse("mfa_authenticate"), {"code": code_of(owner)})
    assert answer.status_code == 422
    assert b"Too many" in answer.content


def forged(number):
    """What an attacker may claim to be."""
    return {"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.{number}", "Forwarded": "for=[::1]"}


def test_s51_guessing_over_many_names_is_limited_by_the_real_address(client, owner):
    for number in range(10):
        sign_in(Client(), f"name{number}", "wrong wrong", headers=forged(number))
    answer = sign_in(client, headers=forged(99))
    assert "_auth_user_id" not in client.session
    assert b"Too many" in answer.content
    assert sign_in(client, headers=forged(99), REMOTE_ADDR="203.0.113.7").status_code == 302


def test_s51_behind_a_proxy_its_own_word_counts_and_what_came_before_it_does_not(
    client, owner, settings
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def claimed(number, real):
        return {"X-Forwarded-For": f"192.0.2.{number}, {real}"}

    for number in range(10):
        headers = claimed(number, "203.0.113.5")
        sign_in(Client(), f"name{number}", "wrong wrong", headers=headers)
    assert b"Too many" in sign_in(client, headers=claimed(99, "203.0.113.5")).content
    assert sign_in(client, headers=claimed(1, "203.0.113.6")).status_code == 302


def test_s51_guessing_recovery_codes_is_limited(client, owner):
    sign_in(client)
    add_totp(client, owner)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    other = Client()
    sign_in(other)
    for number in range(5):
        wrong = {"code": f"{number:08x}"}
        page = other.post(reverse("mfa_authenticate"), wrong, headers=forged(number))
        assert b"Incorrect code" in page.content
    answer = other.post(reverse("mfa_authenticate"), {"code": code}, headers=forged(99))
    assert answer.status_code == 422
    assert b"Too many" in answer.content
    assert other.get(reverse("account")).status_code == 302
    cache.clear()
    assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302


def test_s51_a_new_sign_in_does_not_lift_the_limit_of_codes(client, owner):
    sign_in(client)
    add_totp(client, owner)
    for number in range(5):
        other = Client()
        sign_in(other)
        other.post(reverse("mfa_authenticate"), {"code": "000000"}, headers=forged(number))
    other = Client()
    sign_in(other)
    page = other.post(reverse("mfa_authenticate"), {"code": code_of(owner)}, headers=forged(99))
    assert b"Too many" in page.content


def test_s51_guessing_codes_at_reauthentication_is_limited(client, owner):
    sign_in(client)
    add_totp(client, owner)
    recovery = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    for number in range(5):
        client.post(reverse("mfa_reauthenticate"), {"code": "000000"}, headers=forged(number))
    for code in (code_of(owner), recovery):
        page = client.post(reverse("mfa_reauthenticate"), {"code": code}, headers=forged(99))
        assert b"Too many" in page.content


def test_s51_confirmations_are_limited_by_person_whatever_they_are_made_with(client, owner):
    sign_in(client)
    add_totp(client, owner)
    for name in (*["mfa_reauthenticate"] * 5, *["account_reauthenticate"] * 5):
        client.post(reverse(name), {"code": "000000", "password": "wrong"}, headers=forged(1))
    answer = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert answer.status_code == 429


def test_s51_confirming_by_passkey_is_limited(client, owner):
    Authenticator.objects.create(user=owner, type="webauthn", data={"name": "key"})
    client.force_login(owner)
    url = reverse("mfa_reauthenticate_webauthn")
    for number in range(10):
        answer = client.post(url, {"credential": "{}"}, headers=forged(number))
        assert answer.status_code == 302
    assert client.post(url, {"credential": "{}"}, headers=forged(99)).status_code == 429


def test_s51_guessing_the_old_password_is_limited(client, owner):
    sign_in(client)
    for number in range(5):
        wrong = {"oldpassword": "wrong wrong", "password1": OTHER_PASSWORD}
        wrong["password2"] = OTHER_PASSWORD
        client.post(reverse("account_change_password"), wrong, headers=forged(number))
    assert change_password(client).status_code == 429
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_s51_the_passkey_door_is_limited(client, owner):
    url = reverse("mfa_login_webauthn")
    for number in range(10):
        answer = client.post(url, {"credential": "{}"}, headers=forged(number))
        assert answer.status_code == 302
    assert client.post(url, {"credential": "{}"}, headers=forged(99)).status_code == 429
    assert "_auth_user_id" not in client.session


def test_s51_the_admins_own_door_takes_no_password(client, owner):
    for password in ("wrong wrong", PASSWORD):
        data = {"username": "ada", "password": password, "next": "/admin/"}
        answer = client.post(reverse("admin:login"), data, headers=forged(1))
        assert answer.url.startswith(reverse("account_login"))
        assert "_auth_user_id" not in client.session


def test_s51_guessing_setup_tokens_is_limited(client, capsys):
    token = setup_token(capsys)
    for number in range(20):
        answer = client.get("/setup/", {"token": f"guess{number}"}, headers=forged(number))
        assert answer.status_code == 302
    assert client.get("/setup/", {"token": token}, headers=forged(99)).status_code == 429
    assert b"<form" not in client.get("/setup/").content
    cache.clear()
    client.get("/setup/", {"token": token})
    assert b"<form" in client.get("/setup/").content


def test_s50_a_recovery_code_works_once(client, owner):
    sign_in(client)
    add_totp(client, owner)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    for expected in (302, 422):
        other = Client()
        sign_in(other)
        assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def test_s26_recovery_codes_are_shown_once(client, owner):
    sign_in(client)
    add_totp(client, owner)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    assert code not in client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert client.get(reverse("mfa_download_recovery_codes")).status_code == 403


def test_s50_seeds_are_sealed_in_the_database(client, owner):
    sign_in(client)
    secret = add_totp(client, owner)
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert seed_of(owner, "secret") == secret
    assert seed_of(owner, "seed") not in stored


def test_s21_a_seed_moved_to_another_user_does_not_open(client, owner, viewer):
    sign_in(client)
    add_totp(client, owner)
    Authenticator.objects.filter(type="totp").update(user=viewer)
    code = code_of_moved(owner)
    other = Client()
    sign_in(other, "vic")
    page = other.post(reverse("mfa_authenticate"), {"code": code})
    assert page.status_code == 422
    assert b"cannot read its secrets" in page.content


def code_of_moved(owner):
    data = Authenticator.objects.get(type="totp").data
    secret = sealing.unseal(adapters.PURPOSE, adapters.place_of(owner.pk), data["secret"])
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_s25_without_the_master_key_factor_pages_work_and_codes_say_why(
    client, owner, settings, tmp_path
):
    sign_in(client)
    add_totp(client, owner)
    settings.MASTER_KEYS, settings.MASTER_KEY_FILE = [], tmp_path / "none"
    assert client.get(reverse("mfa_index")).status_code == 200
    other = Client()
    sign_in(other)
    page = other.post(reverse("mfa_authenticate"), {"code": "123456"})
    assert b"cannot read its secrets" in page.content


def test_s24_rotation_seals_factor_seeds_under_the_newest_key(client, owner, settings):
    sign_in(client)
    assert not factors.key_ids()
    secret = add_totp(client, owner)
    assert factors.key_ids() == {sealing.newest_key_id()}
    old_keys = list(settings.MASTER_KEYS)
    settings.MASTER_KEYS = [sealing.new_master_key(), *old_keys]
    assert factors.rotate() == (2, 0, 0)
    assert factors.rotate() == (0, 0, 0)
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    assert seed_of(owner, "secret") == secret
    settings.MASTER_KEYS = [sealing.new_master_key()]
    assert factors.rotate() == (0, 0, 2)
    assert client.get(reverse("account")).status_code == 200


def test_s24_a_factor_read_before_a_rotation_brings_no_old_box_back(client, owner, settings):
    sign_in(client)
    secret = add_totp(client, owner)
    read_before = list(Authenticator.objects.all())
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    factors.rotate()
    for row in read_before:
        row.save()
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    assert factors.rotate() == (0, 0, 0)
    assert seed_of(owner, "secret") == secret


def test_s52_a_new_factor_keeps_this_session_and_ends_the_others(client, owner):
    other = Client()
    sign_in(client)
    sign_in(other)
    add_totp(client, owner)
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


def test_s52_a_removed_factor_ends_the_other_sessions(client, owner):
    sign_in(client)
    add_totp(client, owner)
    other = Client()
    sign_in(other)
    other.post(reverse("mfa_authenticate"), {"code": code_of(owner)})
    assert other.get(reverse("account")).status_code == 200
    cache.clear()
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 302
    assert not Authenticator.objects.exists()
    assert client.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302


@pytest.mark.parametrize(
    ("host", "offered"), [("localhost", True), ("127.0.0.1", False), ("[::1]", False)]
)
def test_passkeys_are_offered_where_browsers_allow_them(client, owner, settings, host, offered):
    settings.ALLOWED_HOSTS = [host.strip("[]"), host]
    page = client.get(reverse("account_login"), headers={"Host": host})
    assert (b'id="passkey_login"' in page.content) is offered


def test_a_passkey_challenge_is_open_to_strangers(client, owner):
    answer = client.get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"})
    assert answer.json()["request_options"]["publicKey"]["challenge"]


# Sessions


def test_others_sessions_can_be_ended_from_the_list(client, owner):
    other = Client(headers={"User-Agent": "Other browser"})
    sign_in(client)
    sign_in(other)
    assert b"Other browser" in client.get(reverse("usersessions_list")).content
    client.post(reverse("usersessions_list"))
    assert other.get(reverse("account")).status_code == 302
    assert client.get(reverse("account")).status_code == 200
    assert AuditEntry.objects.filter(action="sessions.ended", result="1").exists()


def test_s52_a_session_is_dead_after_sign_out(client, owner):
    sign_in(client)
    cookies = client.cookies.copy()
    client.post(reverse("account_logout"))
    thief = Client()
    thief.cookies = cookies
    assert thief.get(reverse("account")).status_code == 302
    assert not Session.objects.exists()


def test_sign_out_needs_a_post(client, owner):
    sign_in(client)
    client.get(reverse("account_logout"))
    assert client.get(reverse("account")).status_code == 200


# Users and invitations


@pytest.fixture
def confirmed(client, owner):
    sign_in(client)
    confirm(client)
    return client


def invitation_token(page):
    return re.search(r"/setup/\?token=([\w-]+)", page.content.decode())[1]


def test_an_invitation_makes_one_account_with_its_role(confirmed):
    page = confirmed.post(reverse("user_invite"), {"role": "editor"})
    token = invitation_token(page)
    assert token not in confirmed.get(reverse("users")).content.decode()
    guest = Client()
    guest.get("/setup/", {"token": token})
    assert guest.post("/setup/", {**form_data("eve"), "role": "owner"}).url == "/"
    assert User.objects.get(username="eve").role == "editor"
    late = Client()
    assert late.get("/setup/", {"token": token}, follow=True).status_code == 404


def test_an_invitation_ends_by_withdrawal_or_time(confirmed):
    confirmed.post(reverse("user_invite"), {"role": "viewer"})
    page = confirmed.post(reverse("user_invite"), {"role": "viewer"})
    first, second = Invitation.objects.all()
    confirmed.post(reverse("user_uninvite", args=[second.pk]))
    guest = Client()
    assert guest.get("/setup/", {"token": invitation_token(page)}, follow=True).status_code == 404
    Invitation.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(1))
    assert not Invitation.objects.open().exists()


def test_managing_users_asks_for_the_password_first(client, owner, viewer):
    sign_in(client)
    answer = client.post(reverse("user_role", args=[viewer.pk]), {"role": "owner"})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER


def test_the_kept_post_is_done_after_the_confirmation(client, owner, viewer):
    sign_in(client)
    answer = client.post(reverse("user_role", args=[viewer.pk]), {"role": "editor"})
    client.post(answer.url, {"password": PASSWORD})
    viewer.refresh_from_db()
    assert viewer.role == Role.EDITOR


def test_an_owner_changes_roles_and_the_change_is_recorded(confirmed, viewer):
    confirmed.post(reverse("user_role", args=[viewer.pk]), {"role": "editor"})
    viewer.refresh_from_db()
    assert viewer.role == Role.EDITOR
    entry = AuditEntry.objects.get(action="user.role")
    assert (entry.actor_name, entry.target, entry.result) == ("ada", "vic", "editor")


@pytest.mark.parametrize("name", ["user_role", "user_deactivate"])
def test_the_last_owner_stays(confirmed, owner, name):
    confirmed.post(reverse(name, args=[owner.pk]), {"role": "viewer"})
    owner.refresh_from_db()
    assert (owner.role, owner.is_active) == (Role.OWNER, True)


def test_deactivating_ends_sessions_and_activating_does_not_revive_them(confirmed, viewer):
    guest = Client()
    sign_in(guest, "vic")
    confirmed.post(reverse("user_deactivate", args=[viewer.pk]))
    assert guest.get(reverse("account")).status_code == 302
    confirmed.post(reverse("user_activate", args=[viewer.pk]))
    assert guest.get(reverse("account")).status_code == 302
    assert sign_in(guest, "vic").url == "/"


@pytest.mark.parametrize("role", ["", "root", "owner\x00"])
def test_an_unknown_role_is_refused(confirmed, viewer, role):
    assert confirmed.post(reverse("user_role", args=[viewer.pk]), {"role": role}).status_code == 422
    assert confirmed.post(reverse("user_invite"), {"role": role}).status_code == 422


@pytest.mark.parametrize("name", ["eve", "vic"])
def test_nobody_else_manages_users(client, owner, editor, viewer, name):
    client.force_login(User.objects.get(username=name))
    for target, args in [("user_invite", []), ("user_role", [1]), ("user_deactivate", [1])]:
        answer = client.post(reverse(target, args=args), {"role": "owner"})
        assert answer.status_code == 403


# Pages


@pytest.mark.parametrize(
    "name",
    [
        "account",
        "users",
        "account_change_password",
        "account_logout",
        "account_reauthenticate",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_list_webauthn",
        "mfa_add_webauthn",
        "usersessions_list",
    ],
)
def test_every_page_is_drawn_by_our_shell_without_inline_code(confirmed, name):
    page = confirmed.get(reverse(name), headers={"Host": "localhost"}).content.decode()
    assert "app.css" in page
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page)
    for script in re.findall(r"<script([^>]*)>", page):
        assert "src=" in script or "application/json" in script
    for field in re.findall(r'<(?:input|select)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', page):
        assert f'for="{field}"' in page


def test_an_error_stands_at_its_field(client, owner):
    page = client.post(reverse("account_login"), {"login": "ada"}).content.decode()
    assert 'id="id_password_error"' in page


def test_decrypting_outside_a_sign_in_uses_the_signed_in_user(owner, rf):
    from allauth.core import context

    request: HttpRequest = rf.get("/")
    request.user = owner
    box = sealing.seal(adapters.PURPOSE, adapters.place_of(owner.pk), "seed")
    with context.request_context(request):
        assert decrypt(box) == "seed"
