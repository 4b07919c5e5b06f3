"""Jobs as pages show them: rungs and calls with their sentences. Read-only records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.utils import timezone

from providers.dialects.money import Money, is_low
from providers.models import Job, Provider
from providers.spec.expiry import Expiry, expiry
from providers.spec.kind import ProviderSpec
from providers.spec.outcomes import NOT_BAD, UNTOLD, Outcome
from providers.wording import KEY_STATES, STEPS, sentence
from providers.wording.expiry import expiry_words
from providers.wording.money import money_words

PASSED = (Outcome.OK, Outcome.REACHABLE_UNVERIFIED, Outcome.REFERENCE)
# Ends that say nothing of the values: nobody asked with them, or nobody heard the answer.
_NOT_TESTED = UNTOLD | {Outcome.REFERENCE, Outcome.BLOCKED_ADDRESS}


@dataclass(frozen=True, slots=True)
class ShownRung:
    step: str
    label: str  # "Key", "Model gpt-5"
    outcome: str  # an Outcome, "running" or "skipped"
    ms: int | None
    text: str


@dataclass(frozen=True, slots=True)
class ShownJob:
    """One job for display; `state` is never, queued, running or done."""

    job: Job | None
    state: str
    outcome: str
    text: str
    rungs: tuple[ShownRung, ...] = ()
    is_stale: bool = False  # the saved values have changed since
    quoted: str = ""  # the provider's own words, cleaned
    is_beside: bool = False  # of other values than those that the page shows

    @property
    def is_pending(self) -> bool:
        return self.state in ("queued", "running")

    @property
    def is_unsaved(self) -> bool:
        return self.job is not None and self.job.is_draft

    @property
    def is_refused(self) -> bool:
        """A test of unsaved values that was not passed."""
        return self.is_unsaved and not self.is_pending and self.outcome not in NOT_BAD

    @property
    def is_passed(self) -> bool:
        """These very values were tested, and nothing more can be asked of them from here."""
        return self.state == "done" and not self.is_stale and self.outcome in PASSED

    @property
    def is_tested(self) -> bool:
        """Whether its values were put to the test, however that ended."""
        return self.state == "done" and self.outcome not in _NOT_TESTED

    @property
    def is_told_by_rung(self) -> bool:
        """A rung below says the same in its place."""
        return any(rung.text == self.text for rung in self.rungs)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What was sent: curl command, HTTP status and milliseconds of each request."""
        return list(self.job.params.get("calls", ())) if self.job else []

    @property
    def key_words(self) -> str:
        return str(KEY_STATES.get(self.job.key_state, "")) if self.job else ""

    @property
    def status(self) -> str:
        """The word for a pill: an outcome, or the state while there is none. What was found of
        other settings is no word about these."""
        if self.is_stale:
            return "never"
        return self.state if self.is_pending or self.state == "never" else self.outcome


def show_job(job: Job | None, provider: Provider) -> ShownJob:
    if job is None:
        return ShownJob(None, "never", "", "")
    return ShownJob(
        job=job,
        state=job.state,
        outcome="" if job.is_pending else job.shown_outcome,
        text=""
        if job.is_pending
        else sentence(job.shown_outcome, job.detail, job.params, provider.spec),
        rungs=tuple(
            shown_rungs(job.rungs, partial(sentence, spec=provider.spec), is_pending=job.is_pending)
        ),
        quoted=str(job.params.get("quote", "")),
        is_stale=not job.is_pending and not job.is_draft and job.input_version != provider.version,
    )


def show_model(job: Job | None, provider: Provider, model: str, *, sees: bool = False) -> ShownJob:
    """The same as this one of the models that it asked fared, as the agent would meet it, or
    without a model ("") its key. `sees`: the agent sends it pictures.

    What kept that from being asked is told of the whole.
    """
    shown = show_job(job, provider)
    if job is None or shown.is_pending:
        return shown
    rung = job.rung_of(model)
    outcome, detail = job.for_agent(model, sees=sees)
    if not outcome:
        if not rung or job.model_names == [model] * bool(model):
            return shown
        outcome, detail = rung["outcome"], rung.get("detail", "")
    text = sentence(outcome, detail, rung.get("params"), provider.spec)
    return replace(shown, outcome=outcome, text=text)


@dataclass(frozen=True, slots=True)
class ShownMoney:
    text: str
    tone: str
    at: datetime | None  # when it was told


def shown_money(
    money: Money | None, told_at: datetime | None, spec: ProviderSpec
) -> ShownMoney | None:
    """Amber below the bound that the kind declares."""
    if money is None:
        return None
    tone = "warn" if is_low(money, spec.money) else "info"
    return ShownMoney(money_words(money), tone, told_at)


@dataclass(frozen=True, slots=True)
class ShownExpiry:
    state: Expiry
    text: str


def shown_expiry(on: date | None) -> ShownExpiry | None:
    """That a key ends soon, or has ended; None = nothing to tell."""
    state = expiry(on, timezone.now().date())
    return ShownExpiry(state, expiry_words(state, on)) if state and on else None


def shown_rungs(
    kept: Iterable[Mapping[str, Any]], say: Callable[..., str], *, is_pending: bool
) -> Iterator[ShownRung]:
    """`say` has the sentences of its outcomes."""
    for rung in kept:
        label = f"{STEPS.get(rung['step'], rung['step'])} {rung.get('label', '')}".strip()
        outcome, detail = rung["outcome"], rung.get("detail", "")
        if outcome == "running" and not is_pending:  # cancelled, or nobody ended it
            outcome = "skipped"
        is_quiet = outcome in (Outcome.OK, "skipped", "running") and not detail
        text = "" if is_quiet else say(outcome, detail, rung.get("params"))
        yield ShownRung(rung["step"], label, outcome, rung.get("ms"), text)
