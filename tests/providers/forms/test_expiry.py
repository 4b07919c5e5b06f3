"""The day on which a key expires: noted by a person, kept with its key, gone with it."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from providers.forms.patch import BadPatch, form_of
from providers.models import Draft, Job, Provider, Task
from providers.work import queue
from tests.desk import KEY, saved

pytestmark = [pytest.mark.alike, pytest.mark.django_db]
ON, LATER = date(2027, 1, 31), date(2027, 6, 30)
OTHER = "sk-or-v1-fedcba9876543210"


@pytest.fixture
def noted() -> Provider:
    row = saved()
    row.key_expires_on = ON
    row.store()
    return row


def now() -> Provider:
    row: Provider = Provider.objects.get()
    return row


def post(site: Client, stood: date | None = ON, **fields: str) -> Any:
    """What a page sends on which this day stood."""
    stood_there = {"initial-key_expires": stood.isoformat() if stood else ""}
    return site.post("/providers/openrouter/", {**stood_there, **fields})


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"key_expires": "2027-01-31"}, ON),
        ({"key_expires": "2027-06-30"}, LATER),
        ({"key_expires": ""}, None),
        ({"key_expires": "2027-01-31", "api_base": "https://openrouter.ai/other/v1"}, ON),
        ({"key_expires": "2027-01-31", "extra_body": '{"seed": 1}'}, ON),
        ({"key_expires": "2027-01-31", "api_key": KEY}, ON),
        ({"key_expires": "2027-01-31", "api_key": OTHER}, None),
        ({"key_expires": "2027-06-30", "api_key": OTHER}, LATER),
        ({"key_expires": "", "api_key": OTHER}, None),
        ({"api_base": "https://openrouter.ai/other/v1"}, ON),
        ({"api_key": OTHER}, None),
    ],
)
def test_it_is_kept_by_edits_and_goes_with_its_key_unless_typed_anew(
    site: Client, noted: Provider, fields: dict[str, str], day: date | None
) -> None:
    assert post(site, **fields).status_code == 302
    assert now().key_expires_on == day


def test_it_stands_in_its_field_and_what_is_no_day_is_told_there(
    site: Client, noted: Provider
) -> None:
    html = site.get("/providers/openrouter/").content.decode()
    field = html[html.index('<input type="date"') :].partition(">")[0]
    assert 'name="key_expires"' in field
    assert 'value="2027-01-31"' in field
    assert '<label for="id_key_expires">Key expires on</label>' in html
    answer = post(site, key_expires="31.01.2027")
    assert answer.status_code == 422
    assert "Enter a valid date." in answer.content.decode()
    assert now().key_expires_on == ON


def test_without_a_key_there_is_no_day(site: Client) -> None:
    address = {"api_base": "http://localhost:11434/v1", "key_expires": "2027-01-31"}
    site.post("/providers/ollama/", address)
    assert now().key_expires_on is None
    site.post("/providers/ollama/", {**address, "api_key": KEY})
    assert now().key_expires_on == ON
    site.post("/providers/ollama/", {**address, "clear_api_key": "on"})
    assert now().key_expires_on is None


def test_a_note_makes_no_new_version_and_keeps_what_the_test_found(
    site: Client, noted: Provider
) -> None:
    Provider.objects.update(check_outcome="ok", check_ms=7)
    version = now().version
    post(site, key_expires="2027-06-30")
    row = now()
    assert (row.key_expires_on, row.version, row.check_outcome) == (LATER, version, "ok")
    other = saved("groq")
    other.key_expires_on = ON
    Provider.objects.filter(pk=other.pk).update(version=9)
    assert not other.store()


def test_a_note_alone_is_no_draft(site: Client, noted: Provider, queued: list[Any]) -> None:
    site.post("/providers/openrouter/check/", {"key_expires": "2027-06-30"})
    assert not Draft.objects.exists()
    assert not Job.objects.get().is_draft


def test_a_draft_keeps_it_for_its_own_key(
    site: Client, noted: Provider, queued: list[Any], owner: Any
) -> None:
    site.post("/providers/openrouter/check/", {"api_key": OTHER, "key_expires": "2027-06-30"})
    draft = Draft.objects.get()
    assert (draft.key_expires_on, now().key_expires_on) == (LATER, ON)
    Job.objects.all().delete()
    post(site, LATER, draft=str(draft.pk), key_expires="2027-06-30")
    assert now().key_expires_on == LATER


def test_the_day_of_the_old_key_does_not_pass_to_one_that_was_tested_and_is_then_saved(
    site: Client, noted: Provider, queued: list[Any]
) -> None:
    form = {"initial-key_expires": "2027-01-31", "key_expires": "2027-01-31", "api_key": OTHER}
    site.post("/providers/openrouter/check/", form)
    assert (Draft.objects.get().key_expires_on, now().key_expires_on) == (None, ON)
    Job.objects.all().delete()
    site.post("/providers/openrouter/", form)
    assert now().holds("api_key", OTHER)
    assert now().key_expires_on is None


def test_an_undo_brings_it_back_with_its_key(site: Client, noted: Provider) -> None:
    post(site, key_expires="2027-06-30", api_key=OTHER)
    assert now().key_expires_on == LATER
    site.post("/providers/openrouter/undo/")
    assert now().key_expires_on == ON


def test_it_goes_with_a_key_that_is_given_up(noted: Provider) -> None:
    noted.put_mapping("extra_body", {"seed": 1})
    noted.store()
    noted.forget(["extra_body"])
    assert now().key_expires_on == ON
    noted.forget(["api_key"])
    assert now().key_expires_on is None


# By command --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patch", "day"),
    [
        ({"keyExpires": "2027-06-30"}, LATER),
        ({"keyExpires": None}, None),
        ({"extraBody": {"seed": 1}}, ON),
        ({"apiKey": KEY}, ON),
        ({"apiKey": OTHER}, None),
        ({"apiKey": OTHER, "keyExpires": "2027-01-31"}, ON),
        ({"apiKey": OTHER, "keyExpires": None}, None),
    ],
)
def test_the_same_rules_hold_for_the_names_of_the_command(
    noted: Provider, patch: dict[str, Any], day: date | None
) -> None:
    form = form_of(noted, patch)
    assert form.is_valid(), form.errors
    form.apply(noted)
    assert noted.store()
    assert now().key_expires_on == day


@pytest.mark.parametrize(
    "value", ["tomorrow", "2027-02-30", "2027-1", "9" * 99, "2027-01-31T00:00", ""]
)
def test_what_is_no_day_is_refused_by_the_command_too(noted: Provider, value: str) -> None:
    form = form_of(noted, {"keyExpires": value})
    assert form.is_valid() is (value == "")
    assert set(form.errors) <= {"key_expires"}


@pytest.mark.parametrize("value", [20270131, True, ["2027-01-31"], {}])
def test_a_day_is_a_string(noted: Provider, value: Any) -> None:
    with pytest.raises(BadPatch, match="keyExpires must be a string or null"):
        form_of(noted, {"keyExpires": value})


def test_a_sign_in_has_no_key_that_could_expire() -> None:
    with pytest.raises(BadPatch, match="openai_codex has no field keyExpires"):
        form_of(Provider(kind="openai_codex"), {"keyExpires": "2027-01-31"})


def test_the_admin_saves_it_by_the_same_rules(site: Client, noted: Provider) -> None:
    url = f"/admin/providers/provider/{noted.pk}/change/"
    assert 'value="2027-01-31"' in site.get(url).content.decode()
    site.post(url, {"api_base": "", "key_expires": "2027-06-30", "version": noted.version})
    assert now().key_expires_on == LATER


def test_a_test_of_the_values_is_found_again_whatever_was_noted(noted: Provider) -> None:
    job = queue.start(noted, Task.CHECK, hand_over=False)
    noted.key_expires_on = LATER
    assert noted.fingerprint() == job.input_digest
