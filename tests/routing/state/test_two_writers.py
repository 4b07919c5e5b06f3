"""Writes of two people at once where a database server lets both go on (PostgreSQL)."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction

from facio_site import keys, sealing
from facio_site.sealing import site as site_keys
from providers.catalog.fetch import Catalog, CatalogItem
from providers.models import Job, Provider, Task
from providers.work import queue, tasks
from routing.models import BaseDocument, ConfigVersion
from routing.state.store import forgotten, keep_before_removal, renamed
from tests import stores
from tests.desk import KEY, saved

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not stores.IS_POSTGRES, reason="SQLite lets one write at a time"),
]
BASE = "https://llm.example.com/v1"


class Beside:
    """Something that is done by somebody else, on a connection of his own."""

    def __init__(self, do: Callable[[], Any]) -> None:
        self.faults: list[BaseException] = []
        self._do = do
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._do()
        except BaseException as error:  # noqa: BLE001 - told below
            self.faults.append(error)
        finally:
            connections.close_all()

    def waits(self) -> bool:
        self._thread.join(0.7)
        return self._thread.is_alive()

    def end(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert self.faults == []


def test_a_key_that_is_saved_during_a_rotation_is_rotated_as_well(settings: Any) -> None:
    saved("openai")
    old = settings.MASTER_KEYS
    settings.MASTER_KEYS = [sealing.new_master_key(), *old]
    site_keys.forget()
    counts: list[keys.Counts] = []
    with transaction.atomic():
        row = Provider(kind="groq")
        row.put_secret("api_key", KEY)
        rotation = Beside(lambda: counts.append(keys.rotate()))
        assert rotation.waits()
        assert row.store()
    rotation.end()
    assert counts == [keys.Counts(2, 0, 0)]
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]
    site_keys.forget()
    assert Provider.objects.get(kind="groq").holds("api_key", KEY)


def test_what_is_sealed_while_a_key_becomes_the_newest_is_sealed_under_that(settings: Any) -> None:
    saved("openai")
    settings.MASTER_KEYS = [sealing.new_master_key(), *settings.MASTER_KEYS]
    newest = next(iter(sealing.own_keys()))
    found: list[str] = []

    def seal() -> None:
        with transaction.atomic():
            found.append(sealing.key_id_of(sealing.seal("rows", "place", KEY)))

    with transaction.atomic():
        site_keys.make_newest(newest)
        other = Beside(seal)
        assert other.waits()
    other.end()
    assert found == [newest]


def test_a_save_waits_for_the_list_that_is_being_stored(
    queued: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a list would come under an address that it was not fetched from."""
    job = queue.start(saved("custom", name="corp", api_base=BASE), Task.FETCH)
    came = Catalog(items=(CatalogItem(model_id="one"),), source="live", digest="d" * 32)
    take_in, saves = tasks.take_in, []

    def move() -> None:
        row = Provider.objects.get()
        row.api_base = "https://elsewhere.example/v1"
        assert row.store()

    def waited_for(row: Provider, catalog: Catalog) -> bool:
        saves.append(Beside(move))
        assert saves[0].waits()
        return take_in(row, catalog)

    monkeypatch.setattr(tasks, "fetch_catalog", lambda *_, **__: came)
    monkeypatch.setattr(tasks, "take_in", waited_for)
    tasks.refresh_catalog(str(job.pk))
    saves[0].end()
    assert Job.objects.get().outcome == "ok"
    assert Provider.objects.get().api_base == "https://elsewhere.example/v1"
    assert Provider.objects.get().catalog_count == 1


def test_two_changes_of_the_imported_document_at_once_are_both_in_it() -> None:
    entries = {"one": {"apiBase": BASE}, "two": {"apiBase": BASE}}
    BaseDocument.put({"providers": entries})

    def rename() -> None:
        with transaction.atomic():
            renamed("two", "three")

    with transaction.atomic():
        forgotten("one")
        other = Beside(rename)
        assert other.waits()
    other.end()
    text = BaseDocument.text()
    assert text is not None
    assert '"three"' in text
    assert '"one"' not in text
    assert '"two"' not in text


def test_two_removals_at_once_are_two_versions(owner: Any) -> None:
    saved("openai")

    def keep() -> None:
        with transaction.atomic():
            keep_before_removal(owner)

    with transaction.atomic():
        keep_before_removal(owner)
        other = Beside(keep)
        assert other.waits()
    other.end()
    assert sorted(ConfigVersion.objects.values_list("number", flat=True)) == [1, 2]
