"""The paths and their views."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tests.bench.floor import celery
from tests.bench.floor.models import Row


@login_required
def rows(request: HttpRequest) -> HttpResponse:
    return render(request, "rows.html", {"rows": Row.objects.all()})


@login_required
def press(request: HttpRequest, how: str) -> HttpResponse:
    """The page with a button. `how` is how its result comes: waits, or polls."""
    return render(request, "press.html", {"row": Row.objects.first(), "how": how})


@login_required
def start(request: HttpRequest, how: str, row_id: int) -> HttpResponse:
    celery.client.delete(f"row:{row_id}")
    Row.objects.filter(pk=row_id).update(state="running", text="")
    celery.call.delay(row_id)
    return _row(request, how, row_id)


@login_required
def look(request: HttpRequest, how: str, row_id: int) -> HttpResponse:
    if how == "waits":
        celery.client.blpop([f"row:{row_id}"], timeout=8)
    return _row(request, how, row_id)


def _row(request: HttpRequest, how: str, row_id: int) -> HttpResponse:
    return render(request, "row.html", {"row": Row.objects.get(pk=row_id), "how": how})


urlpatterns = [
    path("", rows),
    path("<slug:how>/", press),
    path("<slug:how>/<int:row_id>/", look),
    path("<slug:how>/<int:row_id>/start/", start),
]
