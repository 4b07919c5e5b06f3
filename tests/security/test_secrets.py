"""Stored secrets: what may be said of them, where they may go, who hears of their use."""

import copy
import json
import logging
import pickle
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from facio_site.audit.models import AuditEntry
from providers.dialects.particulars import quoted
from providers.http.records import Reply
from providers.kinds import KINDS
from providers.models import Draft, Job, Provider, SecretState, Task
from providers.spec.secret import Secret
from providers.work import queue, tasks
from tests.conftest import signed_in
from tests.desk import HTMX, KEY, confirm

pytestmark = [pytest.mark.battery, pytest.mark.alike]

ELSEWHERE = "https://elsewhere.example/v1"
PAGE = "/providers/openrouter/"


@pytest.fixture
def row(db: None) -> Provider:
    row = Provider(kind="openrouter")
    row.put_secret("api_key", KEY)
    row.put_mapping("extra_headers", {"X-Team": "header-secret-0123"})
    row.put_mapping("extra_body", {"tag": "body-secret-0123"})
    row.store()
    return row


# The type


@dataclass
class Holder:
    key: Secret


def test_s27_a_secret_prints_as_a_mask_everywhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(KEY)
    logging.getLogger("x").warning("%s %r", secret, secret)
    shown = [f"{secret} {secret!r} {secret:>9}", str([secret]), repr(Holder(secret)), caplog.text]
    shown += [f"{secret}", "{}".format(secret), repr({"a": secret}), repr(Exception(secret))]  # noqa: UP032
    assert not [text for text in shown if KEY[:8] in text]
    assert all("***" in text for text in shown)


@pytest.mark.parametrize("way", [pickle.dumps, json.dumps, copy.deepcopy, hash, sorted, vars, iter])
def test_s27_a_secret_leaves_by_no_side_door(way: Any) -> None:
    with pytest.raises(TypeError) as raised:
        way([Secret(KEY), Secret("other")] if way is sorted else Secret(KEY))
    assert KEY not in str(raised.value)


def test_s27_a_secret_equals_no_text_and_its_own_like_only() -> None:
    assert Secret(KEY) != KEY
    assert Secret(KEY) == Secret(KEY)
    assert Secret(KEY) != Secret(KEY[:-1])


# Write-only


def test_s26_pages_say_set_and_the_last_four_and_nothing_else(site: Client, row: Provider) -> None:
    box = row.sealed["api_key"]["box"]
    for path in (
        PAGE,
        "/providers/",
        "/",
        "/config/",
        "/config/export/",
        "/activity/",
        "/admin/providers/provider/",
    ):
        page = site.get(path).content.decode()
        for secret in (KEY, KEY[:12], box, box[12:40], "header-secret", "body-secret"):
            assert secret not in page, path
    assert "…cdef" in site.get(PAGE).content.decode()


@pytest.mark.parametrize("back", ["", "***", "********", "••••••••", "  "])
def test_s26_an_empty_field_or_a_mask_that_comes_back_keeps_the_key(
    site: Client, row: Provider, back: str
) -> None:
    headers, body = "X-Team: ***", json.dumps({"tag": "***"})
    typed = {"api_key": back, "api_base": "", "extra_headers": headers, "extra_body": body}
    assert site.post(PAGE, typed).status_code == 302
    kept = Provider.objects.get()
    assert kept.unseal("api_key") == KEY
    assert kept.open_mapping("extra_headers") == {"X-Team": "header-secret-0123"}
    assert kept.open_mapping("extra_body") == {"tag": "body-secret-0123"}


def test_s26_a_short_key_shows_none_of_its_characters(site: Client, db: None) -> None:
    row = Provider(kind="groq")
    row.put_secret("api_key", "gsk_short1")
    row.store()
    assert row.sealed["api_key"]["hint"] == ""
    assert "ort1" not in site.get("/providers/groq/").content.decode()


def test_s26_every_key_field_is_empty_and_kept_by_no_browser(site: Client, row: Provider) -> None:
    page = site.get(PAGE).content.decode()
    field = page[page.index('name="api_key"') - 200 : page.index('name="api_key"') + 300]
    assert 'type="password"' in field
    assert 'autocomplete="off"' in field
    assert "value=" not in field.split('name="api_key"')[1].split(">")[0]


# Bound to where it was typed for


@pytest.mark.parametrize("door", ["", "check/", "catalog/"])
def test_s20_a_changed_address_asks_for_all_secrets_again_at_each_door(
    site: Client, row: Provider, queued: None, door: str
) -> None:
    masks = {"extra_headers": "X-Team: ***", "extra_body": json.dumps({"tag": "***"})}
    answer = site.post(PAGE + door, {"api_key": "", "api_base": ELSEWHERE, **masks})
    assert answer.status_code == 422
    assert not Job.objects.exists()
    assert not Draft.objects.exists()
    assert Provider.objects.get().api_base == ""


def test_s20_masked_headers_and_body_do_not_go_along_with_a_new_key(
    site: Client, row: Provider, queued: None
) -> None:
    typed = {"api_key": "sk-or-v1-a-new-key-typed", "api_base": ELSEWHERE}
    for name, mask in (("extra_headers", "X-Team: ***"), ("extra_body", '{"tag": "***"}')):
        for door in ("", "check/", "catalog/"):
            answer = site.post(PAGE + door, {**typed, name: mask})
            assert answer.status_code == 422
            assert "Type the masked values again" in answer.content.decode()
    assert not Draft.objects.exists()
    assert Provider.objects.get().api_base == ""
    assert site.post(PAGE, {**typed, "extra_headers": "X-Team: typed anew"}).status_code == 302
    assert Provider.objects.get().open_mapping("extra_headers") == {"X-Team": "typed anew"}


@pytest.mark.parametrize(
    "base",
    [
        *("http://openrouter.ai/api/v1", "https://openrouter.ai:8443/api/v1"),
        *("https://openrouter.ai.example/api/v1", "https://xn--openruter-07a.ai/api/v1"),
    ],
)
def test_s20_scheme_host_and_port_are_all_part_of_the_binding(row: Provider, base: str) -> None:
    row.api_base = base
    assert row.secret_state("api_key") == SecretState.RETYPE
    assert not row.entered().secrets
    assert not row.entered().extra_headers
    assert not row.entered().extra_body


def test_s20_a_row_whose_address_was_changed_in_the_database_gives_nothing(row: Provider) -> None:
    Provider.objects.update(api_base=ELSEWHERE)
    changed = Provider.objects.get()
    assert not changed.adapter().entered.secrets
    item = changed.sealed["api_key"]
    changed.sealed["api_key"] = {**item, "bound": changed.bound}
    assert changed.open_secret("api_key") is None


@pytest.mark.parametrize("kind", [kind for kind, spec in KINDS.items() if not spec.is_oauth])
def test_s20_every_kind_binds_its_key_to_the_origins_of_its_calls(kind: str, db: None) -> None:
    row = Provider(kind=kind, api_base="https://one.example/v1", values={"region": "us-east-1"})
    row.put_secret("api_key", KEY)
    assert row.sealed["api_key"]["bound"]
    row.api_base, row.values = "https://two.example/v1", {"region": "eu-west-1"}
    assert row.secret_state("api_key") == SecretState.RETYPE


# References


@pytest.mark.parametrize("name", ["MASTER_KEYS", "SECRET_KEY", "HOME", "credentials.openrouter"])
def test_s32_a_reference_is_never_expanded_and_never_sent(
    name: str, sims: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "from-our-environment-0123")
    row = Provider(kind="openrouter")
    row.put_secret("api_key", f"${{{name}}}")
    row.store()
    job = queue.start(row, Task.CHECK, hand_over=False)
    tasks.check_provider(str(job.pk))
    job.refresh_from_db()
    assert job.outcome == "reference"
    assert not [call for call in sims.calls if "from-our-environment" in repr(call)]
    assert "from-our-environment" not in repr(Job.objects.values())


# What upstreams say


@pytest.mark.parametrize(
    "echo",
    [KEY, KEY[4:14], "c2stb3ItdjEtMDEyMzQ1Njc4OWFiY2RlZg==", KEY.replace("-", "%2D")],
)
def test_s9_what_quotes_a_piece_of_the_key_is_dropped_whole(echo: str) -> None:
    def said(text: str) -> str:
        data = {"error": {"message": text}}
        return quoted(Reply(status=401, headers={}, data=data, text="", ms=1), [Secret(KEY)])

    assert said(f"Incorrect API key provided: {echo}.") == ""
    assert said("Incorrect API key provided.") == "Incorrect API key provided."


# Who hears of it


def test_s33_an_action_whose_entry_fails_does_not_happen(
    site: Client, row: Provider, queued: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.raise_request_exception = False

    def fails(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(AuditEntry.objects, "create", fails)
    new = {"api_key": "sk-or-v1-another-key-0123", "api_base": ""}
    for path, typed in (
        (PAGE, new),
        (f"{PAGE}check/", new),
        (f"{PAGE}remove/", {}),
        ("/routing/", {"main-model": "a/b", "main-provider": "auto"}),
    ):
        assert site.post(path, typed).status_code == 500
    answer = site.post("/config/download/", {"secrets": "redacted"})
    assert answer.status_code == 500
    assert Provider.objects.get().unseal("api_key") == KEY
    assert not Job.objects.exists()
    assert not Draft.objects.exists()


def test_s33_each_secret_action_leaves_a_row_without_a_value(
    owner: Any, row: Provider, queued: None
) -> None:
    client = confirmed(owner)
    new = "sk-or-v1-another-key-0123"
    client.post(f"{PAGE}check/", {"api_key": new, "api_base": ""})
    client.post(PAGE, {"api_key": new, "api_base": ""})
    client.post(f"{PAGE}undo/")
    client.post("/config/download/", {"secrets": "keys"})
    client.post(f"{PAGE}remove/")
    entries = AuditEntry.objects.exclude(action__in=["sign-in", "confirmed"])
    found = {entry.action for entry in entries}
    assert found >= {
        *("provider.tested", "provider.saved", "provider.undone"),
        *("config.downloaded", "provider.removed"),
    }
    assert {entry.actor_name for entry in entries} == {owner.username}
    assert {entry.ip for entry in entries} == {"127.0.0.1"}
    for entry in AuditEntry.objects.all():
        assert new[:16] not in repr(entry.as_dict())
        assert KEY[:16] not in repr(entry.as_dict())


# The file that may hold them


def confirmed(user: Any) -> Client:
    client = signed_in(user)
    confirm(client)
    return client


def test_s47_a_file_with_keys_needs_post_owner_and_a_fresh_login(
    owner: Any, editor: Any, row: Provider
) -> None:
    path, asked = "/config/download/", {"secrets": "keys"}
    assert confirmed(owner).get(path, asked).status_code == 405
    assert confirmed(editor).post(path, asked).status_code == 403
    stale = signed_in(owner).post(path, asked)
    assert (stale.status_code, "/accounts/reauthenticate/" in stale.url) == (302, True)
    answer = confirmed(owner).post(path, asked)
    assert KEY in answer.content.decode()


def test_s47_the_file_is_an_attachment_that_nobody_keeps(owner: Any, row: Provider) -> None:
    for asked in ({"secrets": "keys"}, {"secrets": "env"}, {"secrets": "env", "what": "dotenv"}):
        answer = confirmed(owner).post(
            "/config/download/", asked, headers={"Accept-Encoding": "gzip, br"}
        )
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        assert not answer.has_header("ETag")
        assert not answer.has_header("Content-Encoding")


def test_s47_the_default_is_without_keys(owner: Any, row: Provider) -> None:
    config = confirmed(owner).post("/config/download/").content.decode()
    assert KEY not in config
    assert "${OPENROUTER_API_KEY}" in config


def test_s42_the_imported_file_is_sealed_as_a_whole(db: None) -> None:
    from routing.models import BaseDocument

    BaseDocument.put({"channels": {"telegram": {"token": "telegram-token-0123"}}})
    stored = BaseDocument.objects.get()
    assert "telegram-token" not in repr(stored.sealed)
    assert "telegram" not in repr(stored.sealed)
    assert "telegram-token-0123" in str(BaseDocument.text())


# The last fragment


def test_s75_what_is_over_asks_for_nothing_more(site: Client, row: Provider, queued: None) -> None:
    answer = site.post(f"{PAGE}check/", {"api_key": "", "api_base": ""})
    assert answer.status_code in (302, 422)
    job = queue.start(Provider.objects.get(), Task.CHECK)
    waiting = f"check-beside:{job.pk}:{job.version}"  # the page shows what was typed
    assert waiting in site.get(PAGE).content.decode()
    job.finish(outcome="ok", key_state="good")
    last = site.get("/live/", {"w": waiting}, headers=HTMX)
    assert 'data-state="done"' in last.content.decode()
    assert 'name="w"' not in last.content.decode()
    assert "HX-Trigger-After-Settle" not in last.headers


def test_s75_waiting_ends_at_the_deadline_with_a_way_to_try_again(
    site: Client, row: Provider, queued: None
) -> None:
    from datetime import timedelta

    from django.utils import timezone

    job = queue.start(row, Task.CHECK)
    Job.objects.update(deadline=timezone.now() - timedelta(seconds=1))
    waiting = {"w": f"check:{job.pk}:{job.version}"}
    answer = site.get("/live/", waiting, headers=HTMX)
    page = answer.content.decode()
    assert 'data-outcome="no_answer"' in page
    assert "Try again" in page
    assert "HX-Trigger-After-Settle" not in answer.headers
