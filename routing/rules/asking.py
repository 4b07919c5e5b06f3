"""What agents.defaults says of every call beside its model: how warm, how long, how much at once.

Where it says nothing, the agent's own defaults count. Source: nanobot-ai 0.3.5, config/schema.py:
AgentDefaults (inherited).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from providers.dialects.turn import MAX_TOKENS, TEMPERATURE, Asked
from routing.rules.codes import Code

# The agent fills a conversation up to 200,000 tokens, one of its ancestors up to this many: a
# window that is smaller than either is told without a word in config.json.
_SURELY_FILLED = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    temperature: float = TEMPERATURE
    effort: str = ""  # of reasoning, as it is spelled there; "" = none is asked for
    max_tokens: int = MAX_TOKENS  # of one answer
    context_window: int | None = None  # tokens; None = config.json does not say

    @property
    def of_each_call(self) -> Asked:
        return Asked(self.temperature, self.max_tokens, self.effort)

    def too_much(
        self, window: int | None, longest: int | None
    ) -> Iterator[tuple[Code, dict[str, str]]]:
        """What of it a model cannot give, with `asked` and `limit` in tokens. None = nobody tells
        how much it holds, or how long its answers may be."""
        answer = str(self.max_tokens)
        if window and self.max_tokens >= window:
            yield Code.ANSWER_FILLS_WINDOW, {"asked": answer, "limit": str(window)}
        elif longest and self.max_tokens > longest:
            yield Code.ANSWER_TOO_LONG, {"asked": answer, "limit": str(longest)}
        if not window:
            return
        if self.context_window is not None and self.context_window > window:
            asked = str(self.context_window)
            yield Code.WINDOW_TOO_SMALL, {"asked": asked, "limit": str(window)}
        elif self.context_window is None and window < _SURELY_FILLED:
            yield Code.WINDOW_SMALL, {"limit": str(window)}


USUAL = Asking()
