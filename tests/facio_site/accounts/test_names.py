"""Names that are one name, on both databases alike."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from facio_site.accounts.forms import AccountForm
from facio_site.accounts.models import User
from facio_site.accounts.names import fold
from facio_site.audit.models import AuditEntry
from tests.facio_site.accounts.person import PASSWORD, add_totp, form_data, sign_in

pytestmark = pytest.mark.django_db

SAME = [
    ("ada", "ADA"),
    ("Ärger", "äRGER"),
    ("straße", "STRASSE"),
    ("straße", "stra\u1e9ee"),
    ("\u0130nci", "i\u0307nci"),
    ("ren\u00e9", "RENE\u0301"),
    ("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3"),
    ("o\ufb03ce", "OFFICE"),
    ("\uff41da", "ada"),
    ("\u03b1\u0345\u0301", "\u1fb4"),
]
OTHER = [("ada", "adah"), ("\u0130nci", "inci"), ("ren\u00e9", "rene"), ("a.b", "a_b")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_are_one_are_one_account_and_each_of_them_signs_in(client, one, other):
    owner = User.objects.create_user(one, password=PASSWORD, role="owner")
    form = AccountForm(form_data(other))
    assert not form.is_valid()
    assert list(form.errors) == ["username"]
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(other, password=PASSWORD)
    assert sign_in(client, other).status_code == 302
    assert client.session["_auth_user_id"] == str(owner.pk)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_names_that_differ_are_two_accounts(client, owner, one, other):
    for name in (one, other):
        if name != "ada":
            User.objects.create_user(name, password=f"{PASSWORD} {name}")
    assert User.objects.by_name(one) != User.objects.by_name(other)
    sign_in(client, other, f"{PASSWORD} {other}")
    assert client.session["_auth_user_id"] == str(User.objects.get(username=other).pk)


def test_a_wrong_password_is_told_of_the_account_whatever_way_its_name_was_typed(client, owner):
    sign_in(client, "\uff21DA", "wrong wrong")
    assert AuditEntry.objects.get(action="sign-in.refused").target == "ada"


def test_commands_find_a_name_as_the_sign_in_does(owner, capsys):
    call_command("reset_second_factor", "\uff21DA")
    assert "ada: nothing to remove" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no user"):
        call_command("reset_second_factor", "adah")


def test_a_new_name_is_folded_and_other_saves_leave_it_alone(owner):
    owner.username = "Straße"
    owner.save(update_fields=["username"])
    assert User.objects.get(folded_name="strasse") == owner
    User.objects.filter(pk=owner.pk).update(folded_name=f"strasse {owner.pk}")
    owner.refresh_from_db()
    owner.save()
    assert User.objects.get().folded_name == f"strasse {owner.pk}"


def test_the_step_to_folded_names_stops_at_no_pair_that_was_there():
    for number, name in enumerate(["straße", "STRASSE", "Strasse", "ada"]):
        User.objects.bulk_create([User(username=name, folded_name=str(number))])
    step = import_module("facio_site.accounts.migrations.0003_folded_names")
    step.fill(apps, SimpleNamespace(connection=connection))
    first, *others, ada = User.objects.order_by("pk").values_list("folded_name", "pk")
    assert first[0] == "strasse"
    assert [name for name, _pk in others] == [f"strasse {pk}" for _name, pk in others]
    assert ada[0] == "ada"


def test_of_two_that_were_one_before_each_is_found_by_its_own_spelling():
    first = User.objects.create_user("straße", password=PASSWORD)
    User.objects.bulk_create([User(username="STRASSE", folded_name="strasse 2")])
    second = User.objects.get(username="STRASSE")
    assert User.objects.by_name("straße") == first
    assert User.objects.by_name("Strasse") == first
    assert User.objects.by_name("STRASSE") == second


@pytest.mark.parametrize(
    "text", ["\u0130", "ß", "\u1e9e", "ren\u00e9", "\u03b1\u0345\u0301", "x" * 150]
)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("door", ["mfa_activate_totp", "mfa_authenticate", "mfa_reauthenticate"])
def test_a_wrong_code_is_told_with_the_time_of_the_site(client, owner, door):
    sign_in(client)
    if door != "mfa_activate_totp":
        add_totp(client, owner)
    if door == "mfa_authenticate":
        client = Client()
        sign_in(client)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert "data-clock" not in client.get(reverse(door)).content.decode()
    page = client.post(reverse(door), {"code": "000000"}).content.decode()
    assert "data-clock" in page
    assert (
        f"{timezone.now():%H:%M}" in page
        or f"{timezone.now() - timedelta(minutes=1):%H:%M}" in page
    )
    assert " UTC" in page
