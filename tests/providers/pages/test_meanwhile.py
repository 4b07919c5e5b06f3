"""Two people, or two tabs of one: what a page says and does is of what it has shown."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from facio_site.sealing import rows
from providers.catalog.store import take_in
from providers.models import Draft, Job, Provider, Status, Task
from providers.pages import checking, removal
from providers.pages.board import name_mark
from providers.work import queue
from tests.conftest import signed_in
from tests.desk import HTMX, KEY, saved
from tests.markup import flat
from tests.providers.models.test_meanwhile import listed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
PAGE = "/providers/openrouter/"
BAD, GOOD = "sk-or-v1-00000000000000000bad", "sk-or-v1-0000000000000000good"
BASE = "https://llm.example.com/v1"
TYPED = {"api_base": BASE, "api_key": KEY, "display_name": ""}


def hidden(page: Any, *names: str) -> dict[str, str]:
    """What the page sends along unseen."""
    found = re.findall(rf'name="({"|".join(names)})" value="([^"]*)"', flat(page))
    return {name: unescape(value) for name, value in found}


def press(site: Client, what: str = "check", place: str = PAGE, **data: str) -> Any:
    return site.post(f"{place}{what}/", {"version": "1", **data}, headers=HTMX)


def watched(answer: Any) -> str:
    found = re.search(r'name="w" value="((?:check|catalog)[^"]*)"', flat(answer))
    assert found
    return found[1]


def job_of(w: str) -> Job:
    job: Job = Job.objects.get(pk=w.split(":")[1])
    return job


def said(site: Client, w: str) -> tuple[str, str]:
    """State and outcome that the page hears."""
    news = flat(site.get("/live/", {"w": w}, headers=HTMX))
    found = re.search(r'id="check"[^>]*data-state="(\w+)" data-outcome="(\w*)"', news)
    assert found, news
    return found.groups()  # type: ignore[return-value]


def end(job: Job, outcome: str = "ok", key_state: str = "valid") -> None:
    assert job.finish(is_told=True, outcome=outcome, key_state=key_state, ms=3)


# What a test's news are of -------------------------------------------------------------------


def test_a_tab_hears_of_its_own_test_and_not_of_another_tabs(site: Client) -> None:
    saved()
    first = watched(press(site, api_key=BAD))
    second = watched(press(site, api_key=GOOD))
    end(job_of(second))
    assert said(site, first) == ("done", "cancelled")
    news = flat(site.get("/live/", {"w": first}, headers=HTMX))
    assert "A newer test in another tab took its place." in news
    assert said(site, second) == ("done", "ok")


def test_news_are_only_for_a_part_that_still_shows_that_test(site: Client) -> None:
    """In one tab the next test is shown before the news of the last one come."""
    saved()
    first = watched(press(site, api_key=BAD))
    job = job_of(first)
    press(site, api_key=GOOD)
    news = flat(site.get("/live/", {"w": first}, headers=HTMX))
    assert f"""hx-swap-oob="outerHTML:#check[data-job='{job.pk}']\"""" in news


def test_somebody_elses_test_in_its_place_is_told_as_such(site: Client, editor: Any) -> None:
    saved()
    first = watched(press(site, api_key=BAD))
    press(signed_in(editor), api_key=GOOD)
    news = flat(site.get("/live/", {"w": first}, headers=HTMX))
    assert "A newer test took its place." in news


def test_a_test_of_discarded_values_says_how_they_fared(site: Client) -> None:
    end(queue.start(saved(), Task.CHECK))
    w = watched(press(site, api_key=BAD))
    job_of(w).claim("worker-1", 15)
    site.post(f"{PAGE}discard/")
    end(job_of(w), "bad_key", "invalid")
    assert said(site, w) == ("done", "bad_key")


def test_a_page_of_saved_values_hears_what_is_saved_when_anothers_test_ends(
    site: Client, editor: Any
) -> None:
    end(queue.start(saved(), Task.CHECK))
    press(signed_in(editor), api_key=BAD)
    w = watched(site.get(PAGE))
    assert w.startswith("check-beside:")
    end(job_of(w), "bad_key", "invalid")
    assert said(site, w) == ("done", "ok")


def test_values_that_are_tested_again_are_kept_anew(site: Client) -> None:
    saved()
    end(job_of(watched(press(site, api_key=BAD))), "bad_key", "invalid")
    Draft.objects.update(expires_at=timezone.now() + timedelta(seconds=20))
    press(site, api_key="", draft=str(Draft.objects.get().pk))
    assert Draft.objects.get().expires_at > timezone.now() + timedelta(minutes=14)


def test_after_cancel_the_page_says_cancelled(site: Client) -> None:
    end(queue.start(saved(), Task.CHECK))
    answer = press(site, api_key=BAD)
    part = flat(press(site, "cancel/check", **hidden(answer, "job")))
    assert 'data-state="done" data-outcome="cancelled"' in part


def test_cancel_ends_the_test_that_the_page_shows_and_no_newer_one(site: Client) -> None:
    saved()
    first = press(site, api_key=BAD)
    second = watched(press(site, api_key=GOOD))
    part = flat(press(site, "cancel/check", **hidden(first, "job")))
    assert "took its place" in part
    assert job_of(second).is_pending


def test_cancel_of_a_test_that_has_just_ended_shows_its_end(site: Client) -> None:
    end(queue.start(saved(), Task.CHECK))
    answer = press(site, api_key=BAD)
    end(job_of(watched(answer)), "bad_key", "invalid")
    part = flat(press(site, "cancel/check", **hidden(answer, "job")))
    assert 'data-outcome="bad_key"' in part


# Lists ---------------------------------------------------------------------------------------


def test_more_tests_than_one_look_takes_are_all_asked_for(site: Client) -> None:
    for number in range(70):
        saved("custom", name=f"ep-{number}", api_base=f"https://e{number}.example/v1")
    board = site.post("/providers/check/", {}, headers=HTMX)
    given = re.findall(r'name="w" value="([^"]+)"', flat(board))
    Job.objects.update(status=Status.DONE, outcome="ok", version=5)
    drawn: set[str] = set()
    for _turn in range(2):
        answer = site.get("/live/", {"w": given}, headers=HTMX)
        drawn |= set(re.findall(r'id="card-(ep-\d+)"', flat(answer)))
        given = [w for w in given if Job.objects.get(pk=w.split(":")[1]).provider.name not in drawn]
        assert ("HX-Trigger-After-Settle" in answer) == bool(given)
    assert len(drawn) == 70


def test_a_list_with_an_older_name_loads_itself_again(site: Client) -> None:
    row = saved("custom", name="corp", api_base=BASE)
    job = queue.start(row, Task.CHECK)
    (w,) = re.findall(r'name="w" value="([^"]+)"', flat(site.get("/providers/")))
    site.post("/providers/corp/rename/", {"name": "proxy"})
    end(Job.objects.get(pk=job.pk))
    assert site.get("/live/", {"w": w}, headers=HTMX)["HX-Refresh"] == "true"
    anew = f"card:{job.pk}:0:{name_mark('proxy')}"
    assert 'id="card-proxy"' in flat(site.get("/live/", {"w": anew}, headers=HTMX))


# What is confirmed is what was shown -----------------------------------------------------------


def test_the_list_that_is_taken_is_the_one_that_was_shown(site: Client) -> None:
    row = saved()
    take_in(row, listed(*(f"m-{n}" for n in range(10))))
    take_in(row, listed("m-0", "m-1", "m-2"))
    (shown,) = re.findall(r'name="seen" value="(0+3)"', flat(site.get(PAGE)))
    take_in(row, listed("m-0"))
    answer: Any = site.post(f"{PAGE}list/", {"choice": "take", "seen": shown}, follow=True)
    assert "This changed in the meantime." in flat(answer)
    assert "A list of 1 model came" in flat(answer)
    assert Provider.objects.get().catalog_count == 10


def test_undo_pressed_twice_on_one_page_undoes_once(site: Client) -> None:
    row = saved()
    row.put_secret("api_key", GOOD)
    assert row.store()
    page = flat(site.get(PAGE))
    form = page[page.index(f'action="{PAGE}undo/"') :]
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version
    for _press in range(2):
        answer: Any = site.post(f"{PAGE}undo/", {"version": version[1]}, follow=True)
    assert "Nothing was undone" in flat(answer)
    assert Provider.objects.get().holds("api_key", KEY)


def test_undo_asks_for_a_test_only_where_none_of_these_values_is_kept(site: Client) -> None:
    row = saved()
    queue.start(row, Task.CHECK).finish(is_told=True, outcome="ok", key_state="valid")
    row.refresh_from_db()
    row.put_secret("api_key", GOOD)
    assert row.store()
    for asks in (False, True):  # and forward again
        answer: Any = site.post(f"{PAGE}undo/", follow=True)
        assert "OpenRouter is as it was before." in flat(answer)
        assert ("as it was before. Test it." in flat(answer)) is asks


def test_a_removal_that_was_confirmed_for_an_older_state_is_asked_again(site: Client) -> None:
    row = saved()
    seen = hidden(site.get(f"{PAGE}remove/"), "seen")
    row.put_secret("api_key", GOOD)
    assert row.store()
    answer: Any = site.post(f"{PAGE}remove/", seen, follow=True)
    assert answer.redirect_chain == [(f"{PAGE}remove/", 302)]
    assert "Nothing was removed" in flat(answer)
    assert Provider.objects.exists()
    assert site.post(f"{PAGE}remove/", hidden(answer, "seen")).status_code == 302
    assert not Provider.objects.exists()


def test_so_is_one_of_several(site: Client) -> None:
    row = saved()
    saved("groq")
    names = ["groq", "openrouter"]
    seen = hidden(site.get("/providers/remove/", {"name": names, "q": "r"}), "seen")
    row.put_secret("api_key", GOOD)
    assert row.store()
    answer = site.post("/providers/remove/", {"name": names, "q": "r", **seen})
    assert answer["Location"] == "/providers/remove/?name=groq&name=openrouter&q=r"
    assert Provider.objects.count() == 2


def test_a_route_that_uses_it_by_now_is_asked_about(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved()
    seen = hidden(site.get(f"{PAGE}remove/"), "seen")
    monkeypatch.setattr(removal, "_used_by", lambda _named: ["Main"])
    site.post(f"{PAGE}remove/", seen)
    assert Provider.objects.exists()


def test_discard_leaves_what_somebody_saves_at_that_moment(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.post("/providers/new/", {"name": "corp", "test": "1", **TYPED})
    read = checking._provider

    def save_after(name: str) -> Provider:
        found = read(name)
        assert Provider.objects.get().store()
        return found

    monkeypatch.setattr(checking, "_provider", save_after)
    site.post("/providers/corp/discard/")
    assert Provider.objects.get().is_configured


def test_what_was_typed_is_not_lost_to_a_rename(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = saved("custom", name="corp", api_base=BASE)
    store = Provider.store

    def rename_before(provider: Provider) -> bool:
        if provider.name == "corp":
            assert Provider.objects.get().rename("proxy")
        return store(provider)

    monkeypatch.setattr(Provider, "store", rename_before)
    answer = site.post("/providers/corp/", {**TYPED, "api_key": GOOD, "version": "1"})
    assert answer.status_code == 409
    assert 'action="/providers/proxy/"' in flat(answer)
    assert Draft.objects.get().holds("api_key", GOOD)
    assert row.pk == Provider.objects.get().pk


# What is there no more -------------------------------------------------------------------------


@pytest.fixture
def swept(site: Client) -> dict[str, str]:
    """What the page of an endpoint sends that was tested, and has been swept since."""
    site.post("/providers/new/", {"name": "corp", "test": "1", **TYPED})
    sent = hidden(site.get("/providers/corp/"), "version", "draft")
    Job.objects.update(status=Status.DONE, outcome="ok")
    past = timezone.now() - timedelta(minutes=16)
    Provider.objects.update(updated_at=past)
    Draft.objects.update(expires_at=past)
    for _turn in range(2):
        rows.sweep()
    assert not Provider.objects.exists()
    return {**TYPED, **sent}


@pytest.mark.parametrize("what", ["check", "catalog"])
def test_a_swept_endpoint_is_tested_anew_from_its_open_page(
    site: Client, swept: dict[str, str], what: str
) -> None:
    refused = press(site, what, "/providers/corp/", **swept)
    assert "no longer kept" in flat(refused)
    assert '<input type="hidden" id="draft" hx-swap-oob="true">' in flat(refused)
    swept.pop("draft")
    assert press(site, what, "/providers/corp/", **swept).status_code == 200
    assert Provider.objects.get().name == "corp"
    assert Draft.objects.get().holds("api_key", KEY)


def test_a_swept_endpoint_is_saved_from_its_open_page(site: Client, swept: dict[str, str]) -> None:
    refused = site.post("/providers/corp/", swept)
    assert refused.status_code == 422
    assert BASE in flat(refused)
    swept.pop("draft")
    assert site.post("/providers/corp/", swept).status_code == 302
    assert Provider.objects.get().is_configured


def test_a_removed_endpoint_is_set_up_anew_only_when_asked(site: Client) -> None:
    row = saved("custom", name="corp", api_base=BASE)
    sent = hidden(site.get("/providers/corp/"), "version", "seen")
    row.delete()
    refused = site.post("/providers/corp/", {**TYPED, **sent})
    assert refused.status_code == 409
    assert "removed this provider in the meantime" in flat(refused)
    assert f'value="{BASE}"' in flat(refused)
    told = press(site, "check", "/providers/corp/", **TYPED)
    assert (told.status_code, told["HX-Retarget"]) == (422, "#messages")
    assert "no longer there" in flat(told)
    assert not Provider.objects.exists()
    sent = hidden(refused, "version", "seen")
    assert site.post("/providers/corp/", {**TYPED, **sent}).status_code == 302
    assert Provider.objects.get().is_configured


def test_a_name_that_nobody_may_have_begins_nothing(site: Client) -> None:
    assert site.post("/providers/auto/", {**TYPED, "version": "0"}).status_code == 404


def test_a_provider_that_is_removed_while_its_test_begins_is_tested_anew(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved()
    begin, faults = checking._queued, [IntegrityError("FOREIGN KEY constraint failed")]

    def removed_once(*given: Any) -> Any:
        if faults:
            Provider.objects.all().delete()
            raise faults.pop()
        return begin(*given)

    monkeypatch.setattr(checking, "_queued", removed_once)
    assert press(site, api_key=GOOD).status_code == 200
    assert Draft.objects.get().holds("api_key", GOOD)
