"""Reading the rows of a model list, whatever is wrong with their types. Pure.

Servers name the list and the id in a handful of ways, nest the list a level, key it by id or send
it bare. What a declaration says is looked at first, then what others of the kind do.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from providers.dialects.paths import values_at
from providers.spec.kind import Call, Columns, ListCall
from providers.spec.limits import MODEL_LENGTH

Path = str | tuple[str, ...]  # a tuple: the first path at which there is something

LISTS: Final = (
    *("data", "models", "result", "results", "items", "list", "model_list", "modelList"),
    *("model_names", "available_models", "output", "response"),
)
IDS: Final = ("id", "model", "model_id", "modelId", "model_name", "slug", "key", "name")
_BESIDE = frozenset(  # names of an answer that no model has
    ["error", "errors", "detail", "message", "meta", "metadata", "pagination", "paging", "links"]
)
_FACTS = frozenset(  # what makes an object a model where nothing else says so
    ["owned_by", "context_length", "context_window", "max_model_len", "max_tokens", "mode"]
)
_TOTALS = ("total", "total_count", "totalCount", "count")
_GOOD_CODES = (None, 0, 1, 200, "", "0", "200", "ok", "OK", "success", "Success")
_GOOD_WORDS = frozenset(["", "ok", "success", "succeeded", "successful"])
# Neither a line of a form nor the database can hold these; MARK of http/reading.py is among them.
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


# The list ---------------------------------------------------------------------------------------


def rows_of(data: Any, items: Path) -> list[Any] | None:
    """The rows of a list; [] where nothing stands in its place; None = this is no list."""
    is_empty = data is None or data == {} or _says_empty(data)
    for value in (*_declared(data, items), *_usual(data)):
        rows = _rows(value)
        if rows:
            return rows
        is_empty = is_empty or rows is not None
    if not is_empty and isinstance(data, dict) and _is_keyed_whole(data):
        return _keyed(data)
    return [] if is_empty and not _complains(data) else None


def is_as_declared(data: Any, items: Path) -> bool:
    """Whether there are rows where the declaration says, or bare; not only where other servers put
    them."""
    return isinstance(data, list) or any(_rows(value) for value in _declared(data, items))


def _declared(data: Any, items: Path) -> Iterator[Any]:
    for path in (items,) if isinstance(items, str) else items:
        if path:
            yield from values_at(data, path)
        elif isinstance(data, list):
            yield data


def _usual(data: Any) -> Iterator[Any]:
    """What stands where others of the kind have their list."""
    if isinstance(data, list):
        yield data
    if isinstance(data, dict):
        outer = [data[name] for name in LISTS if name in data]
        yield from outer
        for box in outer:
            if isinstance(box, dict):
                yield from (box[name] for name in LISTS if name in box)


def _rows(value: Any) -> list[Any] | None:
    """A list, or an object keyed by id as one; [] for nothing; None = neither."""
    if value is None:
        return []
    if isinstance(value, dict):
        return _keyed(value) if _is_keyed(value) else None
    return value if isinstance(value, list) else None


def _is_keyed(box: dict[str, Any]) -> bool:
    if not _BESIDE.isdisjoint(box) or any(name in box for name in LISTS):
        return False
    return all(value is None or isinstance(value, dict) for value in box.values())


def _is_keyed_whole(data: dict[str, Any]) -> bool:
    """A whole answer keyed by id: each value has to look like a model."""
    return _is_keyed(data) and all(
        row and (_FACTS & row.keys() or row.get("object") == "model" or name in _names(row))
        for name, row in data.items()
    )


def _names(row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in IDS if name in row]


def _keyed(box: dict[str, Any]) -> list[Any]:
    """Rows with their key as id, unless they have an id of their own."""
    return [{**(row or {}), "id": (row or {}).get("id") or name} for name, row in box.items()]


def _says_empty(data: Any) -> bool:
    """Whether an answer without a list says that it is one without rows."""
    if not isinstance(data, dict):
        return False
    boxes = [data, *(data[name] for name in LISTS if isinstance(data.get(name), dict))]
    return any(
        box.get("object") == "list" or any(_is_zero(box.get(name)) for name in _TOTALS)
        for box in boxes
    )


def _is_zero(value: Any) -> bool:
    return type(value) is int and value == 0


def _complains(data: Any) -> bool:
    """Whether an answer without rows says why, so that it is an error and no empty list."""
    if not isinstance(data, dict):
        return False
    if data.get("error") or data.get("success") is False or data.get("code") not in _GOOD_CODES:
        return True
    words = [data.get(name) for name in ("message", "msg", "detail", "error_msg")]
    return any(word and str(word).strip().lower() not in _GOOD_WORDS for word in words)


# Values -----------------------------------------------------------------------------------------


def first(row: Any, path: Path) -> Any:
    """The first value at a path, or at the first of several, that is there and not null."""
    return column([row], path)[0]


def column(rows: list[Any], path: Path) -> list[Any]:
    """The same for each of these rows, None where there is none. All at once: a call for each value
    of a long list takes three times as long."""
    found: list[Any] = [None] * len(rows)
    for one in (path,) if isinstance(path, str) else path:
        if one and None in found:
            values = _values(rows, one)
            found = [new if old is None else old for old, new in zip(found, values, strict=True)]
    return found


def _values(rows: list[Any], path: str) -> list[Any]:
    if "|" in path or "[]" in path:
        return [next((v for v in values_at(row, path) if v is not None), None) for row in rows]
    for name in path.split("."):
        rows = [row.get(name) if isinstance(row, dict) else None for row in rows]
    return rows


# Ids --------------------------------------------------------------------------------------------


def ids_of(rows: list[Any], columns: Columns) -> list[str]:
    """The id of each row, letter by letter, or of a row that is nothing but its id; "" = none.

    Where an id is missing or empty, the row's next name counts. An id that cannot be used leaves
    the row without one: under another name it would be another model.
    """
    found = [_id(row, columns.strip) or "" if isinstance(row, str) else "" for row in rows]
    left = [place for place, row in enumerate(rows) if isinstance(row, dict)]
    declared = (columns.model_id,) if isinstance(columns.model_id, str) else columns.model_id
    for path in dict.fromkeys((*declared, *IDS)):
        values = _values([rows[place] for place in left], path)
        named = [(place, _id(one, columns.strip)) for place, one in zip(left, values, strict=True)]
        for place, model_id in named:
            found[place] = model_id or ""
        left = [place for place, model_id in named if model_id is None]
        if not left:
            break
    return found


def _id(value: Any, prefix: str) -> str | None:
    """The id that a value is: "" = one that cannot be used, None = it is none."""
    if isinstance(value, str):
        text = value.removeprefix(prefix)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        text = repr(value)
    else:
        return None
    if not text or text.isspace():
        return None
    is_usable = len(text) <= MODEL_LENGTH and (text.isprintable() or not _UNUSABLE.search(text))
    return text if is_usable else ""


def is_pattern(model_id: str) -> bool:
    """Whether an id stands for many models and names none, as "openai/*" of LiteLLM does."""
    return model_id.rpartition("/")[2] == "*"


def has_shape(rows: list[Any], columns: Columns) -> bool:
    """Whether this is a list of models: empty, or with an id in one of its rows at least."""
    return not rows or any(ids_of(rows[:5], columns)) or any(ids_of(rows[5:], columns))


def without_hidden(rows: list[Any], hide: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    for path, values in hide.items():
        found = zip(rows, column(rows, path), strict=True)
        rows = [row for row, value in found if value not in values]
    return rows


def count_in(data: Any, call: Call) -> int:
    """How many models a list has that came in good order; 0 = it may have further pages."""
    if not isinstance(call, ListCall) or call.pages.style != "none":
        return 0
    rows = without_hidden(rows_of(data, call.columns.items) or [], call.hide)
    ids = frozenset(ids_of(rows, call.columns)) - {""}
    return sum(not is_pattern(model_id) for model_id in ids)


def expectation(call: Call) -> Callable[[Any], bool]:
    """Tells whether parsed JSON is the answer that a call promises."""
    if isinstance(call, ListCall):
        columns = call.columns

        def is_list(data: Any) -> bool:
            rows = rows_of(data, columns.items)
            return rows is not None and has_shape(rows, columns)

        return is_list
    if call.expects:
        return lambda data: any(value is not None for value in values_at(data, call.expects))
    return lambda data: True
