"""How a test climbs: what each question brought to light, and the ladder that shows it as it goes.
Pure.

The door tells the rungs of the connection (address, DNS, connect, TLS) to the same ladder as the
test does its own. A rung that fails ends the climb; what stands above it is skipped.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from providers.dialects.money import Money
from providers.spec.outcomes import KeyState, Outcome, Step, Verdict

AHEAD = (Step.ADDRESS, Step.DNS, Step.CONNECT, Step.TLS)  # a proxy is told of when it is there
_CONNECTION = frozenset({*AHEAD, Step.PROXY})
_ORDER = {step: number for number, step in enumerate(Step)}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one question to a provider brought to light."""

    verdict: Verdict
    key_state: KeyState
    ms: int = 0
    listed: frozenset[str] = frozenset()  # ids of the list that proved the key
    money: Money | None = None  # that the answer told of
    count: int = 0  # models of that list, where it came whole; 0 = not known
    is_odd: bool = False  # that list has the form of another API, which may stand beside this one
    windows: Mapping[str, Any] = field(default_factory=dict)  # tokens by id, as that list tells it

    def within(self, window: Any, asked: int) -> "Finding":
        """A good answer of a model whose window has no room for what the agent asks for: there it
        is refused or cut off. `window` is as a server tells it, in tokens; None = it does not."""
        is_good = (self.verdict.outcome, self.verdict.detail) == (Outcome.OK, "")
        if not is_good or type(window) is not int or not 0 < window <= asked:
            return self
        verdict = replace(self.verdict, detail="small_window", params={"limit": window})
        return replace(self, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step as it went. `label` tells the models apart."""

    step: Step
    label: str = ""
    outcome: Outcome | Literal["running", "skipped"]
    ms: int | None = None
    detail: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "step": str(self.step),
            "label": self.label,
            "outcome": str(self.outcome),
            "ms": self.ms,
            "detail": self.detail,
            "params": dict(self.params),
        }


Report = Callable[[list[dict[str, Any]]], None]


class Ladder:
    """Collects rungs from the door and from the check, and reports all of them at each change."""

    def __init__(self, report: Report | None = None) -> None:
        self._report = report or (lambda rungs: None)
        self._lock = threading.Lock()
        self._rungs: dict[tuple[Step, str], Rung | None] = {}  # None = not climbed yet
        self._is_over = False

    def plan(self, steps: Iterable[tuple[Step, str]]) -> None:
        """What lies ahead, in order; those that the door told already stay as they are."""
        with self._lock:
            self._rungs = {**dict.fromkeys(steps), **self._rungs}
            self._tell()

    def observe(
        self, step: Step, outcome: Outcome, ms: int, detail: str, params: Mapping[str, Any]
    ) -> None:
        """The door's observer. With several connections the first one counts, or the failed one."""
        with self._lock:
            known = self._rungs.get((step, ""))
            if known is None or (known.outcome is Outcome.OK and outcome is not Outcome.OK):
                rung = Rung(step=step, outcome=outcome, ms=ms, detail=detail, params=params)
                self._rungs[step, ""] = rung
                self._tell()

    def done(self, step: Step, finding: Finding, label: str = "") -> None:
        """Put down how a step went, in place of what stood there."""
        verdict = finding.verdict
        with self._lock:
            self._rungs[step, label] = Rung(
                step=step,
                label=label,
                outcome=verdict.outcome,
                ms=finding.ms,
                detail=verdict.detail,
                params=verdict.params,
            )
            self._tell()

    def end(self) -> tuple[Rung, ...]:
        """No more will come: what was not climbed is skipped."""
        with self._lock:
            self._is_over = True
            self._tell()
            return tuple(self._shown())

    @property
    def has_connection(self) -> bool:
        """Whether no rung of the connection has failed."""
        with self._lock:
            climbed = [rung for (step, _), rung in self._rungs.items() if step in _CONNECTION]
            return all(rung is None or rung.outcome is Outcome.OK for rung in climbed)

    def _tell(self) -> None:
        self._report([rung.as_json() for rung in self._shown()])

    def _shown(self) -> list[Rung]:
        """Climbed rungs, then the one (or the models) being climbed, at the end the skipped ones.

        A rung below a climbed one was not needed (no DNS for an address) and is left out.
        """
        items = sorted(self._rungs.items(), key=lambda item: _ORDER[item[0][0]])
        climbed = [rung for _, rung in items if rung]
        top = max((_ORDER[rung.step] for rung in climbed), default=-1)
        ahead = [key for key, rung in items if rung is None and _ORDER[key[0]] >= top]
        if self._is_over:
            skipped = [Rung(step=step, label=label, outcome="skipped") for step, label in ahead]
            return [*climbed, *skipped]
        now = [key for key in ahead if key[0] is ahead[0][0]]
        return [*climbed, *(Rung(step=step, label=name, outcome="running") for step, name in now)]
