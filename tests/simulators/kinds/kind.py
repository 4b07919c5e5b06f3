"""What the server has to know about a kind."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulators.manners import Served


@dataclass(frozen=True)
class Kind:
    name: str
    answer: Served
    hosts: tuple[str, ...] = ()  # names served over TLS
    plain: tuple[str, ...] = ()  # `name:port` served in clear
    local: bool = False  # keys are ignored unless a word of the path says otherwise
    owns: Callable[[str], bool] | None = None  # path test where kinds share a name
