"""What somebody else does between the reading of a provider's row and its writing stays done."""

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.catalog.fetch import Catalog, CatalogItem
from providers.catalog.store import replace_catalog, settle, take_in
from providers.models import Draft, HeldCatalog, Provider, Task
from providers.models.provider import TESTED_LIFE, ProviderQuerySet
from providers.work import queue
from tests.desk import saved

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("queued")]
BASE = "https://llm.example.com/v1"
NEW = "sk-or-v1-fedcba9876543210"


def now() -> Provider:
    row: Provider = Provider.objects.get()
    return row


def listed(*names: str) -> Catalog:
    items = tuple(CatalogItem(model_id=name) for name in names)
    return Catalog(items=items, source="live", digest=f"{len(names):032d}")


def test_a_save_does_not_take_back_a_rename() -> None:
    row = saved("custom", name="corp", api_base=BASE)
    assert now().rename("proxy")
    row.put_secret("api_key", NEW)
    assert not row.store()
    assert (now().name, now().holds("api_key", NEW)) == ("proxy", False)


def test_a_rename_after_another_one_changes_nothing() -> None:
    row = saved("custom", name="corp", api_base=BASE)
    assert now().rename("proxy")
    assert not row.rename("other")
    assert now().name == "proxy"


def test_tests_and_unsaved_values_stay_those_of_a_renamed_endpoint() -> None:
    row = saved("custom", name="corp", api_base=BASE)
    draft = Draft(provider=row, base_version=row.version)
    draft.copy_from(row)
    draft.save()
    job = queue.start(row, Task.CHECK)
    job.claim("worker-1", 15)
    assert now().rename("proxy")
    job.finish(is_told=True, outcome="ok", key_state="valid")
    assert now().check_outcome == "ok"
    assert Draft.objects.get().base_version == now().version


def test_a_save_keeps_the_list_that_came_meanwhile() -> None:
    row = saved()
    replace_catalog(now(), listed("one", "two"))
    row.put_secret("api_key", NEW)
    assert row.store()
    assert (now().catalog_count, now().catalog_source) == (2, "live")
    assert now().catalog_at is not None
    assert now().holds("api_key", NEW)


def test_an_endpoint_that_is_saved_while_the_sweep_looks_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = Provider(kind="custom", name="corp", api_base=BASE)
    row.save()
    Provider.objects.update(updated_at=timezone.now() - TESTED_LIFE - timedelta(seconds=1))
    look = ProviderQuerySet.exists

    def save_after(rows: ProviderQuerySet) -> bool:
        found = look(rows)
        assert row.store()
        return found

    with monkeypatch.context() as patch:
        patch.setattr(ProviderQuerySet, "exists", save_after)
        assert Provider.objects.sweep() == 0
    assert now().is_configured


def test_only_the_list_that_was_shown_is_taken() -> None:
    row = saved()
    take_in(row, listed(*(f"m-{n}" for n in range(10))))
    take_in(row, listed("m-0", "m-1", "m-2"))
    seen = HeldCatalog.objects.get().mark
    take_in(row, listed("m-0", "m-1", "m-2"))
    assert HeldCatalog.objects.get().mark == seen  # the same once more
    take_in(row, listed("m-0"))
    assert not settle(row, is_taken=True, seen=seen)
    assert now().catalog_count == 10
    assert settle(row, is_taken=True, seen=HeldCatalog.objects.get().mark)
    assert now().catalog_count == 1
