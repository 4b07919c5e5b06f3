"""What goes through the door and what comes back: frozen records, no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.outcomes import Outcome, Step
from providers.secret import Secret

NOT_JSON: Any = object()  # Reply.data of a body that is no JSON, too deep, or empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. The URL has passed urls.parse_base before anything was appended to it."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    json: Any = None  # None = no body


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with any status. Only a complete answer within all limits becomes a Reply."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    data: Any  # parsed JSON, or NOT_JSON
    text: str  # decoded body, for pattern rules only; never shown or stored
    ms: int  # from sending the request to the last byte

    @property
    def is_json(self) -> bool:
        return self.data is not NOT_JSON


# Told once per rung: (step, outcome, milliseconds, detail, params safe to show)
Observer = Callable[[Step, Outcome, int, str, Mapping[str, Any]], None]
Send = Callable[[Request], Reply]  # raises providers.outcomes.Failed
