"""All that a page may complain about, heard from outside: console, errors, policy, network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# The page's own account of a broken content security policy, said on the console for us to hear.
POLICY = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`), true)"""
# A page that is left, or turns into a download, gives up what it was still asking for; so does a
# field whose text is older than what was typed since. htmx says that on the console, the second
# word beside every fault as well, which then has its own word.
GIVEN_UP = "net::ERR_ABORTED"
GIVEN_UP_BY_HTMX = ("htmx:sendAbort", "htmx:afterRequest")


class Watch:
    """Hears every tab of one browser context. `complaints` is what should not have been said."""

    def __init__(self, context: Any) -> None:
        self.complaints: list[str] = []
        self._expected: list[str] = []
        context.add_init_script(POLICY)
        context.on("console", self._console)
        context.on("weberror", lambda error: self._hear(f"uncaught: {error.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def _console(self, message: Any) -> None:
        if message.text.startswith(GIVEN_UP_BY_HTMX):
            return
        if message.type in ("error", "warning"):
            self._hear(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _failed(self, request: Any) -> None:
        if request.failure != GIVEN_UP:
            self._hear(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self._hear(f"status {response.status}: {response.url}")

    def _hear(self, sentence: str) -> None:
        if not any(word in sentence for word in self._expected):
            self.complaints.append(sentence)

    @contextmanager
    def expecting(self, *words: str) -> Iterator[None]:
        """Complaints with one of these words are part of the story inside this block."""
        self._expected = [*words]
        try:
            yield
        finally:
            self._expected = []
