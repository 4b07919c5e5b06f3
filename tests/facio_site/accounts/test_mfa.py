"""A password and second factors: changed, asked for, sealed, reset."""

import io
import time
from html import unescape

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from facio_site import keys, sealing
from facio_site.accounts import adapters, mfa
from facio_site.accounts.models import User
from facio_site.audit.models import AuditEntry
from tests.facio_site.accounts.person import (
    OTHER_PASSWORD,
    PASSWORD,
    add_totp,
    change_password,
    code_of,
    confirm,
    seed_of,
    sign_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.battery, pytest.mark.alike]


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


def test_a_new_account_or_a_hash_that_is_renewed_is_no_changed_password(client, owner, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    assert not owner.password.startswith("pbkdf2_")
    assert sign_in(client).status_code == 302
    owner.refresh_from_db()
    assert owner.password.startswith("pbkdf2_")
    User.objects.create_user("vic", password=PASSWORD)
    assert not AuditEntry.objects.filter(action="password.changed").exists()


def test_a_second_password_of_a_new_account_is_a_changed_one(db):
    user = User.objects.create_user("vic", password=PASSWORD)
    user.set_password(OTHER_PASSWORD)
    user.save()
    user.save()
    assert [one.target for one in AuditEntry.objects.filter(action="password.changed")] == ["vic"]


def test_s33_a_terminal_that_cannot_record_changes_no_password(owner, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda *_args, **_kwargs: OTHER_PASSWORD)
    monkeypatch.setattr("facio_site.accounts.models.record", _fails)
    with pytest.raises(OSError):
        call_command("changepassword", "ada", stdout=io.StringIO())
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


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


def test_s50_a_recovery_code_works_once(client, owner):
    sign_in(client)
    add_totp(client, owner)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    for expected in (302, 422):
        other = Client()
        sign_in(other)
        assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def test_the_account_page_says_how_many_recovery_codes_are_left(client, owner):
    sign_in(client)
    assert "left" not in client.get(reverse("account")).content.decode()
    add_totp(client, owner)
    assert "10 left" in client.get(reverse("account")).content.decode()
    row = owner.authenticator_set.get(type="recovery_codes")
    row.data["used_mask"] = 2**10 - 1
    row.save()
    assert "0 left" in client.get(reverse("account")).content.decode()
    assert "0 codes are left." in client.get(reverse("mfa_index")).content.decode()
    row.data["seed"] = "nothing that opens"
    row.save()
    assert "left" not in client.get(reverse("account")).content.decode()


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
    assert "can't read its secrets" in unescape(page.content.decode())


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
    assert "can't read its secrets" in unescape(page.content.decode())


def test_s24_rotation_seals_factor_seeds_under_the_newest_key(client, owner, settings):
    sign_in(client)
    assert not mfa.key_ids()
    secret = add_totp(client, owner)
    assert mfa.key_ids() == {sealing.newest_key_id()}
    old_keys = list(settings.MASTER_KEYS)
    settings.MASTER_KEYS = [sealing.new_master_key(), *old_keys]
    assert keys.rotate() == keys.Counts(2, 0, 0)
    assert keys.rotate() == keys.Counts(0, 0, 0)
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    assert seed_of(owner, "secret") == secret
    settings.MASTER_KEYS = [sealing.new_master_key()]
    assert keys.rotate() == keys.Counts(0, 0, 2)
    assert client.get(reverse("account")).status_code == 200


def test_s24_a_factor_read_before_a_rotation_brings_no_old_box_back(client, owner, settings):
    sign_in(client)
    secret = add_totp(client, owner)
    read_before = list(Authenticator.objects.all())
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    keys.rotate()
    for row in read_before:
        row.save()
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    assert keys.rotate() == keys.Counts(0, 0, 0)
    assert seed_of(owner, "secret") == secret


def test_decrypting_outside_a_sign_in_uses_the_signed_in_user(owner, rf):
    from allauth.core import context

    request: HttpRequest = rf.get("/")
    request.user = owner
    box = sealing.seal(adapters.PURPOSE, adapters.place_of(owner.pk), "seed")
    with context.request_context(request):
        assert decrypt(box) == "seed"
