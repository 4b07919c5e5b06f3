"""The rows of a model list: any shape is read, wrong types leave a gap."""

import contextlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.catalog.fetch import fetch_catalog
from providers.catalog.items import CatalogItem, _each, _strings, read_rows
from providers.kinds import KINDS
from providers.spec.kind import Columns
from providers.spec.outcomes import Failed
from tests.providers.catalog.lists import fetch, ids
from tests.providers.replies import Script, make, reply

COLUMNS = Columns(
    items=("data", "models", ""),
    model_id=("id", "name"),
    strip="models/",
    name="name",
    context_window=("a.window", "window"),
    max_output="out",
    inputs="in",
    outputs="made",
    vision="vision",
    tools="tools",
    reasoning="reasoning",
    price_input="price.in",
    price_output="price.out",
    price_per=1,
    retires_at="ends",
    replacement="next",
    aliases="aliases",
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda child: (
        st.lists(child, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "name", "a", "window", "in", "tools", "price", "ends"]),
            child,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(values, max_size=3))
def test_no_row_can_break_the_reading(rows: list[Any]) -> None:
    for item in read_rows(rows, COLUMNS):
        assert 0 < len(item.model_id) <= 300
        assert item.context_window is None or item.context_window > 0
        assert item.price_input is None or item.price_input >= 0
        assert item.inputs is None or all(isinstance(word, str) for word in item.inputs)
        assert hash(item)


@settings(max_examples=80, deadline=None)
@given(kind=st.sampled_from([k for k, s in KINDS.items() if s.list_call]), data=values)
def test_no_answer_can_break_a_fetch(kind: str, data: Any) -> None:
    adapter = make(
        kind,
        api_base="https://x.example/v1" if not KINDS[kind].api_base else "",
        values={"region": "us-east-1"},
        deployments=("d",),
    )
    wrapped = {"data": [data], "models": [data], "modelSummaries": [data],
               "inferenceProfileSummaries": [data], "output": {"models": [data]}}  # fmt: skip
    with contextlib.suppress(Failed):
        fetch_catalog(adapter, Script(by=lambda request: reply(200, wrapped)))


def test_wrong_types_leave_a_gap_and_nothing_else() -> None:
    row = {
        "id": "m",
        "name": ["no"],
        "window": "128000",
        "out": -1,
        "in": "text",
        "made": ["Text", "IMAGE", "text", 7],
        "tools": "yes",
        "price": {"in": "0.00000015", "out": "-1"},
        "ends": "soon",
    }
    assert read_rows([row], COLUMNS) == [
        CatalogItem(
            model_id="m",
            context_window=128_000,
            outputs=("text", "image"),
            price_input=Decimal("0.15"),
        )
    ]


@pytest.mark.parametrize(
    "row", [None, 7, [], {}, {"id": True}, {"id": ""}, {"id": "x" * 301}, {"id": "a\nb"}]
)
def test_a_row_without_a_usable_id_is_passed_over(row: Any) -> None:
    assert read_rows([row, "plain"], COLUMNS) == [CatalogItem(model_id="plain")]


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2027-01-31", date(2027, 1, 31)),
        ("2027-01-31T10:00:00Z", date(2027, 1, 31)),
        (1_800_000_000, date(2027, 1, 15)),
        (10**19, None),
        (True, None),
        ("", None),
    ],
)
def test_a_day_is_read_from_text_or_seconds(value: Any, day: date | None) -> None:
    assert read_rows([{"id": "m", "ends": value}], COLUMNS)[0].retires_at == day


@pytest.mark.parametrize(
    ("value", "name"),
    [("gpt-9", "gpt-9"), (" gpt-9 ", "gpt-9"), ("a\nb", ""), ("x" * 301, ""), (9, ""), ([], "")],
)
def test_the_id_that_takes_the_place_of_a_model_is_an_id_or_nothing(value: Any, name: str) -> None:
    assert read_rows([{"id": "m", "next": value}], COLUMNS)[0].replacement == name


def test_vision_adds_images_to_what_goes_in() -> None:
    for row, inputs in (
        ({"id": "m", "vision": True}, ("text", "image")),
        ({"id": "m", "vision": False}, ("text",)),
        ({"id": "m", "vision": True, "in": ["audio"]}, ("audio", "image")),
        ({"id": "m"}, None),
    ):
        assert read_rows([row], COLUMNS)[0].inputs == inputs


def test_an_id_that_comes_twice_is_kept_once() -> None:
    assert ids(fetch(make("openai"), {"data": [{"id": "a"}, {"id": "a"}, {"id": "b"}]})) == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"data": [{"id": "a"}]},
        {"models": [{"name": "a"}]},
        [{"model": "a"}],
        ["a"],
        {"data": ["a"]},
        [{"key": "a", "max_model_len": 5}],
    ],
)
def test_a_custom_server_may_answer_in_any_known_shape(data: Any) -> None:
    assert ids(fetch(make("custom", api_base="https://x.example/v1"), data)) == ["a"]


def test_lists_are_remembered_by_their_texts_because_other_hashes_can_be_chosen() -> None:
    """-1 and -2 have one hash, so that thousands of such lists in a memo would cost minutes."""
    cleaned: list[Any] = []

    def clean(value: Any) -> Any:
        cleaned.append(value)
        return _strings(value)

    lists = [[-1, -2], [-2, -1], [["text"], {}], ["text", -1], [-2, "text"], ["text"]]
    assert _each(clean)(lists) == [[], [], [], ["text"], ["text"], ["text"]]
    assert cleaned == [[-1, -2], ["text", -1]]


def test_an_item_comes_back_from_json_as_it_was() -> None:
    item = CatalogItem(
        model_id="a/b",
        name="B",
        context_window=8_000,
        inputs=("text", "image"),
        price_input=Decimal("0.125"),
        tools=True,
        retires_at=date(2026, 12, 31),
        aliases=("b",),
        released_on=date(2026, 2, 1),
        filled=frozenset({"name", "tools"}),
    )
    for one in (item, CatalogItem(model_id="x")):
        assert CatalogItem.of_json(json.loads(json.dumps(one.as_json()))) == one


def test_a_list_that_was_kept_before_days_of_release_is_read_as_well() -> None:
    item = CatalogItem(model_id="x", aliases=("y",), filled=frozenset({"name"}))
    *values, released, filled = item.as_json()
    assert released is None
    assert CatalogItem.of_json([*values, filled]) == item
