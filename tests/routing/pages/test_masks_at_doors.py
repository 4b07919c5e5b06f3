"""Masks and examples never become keys, whatever the door they come in by."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client

from providers.models import Draft, Provider
from routing.models import BaseDocument, ConfigVersion
from routing.state import current
from routing.state.store import keep_copy
from tests.markup import flat
from tests.providers.management.test_commands import give
from tests.routing.config.desk import given_back, hand_in, import_all, page_of, token_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("queued"),
    pytest.mark.battery,
    pytest.mark.alike,
]
KEY, BASE = "corp-0123456789abcdef", "https://llm.example.com/v1"
NO_KEYS = [
    *("***", "••••••••", "your-api-key-here", "YOUR_API_KEY", "sk-xxxxxxxxxxxx", "<key>"),
    *("sk-...", "sk-proj-****abcd", "changeme", "[redacted]", "sk-your-key", "Bearer ***"),
]
by_any = pytest.mark.parametrize("text", NO_KEYS)


def endpoint(key: str = KEY, **mappings: Any) -> Provider:
    row = Provider(kind="custom", name="corp", api_base=BASE)
    row.put_secret("api_key", key)
    for name, mapping in mappings.items():
        row.put_mapping(name, mapping)
    assert row.store()
    return row


def stored() -> str | None:
    row = Provider.objects.filter(name="corp").first()
    secret = row.open_secret("api_key") if row else None
    return secret.reveal() if secret else None


@by_any
@pytest.mark.parametrize("more", [{}, {"test": "1"}])
def test_the_form_of_a_new_endpoint(site: Client, text: str, more: dict[str, str]) -> None:
    data = {"name": "corp", "api_base": BASE, "api_key": text, **more}
    answer = site.post("/providers/new/", data)
    assert answer.status_code == 422
    assert answer.context["form"].errors["api_key"]
    assert not Provider.objects.exists()
    assert not Draft.objects.exists()


@by_any
@pytest.mark.parametrize("path", ["/providers/corp/", "/providers/corp/check/"])
def test_the_form_of_one_that_is_there(site: Client, text: str, path: str) -> None:
    row = endpoint()
    site.post(path, {"version": row.version, "api_base": BASE, "api_key": text})
    assert stored() == KEY
    drafts = [draft.open_secret("api_key") for draft in Draft.objects.all()]
    assert all(draft and draft.reveal() == KEY for draft in drafts)


@by_any
def test_set_provider(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    patch = {"kind": "custom", "apiBase": BASE, "apiKey": text}
    with pytest.raises(CommandError):
        give(monkeypatch, "corp", **patch)
    assert not Provider.objects.exists()
    endpoint()
    with suppress(CommandError):  # only a bare mask stands for the stored key
        give(monkeypatch, "corp", apiKey=text)
    assert stored() == KEY


@by_any
def test_headers_and_bodies(site: Client, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    row = endpoint(extra_headers={"X-Api-Key": KEY, "X-Team": "blue"}, extra_body={"a": {"b": KEY}})
    data = {"version": row.version, "api_base": BASE, "extra_body": '{"a": "***"}'}
    for name in ("X-Api-Key", "Authorization", "X-Auth-Token"):
        site.post("/providers/corp/", {**data, "extra_headers": f"{name}: {text}"})
    with pytest.raises(CommandError):
        give(monkeypatch, "corp", extraHeaders={"X-Other-Key": text})
    for mask in ("***", "••••••••"):
        with pytest.raises(CommandError):
            give(monkeypatch, "corp", extraBody={"a": {"b": mask}, "c": [mask]})
    row = Provider.objects.get(name="corp")
    assert row.open_mapping("extra_headers").get("X-Api-Key", KEY) == KEY
    assert text not in row.open_mapping("extra_headers").values()
    assert row.open_mapping("extra_body") == {"a": {"b": KEY}}


def test_what_only_looks_like_an_example_may_stand_in_other_headers(site: Client) -> None:
    row = endpoint()
    data = {"version": row.version, "api_base": BASE, "extra_headers": 'X-Tags: ["a"]'}
    assert site.post("/providers/corp/", data).status_code == 302
    assert Provider.objects.get().open_mapping("extra_headers") == {"X-Tags": '["a"]'}


@by_any
def test_an_import(site: Client, text: str) -> None:
    endpoint()
    import_all(site, {"providers": {"corp": {"apiKey": text, "apiBase": BASE}}})
    assert stored() in (KEY, None)
    import_all(site, {"providers": {"other": {"apiKey": text, "apiBase": BASE}}})
    other = Provider.objects.get(name="other")
    assert "api_key" not in other.sealed


@by_any
def test_a_take_over(site: Client, text: str) -> None:
    BaseDocument.put({"providers": {"corp": {"apiKey": text, "apiBase": BASE}}})
    site.post("/config/take-over/", {"name": "corp"})
    assert Provider.objects.filter(name="corp").exists()
    assert stored() is None
    assert given_back()["providers"]["corp"]["apiKey"] == text  # as it stands in the file
    assert "example or a mask" in flat(site.get("/config/"))


@by_any
def test_a_version_of_before(site: Client, text: str) -> None:
    """A key that was let in once does not come in again."""
    endpoint(text)
    version = keep_copy(current(), ConfigVersion.Reason.UNDO, actor=None)
    Provider.objects.all().delete()
    endpoint()
    asked = site.post(f"/config/versions/{version.number}/restore/", follow=True)
    data = {"token": token_of(page_of(asked)), "how": "replace"}
    site.post(asked.redirect_chain[-1][0], data)
    assert stored() in (KEY, None)


@by_any
def test_the_form_of_the_admin_changes_no_key(site: Client, text: str) -> None:
    row = endpoint()
    data = {"api_base": BASE, "api_key": text, "display_name": "Proxy", "version": row.version}
    answer = site.post(f"/admin/providers/provider/{row.pk}/change/", data)
    assert answer.status_code == 302
    assert stored() == KEY


def test_one_that_is_there_already_is_told(site: Client) -> None:
    row = endpoint("your-api-key-here")
    assert "example or a mask" in flat(site.get("/config/"))
    row.put_secret("api_key", KEY)
    assert row.store()
    assert "example or a mask" not in flat(site.get("/config/"))
    assert site.post("/providers/corp/undo/").status_code == 302
    assert "example or a mask" in flat(site.get("/config/"))


@pytest.mark.parametrize("text", ["sk-xxx", "***", "<key>"])
def test_a_pasted_env_file(site: Client, text: str) -> None:
    hand_in(site, f"GROQ_API_KEY={text}\n", name=".env")
    assert not Provider.objects.exists()
    assert text not in json.dumps(given_back())
