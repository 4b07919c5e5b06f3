"""Compiled queries answer what the same query answers when it is built anew."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from facio_site.compiled import compiled
from providers.models import Draft, Provider

pytestmark = pytest.mark.django_db


@compiled(kind=models.CharField(), version=models.IntegerField())
def _providers(kind, version):
    return Provider.objects.filter(kind=kind, version__gte=version).order_by("kind")


@compiled(pk=models.UUIDField(), now=models.DateTimeField())
def _drafts(pk, now):
    return Draft.objects.select_related("provider").filter(provider=pk, expires_at__gt=now)


@compiled(kind=models.CharField())
def _named(kind):
    return Provider.objects.filter(kind=kind).values_list("kind", "version")[:1]


def test_each_run_is_asked_with_its_own_values():
    Provider.objects.create(kind="openai", version=3)
    Provider.objects.create(kind="groq", version=1)
    assert [row.kind for row in _providers(kind="openai", version=3)] == ["openai"]
    assert _providers(kind="openai", version=4) == []
    assert [row.kind for row in _providers(kind="groq", version=0)] == ["groq"]
    assert _named(kind="groq") == [("groq", 1)]
    assert _named.first(kind="none") is None


def test_a_run_reads_what_is_stored_now():
    provider = Provider.objects.create(kind="openai")
    first = _providers.first(kind="openai", version=0)
    Provider.objects.filter(pk=provider.pk).update(check_outcome="ok", values={"region": "eu"})
    again = _providers.first(kind="openai", version=0)
    assert (first.check_outcome, again.check_outcome, again.values) == ("", "ok", {"region": "eu"})
    again.version = 7
    again.save()
    assert Provider.objects.get().version == 7


def test_values_are_given_as_the_database_wants_them_and_relations_come_along():
    provider = Provider.objects.create(kind="openai")
    now = timezone.now()
    Draft.objects.create(provider=provider, base_version=0, expires_at=now + timedelta(seconds=5))
    with CaptureQueriesContext(connection) as queries:
        (draft,) = _drafts(pk=provider.pk, now=now)
        assert draft.provider.kind == "openai"
    assert len(queries) == 1
    assert _drafts(pk=provider.pk, now=now + timedelta(seconds=6)) == []
    assert _drafts(pk=uuid.uuid4(), now=now) == []


def test_text_that_looks_like_sql_is_only_a_value():
    Provider.objects.create(kind="openai")
    assert _providers(kind="openai' OR '1'='1", version=0) == []
    assert _providers(kind="%s", version=0) == []


def test_a_missing_value_is_no_query():
    with pytest.raises(KeyError):
        _providers(kind="openai")


@pytest.mark.django_db(transaction=True)
def test_threads_do_not_meet_in_one_run():
    kinds = ["openai", "groq", "mistral", "anthropic"]
    Provider.objects.bulk_create([Provider(kind=kind) for kind in kinds])
    wrong = []

    def ask(kind):
        for _ in range(50):
            found = [row.kind for row in _providers(kind=kind, version=0)]
            if found != [kind]:
                wrong.append((kind, found))
        connection.close()

    threads = [threading.Thread(target=ask, args=(kind,)) for kind in kinds]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []
