"""Model lists in the forms that servers send them in, and ids letter by letter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.rows import has_shape, ids_of, rows_of
from providers.http.reading import MARK
from providers.spec.kind import Columns
from providers.spec.limits import MODEL_LENGTH

COLUMNS = Columns()


def listed(data: Any, columns: Columns = COLUMNS) -> list[str] | None:
    rows = rows_of(data, columns.items)
    return None if rows is None else ids_of(rows, columns)


ROW = {"id": "a", "object": "model"}


@pytest.mark.parametrize(
    "data",
    [
        *([ROW], {"data": [ROW]}, {"models": [ROW]}, {"result": [ROW]}, {"items": [ROW]}),
        *({"results": ["a"]}, {"list": ["a"]}, {"model_names": ["a"]}, ["a"]),
        *({"data": {"models": [ROW]}}, {"result": {"items": [ROW], "total": 1}}),
        *({"data": {"data": ["a"]}}, {"response": {"models": [ROW]}, "status": "ok"}),
        *({"data": None, "models": [ROW]}, {"data": [], "models": [ROW]}),
        *({"error": None, "data": [ROW]}, {"code": 0, "message": "success", "data": [ROW]}),
        *({"data": {"a": {"owned_by": "x"}}}, {"models": {"a": None}}, {"result": {"a": {}}}),
        *({"data": {"models": {"a": {"name": "The A"}}}}, {"data": {"0": {"id": "a"}}}),
        *({"a": {"object": "model"}}, {"a": {"max_tokens": 5, "mode": "chat"}}, {"a": {"id": "a"}}),
    ],
)
def test_a_list_is_found_where_servers_put_it(data: Any) -> None:
    assert listed(data) == ["a"]


@pytest.mark.parametrize(
    "data",
    [
        *(None, {}, [], {"data": None}, {"data": []}, {"data": {}}, {"models": None}),
        *({"object": "list", "data": None}, {"object": "list"}, {"total": 0}, {"result": None}),
        *(
            {"data": {"models": None}},
            {"data": {"items": [], "total": 0}},
            {"output": {"total": 0}},
        ),
        *({"code": 0, "msg": "success", "data": None}, {"success": True, "result": []}),
        {"error": None, "models": None},
    ],
)
def test_nothing_where_a_list_belongs_is_an_empty_list(data: Any) -> None:
    assert listed(data) == []


@pytest.mark.parametrize(
    "data",
    [
        *("text", 7, True, {"status": "ok"}, {"detail": "Unauthorized"}, {"data": "x"}),
        *({"data": {"id": "a"}}, {"message": {"id": "x"}}, {"user": {"name": "x", "email": "y"}}),
        *({"code": 401, "msg": "token expired", "data": None}, {"success": False, "data": []}),
        *({"message": "no such token", "data": None}, {"error": {"message": "x"}, "data": None}),
        *({"detail": "gone", "models": []}, {"error": {"object": "model"}}),
    ],
)
def test_what_is_no_list_or_complains_is_none(data: Any) -> None:
    assert listed(data) is None


@pytest.mark.parametrize("name", ["id", "model", "model_id", "model_name", "slug", "key", "name"])
def test_the_id_is_found_under_the_names_that_servers_use(name: str) -> None:
    assert listed([{name: "a/b", "other": "x"}]) == ["a/b"]
    for empty in (None, "", "  ", {"name": "x"}, [], False):
        assert listed([{"id": empty, name: "a/b"}]) == ["a/b"]


def test_a_name_for_people_comes_last() -> None:
    assert listed([{"name": "The Large One", "slug": "large-1"}]) == ["large-1"]
    assert listed([{"name": "Large", "model_name": "large-1"}]) == ["large-1"]


@pytest.mark.parametrize(
    ("value", "text"), [(7, "7"), (-3, "-3"), ("9" * 30, "9" * 30), (1.5, "1.5"), (True, "")]
)
def test_numbers_become_text(value: Any, text: str) -> None:
    assert listed([{"id": value}]) == [text]


@pytest.mark.parametrize("bad", [f"a{MARK}", "a\nb", "a\0", "\x1b[2J", "x" * (MODEL_LENGTH + 1)])
def test_an_id_that_cannot_be_used_is_not_put_in_place_by_another_name(bad: str) -> None:
    assert listed([{"id": bad, "name": "A"}, {"id": "b"}]) == ["", "b"]


@pytest.mark.parametrize(
    "model_id",
    [
        *(" a", "a ", "a  b", "通义千问-1", "نموذج\u200cها", "क्‍ष", "e\u0301", "\u00e9"),
        *(
            "👩\u200d🔬",
            "a\u00a0b",
            "@cf/meta/llama",
            "a:b@q4?",
            "ＡＢＣ",
            "\U0001f6f8\U000e0001",
            "\ue000",
        ),
        "😀" * MODEL_LENGTH,
    ],
)
def test_an_id_of_any_script_comes_letter_by_letter(model_id: str) -> None:
    assert listed({"data": [{"id": model_id}]}) == [model_id]


@given(st.lists(st.text(max_size=8) | st.text(min_size=290, max_size=310) | st.integers()))
def test_every_row_has_the_id_that_was_sent_or_none(sent: list[Any]) -> None:
    found = ids_of([{"id": one} for one in sent], COLUMNS)
    assert len(found) == len(sent)
    for one, got in zip(sent, found, strict=True):
        assert got in ("", str(one))
        is_plain = str(one).isprintable() and 0 < len(str(one)) <= MODEL_LENGTH
        assert got or not is_plain or str(one).isspace()


def test_bad_rows_in_front_do_not_hide_the_good_ones_behind() -> None:
    rows = [None, 7, {}, {"id": None}, [], {"id": ""}, {"id": {"x": 1}}, {"id": "a"}]
    assert has_shape(rows, COLUMNS)
    assert not has_shape(rows[:-1], COLUMNS)
    assert ids_of(rows, COLUMNS) == [*[""] * 7, "a"]


def test_a_declared_place_comes_before_the_others() -> None:
    columns = Columns(items="own.rows", model_id="code", strip="models/")
    data = {"data": [{"id": "x"}], "own": {"rows": [{"code": "models/a", "id": "y"}, {"id": "b"}]}}
    assert listed(data, columns) == ["a", "b"]
