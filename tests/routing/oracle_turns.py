"""The states about what the agent sends beside a word: servers and models that refuse it."""

from collections.abc import Callable

from tests.routing.oracle_states import Heard, State, refusal, unless
from tests.simulators.kinds.bedrock import in_frames, problem


def has_tools(heard: Heard) -> bool:
    return bool(heard.body.get("tools") or heard.body.get("toolConfig"))


def has_system(heard: Heard) -> bool:
    """Whether there are instructions, as the API that was asked takes them."""
    if heard.body.get("system") or heard.body.get("instructions"):
        return True
    said = [*heard.body.get("messages", ()), *heard.body.get("input", ())]
    return any(one.get("role") in ("system", "developer") for one in said)


def refusing(has: Callable[[Heard], bool], status: int, words: str) -> State:
    return State(unless(lambda heard: not has(heard), refusal(status, words)))


TURNS: dict[str, State] = {
    "no-tools": refusing(has_tools, 400, "demo-model does not support tools"),
    "no-tools-unsaid": refusing(has_tools, 422, "Unprocessable"),
    "no-tools-fault": refusing(has_tools, 500, "tools param requires --jinja flag"),
    "no-system": refusing(has_system, 400, "Developer instruction is not enabled for this model"),
    "only-with-tools": State(unless(has_tools, refusal(400, "Something is missing"))),
    "only-with-system": State(unless(has_system, refusal(400, "Something is missing"))),
}


def converse_refusing(has: Callable[[Heard], bool], words: str) -> State:
    refused = problem(400, "ValidationException", words)
    return State(lambda heard: refused if has(heard) else in_frames())


AWS_TURNS: dict[str, State] = {
    "aws-no-tools": converse_refusing(
        has_tools, "This model doesn't support tool use in streaming mode."
    ),
    "aws-no-system": converse_refusing(has_system, "This model doesn't support system messages."),
    "aws-only-with-tools": converse_refusing(lambda heard: not has_tools(heard), "Lacking"),
}
