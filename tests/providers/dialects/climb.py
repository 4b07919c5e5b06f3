"""A connection test by a script of answers, for the tests of it."""

from dataclasses import replace

from providers.dialects.adapters import Adapter
from providers.dialects.ladder import CheckResult, run_check
from tests.providers.replies import CHAT, Answer, Script

# Every kind's good answer at once
HI = replace(CHAT, data={"choices": [{"message": {"content": "hi"}}], "content": []})


def check(adapter: Adapter, *answers: Answer, models: tuple[str, ...] = ()) -> CheckResult:
    """Runs with exactly these answers: one call too many, or too few, fails."""
    script = Script(*answers)
    result = run_check(adapter, script, models=models)
    assert len(script.requests) == len(answers)
    return result


def told(result: CheckResult) -> tuple[str, str, str]:
    return result.outcome.value, result.key_state.value, result.detail
