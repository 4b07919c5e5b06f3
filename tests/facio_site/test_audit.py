"""What gets an audit row, what never stands in it, and that rows stay."""

import ast
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.urls import reverse

from facio_site.accounts.models import User
from facio_site.accounts.sessions import enforce_limits
from facio_site.audit import record
from facio_site.audit.actions import LABELS
from facio_site.audit.models import AppendOnly, AuditEntry, AuditQuerySet
from tests.facio_site.accounts.person import (
    OTHER_PASSWORD,
    PASSWORD,
    add_totp,
    change_password,
    confirm,
    sign_in,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh")]


def actions():
    return list(AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "result"))


def test_s33_a_row_says_who_what_when_from_where_with_which_result(owner, rf):
    request = rf.get("/", REMOTE_ADDR="192.0.2.7")
    entry = record(
        "provider.saved",
        actor=owner,
        target="anthropic",
        result="ok",
        fields=["api_key", "extra_headers.X-Org"],
        changes=[("api_key", "set", "changed"), ("api_base", "", "https://a.example/v1")],
        version=7,
        request=request,
        job="42",
    )
    entry.refresh_from_db()
    assert entry.as_dict() == {
        "at": entry.at.isoformat(),
        "actor": "ada",
        "action": "provider.saved",
        "target": "anthropic",
        "result": "ok",
        "fields": ["api_key", "extra_headers.X-Org"],
        "changes": [
            {"field": "api_key", "before": "set", "after": "changed"},
            {"field": "api_base", "before": "", "after": "https://a.example/v1"},
        ],
        "version": 7,
        "ip": "192.0.2.7",
        "job": "42",
    }


def test_s33_a_row_falls_with_the_transaction_of_its_action(owner):
    with transaction.atomic():
        record("provider.saved", actor=owner)
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()


def test_what_is_told_of_changes_has_an_end(owner):
    entry = record("config.imported", actor=owner, changes=[("a", "", "x" * 5000)] * 500)
    entry.refresh_from_db()
    assert len(entry.changes) == 100
    assert len(entry.changes[0][2]) == 200


def test_a_row_outlives_its_user(owner):
    record("provider.saved", actor=owner)
    owner.delete()
    assert AuditEntry.objects.get().actor_name == "ada"
    assert AuditEntry.objects.get().actor is None


@pytest.mark.parametrize("fields", [["sk-ant key"], ["a=b"], ["x" * 101], [""], ["é"]])
def test_s28_what_is_no_name_is_not_accepted_as_a_field(fields):
    with pytest.raises(ValueError) as failure:
        record("provider.saved", actor=None, fields=fields)
    assert fields[0] not in str(failure.value) or not fields[0]


@pytest.mark.parametrize("action", ["", "Saved", "a b", "x" * 65])
def test_an_action_is_a_short_name(action):
    with pytest.raises(ValueError):
        record(action, actor=None)


def test_rows_can_be_neither_changed_nor_deleted(owner):
    entry = record("provider.saved", actor=owner)
    entry.result = "other"
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(result=""),
    ):
        with pytest.raises(AppendOnly):
            attempt()
    assert AuditEntry.objects.get().result == ""


def test_the_admin_only_shows_rows(client, owner):
    entry = record("provider.saved", actor=owner, target="anthropic")
    client.force_login(owner)
    assert b"anthropic" in client.get("/admin/audit/auditentry/").content
    assert client.get("/admin/audit/auditentry/add/").status_code == 403
    change = reverse("admin:audit_auditentry_change", args=[entry.pk])
    assert client.post(change, {"result": "x"}).status_code == 403
    delete = reverse("admin:audit_auditentry_delete", args=[entry.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403


def test_sign_in_and_out_are_recorded(client, owner):
    sign_in(client)
    client.post(reverse("account_logout"))
    assert actions() == [("sign-in", "ada", "ok"), ("sign-out", "ada", "")]
    assert AuditEntry.objects.first().ip == "127.0.0.1"


def test_a_session_that_gets_too_old_is_ended_by_nobody(client, owner):
    sign_in(client)
    too_old(client)
    assert client.get(reverse("account")).status_code == 302
    assert actions() == [("sign-in", "ada", "ok"), ("session.expired", "", "")]
    entry = AuditEntry.objects.get(action="session.expired")
    assert (entry.target, entry.label) == ("ada", "Session expired")


def test_of_two_requests_at_once_one_records_the_end_of_their_session(client, owner, rf):
    sign_in(client)
    too_old(client)
    requests = [rf.get("/"), rf.get("/")]
    for request in requests:
        request.user, request.session = owner, SessionStore(client.session.session_key)
        assert request.session["session_began"] == 0.0
    for request in requests:
        enforce_limits(request)
        assert not request.user.is_authenticated
    assert [action for action, *_ in actions()] == ["sign-in", "session.expired"]


def too_old(client):
    session = client.session
    session["session_began"] = 0.0
    session.save()


def test_a_forged_forwarded_address_is_not_recorded(client, owner):
    sign_in(client, headers={"X-Forwarded-For": "203.0.113.9"})
    assert AuditEntry.objects.get().ip == "127.0.0.1"


def test_behind_a_stated_proxy_the_forwarded_address_is_recorded(client, owner, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    sign_in(client, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9"})
    assert AuditEntry.objects.get().ip == "203.0.113.9"


def test_a_refused_sign_in_is_recorded_without_what_was_typed(client, owner):
    sign_in(client, password="typed-the-wrong-one")
    sign_in(client, username="my-password-in-the-name-field")
    assert actions() == [("sign-in.refused", "", "wrong_password")] * 2
    targets = set(AuditEntry.objects.values_list("target", flat=True))
    assert targets == {"ada", ""}
    assert "typed" not in str(list(AuditEntry.objects.values()))


def test_confirmations_are_recorded_either_way(client, owner):
    sign_in(client)
    confirm(client, "wrong wrong")
    confirm(client)
    assert actions()[1:] == [
        ("confirmed.refused", "ada", "wrong_password"),
        ("confirmed", "ada", "password"),
    ]


def test_a_changed_password_is_recorded_without_a_value(client, owner):
    sign_in(client)
    change_password(client)
    entry = AuditEntry.objects.get(action="password.changed")
    assert entry.fields == ["password"]
    stored = str(list(AuditEntry.objects.values()))
    assert PASSWORD not in stored
    assert OTHER_PASSWORD not in stored


def test_added_and_removed_factors_are_recorded(client, owner):
    sign_in(client)
    add_totp(client, owner)
    client.post(reverse("mfa_deactivate_totp"))
    added = [row for row in actions() if row[0].startswith("factor")]
    assert added == [
        ("factor.added", "ada", "totp"),
        ("factor.added", "ada", "recovery_codes"),
        ("factor.removed", "ada", "totp"),
        ("factor.removed", "ada", "recovery_codes"),
    ]


def test_s33_a_factor_is_not_added_when_its_row_fails(client, owner, monkeypatch):
    from allauth.mfa.models import Authenticator

    sign_in(client)
    confirm(client)
    monkeypatch.setattr("facio_site.audit.receivers.record", _fails)
    with pytest.raises(OSError):
        add_totp(client, owner)
    assert not Authenticator.objects.exists()


def test_s33_a_passkey_is_not_added_when_its_row_fails(client, owner, monkeypatch):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.webauthn.forms import AddWebAuthnForm

    sign_in(client)
    confirm(client)
    monkeypatch.setattr(AddWebAuthnForm, "clean", lambda self: self.cleaned_data)
    monkeypatch.setattr("facio_site.audit.receivers.record", _fails)
    with pytest.raises(OSError):
        client.post(reverse("mfa_add_webauthn"), {"name": "key", "credential": '{"id": "x"}'})
    assert not Authenticator.objects.exists()


def test_s33_nobody_gets_in_when_the_row_of_the_sign_in_fails(client, owner, monkeypatch):
    monkeypatch.setattr("facio_site.audit.receivers.record", _fails)
    with pytest.raises(OSError):
        sign_in(client)
    assert client.get(reverse("account")).status_code == 302


def _fails(*_args, **_kwargs):
    raise OSError("disk full")


def fill(owner):
    eve = User.objects.create_user("eve")
    for actor, action, target, day in [
        (owner, "provider.saved", "anthropic", 1),
        (eve, "provider.saved", "openai", 2),
        (owner, "config.downloaded", "config.json", 3),
    ]:
        entry = record(action, actor=actor, target=target)
        moment = datetime(2026, 1, day, 12, tzinfo=UTC)
        AuditEntry._base_manager.filter(pk=entry.pk).update(at=moment)


@pytest.mark.parametrize(
    ("asked", "targets"),
    [
        ({}, ["config.json", "openai", "anthropic"]),
        ({"actor": "ada"}, ["config.json", "anthropic"]),
        ({"action": "provider.saved"}, ["openai", "anthropic"]),
        ({"target": "OPEN"}, ["openai"]),
        ({"since": "2026-01-02"}, ["config.json", "openai"]),
        ({"until": "2026-01-02"}, ["openai", "anthropic"]),
        ({"since": "2026-13-45", "until": "soon"}, ["config.json", "openai", "anthropic"]),
        (
            {"actor__password__startswith": "a", "ip": "x"},
            ["config.json", "openai", "anthropic"],
        ),
    ],
)
def test_s62_the_filter_knows_its_names_and_no_others(owner, asked, targets):
    fill(owner)
    found = AuditEntry.objects.filtered(asked)
    assert isinstance(found, AuditQuerySet)
    assert [entry.target for entry in found] == targets


def test_a_page_says_terminal_and_never_of_a_stranger(client, owner, rf):
    stranger = rf.get("/")
    assert record("config.imported", actor=None).who == "terminal"
    assert record("config.imported", actor=owner, request=stranger).who == "ada"
    for action in ("sign-in.refused", "session.expired", "owner.created"):
        assert record(action, actor=None).who == ""
    assert record("factor.added", actor=None, request=stranger).who == ""
    sign_in(client)
    assert "<td>terminal</td>" in client.get("/activity/").content.decode()


def test_the_choices_of_the_filter_are_what_was_recorded(owner):
    fill(owner)
    assert AuditEntry.objects.all().actor_names() == ["ada", "eve"]
    record("sign-in", actor=owner)
    record("key.burnt", actor=owner)
    assert AuditEntry.objects.all().action_choices() == [
        ("config.downloaded", "Downloaded the config"),
        ("key.burnt", "key.burnt"),
        ("provider.saved", "Saved a provider"),
        ("sign-in", "Signed in"),
    ]


def recorded_in(path):
    """The actions that a module names: where it records, as `action`, or handed on to a helper."""
    tree = ast.parse(path.read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    records = [call for call in calls if getattr(call.func, "id", "") == "record" and call.args]
    places = [call.args[0] for call in records]
    # A command that writes the row by itself, in tables of another release
    places += [one.value for call in calls for one in call.keywords if one.arg == "action"]
    if any(getattr(place, "id", "") == "action" for place in places):
        places += [argument for call in calls for argument in call.args]
        places += [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    texts = [
        part.value
        for place in places
        for part in ([place.body, place.orelse] if isinstance(place, ast.IfExp) else [place])
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    sure = {call.args[0].value for call in records if isinstance(call.args[0], ast.Constant)}
    return {text for text in texts if text in sure or re.fullmatch(r"[a-z-]+\.[a-z]+", text)}


def test_every_action_that_is_recorded_has_a_word():
    folders = ("facio_site", "providers", "routing")
    paths = [path for folder in folders for path in Path(folder).rglob("*.py")]
    found = set().union(*map(recorded_in, paths))
    assert {"sign-in", "owner.created", "catalog.fetched", "factor.added", "user.role"} <= found
    assert found == set(LABELS)


def test_json_lines_hold_one_entry_each(owner):
    fill(owner)
    lines = list(AuditEntry.objects.filtered({"actor": "eve"}).json_lines())
    assert len(lines) == 1
    assert lines[0].endswith("\n")
    assert json.loads(lines[0])["target"] == "openai"
