"""A fetched list is stored together with the end of its job, for the values that it belongs to."""

from collections.abc import Callable
from typing import Any

import pytest

from providers.catalog.fetch import Catalog, CatalogItem
from providers.models import CatalogEntry, Draft, Job, Provider, Status, Task
from providers.work import queue, tasks
from tests.desk import saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
TYPED = "sk-or-v1-fedcba9876543210"
CAME = Catalog(items=(CatalogItem(model_id="one"),), source="live", digest="d" * 32)


@pytest.fixture
def fetch(monkeypatch: pytest.MonkeyPatch) -> Callable[[Job, Callable[[], Any]], Job]:
    """Carries out a fetch; `meanwhile` is called as the answer comes."""

    def carried_out(job: Job, meanwhile: Callable[[], Any]) -> Job:
        def came(*_: object, **__: object) -> Catalog:
            meanwhile()
            return CAME

        monkeypatch.setattr(tasks, "fetch_catalog", came)
        tasks.refresh_catalog(str(job.pk))
        return Job.objects.get(pk=job.pk)

    return carried_out


def drafted(row: Provider, **values: Any) -> Draft:
    draft = Draft(provider=row, base_version=row.version)
    draft.copy_from(row)
    draft.put_secret("api_key", TYPED)
    draft.values |= values
    draft.save()
    return draft


def stored() -> list[str]:
    return list(CatalogEntry.objects.values_list("model_id", flat=True))


def test_a_cancelled_fetch_stores_nothing(fetch: Any) -> None:
    job = queue.start(saved(), Task.FETCH)
    ended = fetch(job, lambda: Job.objects.get().cancel())
    assert ended.status == Status.CANCELLED
    assert (stored(), Provider.objects.get().catalog_at) == ([], None)


def test_the_list_of_an_address_that_was_left_is_not_stored(fetch: Any) -> None:
    job = queue.start(saved("custom", name="corp", api_base="https://a.example/v1"), Task.FETCH)

    def move() -> None:
        row = Provider.objects.get()
        row.api_base = "https://b.example/v1"
        assert row.store()

    fetch(job, move)
    assert stored() == []


def test_the_list_and_the_end_of_its_fetch_are_stored_both_or_neither(
    fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise OSError("broken")

    job = queue.start(saved(), Task.FETCH)
    monkeypatch.setattr(Job, "finish", broken)
    with pytest.raises(OSError, match="broken"):
        fetch(job, lambda: None)
    assert stored() == []


def test_the_list_of_values_that_are_saved_meanwhile_is_that_of_the_saved_ones(fetch: Any) -> None:
    row = saved()
    job = queue.start(row, Task.FETCH, draft=drafted(row))

    def save() -> None:
        row.put_secret("api_key", TYPED)
        assert row.store()
        Draft.objects.all().delete()

    ended = fetch(job, save)
    assert not ended.is_draft
    assert stored() == ["one"]


def test_so_it_is_where_more_was_saved_than_a_list_is_asked_for_by(fetch: Any) -> None:
    row = saved()
    job = queue.start(row, Task.FETCH, draft=drafted(row))

    def save() -> None:
        row.put_secret("api_key", TYPED)
        row.put_mapping("extra_body", {"seed": 1})
        assert row.store()
        Draft.objects.all().delete()

    fetch(job, save)
    assert stored() == ["one"]


def test_the_list_of_values_that_were_discarded_is_nobodys(fetch: Any) -> None:
    row = saved()
    job = queue.start(row, Task.FETCH, draft=drafted(row))
    fetch(job, lambda: Draft.objects.all().delete())
    assert stored() == []
