"""What goes through the door and what comes back: frozen records, no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.spec.outcomes import Outcome, Step
from providers.spec.secret import Secret

NOT_JSON: Any = object()  # Reply.data of a body that is no JSON, too deep, or empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request.

    The base in `url` has passed urls.parse_base; what was appended is URL-quoted. A header value
    that is a Secret is revealed in the door only. The default headers (Accept, Content-Type,
    User-Agent) can be set otherwise here.
    """

    url: str = field(repr=False)  # that of a webhook is a secret as a whole
    method: str = "GET"
    headers: Mapping[str, str | Secret] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)  # None = no body; see bodies.encode_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with any status. Only a complete answer within all limits becomes a Reply."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # lower-case names
    data: Any = field(repr=False)  # parsed JSON, or NOT_JSON; of a redirect always NOT_JSON
    text: str = field(repr=False)  # start of the body, for pattern rules only; never shown or kept
    ms: int  # from sending the request to the last byte read, connecting not included
    is_stream: bool = False  # came as server-sent events; `data` is the one that tells most
    is_ended: bool = True  # a stream: the model said that it had done

    @property
    def is_json(self) -> bool:
        return self.data is not NOT_JSON


# Told once per rung: (step, outcome, milliseconds, detail, params safe to show)
Observer = Callable[[Step, Outcome, int, str, Mapping[str, Any]], None]
Send = Callable[[Request], Reply]  # raises providers.spec.outcomes.Failed
