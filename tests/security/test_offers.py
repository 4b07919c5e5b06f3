"""No page offers somebody a button that would be refused: pressed one by one, in each role."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from providers import broker
from providers.models import Job, Task
from routing.models import Route
from tests.conftest import signed_in
from tests.desk import saved

pytestmark = pytest.mark.django_db
PAGES = (
    *("/", "/providers/", "/providers/openrouter/", "/providers/openai_codex/", "/catalog/"),
    *(
        "/providers/openrouter/remove/",
        "/routing/",
        "/config/",
        "/config/export/",
        "/activity/",
        "/accounts/",
    ),
    "/palette/?q=test",
)
NO_WORK = ("/accounts/logout/", "/language/", "/routing/what-if/")
VOID = {"input", "img", "br", "hr", "meta", "link", "path", "circle", "use", "line", "rect"}


class Buttons(HTMLParser):
    """Where the enabled submit buttons of a page lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, str] = {}  # id -> action, of forms that post
        self.pressed: list[tuple[str, str]] = []  # id of a form elsewhere, or "", and an address
        self.action = ""
        self.open: list[tuple[str, bool]] = []  # tags, and whether what is inside is disabled

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        is_off = "disabled" in found or any(off for _tag, off in self.open)
        if tag not in VOID:
            self.open.append((tag, tag == "fieldset" and is_off))
        if tag == "form":
            self.action = found.get("action", "") if found.get("method") == "post" else ""
            self.forms[found.get("id", "")] = self.action
        if tag == "button" and not is_off and found.get("type") == "submit":
            address = found.get("formaction") or ("" if "form" in found else self.action)
            self.pressed.append((found.get("form", ""), address.partition("#")[0]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.action = ""
        while tag not in VOID and self.open and self.open.pop()[0] != tag:
            pass

    def addresses(self) -> set[str]:
        found = {address or self.forms.get(form, "") for form, address in self.pressed}
        return {address for address in found if address and address not in NO_WORK}


@pytest.fixture
def filled(owner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that failed, a route that wants attention, and one that can be pinned."""
    monkeypatch.setattr(broker, "workers", set)
    row = saved()
    job = Job.objects.create(
        provider=row,
        task=Task.CHECK,
        status="done",
        outcome="bad_key",
        input_version=row.version,
        input_digest=row.fingerprint(),
        deadline=row.updated_at,
        finished_at=row.updated_at,
    )
    job.record_check()
    Route.objects.update_or_create(
        slot="main", defaults={"model": "anthropic/claude-opus-4-7", "provider": "auto"}
    )


def offered(client: Client) -> set[str]:
    found: set[str] = set()
    for page in PAGES:
        buttons = Buttons()
        buttons.feed(client.get(page).content.decode())
        found |= buttons.addresses()
    return found


def test_a_viewer_is_offered_nothing_that_would_be_refused(viewer: Any, filled: None) -> None:
    site = signed_in(viewer)
    assert {address for address in offered(site) if site.post(address).status_code == 403} == set()


def test_an_editor_is_offered_all_that_a_page_can_do(editor: Any, filled: None) -> None:
    site = signed_in(editor)
    addresses = offered(site)
    assert {
        "/providers/check/",
        "/providers/openrouter/",
        "/providers/openrouter/check/",
        "/providers/openrouter/catalog/",
        "/providers/openrouter/remove/",
        "/routing/",
        "/routing/main/pin/",
        "/routing/main/test/",
        "/config/import/",
    } <= addresses
    assert {address for address in addresses if site.post(address).status_code == 403} == set()
