"""Rows of a model list as facts: cleaned, bounded, in our units. Pure.

A row of the wrong types keeps what is readable, a row without a usable id is passed over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from providers.dialects.rows import Path, column, ids_of
from providers.spec.kind import Columns
from providers.spec.limits import MODEL_LENGTH

_MAX_TOKENS = 10**12
_MAX_WORDS = 20
_MAX_PRICE = Decimal(1_000_000)  # USD per million tokens
# As OpenRouter and Bedrock call them: https://openrouter.ai/docs/api_reference/models
_MEDIA = {"embeddings": "embedding", "speech": "audio"}


class CatalogItem(NamedTuple):
    """One model on offer. None = nobody says; `filled` names what the provider did not say itself.

    Windows in tokens, prices in USD per million tokens.
    """

    model_id: str
    name: str = ""
    context_window: int | None = None
    max_output: int | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    price_input: Decimal | None = None
    price_output: Decimal | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    retires_at: date | None = None
    replacement: str = ""  # id of the model that takes its place; "" = none is named
    aliases: tuple[str, ...] = ()  # other ids of the same model, left out of the list
    released_on: date | None = None
    filled: frozenset[str] = frozenset()

    def as_json(self) -> list[Any]:
        """What JSON can hold, in the order of the fields."""
        *values, filled = self
        plain = [str(v) if isinstance(v, Decimal | date) else v for v in values]
        return [*plain, sorted(filled)]

    @classmethod
    def of_json(cls, values: list[Any]) -> CatalogItem:
        """The item that `as_json` was made of, also before it had a day of release."""
        if len(values) < len(cls._fields):
            values = [*values[:-1], None, values[-1]]
        plain: list[Any] = [tuple(v) if isinstance(v, list) else v for v in values]
        item = cls._make(plain)
        return item._replace(
            price_input=_number(item.price_input),
            price_output=_number(item.price_output),
            retires_at=_date(item.retires_at),
            released_on=_date(item.released_on),
            filled=frozenset(item.filled),
        )


def _number(text: Any) -> Decimal | None:
    return None if text is None else Decimal(text)


def _date(text: Any) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def read_rows(rows: list[Any], columns: Columns) -> list[CatalogItem]:
    """Items of the rows that have an id."""
    named = zip(ids_of(rows, columns), rows, strict=True)
    kept = [(model_id, row) for model_id, row in named if model_id]
    ids, listed = [model_id for model_id, _ in kept], [row for _, row in kept]
    facts = {
        name: clean(column(listed, path)) for name, (path, clean) in _facts(columns).items() if path
    }
    if columns.vision:
        inputs = facts.get("inputs") or repeat(None)
        facts["inputs"] = [*map(_with_image, inputs, column(listed, columns.vision))]
    if columns.aliases:
        facts["aliases"] = [*map(_others, ids, column(listed, columns.aliases))]
    defaults = CatalogItem._field_defaults
    others = [facts.get(name) or repeat(default) for name, default in defaults.items()]
    return [*map(CatalogItem, ids, *others)]


Clean = Callable[[list[Any]], list[Any]]


def _facts(columns: Columns) -> dict[str, tuple[Path, Clean]]:
    """Fact -> where it stands in a row ("" = nowhere), and what cleans a column of it."""
    per = columns.price_per
    return {
        "name": (columns.name, lambda values: [*map(_text, values)]),
        "context_window": (columns.context_window, _each(count_of)),
        "max_output": (columns.max_output, _each(count_of)),
        "inputs": (columns.inputs, _each(_words)),
        "outputs": (columns.outputs, _each(_words)),
        "price_input": (columns.price_input, _each(lambda value: _price(value, per))),
        "price_output": (columns.price_output, _each(lambda value: _price(value, per))),
        "tools": (columns.tools, _each(lambda value: _told(value, "tools"))),
        "reasoning": (columns.reasoning, _each(lambda value: _told(value, "reasoning"))),
        "retires_at": (columns.retires_at, _each(_day)),
        "replacement": (columns.replacement, _each(_other_id)),
    }


def _each(clean: Callable[[Any], Any]) -> Clean:
    """Cleans a column: equal values once, because a list says the same few things again and again.

    Values are equal within a type only: 1 is a count, True is none. A list is known by its texts,
    which is all of it that matters; hashes of other things could be chosen to be equal.
    """

    def clean_all(values: list[Any]) -> list[Any]:
        known: dict[type, dict[Any, Any]] = defaultdict(dict)
        cleaned = []
        for value in values:
            memo = known[type(value)]
            try:
                key = tuple(_strings(value)) if type(value) is list else value
                cleaned.append(memo[key])
            except KeyError:
                memo[key] = clean(value)
                cleaned.append(memo[key])
            except TypeError:  # an object
                cleaned.append(clean(value))
        return cleaned

    return clean_all


def _others(model_id: str, names: Any) -> tuple[str, ...]:
    return tuple(name for name in _strings(names) if name and name != model_id)


def _with_image(inputs: tuple[str, ...] | None, sees: Any) -> tuple[str, ...] | None:
    """Inputs with what a column says that tells only whether a model sees."""
    if not isinstance(sees, bool):
        return inputs
    if inputs is None:
        return ("text", "image") if sees else ("text",)
    return (*inputs, "image") if sees and "image" not in inputs else inputs


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if not value.isprintable():
        value = "".join(c if c.isprintable() else " " for c in value)
    return " ".join(value.split())[:MODEL_LENGTH]


def count_of(value: Any) -> int | None:
    """A number of tokens or rows; 0 and less say nothing."""
    if isinstance(value, str):
        value = int(value) if re.fullmatch(r"[0-9]{1,13}", value.strip()) else None
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else None
    return value if type(value) is int and 0 < value <= _MAX_TOKENS else None


def _strings(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _words(value: Any) -> tuple[str, ...] | None:
    """Modalities in lower case, each once; None = none given."""
    return _modalities(tuple([one[:40] for one in _strings(value)[:_MAX_WORDS]]))


@lru_cache(maxsize=256)
def _modalities(given: tuple[str, ...]) -> tuple[str, ...] | None:
    words = [_MEDIA.get(word, word) for word in (word.strip().lower()[:20] for word in given)]
    return tuple(dict.fromkeys(word for word in words if word.isalnum())) or None


def _other_id(value: Any) -> str:
    """An id as it was sent; "" for what can be none."""
    is_id = isinstance(value, str) and value.isprintable() and len(value) <= MODEL_LENGTH
    return value.strip() if is_id else ""


def _told(value: Any, word: str) -> bool | None:
    """A boolean, or a list that names the ability."""
    if isinstance(value, list):
        return word in _strings(value)
    return value if isinstance(value, bool) else None


def _price(value: Any, per: int) -> Decimal | None:
    """USD per million tokens; negative numbers stand for "it depends" and say nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        price = Decimal(str(value).strip()[:40]) * (1_000_000 // per)
    except InvalidOperation:
        return None
    if not price.is_finite() or not 0 <= price <= _MAX_PRICE:
        return None
    return price.normalize() if price else Decimal(0)


def _day(value: Any) -> date | None:
    """A date from ISO text or seconds since 1970."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value[:10])
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return None
