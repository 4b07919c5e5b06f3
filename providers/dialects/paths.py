"""Reading parsed JSON by dotted paths, whatever is wrong with its types. Pure."""

from typing import Any

from providers.http.records import Reply

SEARCHED = 4_000  # characters of one text that patterns are tried on


def values_at(data: Any, path: str) -> list[Any]:
    """Everything at a dotted path: alternatives by |, `name[]` for each element of a list."""
    found: list[Any] = []
    for alternative in path.split("|"):
        level = [data]
        for step in alternative.split("."):
            name = step.removesuffix("[]")
            level = [item[name] for item in level if isinstance(item, dict) and name in item]
            if step.endswith("[]"):
                level = [child for item in level if isinstance(item, list) for child in item]
        found += level
    return found


def texts_at(data: Any, path: str) -> list[str]:
    """Strings and numbers at a path, as text; objects, lists, booleans and null are passed over."""
    return [
        str(value)[:SEARCHED]
        for value in values_at(data, path)
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    ]


def unwrapped(reply: Reply) -> Any:
    """The parsed body; an error inside an array of one (Gemini's compatible API) is taken out."""
    data = reply.data
    if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict):
        return data[0] if reply.status >= 400 or data[0].get("error") else data
    return data
