"""Versions of config.json: kept sealed, pruned, brought back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from facio_site import keys, sealing
from providers.models import Provider
from routing.agents import writing
from routing.models import UNDO_COPIES, ConfigVersion, Route
from tests.conftest import signed_in
from tests.desk import confirm, saved
from tests.routing.agents.live_desk import write
from tests.routing.config.desk import (
    KEY,
    WHOLE,
    given_back,
    import_all,
    page_of,
    press,
    token_of,
    warned,
)

pytestmark = [pytest.mark.django_db, pytest.mark.battery]


def test_what_stood_here_before_an_import_can_be_brought_back(site: Client) -> None:
    import_all(site, WHOLE)
    import_all(site, {"providers": {"mistral": {"apiKey": "0123456789abcdef"}}})
    version = ConfigVersion.objects.get()
    html = page_of(site.get(f"/config/versions/{version.number}/"))
    assert "Before an import" in html
    assert "providers.openai.api_key" in html
    assert KEY not in html
    assert "tele-gram-token" not in html

    asked = site.post(f"/config/versions/{version.number}/restore/", follow=True)
    assert 'href="?how=merge"' not in page_of(asked)
    consents = re.findall(r'name="consent" value="([^"]+)"', page_of(asked))
    press(site, asked, consent=consents)
    assert json.dumps(given_back()) == json.dumps(WHOLE)


def test_s20_a_version_is_never_mixed_with_what_is_set_here(site: Client) -> None:
    saved("openai", KEY)
    import_all(site, {"providers": {"openai": {"apiBase": "https://elsewhere.example/v1"}}})
    asked = site.post("/config/versions/1/restore/", follow=True)
    press(site, asked, how="merge")
    row = Provider.objects.get()
    assert row.has_usable("api_key")
    assert row.api_base == ""


def test_cloud_secrets_come_back_with_a_version(site: Client) -> None:
    row = Provider(kind="bedrock", values={"region": "eu-west-1"})
    row.put_secret("access_key_id", "AKIAEXAMPLE")
    row.store()
    import_all(site, {"providers": {"groq": {"apiKey": "gsk_0123456789abcdef"}}})
    assert not Provider.objects.filter(kind="bedrock").exists()
    press(site, site.post("/config/versions/1/restore/", follow=True))
    secret = Provider.objects.get(kind="bedrock").open_secret("access_key_id")
    assert secret is not None
    assert secret.reveal() == "AKIAEXAMPLE"


def test_what_a_version_would_change_beside_config_json_is_told(site: Client) -> None:
    row = Provider(kind="bedrock", values={"region": "eu-west-1"})
    row.put_secret("access_key_id", "AKIAEXAMPLE")
    row.store()
    saved("groq", "gsk_0123456789abcdef")
    azure = {"api_base": "https://x.openai.azure.com", "values": {"deployments": ["gpt-main"]}}
    other = saved("azure_openai", KEY, **azure)
    site.post("/providers/groq/remove/")  # leaves a version from before
    saved("groq", "gsk_0123456789abcdef")
    page = "/config/versions/1/"
    assert "Nothing: this is what is set here now." in page_of(site.get(page))

    other.values = {"deployments": ["gpt-new"]}
    other.store()
    row.put_secret("access_key_id", "AKIAANOTHER")
    row.put_secret("secret_access_key", "another-secret")
    row.store()
    html = page_of(site.get(page))
    assert "Nothing" not in html
    assert "never written into config.json: <code>bedrock.access_key_id</code>" in html
    assert "that are added: <code>gpt-main</code>" in html
    assert "It stays: <code>bedrock.secret_access_key, gpt-new</code>" in html
    asked = site.post(f"{page}restore/", follow=True)
    assert "No setting changes." not in page_of(asked)
    press(site, asked)
    assert Provider.objects.get(kind="azure_openai").values["deployments"] == [
        "gpt-new",
        "gpt-main",
    ]
    html = page_of(site.get(page))
    assert '<p class="card-body muted">Nothing.</p>' in html
    assert "It stays: <code>bedrock.secret_access_key, gpt-new</code>" in html


def test_versions_are_sealed_rotated_and_pruned(site: Client, settings: Any) -> None:
    import_all(site, WHOLE)
    for number in range(UNDO_COPIES + 3):
        import_all(site, {"providers": {"openai": {"apiKey": f"{KEY}{number}"}}})
    assert ConfigVersion.objects.count() == UNDO_COPIES
    assert ConfigVersion.objects.first().number == UNDO_COPIES + 3
    assert KEY not in str(ConfigVersion.objects.values_list("sealed", flat=True))
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    counts = keys.rotate()
    assert (counts.left, counts.unreadable) == (0, 0)
    assert counts.done >= UNDO_COPIES
    assert ConfigVersion.objects.first().state()["document"]


# --- bring back and write -------------------------------------------------------------------


def back(site: Client, number: int) -> Any:
    """Press "Bring back and write" on the page of a version."""
    html = page_of(site.get(f"/config/versions/{number}/"))
    return site.post(f"/config/versions/{number}/write/", {"token": token_of(html)})


@pytest.fixture
def two_written(site: Client, path: Path) -> bytes:
    """A file that was written twice; what it held first."""
    route = Route.objects.create(slot="main", model="gpt-5")
    write(site)
    first = path.read_bytes()
    route.model = "gpt-6"
    route.store()
    write(site, note="  before the holidays ")
    return first


def test_one_press_brings_a_version_back_and_writes_it(
    site: Client, path: Path, two_written: bytes
) -> None:
    html = page_of(site.get("/config/versions/1/"))
    assert "agents.defaults.model" in html
    assert "Bring back and write" in html
    assert back(site, 1)["Location"] == "/config/#live" or path.read_bytes() == two_written
    assert path.read_bytes() == two_written
    assert Route.objects.get().model == "gpt-5"
    reasons = list(ConfigVersion.objects.values_list("number", "reason", "note"))
    assert reasons == [
        (4, "written", "Version 1 again"),
        (3, "undo", ""),
        (2, "written", "before the holidays"),
        (1, "written", ""),
    ]
    assert "The file holds exactly what is set here." in page_of(site.get("/config/"))
    assert '<span class="chip">References</span>' in page_of(site.get("/config/versions/"))


def test_a_second_press_says_that_it_is_written_already(
    site: Client, path: Path, two_written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = {"token": token_of(page_of(site.get("/config/versions/1/")))}
    site.post("/config/versions/1/write/", token)
    again = site.post("/config/versions/1/write/", token, follow=True)
    assert "Written already as version 4." in page_of(again)
    assert "Somebody else" not in warned(again)

    looked = writing.look_back

    def meanwhile(*args: Any, **more: Any) -> Any:
        """Looks, and the first press is through before the second one writes."""
        monkeypatch.setattr(writing, "look_back", looked)
        seen = looked(*args, **more)
        site.post("/config/versions/2/write/", second)
        return seen

    second = {"token": token_of(page_of(site.get("/config/versions/2/")))}
    monkeypatch.setattr(writing, "look_back", meanwhile)
    crossed = site.post("/config/versions/2/write/", second, follow=True)
    assert "Written already as version 6." in page_of(crossed)
    assert "Somebody else" not in warned(crossed)
    assert ConfigVersion.objects.count() == 6


def test_real_keys_are_brought_back_after_a_fresh_login_only(site: Client, path: Path) -> None:
    row = saved("openai", KEY)
    confirm(site)
    write(site, "keys")
    row.put_secret("api_key", "sk-another-0123456789")
    row.store()
    write(site, "keys")
    session = site.session
    session.pop("account_authentication_methods")
    session.save()
    assert "reauthenticate" in back(site, 1)["Location"]
    assert KEY not in path.read_text()
    confirm(site)
    back(site, 1)
    assert KEY in path.read_text()


def test_a_file_that_somebody_else_changed_is_not_written_over_by_bringing_back(
    site: Client, path: Path, two_written: bytes
) -> None:
    token = token_of(page_of(site.get("/config/versions/1/")))
    path.write_text('{"theirs": 1}')
    html = page_of(site.get("/config/versions/1/"))
    assert "Somebody else changed the live file." in html
    assert "Bring back and write" not in html
    path.write_text("{")
    html = page_of(site.get("/config/versions/1/"))
    assert "The live file can't be read here." in html
    assert "which of their changes stay" not in html
    path.write_text('{"theirs": 1}')
    answer = site.post("/config/versions/1/write/", {"token": token}, follow=True)
    assert "Somebody else saved something meanwhile" in page_of(answer)
    assert path.read_text() == '{"theirs": 1}'
    assert Route.objects.get().model == "gpt-6"


def test_an_editor_does_not_bring_back_what_holds_secrets(
    site: Client, editor: Any, path: Path
) -> None:
    saved("openai", KEY)
    confirm(site)
    write(site, "keys")
    client = signed_in(editor)
    assert "Only an owner may write this" in page_of(client.get("/config/versions/1/"))
    assert client.post("/config/versions/1/write/", {}).status_code == 403


def test_a_version_has_a_note_that_editors_write(
    site: Client, viewer: Any, path: Path, two_written: bytes
) -> None:
    assert "before the holidays" in page_of(site.get("/config/versions/"))
    place = "/config/versions/1/note/"
    assert site.post(place, {"note": "x" * 300}).status_code == 302
    assert ConfigVersion.objects.get(number=1).note == "x" * 200
    site.post(place, {"note": " the   first "})
    assert "the first" in page_of(signed_in(viewer).get("/config/versions/1/"))
    assert signed_in(viewer).post(place, {"note": "no"}).status_code == 403


def test_a_note_that_somebody_wrote_meanwhile_is_not_written_over(
    site: Client, path: Path, two_written: bytes
) -> None:
    place, version = "/config/versions/1/note/", ConfigVersion.objects.get(number=1)
    form = {"seen": version.note}
    assert site.post(place, {"note": "before the move to EU", **form}).status_code == 302
    refused = site.post(place, {"note": "mine", **form})
    assert refused.status_code == 409
    assert 'someone else wrote "before the move to EU"' in page_of(refused)
    assert 'name="note" value="mine"' in page_of(refused)
    version.refresh_from_db()
    assert version.note == "before the move to EU"
    assert site.post(place, {"note": "before the move to EU", **form}).status_code == 302
    assert site.post(place, {"note": "mine", "seen": version.note}).status_code == 302
    refused = site.post(place, {"note": "", "seen": version.note})
    assert refused.status_code == 409


def test_a_removed_provider_leaves_a_version_from_before(site: Client) -> None:
    saved("openai", KEY)
    site.post("/providers/openai/remove/")
    version = ConfigVersion.objects.get()
    assert (version.reason, version.actor_name) == ("removal", "olivia")
    assert "Before a removal" in page_of(site.get("/config/versions/"))
    press(site, site.post(f"/config/versions/{version.number}/restore/", follow=True))
    secret = Provider.objects.get().open_secret("api_key")
    assert secret is not None
    assert secret.reveal() == KEY


def test_a_provider_can_be_removed_when_no_key_opens_what_is_set(
    site: Client, settings: Any
) -> None:
    saved("openai", KEY)
    settings.MASTER_KEYS = []
    site.post("/providers/openai/remove/")
    assert not Provider.objects.exists()
    assert not ConfigVersion.objects.exists()


def test_an_unknown_version_is_404(site: Client) -> None:
    assert site.get("/config/versions/7/").status_code == 404
    assert site.post("/config/versions/7/restore/").status_code == 404


def test_before_the_first_write_and_after_a_first_import_there_are_no_versions(
    site: Client,
) -> None:
    import_all(site, WHOLE)
    html = page_of(site.get("/config/versions/"))
    assert "No versions yet." in html
    assert "imported yet" not in html
