"""The bounded waiter: one held request a page, only while something is pending.

A pending part carries a hidden input `w` = `part:id:version`, in a list also a mark of the name.
The request comes back with the parts that differ from that, or after a few seconds with nothing;
the page then asks again.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.module_loading import import_string
from django.views.decorators.http import require_GET

from facio_site.accounts.roles import viewer_required
from facio_site.attention import counters
from providers import broker
from providers.models import Job, Task
from providers.pages.board import name_mark
from providers.pages.catalog import render_fetching
from providers.pages.detail import detail_context, watched_context
from providers.pages.providers import render_news, render_row_news
from providers.pages.saving import PART_TEMPLATES

HOLD_SECONDS = 8.0
TURN_SECONDS = 2.0
_MOST_WATCHED = 48  # what fits into an address; static/app.js asks for one more
Render = Callable[[HttpRequest, Job, str], str]
_places = threading.BoundedSemaphore(settings.LIVE_HOLDS)
_turns = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Watched:
    part: str  # see TOGETHER, PARTS and settings; "name-about" for several on a page
    job: uuid.UUID
    version: int
    name: str = ""  # a mark of its provider's, where the page has a place for each name


_BESIDE = "beside"  # the job is of other values than the page shows


def _of_detail(part: str, task: Task) -> Render:
    def render(request: HttpRequest, job: Job, about: str) -> str:
        if about == _BESIDE:
            context = detail_context(request, job.provider, tasks=[task])
        else:
            context = watched_context(request, job)
        context |= {"oob": True, "of_job": job.pk}  # a page that shows another one by now keeps it
        return render_to_string(PART_TEMPLATES[part], context, request)

    return render


# Part of a page -> how all of it is drawn anew when jobs of these kinds have moved on.
TOGETHER: dict[str, Callable[[HttpRequest, set[str]], str]] = {
    "card": render_news,
    "row": render_row_news,
    "fetching": render_fetching,
}
# Part of a page -> how it is drawn anew for a job that has moved on; settings name other apps' own.
PARTS: dict[str, Render] = {
    "check": _of_detail("check", Task.CHECK),
    "catalog": _of_detail("catalog", Task.FETCH),
}


@viewer_required
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Answer the parts that have changed; hold the request while none has."""
    given = [w for text in request.GET.getlist("w") if (w := _parse(text))]
    watched, is_more = given[:_MOST_WATCHED], len(given) > _MOST_WATCHED
    if not watched:
        return HttpResponse(status=204)
    if not _places.acquire(blocking=False):
        return _answer(request, watched, _look(watched), again="ease", is_more=is_more)
    try:
        return _heard(request, watched, is_more=is_more)
    finally:
        _places.release()


def _parse(text: str) -> Watched | None:
    part, _, rest = text.partition(":")
    job, _, rest = rest.partition(":")
    version, _, name = rest.partition(":")
    try:
        return Watched(part, uuid.UUID(job), int(version[:9]), name)
    except ValueError:
        return None


def _renderer(part: str) -> Render | None:
    path = settings.LIVE_PARTS.get(part)
    render: Render | None = import_string(path) if path else PARTS.get(part)
    return render


@dataclass(frozen=True, slots=True)
class News:
    changed: list[Job]  # whose row has moved on
    is_gone: bool  # the provider of one of them was removed, and its jobs with it


def _heard(request: HttpRequest, watched: list[Watched], *, is_more: bool) -> HttpResponse:
    """The answer to what has moved on, or after HOLD_SECONDS to nothing."""
    until = time.monotonic() + HOLD_SECONDS
    changes = broker.changes()
    Job.objects.finish_overdue()
    while True:
        if (left := until - time.monotonic()) <= 0:
            Job.objects.finish_overdue()
        with _turn():
            found = _look(watched)
            if found.changed or found.is_gone or left <= 0:
                return _answer(request, watched, found, again="again", is_more=is_more)
        close_old_connections()
        changes.wait(left)


@contextmanager
def _turn() -> Iterator[None]:
    """The end of a test is news for all who watch it, at one moment. All at once they would take
    the processor from each other, and from the pages that are loaded then. Nobody waits for others
    longer than TURN_SECONDS: theirs may hang at a database that does not answer."""
    has_one = _turns.acquire(timeout=TURN_SECONDS)
    try:
        yield
    finally:
        if has_one:
            _turns.release()


def _look(watched: list[Watched]) -> News:
    known = {w.job: w.version for w in watched}
    rows = list(Job.objects.filter(pk__in=known).select_related("provider"))
    changed = [row for row in rows if row.version != known[row.pk]]
    return News(changed, is_gone=len(rows) < len(known))


def _answer(
    request: HttpRequest, watched: list[Watched], found: News, *, again: str, is_more: bool
) -> HttpResponse:
    """Changed parts as out-of-band swaps; a trigger for the next round while some still wait.
    `is_more`: the page watches more than was looked at.

    What is gone, or has another name by now, has no part there any more: the page loads itself
    again.
    """
    changed = {job.pk: job for job in found.changed}
    now = {pk: name_mark(job.provider.name) for pk, job in changed.items()}
    is_renamed = any(w.name and now.get(w.job, w.name) != w.name for w in watched)
    if found.is_gone or is_renamed:
        return HttpResponse(headers={"HX-Refresh": "true"})
    parts = dict.fromkeys((w.part, changed[w.job]) for w in watched if w.job in changed)
    html: list[str] = []
    for name, render_all in TOGETHER.items():
        if names := {job.provider.name for part, job in parts if part == name}:
            html.append(render_all(request, names))
    for part, job in parts:
        name, _, about = part.partition("-")
        if render := _renderer(name):
            html.append(render(request, job, about))
    over = {pk for pk, job in changed.items() if not job.is_pending}
    if over:
        html.append(counters(request))
    response = HttpResponse("".join(html))
    if is_more or len(over) < len({w.job for w in watched}):
        response["HX-Trigger-After-Settle"] = again
    return response
