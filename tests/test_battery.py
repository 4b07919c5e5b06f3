"""Every kind against its simulator, good and bad: form, sealed row, task, guarded door, verdict."""

from typing import Any

import pytest

from providers.forms.patch import form_of
from providers.models import CatalogEntry, Job, Provider, Task
from providers.work import queue, tasks
from tests.simulators import Simulators
from tests.simulators.entries import demo_key
from tests.simulators.expected import EXPECTED, Expectation
from tests.simulators.expected_catalogs import CATALOGS, CatalogExpectation

pytestmark = [pytest.mark.alike, pytest.mark.django_db, pytest.mark.battery]
HANG_SECONDS = 0.7  # the deadline of tests against a server that never answers


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own transaction locks SQLite: rungs on their way could not be written."""
    monkeypatch.setattr("providers.work.progress._EVERY_SECONDS", 600.0)


def run(kind: str, fields: Any, task: Task, model: str = "") -> Job | None:
    """The finished job of a saved provider; None when its form refuses the fields."""
    provider = Provider.for_name(kind)
    form = form_of(provider, fields)
    if not form.is_valid():
        return None
    form.apply(provider)
    provider.store()
    names = [model] if model else []
    job = queue.start(provider, task, model_names=names, hand_over=False)
    (tasks.check_provider if task == Task.CHECK else tasks.refresh_catalog)(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.alike
@pytest.mark.parametrize("case", EXPECTED, ids=str)
def test_a_check_comes_to_what_the_documents_say(
    case: Expectation, sims: Simulators, settings: Any
) -> None:
    if case.case == "hang":
        settings.TEST_SECONDS = settings.COMPLETION_TEST_SECONDS = HANG_SECONDS
    job = run(case.kind, case.fields, Task.CHECK, case.model)
    if job is None:
        assert case.outcome == "missing_config"
        return
    told = (job.outcome, job.detail, [(r["step"], r["outcome"], r["detail"]) for r in job.rungs])
    assert job.outcome == case.outcome, told
    assert case.key_state in (None, job.key_state), told
    assert job.status == "done"


@pytest.mark.parametrize("case", CATALOGS, ids=str)
def test_a_fetch_brings_what_is_on_offer(
    case: CatalogExpectation, sims: Simulators, settings: Any
) -> None:
    if case.case == "hang":
        settings.CATALOG_SECONDS = HANG_SECONDS
    job = run(case.kind, case.fields, Task.FETCH)
    if job is None:
        assert case.outcome == "missing_config"
        return
    assert job.outcome == case.outcome, (job.outcome, job.detail)
    names = set(CatalogEntry.objects.present().values_list("model_id", flat=True))
    assert set(case.present) <= names
    assert not set(case.absent) & names
    assert case.count in (None, len(names))


@pytest.mark.parametrize(
    ("kind", "word", "state"),
    [
        ("openai", "forbidden", "valid"),
        ("openai", "country", "unknown"),
        ("groq", "forbidden", "unknown"),
        ("openai", "bad", "invalid"),
    ],
)
def test_a_fetch_proves_a_key_no_more_than_a_check_does(
    kind: str, word: str, state: str, sims: Simulators
) -> None:
    job = run(kind, {"apiKey": demo_key(kind, word)}, Task.FETCH)
    assert job is not None
    assert job.key_state == state
