"""What one ended job tells of each subject that it is about. Reads the job, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from providers.models import Job, Task
from providers.spec.outcomes import Outcome, Step
from routing.models.subjects import CATALOG, PROVIDER, ROUTE
from routing.rules.slots import VISION
from routing.watch.standing import Told, told_by
from routing.watch.subjects import Served


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`cause` is the subject that is at fault, or that works: a route's may be its provider."""

    about: str
    told: Told
    outcome: str
    cause: str
    ms: int | None = None
    is_asked: bool = True  # the call was made for it; counts over time
    slot: str = ""  # of a route
    model: str = ""  # likewise


def of_fetch(job: Job) -> list[Result]:
    about = f"{CATALOG}:{job.provider.name}"
    outcome = str(job.outcome)
    return [Result(about=about, told=told_by(outcome), outcome=outcome, cause=about, ms=job.ms)]


def of_check(job: Job, served: Iterable[Served]) -> list[Result]:
    """The provider first, then the routes that it serves."""
    provider = _of_provider(job)
    return [provider, *(_of_route(job, one, provider) for one in served)]


def outcome_of(job: Job, served: Served | None = None) -> str:
    """How a job ended for its provider or, of a test, for a route that this serves: what came of
    its own model, else what kept that from being asked. "" = the test says nothing of the route."""
    if job.task == Task.FETCH:
        return str(job.outcome)
    provider = _of_provider(job)
    if served is None:
        return provider.outcome
    is_asked, name, rung = _rung(job, served)
    if not is_asked:
        return provider.outcome if provider.told is Told.BAD else ""
    return _own(job, served, name) or str(rung.get("outcome") or job.outcome)


def _of_provider(job: Job) -> Result:
    """A model that is at fault says nothing of its provider, but the key that was accepted does."""
    about, key = f"{PROVIDER}:{job.provider.name}", job.rung_of("")
    outcome = str(job.outcome)
    told = told_by(outcome)
    if job.is_of_model:
        is_good = key.get("outcome") == Outcome.OK
        told, outcome = (Told.GOOD, str(Outcome.OK)) if is_good else (Told.NOTHING, outcome)
    ms = key.get("ms") if job.model_names and key else job.ms  # not what its models took
    return Result(about=about, told=told, outcome=outcome, cause=about, ms=ms)


def _of_route(job: Job, one: Served, provider: Result) -> Result:
    """Its own model's rung says it. Without that only what the provider causes: its failure stops
    the route, and its working ends no failure but that."""
    about = f"{ROUTE}:{one.slot}"
    is_asked, name, rung = _rung(job, one)
    outcome = _own(job, one, name) or str(rung.get("outcome", ""))
    own = Result(
        about=about,
        told=told_by(outcome),
        outcome=outcome,
        cause=about,
        ms=rung.get("ms"),
        is_asked=bool(rung),
        slot=one.slot,
        model=one.model,
    )
    if own.told is Told.NOTHING and provider.told is not Told.NOTHING:
        is_lost = provider.told is Told.BAD and is_asked and not rung
        own = replace(own, told=provider.told, outcome=provider.outcome, is_asked=is_lost)
        return replace(own, cause=provider.about)
    is_by_provider = own.told is Told.BAD and provider.told is Told.BAD
    return replace(own, cause=provider.about) if is_by_provider else own


def _own(job: Job, one: Served, name: str) -> str:
    """How the agent fares with an answer that a person can read; "" = as it is."""
    return job.for_agent(name, sees=one.slot == VISION)[0]


def _rung(job: Job, one: Served) -> tuple[bool, str, Mapping[str, Any]]:
    """Whether the job was to ask the route's model, by which name, and what came of it; {} = it was
    not reached. A model may be written in several ways that are sent alike."""
    adapter = one.provider.adapter(with_secrets=False)
    wanted = adapter.sent_name(one.model)
    labels = [rung.get("label", "") for rung in job.rungs if rung["step"] == Step.MODEL]
    for name in dict.fromkeys((*job.model_names, *labels)):
        if one.model and name and adapter.sent_name(name) == wanted:
            return True, name, job.rung_of(name)
    return False, "", {}
