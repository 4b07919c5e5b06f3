"""The placeholders of a declared call, filled in. Pure."""

import re
from collections.abc import Mapping
from typing import Any


def filled(template: str, places: Mapping[str, str]) -> str:
    """One pass, so that text which was filled in is never read as a placeholder."""
    return re.sub(r"\{(\w+)\}", lambda match: places[match[1]], template)


def filled_value(value: Any, places: Mapping[str, str]) -> Any:
    """A value of a body: only a text that is the model's placeholder as a whole is one."""
    return places["model"] if value == "{model}" else value
