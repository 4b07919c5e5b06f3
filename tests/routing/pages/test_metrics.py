"""`/metrics`: who gets it, what stands in it, and the dashboard that is drawn from it."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from providers import broker
from providers.models import Job, Provider, Task
from providers.models.jobs import Status
from providers.spec.outcomes import KeyState, Outcome
from routing.models import (
    Alert,
    Channel,
    Delivery,
    Outage,
    Span,
    Standing,
    Watch,
    WatchSettings,
)
from routing.pages import metrics
from routing.watch.status import unsent
from tests.processes import ROOT

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-metrics"
NAMES = {
    "facio_jobs_total": {"task", "outcome"},
    "facio_jobs_queued": set(),
    "facio_job_oldest_queued_seconds": set(),
    "facio_workers": set(),
    "facio_provider_last_ok_seconds": {"provider"},
    "facio_provider_key_state": {"provider", "state"},
    "facio_catalog_age_seconds": {"provider"},
    "facio_subject_failing": {"about"},
    "facio_uptime_ratio": {"about", "range"},
    "facio_latency_ms": {"about", "quantile", "range"},
    "facio_outages": {"about", "range"},
    "facio_alerts_unsent": set(),
    "facio_watch_overdue_seconds": set(),
    "facio_live_file_drift": set(),
    "facio_build_info": {"version"},
}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def scrape(client: Client, settings: Any) -> Any:
    settings.METRICS_TOKEN = TOKEN

    def ask() -> Samples:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        assert answer["Cache-Control"] == "no-store"
        families = text_string_to_metric_families(answer.content.decode())
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    return ask


def of(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted(labels.items()))


def provider(name: str = "openai", **more: Any) -> Provider:
    kind = name if name in ("openai", "groq") else "custom"
    return Provider.objects.create(name=name, kind=kind, configured_at=timezone.now(), **more)


def job(row: Provider, status: Status = Status.DONE, *, age: float = 0, **more: Any) -> Job:
    moment = timezone.now() - timedelta(seconds=age)
    values = {"task": Task.CHECK, "outcome": Outcome.OK, **more}
    made = Job.objects.create(
        provider=row, status=status, input_version=0, deadline=moment, **values
    )
    ended = None if status in (Status.QUEUED, Status.RUNNING) else moment
    Job.objects.filter(pk=made.pk).update(created_at=moment, finished_at=ended)
    return made


def span(about: str, *, hours: int = 0, **told: Any) -> Span:
    """Of the hour that began so many hours before this one."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    outcomes = {Outcome.OK: told.get("good", 0), Outcome.TIMEOUT: told.get("bad", 0)}
    began_at = hour - timedelta(hours=hours)
    return Span.objects.create(
        about=about, size=Span.HOUR, began_at=began_at, outcomes=outcomes, **told
    )


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}s",
        f"Bearer  {TOKEN}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \udcff",
    ],
)
@pytest.mark.parametrize("method", ["get", "head", "post", "put", "options"])
def test_metrics_are_not_there_without_the_token(
    settings: Any, header: str | None, method: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {} if header is None else {"HTTP_AUTHORIZATION": header}
    told = []
    for token in ("", TOKEN):
        settings.METRICS_TOKEN = token
        answer = getattr(client, method)("/metrics", **headers)
        assert answer.status_code == 404
        told.append((answer.content, answer.headers))
    assert told[0] == told[1]  # nor does anybody learn whether there is one


def test_without_a_token_nobody_has_the_right_one(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    for header in ("Bearer ", "Bearer", "bearer "):
        assert client.get("/metrics", HTTP_AUTHORIZATION=header).status_code == 404


def test_a_token_in_the_address_is_none_and_a_session_neither(
    client: Client, settings: Any, django_user_model: Any
) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", {"token": TOKEN}).status_code == 404
    client.force_login(django_user_model.objects.create(username="owner", role="owner"))
    assert client.get("/metrics").status_code == 404


def test_tokens_are_compared_in_constant_time(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.METRICS_TOKEN = TOKEN
    compared: list[tuple[bytes, bytes]] = []
    real = metrics.hmac.compare_digest

    def compare(wanted: bytes, found: bytes) -> bool:
        compared.append((wanted, found))
        return real(wanted, found)

    monkeypatch.setattr(metrics.hmac, "compare_digest", compare)
    client.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong")
    assert compared == [(TOKEN.encode(), b"wrong")]


def test_with_the_token_only_reading_is_answered(settings: Any) -> None:
    settings.METRICS_TOKEN, client = TOKEN, Client(enforce_csrf_checks=True)
    header = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
    assert client.post("/metrics", **header).status_code == 405
    assert client.head("/metrics", **header).status_code == 200


def test_names_and_labels_are_these(scrape: Any) -> None:
    row = provider(catalog_at=timezone.now())
    job(row)
    job(provider("groq"), Status.QUEUED)
    span("provider:openai", good=1, times=[300])
    Standing.objects.create(about="provider:openai")
    found: dict[str, set[str]] = {}
    for name, labels in scrape():
        found.setdefault(name, set()).update(label for label, _ in labels)
    assert found == NAMES


def test_an_empty_site_has_numbers_too(scrape: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "count_workers", lambda: None)
    found = scrape()
    assert found.pop(of("facio_build_info", version=metrics.build_version())) == 1
    assert set(found.values()) == {0}
    assert {name for name, _ in found} == {
        "facio_jobs_queued",
        "facio_job_oldest_queued_seconds",
        "facio_workers",
        "facio_alerts_unsent",
        "facio_watch_overdue_seconds",
        "facio_live_file_drift",
    }


def test_ended_jobs_are_counted_by_task_and_outcome(scrape: Any) -> None:
    one, other = provider(), provider("groq")
    job(one), job(other), job(one, outcome=Outcome.BAD_KEY)
    job(one, Status.CANCELLED, outcome=Outcome.CANCELLED)
    job(one, task=Task.FETCH, is_draft=True)
    job(other, Status.RUNNING, outcome="")
    found = {labels: n for (name, labels), n in scrape().items() if name == "facio_jobs_total"}
    assert found == {
        (("outcome", "ok"), ("task", "check")): 2,
        (("outcome", "bad_key"), ("task", "check")): 1,
        (("outcome", "cancelled"), ("task", "check")): 1,
        (("outcome", "ok"), ("task", "fetch")): 1,
    }


def test_the_queue_is_told_by_length_and_age(scrape: Any) -> None:
    job(provider(), Status.QUEUED, age=90, outcome="")
    job(provider("groq"), Status.QUEUED, age=5, outcome="")
    job(provider("corp"), Status.RUNNING, age=500, outcome="")
    found = scrape()
    assert found[of("facio_jobs_queued")] == 2
    assert 90 <= found[of("facio_job_oldest_queued_seconds")] < 120


def test_workers_are_those_that_readyz_sees(scrape: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "workers", lambda: {"worker-a", "worker-b"})
    assert scrape()[of("facio_workers")] == 2


def test_the_last_good_test_is_that_of_saved_values_whatever_came_after(scrape: Any) -> None:
    row = provider()
    job(row, age=100)
    job(row, age=40, is_draft=True)
    job(row, age=30, task=Task.FETCH)
    job(row, age=10, outcome=Outcome.BAD_KEY)
    provider("groq")
    found = scrape()
    assert 100 <= found[of("facio_provider_last_ok_seconds", provider="openai")] < 130
    assert of("facio_provider_last_ok_seconds", provider="groq") not in found


@pytest.mark.parametrize("known", ["", *KeyState])
def test_the_state_of_a_key_is_one_of_those_that_there_are(scrape: Any, known: str) -> None:
    provider(check_key_state=known)
    found = scrape()
    states = {state: found[of(NAME, provider="openai", state=state)] for state in KeyState}
    assert states == {state: float(state == (known or "unknown")) for state in KeyState}


NAME = "facio_provider_key_state"


def test_catalogs_have_an_age_once_they_were_fetched(scrape: Any) -> None:
    provider(catalog_at=timezone.now() - timedelta(hours=1))
    provider("groq")
    found = scrape()
    assert 3600 <= found[of("facio_catalog_age_seconds", provider="openai")] < 3630
    assert of("facio_catalog_age_seconds", provider="groq") not in found


def test_what_was_never_saved_is_no_provider(scrape: Any) -> None:
    Provider.objects.create(kind="openai")
    assert not [labels for _, labels in scrape() if ("provider", "openai") in labels]


def test_uptime_and_latency_are_those_of_the_last_day_and_week(scrape: Any) -> None:
    span("provider:groq", good=3, bad=1, times=[100, 200, 900])
    span("provider:groq", hours=30, good=4)
    span("provider:groq", hours=8 * 24, bad=50)
    span("route:main")
    found = scrape()
    assert found[of("facio_uptime_ratio", about="provider:groq", range="24h")] == 0.75
    assert found[of("facio_uptime_ratio", about="provider:groq", range="7d")] == 7 / 8
    latency = {"about": "provider:groq", "range": "24h"}
    assert found[of("facio_latency_ms", quantile="0.5", **latency)] == 200
    assert found[of("facio_latency_ms", quantile="0.95", **latency)] == 900
    assert not [labels for _, labels in found if ("about", "route:main") in labels]


def test_what_fails_and_how_often_it_did_is_told_of_what_is_watched(scrape: Any) -> None:
    now = timezone.now()
    Standing.objects.create(about="provider:groq", is_failing=True)
    Standing.objects.create(about="system:worker")
    for days, ended in ((1, None), (3, 2.9), (8, 7.5)):
        Outage.objects.create(
            about="provider:groq",
            outcome="timeout",
            began_at=now - timedelta(days=days),
            ended_at=ended and now - timedelta(days=ended),
        )
    found = scrape()
    assert found[of("facio_subject_failing", about="provider:groq")] == 1
    assert found[of("facio_subject_failing", about="system:worker")] == 0
    assert found[of("facio_outages", about="provider:groq", range="7d")] == 2
    assert found[of("facio_outages", about="system:worker", range="7d")] == 0


def test_alerts_that_no_channel_took_are_counted(scrape: Any) -> None:
    alert = Alert.objects.create(kind="fails", about="provider:groq", mark="m")
    for place, (status, attempts) in enumerate(
        [("lost", 9), ("waiting", 2), ("waiting", 0), ("sending", 1), ("sent", 3)]
    ):
        channel = Channel.objects.create(name=f"c{place}", kind="plain", fault="timeout")
        tried = {"attempts": attempts, "first_tried_at": timezone.now() if attempts else None}
        Delivery.objects.create(alert=alert, channel=channel, status=status, **tried)
    assert scrape()[of("facio_alerts_unsent")] == unsent() == 2
    Delivery.objects.filter(status="lost").note()  # as by "Seen"
    assert scrape()[of("facio_alerts_unsent")] == unsent() == 1
    Channel.objects.update(is_on=False)
    assert scrape()[of("facio_alerts_unsent")] == unsent() == 0


def test_the_oldest_check_that_is_due_is_told_while_checks_are_made(scrape: Any) -> None:
    now = timezone.now()
    for about, every, seconds in (("a", 15, 90), ("b", 60, 20), ("c", 0, 900), ("d", 15, -30)):
        Watch.objects.create(about=about, every=every, due_at=now - timedelta(seconds=seconds))
    assert 90 <= scrape()[of("facio_watch_overdue_seconds")] < 120
    WatchSettings.objects.create(pk=WatchSettings.ONLY, is_on=False)
    assert scrape()[of("facio_watch_overdue_seconds")] == 0


def test_a_live_file_that_differs_is_told(scrape: Any, settings: Any, tmp_path: Path) -> None:
    assert scrape()[of("facio_live_file_drift")] == 0
    settings.FACIO_CONFIG_PATH = str(tmp_path / "config.json")
    (tmp_path / "config.json").write_text("{}")
    assert scrape()[of("facio_live_file_drift")] == 1


@pytest.mark.parametrize(
    "name", ['a"b', "a\\b", "a\nb", 'x",provider="openai"} 1\nforged 1', "ü 你"]
)
def test_a_name_stays_inside_of_its_label(scrape: Any, name: str) -> None:
    provider(name, catalog_at=timezone.now(), check_key_state="valid")
    span(f"provider:{name}", good=1)
    found = scrape()
    assert found[of("facio_uptime_ratio", about=f"provider:{name}", range="24h")] == 1
    assert found[of("facio_provider_key_state", provider=name, state="valid")] == 1
    assert {metric for metric, _ in found} <= NAMES.keys()


def test_each_scrape_reads_anew_and_takes_no_more_questions_for_more_providers(
    scrape: Any, django_assert_max_num_queries: Any
) -> None:
    row = provider()
    job(row, outcome=Outcome.BAD_KEY)
    with django_assert_max_num_queries(17):
        first = scrape()
    for number in range(40):
        job(provider(f"own-{number}"))
        span(f"provider:own-{number}", good=1)
        Standing.objects.create(about=f"provider:own-{number}")
    with django_assert_max_num_queries(17):
        second = scrape()
    assert second[of("facio_jobs_total", task="check", outcome="ok")] == 40
    assert of("facio_jobs_total", task="check", outcome="ok") not in first


def test_the_version_is_that_of_the_project() -> None:
    assert f'version = "{metrics.build_version()}"' in (ROOT / "pyproject.toml").read_text()


# The dashboard


def expressions(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [value for key, value in node.items() if key in ("expr", "query", "definition")]
        return [text for text in own if isinstance(text, str)] + [
            found for value in node.values() for found in expressions(value)
        ]
    return (
        [found for value in node for found in expressions(value)] if isinstance(node, list) else []
    )


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    dashboard = json.loads((ROOT / "contrib/grafana/facio-settings.json").read_text())
    told = expressions(dashboard)
    used = {name for text in told for name in re.findall(r"\bfacio_\w+", text)}
    assert used == NAMES.keys()
    for text in told:
        for name, labels in re.findall(r"(facio_\w+)\{([^}]*)\}", text):
            asked = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels))
            assert asked <= NAMES[name] | {"job", "instance"}, text


def test_panels_of_the_dashboard_have_names_places_and_their_source_from_whoever_loads_it() -> None:
    dashboard = json.loads((ROOT / "contrib/grafana/facio-settings.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not taken & cells
        assert place["x"] + place["w"] <= 24
        taken |= cells
