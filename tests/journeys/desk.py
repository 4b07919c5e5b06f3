"""What an owner does by hand, done by Django's client: save, test, fetch, wait for news."""

import html
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.test import Client
from django.utils import timezone

from providers.models import Job, Task
from tests import processes
from tests.desk import HTMX
from tests.markup import flat
from tests.simulators import Simulators
from tests.simulators.entries import demo_key


@dataclass(frozen=True)
class Desk:
    site: Client
    sims: Simulators

    def save(self, kind: str, word: str = "good", **fields: Any) -> None:
        answer = self.site.post(f"/providers/{kind}/", _form(kind, word, fields))
        assert answer.status_code == 302, answer.content.decode()

    def press(self, kind: str, word: str = "good", *, what: str = "check", **fields: Any) -> str:
        """The part that a press on Test connection (check) or Fetch models (catalog) answers."""
        path = f"/providers/{kind}/{what}/"
        answer = self.site.post(path, _form(kind, word, fields), headers=HTMX)
        assert answer.status_code == 200, answer.content.decode()
        return answer.content.decode()

    def test(self, kind: str, word: str = "good", **fields: Any) -> Job:
        self.press(kind, word, **fields)
        return self.job(kind)

    def test_all(self) -> str:
        answer = self.site.post("/providers/check/", headers=HTMX)
        assert answer.status_code == 200
        return flat(answer)

    def job(self, kind: str, task: Task = Task.CHECK) -> Job:
        job = Job.objects.filter(provider__kind=kind, task=task).order_by("-created_at").first()
        assert job is not None
        return job

    def ended(self, job: Job, seconds: float = 30.0) -> Job:
        processes.wait_for(lambda: not _fresh(job).is_pending, seconds=seconds)
        return _fresh(job)

    def called(self, kind: str, times: int = 1) -> None:
        """Return once that provider was called so often."""
        processes.wait_for(lambda: len(self.sims.calls_of(kind)) >= times)

    def page(self, path: str) -> str:
        answer = self.site.get(path)
        assert answer.status_code == 200
        return flat(answer)

    def news(self, part: str, job: UUID | str, version: int) -> Any:
        """What the page's waiter gets: parts that differ from this version of that job."""
        answer = self.site.get("/live/", {"w": f"{part}:{job}:{version}"}, headers=HTMX)
        assert answer.status_code in (200, 204)
        return answer

    def last_news(self, part: str, job: Job) -> str:
        """The part as it is in the end, asked for as a page does: again while more is to come."""
        version = job.version
        while True:
            answer = self.news(part, job.pk, version)
            text: str = answer.content.decode()
            if "HX-Trigger-After-Settle" not in answer:
                return text
            if found := re.search(rf'value="{part}:{job.pk}:(\d+)"', text):
                version = int(found[1])


def _form(kind: str, word: str, fields: dict[str, Any]) -> dict[str, Any]:
    needs = {
        "azure_openai": {
            "api_base": "https://demo.openai.azure.com",
            "deployments": "my-deployment",
        },
        "bedrock": {"region": "us-east-1"},
    }
    return {"api_key": demo_key(kind, word) if word else "", **needs.get(kind, {}), **fields}


def _fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def attribute(part: str, name: str) -> str:
    """The value of the first data attribute of that name in a piece of HTML."""
    found = re.search(rf'data-{name}="([^"]*)"', part)
    assert found, part
    return html.unescape(found[1])


def put_forward(job: Job) -> None:
    """Move a row past its deadline."""
    Job.objects.filter(pk=job.pk).update(deadline=timezone.now() - timedelta(seconds=1))


def assert_stays(condition: Callable[[], bool], seconds: float = 1.0) -> None:
    """True now and for a while, in which what must not happen would have happened."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert condition()
        time.sleep(0.05)
