"""What a simulator is asked. Pure; the catalog that it reads stands on the shelf."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.shelf import Row, Shelf
from tests.simulators.words import BAD, belongs_elsewhere, number_of, words_of_key


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, with the behaviour words of its path and of the key it carries."""

    kind: str
    local: bool
    method: str
    host: str  # without port
    prefix: str  # the `/~word` segments, as sent
    path: str  # what follows them, percent-encoding kept
    raw_query: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]  # names in lower case
    raw_body: bytes
    body: Any  # parsed JSON; None without a body or when it is not JSON
    path_words: frozenset[str]
    shelf: Shelf = field(repr=False)

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    @property
    def bearer(self) -> str | None:
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() or None if scheme.lower() == "bearer" else None

    @property
    def carriers(self) -> list[tuple[str, str]]:
        """(header or place, key) for each key that the request carries."""
        found = []
        authorization = self.headers.get("authorization", "")
        if authorization.startswith("AWS4-HMAC-SHA256"):
            _, _, rest = authorization.partition("Credential=")
            found.append(("sigv4", rest.split("/", 1)[0]))
        elif self.bearer:
            found.append(("authorization", self.bearer))
        for name in ("x-api-key", "api-key", "x-goog-api-key"):
            if self.headers.get(name):
                found.append((name, self.headers[name]))
        if self.query.get("key"):
            found.append(("?key=", self.query["key"][0]))
        return found

    @property
    def words(self) -> frozenset[str]:
        """Words of the path, and those of the key unless this server ignores keys."""
        if self.local and not self.path_words & {"guarded", "keyed", "auth"}:
            return self.path_words
        found = self.path_words
        for _, key in self.carriers[:1]:
            found |= words_of_key(key)
        return found

    def has(self, *words: str) -> bool:
        return not self.words.isdisjoint(words)

    def number(self, name: str, default: int) -> int | None:
        return number_of(self.words, name, default)

    def accepts(self, key: str) -> bool:
        """True when this kind would take the key: a demo key, not `bad`, made by this vendor."""
        if BAD in words_of_key(key) or BAD in self.path_words:
            return False
        return self.local or not belongs_elsewhere(key, self.kind)

    @property
    def document(self) -> Row:
        return self.body if isinstance(self.body, dict) else {}

    @property
    def model(self) -> str:
        model = self.document.get("model")
        return model if isinstance(model, str) else ""

    def asked(self, name: str, default: str = "") -> str:
        """First value of a query parameter."""
        return self.query.get(name, [default])[0]

    def rows(
        self, usual: Sequence[Row], make: Callable[[str], Row], *, fresh: bool = True
    ) -> Sequence[Row]:
        """The catalog as it stands now. `fresh` is False on later pages of the same listing."""
        return self.shelf.rows(
            self.kind,
            usual,
            make,
            empty=self.has("empty"),
            changing=self.has("changing"),
            huge=self.number("huge", 5000),
            fresh=fresh,
        )

    def find(
        self, usual: Sequence[Row], make: Callable[[str], Row], name: str, *, column: str = "id"
    ) -> Row | None:
        """The row of that model as it stands now; None when it is not on offer."""
        rows = self.rows(usual, make, fresh=False)
        return next((one for one in rows if one[column] == name), None)

    @property
    def has_messages(self) -> bool:
        messages = self.document.get("messages")
        return (
            isinstance(messages, list)
            and bool(messages)
            and all(isinstance(message, dict) and message.get("role") for message in messages)
        )

    def of_other_country(self, chinese_host: str) -> bool:
        """True when the key belongs to the country that this host does not serve."""
        return self.has("intl" if self.host == chinese_host else "cn")
