"""The placeholders of a declared call, filled in, and the model name that goes there. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from providers.spec.names import known_name


def filled(template: str, places: Mapping[str, str]) -> str:
    """One pass, so that text which was filled in is never read as a placeholder."""
    return re.sub(r"\{(\w+)\}", lambda match: places[match[1]], template)


def filled_value(value: Any, places: Mapping[str, str]) -> Any:
    """A value of a body: only a text that is the model's placeholder as a whole is one."""
    return places["model"] if value == "{model}" else value


def stripped(model: str, prefixes: Iterable[str]) -> str:
    """A model name without what a declaration cuts off; spec/kind.py says what prefixes mean."""
    for prefix in prefixes:
        if prefix == "*":
            return model.rpartition("/")[2]
        if prefix.endswith("/"):
            if model.startswith(prefix):
                return model.removeprefix(prefix)
            continue
        head, slash, rest = model.partition("/")
        if slash and known_name(head) == known_name(prefix):
            return rest
    return model
