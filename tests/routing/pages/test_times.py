"""Every moment that a page prints can be told in the reader's zone: it stands in a <time>."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from facio_site.accounts.models import Invitation
from providers import broker
from providers.models import Provider, Replaced
from routing.models import Alert, Channel, Outage, Route, Watch
from tests.desk import confirm, saved, stocked
from tests.markup import flat

pytestmark = [pytest.mark.django_db, pytest.mark.alike]
TIME = r"<time\b[^>]*>[^<]*</time>"
# Beside a moment: the choice of a zone, the days of a filter, and a table whose head names it.
ELSEWHERE = (
    r'<option\b.*?</option>|<input\b[^>]*>|<section class="section" id="numbers".*?</section>'
    r'|<label for="id_(?:since|until)">[^<]*</label>'
)
STARTS = ("/", "/providers/groq/", "/health/provider/groq/", "/health/", "/schedule/", "/alerts/")


@pytest.fixture
def filled(site: Client, owner: Any, monkeypatch: pytest.MonkeyPatch, queued: list[Any]) -> Client:
    """Something of each kind that has a time."""
    monkeypatch.setattr(broker, "workers", lambda: {"worker-1"})
    now = timezone.now()
    row = stocked("groq", "llama-9")
    Replaced.keep(row)
    site.post("/providers/groq/check/", {"api_key": "gsk_draft1234"})
    saved("mistral")
    Provider.objects.filter(kind="mistral").update(check_outcome="bad_key", checked_at=now)
    Route.objects.create(slot="main", model="llama-9", provider="groq")
    Watch.objects.create(about="provider:groq", every=60, due_at=now + timedelta(minutes=12))
    Outage.objects.create(about="provider:groq", began_at=now, outcome="timeout")
    Alert.objects.create(kind="fails", about="provider:groq", mark="one", at=now)
    Channel.objects.create(kind="ntfy", name="phone", fault="timeout", fault_at=now)
    Invitation.objects.issue("editor", by=owner, name="Eve")
    site.get("/config/export/")
    confirm(site)
    return site


def pages(site: Client) -> dict[str, str]:
    """One of each kind of page that a link leads to, by its address."""
    found: dict[str, str] = {}
    views: set[str] = set()
    paths = list(STARTS)
    while paths:
        path = paths.pop(0)
        view = resolve(path).view_name
        if view in views or path.startswith(("/admin/", "/static/")):
            continue
        views.add(view)
        answer = site.get(path, follow=True)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[path] = flat(answer)
            links = re.findall(r'<a\b[^>]*?href="(/[^"?#]*)', found[path])
            paths += [link for link in links if not link.startswith("/static/")]
    return found


def test_no_page_prints_a_moment_in_the_server_s_zone_alone(filled: Client) -> None:
    found = pages(filled)
    assert len(found) > 25
    left = {path: re.sub(f"{TIME}|{ELSEWHERE}", "", html) for path, html in found.items()}
    near = {path: re.findall(r".{40}\bUTC\b", html) for path, html in left.items()}
    assert {path: words for path, words in near.items() if words} == {}


def test_what_is_kept_for_a_while_says_until_when(filled: Client) -> None:
    html = flat(filled.get("/providers/groq/"))
    for words in ("otherwise they are forgotten after", "are kept encrypted until"):
        assert re.search(f"{words} {TIME}[.,]", html), words
    assert re.search(f"Groq: {TIME}\\)", html)


def test_the_next_check_has_its_moment_on_hover(filled: Client) -> None:
    cell = re.search(r'<td class="due">(.*?)</td>', flat(filled.get("/schedule/")))
    assert cell
    assert re.fullmatch(r' <time datetime="[^"]+" title="[^"]+ UTC">in 1[12] min</time> ', cell[1])


def test_an_invitation_says_when_it_ends_and_when_it_ended(client: Client, owner: Any) -> None:
    token = Invitation.objects.issue("editor", by=owner, name="Eve")
    client.get("/setup/", {"token": token})
    assert re.search(f"The link works until {TIME}\\.", flat(client.get("/setup/")))
    Invitation.objects.update(expires_at=timezone.now())
    assert re.search(f"It expired on {TIME}\\.", flat(client.get("/setup/", {"token": token})))
    Invitation.objects.update(redeemed_at=timezone.now())
    assert re.search(f"made with it on {TIME}\\.", flat(client.get("/setup/", {"token": token})))
