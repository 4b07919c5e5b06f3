"""What is asked of the list of providers: search, filters, order, and how it is laid out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from providers.pages.board import OWN, Card, Look, by_label

STATUSES = {
    "": gettext_lazy("All"),
    "works": gettext_lazy("Works"),
    "attention": gettext_lazy("Needs attention"),
    "untested": gettext_lazy("Not tested"),
    "off": gettext_lazy("Not set up"),
}
GROUPS = {
    "": gettext_lazy("All kinds"),
    "hosted": gettext_lazy("Hosted"),
    "gateway": gettext_lazy("Gateways and plans"),
    "local": gettext_lazy("Local servers"),
    OWN: gettext_lazy("Endpoints of your own"),
    "oauth": gettext_lazy("Sign-in by the agent"),
}
SORTS = {
    "": gettext_lazy("Kind, set up first"),
    "name": gettext_lazy("Name"),
    "status": gettext_lazy("Needs attention first"),
    "tested": gettext_lazy("Last test"),
    "models": gettext_lazy("Number of models"),
}
VIEWS = {"": gettext_lazy("Cards"), "list": gettext_lazy("List")}
_BY_STATUS = ("attention", "works", "untested", "off")


@dataclass(frozen=True, slots=True)
class Section:
    """Cards under one heading; "" = there is none."""

    group: str
    label: str
    cards: list[SafeString]
    others: list[SafeString]  # smaller ones below, of what is not set up


@dataclass(frozen=True, slots=True)
class Asked:
    """Search, filters, order and layout; "" asks for nothing."""

    q: str = ""
    status: str = ""
    group: str = ""
    sort: str = ""
    view: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        """Unknown values ask for nothing."""

        def known(name: str, values: Mapping[str, Any]) -> str:
            value = query.get(name, "")
            return value if value in values else ""

        return cls(
            q=" ".join(query.get("q", "")[:100].split()),
            status=known("status", STATUSES),
            group=known("group", GROUPS),
            sort=known("sort", SORTS),
            view=known("view", VIEWS),
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.status or self.group)

    @property
    def fields(self) -> dict[str, str]:
        """What is asked for, as the fields of the filters hold it."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def query_of_all(self) -> str:
        """The same with everything selected."""
        return "?" + urlencode({**self.fields, "all": 1})

    @property
    def query(self) -> str:
        """Of the page's address; "" where it asks for nothing."""
        return "?" + urlencode(self.fields) if self.fields else ""

    def sections(
        self, cards: Iterable[Card], *, can_edit: bool, is_selected: bool = False
    ) -> list[Section]:
        """What matches, drawn; under a heading for each group where that is the order."""
        look = Look("row" if self.view else "card", can_edit, is_selected=is_selected)
        found = self.of(cards)
        if self.sort:
            return [Section("", "", [card.drawn(look) for card in found], [])] if found else []
        return [
            _section(name, some, look)
            for name in GROUPS
            if (some := [card for card in found if card.group == name])
        ]

    def of(self, cards: Iterable[Card]) -> list[Card]:
        """The cards that match, in the order that is asked for."""
        return sorted((card for card in cards if self._matches(card)), key=self._key)

    def _matches(self, card: Card) -> bool:
        spec = card.spec
        where = f"{spec.label} {spec.name} {' '.join(spec.strip_prefixes)}".lower()
        return (
            all(word in where for word in self.q.lower().split())
            and (not self.status or self.status in card.filed)
            and self.group in ("", card.group)
        )

    def _key(self, card: Card) -> Any:
        if self.sort == "name":
            return by_label(card.spec)
        if self.sort == "status":
            return _BY_STATUS.index(card.filed[0])
        if self.sort == "tested":
            at = card.checked_at.timestamp() if card.checked_at else 0.0
            return -at, not card.is_configured
        if self.sort == "models":
            return -card.models, not card.is_configured
        return not card.is_configured


def _section(group: str, cards: Iterable[Card], look: Look) -> Section:
    """In a table all stand below one another, as cards the smaller ones apart."""
    drawn: tuple[list[SafeString], list[SafeString]] = [], []
    for card in cards:
        drawn[look.part == "card" and not card.is_configured].append(card.drawn(look))
    return Section(group, str(GROUPS[group]), *drawn)
