"""Money through the real door against the simulators: kept, shown, forgotten."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from providers.models import Draft, Job, Provider, Task
from providers.work import queue, tasks
from tests.desk import saved
from tests.markup import flat
from tests.simulators import Simulators
from tests.simulators.entries import demo_key

pytestmark = [pytest.mark.django_db, pytest.mark.battery]


@pytest.fixture(autouse=True)
def no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own transaction locks SQLite: rungs on their way could not be written."""
    monkeypatch.setattr("providers.work.progress._EVERY_SECONDS", 600.0)


def checked(row: Provider, draft: Draft | None = None) -> Provider:
    job = queue.start(row, Task.CHECK, draft=draft, hand_over=False)
    tasks.check_provider(str(job.pk))
    return Provider.objects.get(pk=row.pk)


def told(row: Provider) -> tuple[str, str, str]:
    return str(row.money_amount), row.money_currency, row.money_means


CASES = [
    ("openrouter", "good", "Limit: 13.20 USD left", "info"),
    ("openrouter", "unlimited", "Used: 6.80 USD", "info"),
    ("openrouter", "low", "Limit: 0.42 USD left", "warn"),
    ("openrouter", "nocredit", "Limit: 0.00 USD left", "warn"),
    ("moonshot", "good", "Balance: 49.58 USD", "info"),
    ("moonshot", "low", "Balance: 0.42 USD", "warn"),
    ("moonshot", "nocredit", "Balance: 0.00 USD", "warn"),
    ("deepseek", "good", "Balance: 10.00 USD", "info"),
    ("deepseek", "low", "Balance: 0.42 USD", "warn"),
    ("deepseek", "nocredit", "Balance: 0.00 USD", "warn"),
]


@pytest.mark.parametrize(("kind", "word", "text", "tone"), CASES)
def test_it_stands_on_page_and_card_with_its_time(
    site: Client, sims: Simulators, kind: str, word: str, text: str, tone: str
) -> None:
    row = checked(saved(kind, demo_key(kind, word)))
    assert row.money_at == row.checked_at
    for path in (f"/providers/{kind}/", "/providers/"):
        html = flat(site.get(path))
        part = html[html.index("data-money") :]
        assert part.index(text) < part.index("<time") < part.index("just now") < 400
        assert f'data-tone="{tone}"' in part[: part.index(text)]
        assert html.count("data-money") == 1
    assert len(sims.calls_of(kind)) == 1


def test_a_kind_that_tells_none_shows_none(site: Client, sims: Simulators) -> None:
    row = checked(saved("groq", demo_key("groq")))
    assert (row.money, row.check_outcome) == (None, "ok")
    assert "data-money" not in flat(site.get("/providers/groq/"))


def test_a_later_check_that_tells_none_leaves_it_with_its_time(sims: Simulators) -> None:
    row = checked(saved("deepseek", demo_key("deepseek")))
    Job.objects.create(
        provider=row, task="check", input_version=row.version, deadline=timezone.now()
    ).finish(is_told=True, outcome="timeout", key_state="unknown", ms=3)
    later = Provider.objects.get()
    assert (later.check_outcome, told(later)) == ("timeout", ("10.0000", "USD", "balance"))
    assert later.money_at == row.money_at
    assert later.checked_at is not None
    assert row.checked_at is not None
    assert later.checked_at > row.checked_at


def test_a_draft_of_another_key_tells_nothing_of_the_saved_one(
    site: Client, owner: Any, sims: Simulators
) -> None:
    row = checked(saved("moonshot", demo_key("moonshot")))
    draft = Draft(provider=row, base_version=row.version, created_by=owner)
    draft.put_secret("api_key", demo_key("moonshot", "low"))
    draft.save()
    assert told(checked(row, draft)) == ("49.5889", "USD", "balance")
    assert "data-money" not in flat(site.get("/providers/moonshot/"))


def test_values_that_were_tested_and_are_then_saved_bring_it_along(
    owner: Any, sims: Simulators
) -> None:
    row = Provider.objects.create(kind="moonshot")
    draft = Draft(provider=row, base_version=row.version, created_by=owner)
    draft.put_secret("api_key", demo_key("moonshot", "low"))
    draft.save()
    row = checked(row, draft)
    assert row.money is None
    row.copy_from(draft)
    row.store()
    Job.objects.adopt(row)
    assert told(Provider.objects.get()) == ("0.4200", "USD", "balance")


@pytest.mark.parametrize(
    ("change", "is_kept"),
    [
        (lambda row: row.put_secret("api_key", demo_key("deepseek", "low")), False),
        (lambda row: row.put_secret("api_key", None), False),
        (lambda row: row.put_mapping("extra_headers", {"X-Account": "other"}), False),
        (lambda row: setattr(row, "api_base", "https://api.deepseek.com/v1"), False),
        (lambda row: row.put_secret("api_key", demo_key("deepseek")), True),
        (lambda row: row.put_mapping("extra_body", {"seed": 1}), True),
    ],
    ids=["key", "no key", "header", "address", "same key", "body"],
)
def test_another_key_or_address_forgets_it(sims: Simulators, change: Any, is_kept: bool) -> None:
    row = checked(saved("deepseek", demo_key("deepseek")))
    change(row)
    assert row.store()
    kept = Provider.objects.get()
    assert (kept.money is not None) is is_kept
    assert (kept.money_at is not None) is is_kept


def test_what_was_told_while_a_form_was_open_is_not_lost_by_saving_it(sims: Simulators) -> None:
    opened = saved("deepseek", demo_key("deepseek"))
    checked(Provider.objects.get())
    opened.put_mapping("extra_body", {"seed": 1})
    assert opened.store()
    assert told(Provider.objects.get()) == ("10.0000", "USD", "balance")


def test_it_is_written_as_the_reader_writes_numbers(site: Client, sims: Simulators) -> None:
    checked(saved("deepseek", demo_key("deepseek")))
    Provider.objects.update(money_amount="12345.5")
    with translation.override("de"):
        html = site.get("/providers/deepseek/", headers={"Accept-Language": "de"}).content.decode()
    assert "Guthaben: 12.345,50\u00a0USD" in html  # on one line


def test_the_list_asks_no_more_of_the_database(site: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            site.get("/providers/")
        return len(captured)

    saved("deepseek")
    few = queries()  # to draw it
    Provider.objects.update(money_amount=5, money_currency="USD", money_means="balance")
    Provider.objects.update(money_at=timezone.now())
    assert queries() <= few
