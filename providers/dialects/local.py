"""LocalAdapter: servers that a person runs, where a key is optional and may not be looked at. Pure.

Whether a key means anything there shows only in a control: the same call once more without it.
That is done for these kinds alone; a hosted service may count refused calls.
"""

from dataclasses import replace
from typing import Any

from providers.dialects.adapters import Adapter
from providers.dialects.front import UNPROVEN
from providers.dialects.paths import unwrapped
from providers.dialects.rows import Path, column, ids_of, rows_of
from providers.dialects.rungs import Finding
from providers.http import Reply, Send
from providers.spec.kind import Call, CallName, ListCall
from providers.spec.outcomes import Failed, KeyState, Outcome, Verdict

_REFUSED = (Outcome.BAD_KEY, Outcome.FORBIDDEN)
# A completion that is refused for what it lacks, after the key was looked at; so it costs nothing.
# Where one answers it all the same, one token is the end of it.
_NOTHING = {"messages": [], "max_tokens": 1}
KNOCK = Call(url="{base}/chat/completions", method="POST", body=_NOTHING)


# The word of vLLM and SGLang, which refuse to be asked for a longer answer, however short it comes:
# https://github.com/vllm-project/vllm/issues/19861
_WINDOW = "max_model_len"


class LocalAdapter(Adapter):
    """The list tells that it is the right server; the control tells what the key is worth."""

    def check_key(self, send: Send) -> Finding:
        reply, verdict, call = self.find_list(send)
        ms = reply.ms
        if verdict.outcome is not Outcome.OK:
            return Finding(self._without_key(verdict), self.key_state(verdict), ms)
        listed = self.listed(reply, call, verdict)
        rows = self.tidy(rows_of(unwrapped(reply), call.columns.items) or [], call)
        if not rows:
            verdict = replace(verdict, detail="no_models")
        is_odd = self.is_odd(reply, call, listed)
        windows = dict(zip(ids_of(rows, call.columns), column(rows, _WINDOW), strict=True))
        found = Finding(verdict, KeyState.NOT_NEEDED, ms, listed, is_odd=is_odd, windows=windows)
        if not self.key:
            return found
        control = self.control(send, call)
        if control is Outcome.BAD_KEY:
            return replace(found, key_state=KeyState.VALID)
        detail = "key_not_checked" if control is Outcome.OK else "control_failed"
        verdict = replace(verdict, outcome=Outcome.REACHABLE_UNVERIFIED, detail=detail)
        return replace(found, verdict=verdict, key_state=KeyState.UNKNOWN)

    def check_model(self, send: Send, model: str) -> Finding:
        """A server loads models with a window of its own, often a small one: then this short call
        is answered, and the agent's instructions and tools are cut off or refused."""
        found = super().check_model(send, model)
        if found.verdict.outcome is not Outcome.OK:
            return found
        window = self.loaded_window(send, self.sent_name(model))
        return found.within(window, self.entered.asked.max_tokens)

    def loaded_window(self, send: Send, name: str) -> Any:
        """A hook: the window, in tokens, with which the server loaded a model just now, as it was
        told; None = it does not say."""
        return None

    def told_rows(self, send: Send, call: Call, items: Path) -> list[dict[str, Any]]:
        """What a server tells beside the API that the agent uses; nothing where it does not."""
        try:
            reply, _verdict = self.ask(send, call, "list")
        except Failed:
            return []
        return [row for row in rows_of(reply.data, items) or [] if isinstance(row, dict)]

    def key_state(self, verdict: Verdict) -> KeyState:
        """An answer alone proves no key here: only the control does."""
        is_refused = verdict.outcome is Outcome.BAD_KEY and verdict.detail not in UNPROVEN
        return KeyState.INVALID if is_refused else KeyState.UNKNOWN

    def find_list(self, send: Send) -> tuple[Reply, Verdict, ListCall]:
        """The list at the base that the agent uses. Richer ones beside it prove nothing here."""
        listing = self.base_list()
        assert listing is not None  # noqa: S101 - every local kind declares one
        reply, verdict = self.ask(send, listing, "list")
        return reply, verdict, listing

    def control(self, send: Send, call: Call) -> Outcome:
        """What the same call brings without the key: BAD_KEY means that the key is looked at."""
        name: CallName = "list" if isinstance(call, ListCall) else "key"
        try:
            _, verdict = self.ask(send, call, name, keyless=True)
        except Failed as failed:
            return failed.verdict.outcome
        return Outcome.BAD_KEY if verdict.outcome in _REFUSED else verdict.outcome

    def _without_key(self, verdict: Verdict) -> Verdict:
        """A refusal where no key was entered: it is not wrong, it is missing."""
        is_of_key = verdict.detail in ("", "key_unseen")
        if verdict.outcome is Outcome.BAD_KEY and is_of_key and not self.key:
            return replace(verdict, detail="key_required")
        return verdict
