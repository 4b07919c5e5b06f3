"""Stored secrets: where they may be used, what may be said of them, what a swap does."""

import pytest

from facio_site import sealing
from providers.models import Draft, Provider, SecretState
from tests.desk import KEY, saved

pytestmark = pytest.mark.django_db


def test_a_stored_secret_comes_back_only_as_a_secret() -> None:
    row = saved()
    secret = row.open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == KEY
    assert KEY not in repr(secret)
    assert KEY not in str(row.sealed)


def test_only_the_last_four_characters_of_a_long_secret_are_kept_in_clear() -> None:
    assert saved().sealed["api_key"]["hint"] == "cdef"
    assert saved("groq", key="short-one").sealed["api_key"]["hint"] == ""


def test_s20_another_base_makes_the_key_unusable_and_the_old_base_brings_it_back() -> None:
    row = saved()
    row.api_base = "https://elsewhere.example/api/v1"
    assert row.secret_state("api_key") == SecretState.RETYPE
    assert row.open_secret("api_key") is None
    row.api_base = ""
    assert row.secret_state("api_key") == SecretState.SET


def test_s20_another_path_on_the_same_origin_keeps_the_key() -> None:
    row = saved()
    row.api_base = "https://openrouter.ai/other/v1"
    assert row.secret_state("api_key") == SecretState.SET


def test_s21_a_box_moved_to_another_row_does_not_open() -> None:
    one, other = saved(), saved("groq", key="gsk_0123456789abcdefgh")
    other.sealed = one.sealed
    other.save()
    with pytest.raises(sealing.Unreadable):
        Provider.objects.get(kind="groq").unseal("api_key")


def test_s21_a_box_moved_to_another_name_does_not_open() -> None:
    row = saved()
    row.sealed["session_token"] = row.sealed["api_key"]
    with pytest.raises(sealing.Unreadable):
        row.unseal("session_token")


def test_s21_a_changed_binding_does_not_open() -> None:
    row = saved()
    row.sealed["api_key"]["bound"] = "https://evil.example"
    row.api_base = "https://evil.example"
    assert row.secret_state("api_key") == SecretState.UNREADABLE


def test_s25_without_a_master_key_secrets_are_locked_and_not_lost(settings) -> None:
    row = saved()
    keys, settings.MASTER_KEYS = settings.MASTER_KEYS, []
    assert row.secret_state("api_key") == SecretState.LOCKED
    settings.MASTER_KEYS = keys
    assert row.secret_state("api_key") == SecretState.SET


def test_a_reference_is_text_and_is_told_as_such(monkeypatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "from the environment")
    row = saved(key="${OPENROUTER_API_KEY}")
    assert row.secret_state("api_key") == SecretState.REFERENCE
    secret = row.open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == "${OPENROUTER_API_KEY}"


def test_a_draft_copies_secrets_under_its_own_seal() -> None:
    row = saved()
    draft = Draft(provider=row, base_version=row.version)
    draft.copy_from(row)
    assert draft.sealed["api_key"]["box"] != row.sealed["api_key"]["box"]
    assert draft.fingerprint() == row.fingerprint()


def test_equal_values_have_equal_fingerprints_and_others_have_not() -> None:
    row = saved()
    before = row.fingerprint()
    row.put_secret("api_key", KEY)
    assert row.fingerprint() == before
    row.put_secret("api_key", KEY + "x")
    assert row.fingerprint() != before


def test_s78_a_save_over_somebody_elses_is_refused() -> None:
    mine, theirs = saved(), Provider.objects.get(kind="openrouter")
    theirs.api_base = "https://openrouter.ai/theirs"
    assert theirs.store()
    mine.api_base = "https://openrouter.ai/mine"
    assert not mine.store()
    assert Provider.objects.get(kind="openrouter").api_base == "https://openrouter.ai/theirs"
