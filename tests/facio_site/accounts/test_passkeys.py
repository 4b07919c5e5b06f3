"""Passkeys that no browser wrote: refused at each door, and no harm when one is stored already."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from facio_site.accounts import mfa
from facio_site.audit.models import AuditEntry
from tests.facio_site.accounts.person import PASSWORD, add_totp, code_of, confirm, sign_in
from tests.facio_site.accounts.security_key import HOST, SecurityKey

pytestmark = [pytest.mark.alike, pytest.mark.battery, pytest.mark.django_db]

NO_OBJECTS = ["0", "-0", "0.0", "false", "null", '""', "[]", "{}", "1", "true", '"x"', "[{}]", ""]
CODES = [*NO_OBJECTS, '{"id": "x"}', '{"credential": 0}', "🙂", "\0", "9" * 5000]
BOGUS = [
    *({"name": "old", "credential": value} for value in (0, 0.0, False, None, "", [], {}, 1, "x")),
    *({"name": "old", "credential": value} for value in ({"id": "x"}, {"response": []})),
    *({"name": "old"}, {"name": 0, "credential": 0}, {}, [], 0, "x"),
]


def some_first(values, count):
    """The gate tries the first ones."""
    return [*values[:count], *(pytest.param(one, marks=pytest.mark.long) for one in values[count:])]


no_objects = pytest.mark.parametrize("value", some_first(NO_OBJECTS, 6))
no_codes = pytest.mark.parametrize("value", some_first(CODES, 6))
bogus_rows = pytest.mark.parametrize("data", some_first(BOGUS, 6), ids=json.dumps)


@pytest.fixture
def client():
    return Client(headers={"host": HOST})


@pytest.fixture
def other():
    return Client(headers={"host": HOST})


def add_passkey(client):
    confirm(client)
    url = reverse("mfa_add_webauthn")
    key = SecurityKey()
    credential = key.make(client.get(url).context["js_data"]["creation_options"])
    assert client.post(url, {"name": "mine", "credential": credential}).status_code == 302
    return key


def request_options(client, name):
    answer = client.get(reverse(name))
    assert answer.context, answer.headers
    return answer.context["js_data"]["request_options"]


def store(owner, data):
    """A row that the page wrote before it refused such; older than any other passkey."""
    row = Authenticator(user=owner, type="webauthn", data=data)
    Authenticator.objects.bulk_create([row])  # sends no signal, which would end all sessions
    return row


@no_objects
def test_s50_what_is_no_json_object_is_never_added_as_a_passkey(client, owner, value):
    sign_in(client)
    confirm(client)
    url = reverse("mfa_add_webauthn")
    client.get(url)
    assert client.post(url, {"name": "key", "credential": value}).status_code == 422
    assert not Authenticator.objects.exists()
    assert client.get(url).status_code == 200
    assert sign_in(Client()).url == "/"


@no_objects
def test_s50_what_is_no_json_object_never_reaches_allauth(client, other, owner, value, monkeypatch):
    """Each door asks allauth to read a credential first; the reader counts what it is handed."""
    sign_in(client)
    key = add_passkey(client)
    sign_in(other)
    handed = []
    reader = "allauth.mfa.webauthn.internal.auth.parse_{}_response"
    for ceremony in ("registration", "authentication"):
        monkeypatch.setattr(reader.format(ceremony), handed.append)
    doors = [(other, "mfa_authenticate", 200), (Client(), "mfa_login_webauthn", 302)]
    doors += [(client, "mfa_reauthenticate_webauthn", 302), (client, "mfa_add_webauthn", 422)]
    monkeypatch.setattr("allauth.mfa.webauthn.internal.auth.get_credentials", lambda _user: [])
    for visitor, name, status in doors:
        answer = visitor.post(reverse(name), {"credential": value})
        assert (name, answer.status_code) == (name, status)
    assert handed == []
    assert Authenticator.objects.filter(type="webauthn").count() == 1
    assert key.user_handle


@no_codes
def test_s50_no_json_is_a_code(client, other, owner, value):
    sign_in(client)
    add_totp(client, owner)
    sign_in(other)
    for visitor, name in ((other, "mfa_authenticate"), (client, "mfa_reauthenticate")):
        for fields in ({"code": value}, {"code": value, "credential": value}):
            assert visitor.post(reverse(name), fields).status_code == 422
    assert other.get(reverse("account")).status_code == 302


@no_codes
def test_s50_no_json_sets_an_authenticator_app_up(client, owner, value):
    sign_in(client)
    confirm(client)
    client.get(reverse("mfa_activate_totp"))
    fields = {"code": value, "credential": value}
    assert client.post(reverse("mfa_activate_totp"), fields).status_code == 422
    assert not Authenticator.objects.exists()


def test_s50_a_key_opens_every_door_that_asks_for_a_passkey(client, other, owner):
    sign_in(client)
    key = add_passkey(client)
    enter_with(key, client, other)


@bogus_rows
def test_s50_a_bogus_passkey_keeps_no_good_one_out(client, other, owner, data):
    sign_in(client)
    store(owner, data)
    key = add_passkey(client)
    store(owner, data)
    enter_with(key, client, other)


def enter_with(key, client, other):
    """The second step of a sign-in, a sign-in without password, a confirmation."""
    sign_in(other)
    answer = key.answer(request_options(other, "mfa_authenticate"))
    assert other.post(reverse("mfa_authenticate"), {"credential": answer}).url == "/"
    assert other.get(reverse("account")).status_code == 200

    stranger = Client(headers={"host": HOST})
    url = reverse("mfa_login_webauthn")
    page = stranger.get(url, headers={"Accept": "application/json"})
    answer = key.answer(page.json()["request_options"])
    assert stranger.post(url, {"credential": answer}).url == "/"
    assert stranger.get(reverse("account")).status_code == 200

    AuditEntry.objects.order_by()._raw_delete("default")
    answer = key.answer(request_options(client, "mfa_reauthenticate_webauthn"))
    client.post(reverse("mfa_reauthenticate_webauthn"), {"credential": answer})
    assert AuditEntry.objects.filter(action="confirmed", result="webauthn").exists()


@bogus_rows
def test_s50_a_bogus_passkey_is_still_asked_for_and_a_recovery_code_gets_in(
    client, other, owner, data
):
    """It never opens the door, and it does not leave it open either."""
    client.force_login(owner)
    add_totp(client, owner)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    store(owner, data)
    Authenticator.objects.filter(type="totp").delete()
    assert sign_in(other).url == reverse("mfa_authenticate")
    assert other.get(reverse("mfa_authenticate")).status_code == 200
    assert other.get(reverse("account")).status_code == 302
    other.post(reverse("mfa_authenticate"), {"credential": '{"id": "x"}'})
    assert other.get(reverse("account")).status_code == 302
    assert other.post(reverse("mfa_authenticate"), {"code": code}).url == "/"
    assert other.get(reverse("account")).status_code == 200


@bogus_rows
def test_s50_an_app_gets_in_beside_a_bogus_passkey(client, other, owner, data):
    client.force_login(owner)
    add_totp(client, owner)
    store(owner, data)
    sign_in(other)
    assert other.post(reverse("mfa_authenticate"), {"code": code_of(owner)}).url == "/"


@bogus_rows
def test_s92_a_bogus_passkey_breaks_no_page_and_can_be_renamed_and_removed(client, owner, data):
    row = store(owner, data)
    client.force_login(owner)
    assert client.get(reverse("mfa_reauthenticate_webauthn")).status_code == 200
    posted = client.post(reverse("mfa_reauthenticate_webauthn"), {"credential": '{"id": "x"}'})
    assert posted.status_code == 302
    cache.clear()
    confirm(client)
    own = [reverse(f"mfa_{what}_webauthn", args=[row.pk]) for what in ("edit", "remove")]
    names = ["account", "mfa_index", "mfa_list_webauthn", "mfa_add_webauthn"]
    for url in (*map(reverse, names), *own):
        assert (url, client.get(url).status_code) == (url, 200)
    assert client.post(own[0], {"name": "new name"}).status_code == 302
    assert b"new name" in client.get(reverse("mfa_list_webauthn")).content
    assert client.post(own[1]).status_code == 302
    assert not Authenticator.objects.exists()
    assert sign_in(Client()).url == "/"


def test_a_bogus_passkey_is_told_from_a_good_one_in_the_list(client, owner):
    client.force_login(owner)
    add_passkey(client)
    note = b"It can't be used. Remove it."
    assert note not in client.get(reverse("mfa_list_webauthn")).content
    store(owner, {"name": "old", "credential": 0})
    assert client.get(reverse("mfa_list_webauthn")).content.count(note) == 1


@pytest.mark.parametrize("extra", ["1e999", "NaN", '"a\\u0000b"', '{"\\u0000": 1}', '"\\ud800"'])
def test_s50_a_passkey_with_what_no_database_can_hold_is_refused(client, owner, extra):
    sign_in(client)
    confirm(client)
    url = reverse("mfa_add_webauthn")
    made = SecurityKey().make(client.get(url).context["js_data"]["creation_options"])
    credential = f'{made[:-1]}, "extra": {extra}}}'
    assert client.post(url, {"name": "mine", "credential": credential}).status_code == 422
    assert not Authenticator.objects.exists()


@bogus_rows
def test_s24_a_bogus_passkey_stops_no_rotation(client, owner, data):
    store(owner, data)
    assert mfa.key_ids() == set()
    assert mfa.rotate() == (0, 0, 0)
    assert mfa.forget_unreadable() == 0
    assert owner.check_password(PASSWORD)
