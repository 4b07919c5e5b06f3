"""Amounts of money in answers: where each kind tells them, and what is no amount."""

from decimal import Decimal
from typing import Any

import pytest

from providers.dialects.ladder import run_check
from providers.dialects.money import Money, amount_of, is_low, money_of
from providers.kinds import KINDS
from providers.spec.outcomes import Outcome
from tests.providers.replies import CHAT, EMPTY, Script, make, reply


def told(kind: str, data: Any, **entered: Any) -> Money | None:
    return run_check(make(kind, **entered), Script(reply(200, data))).money


def balances(*rows: Any) -> dict[str, Any]:
    return {"is_available": True, "balance_infos": list(rows)}


def row(currency: Any, total: Any) -> dict[str, Any]:
    return {"currency": currency, "total_balance": total}


@pytest.mark.parametrize(
    ("kind", "data", "amount", "currency", "means"),
    [
        ("openrouter", {"data": {"limit_remaining": 13.2, "usage": 6.8}}, "13.2", "USD", "limit"),
        ("openrouter", {"data": {"limit_remaining": None, "usage": 6.8}}, "6.8", "USD", "used"),
        ("openrouter", {"data": {"limit_remaining": 0, "usage": 20}}, "0", "USD", "limit"),
        ("moonshot", {"data": {"available_balance": 49.58894}}, "49.5889", "USD", "balance"),
        ("moonshot", {"data": {"available_balance": -3}}, "-3", "USD", "balance"),
        ("deepseek", balances(row("CNY", "110.00")), "110", "CNY", "balance"),
        ("deepseek", balances(row("USD", 2)), "2", "USD", "balance"),
    ],
)
def test_each_kind_tells_what_is_left(
    kind: str, data: Any, amount: str, currency: str, means: str
) -> None:
    money = told(kind, data)
    assert money is not None
    assert (money.amount, money.currency, money.means) == (Decimal(amount), currency, means)


def test_a_chinese_account_of_moonshot_is_in_yuan() -> None:
    data = {"data": {"available_balance": 5}}
    money = told("moonshot", data, api_base="https://api.moonshot.cn/v1")
    assert money == Money(Decimal(5), "CNY", "balance")
    assert is_low(money, KINDS["moonshot"].money)


def test_of_two_currencies_the_one_with_money_is_told() -> None:
    empty, full = row("CNY", "0.00"), row("USD", "25.00")
    for rows in ((empty, full), (full, empty)):
        assert told("deepseek", balances(*rows)) == Money(Decimal(25), "USD", "balance")
    assert told("deepseek", balances(empty, row("USD", "0.1"))) == Money(
        Decimal(0), "CNY", "balance"
    )


def test_money_is_told_although_the_model_is_not_there_and_although_it_is_used_up() -> None:
    balance = reply(200, {"data": {"available_balance": 7}})
    refused = reply(404, {"error": {"type": "resource_not_found_error", "message": "no model"}})
    result = run_check(make("moonshot"), Script(balance, refused), models=("no-such",))
    assert (result.outcome, result.money) == (
        Outcome.MODEL_NOT_FOUND,
        Money(Decimal(7), "USD", "balance"),
    )
    spent = run_check(make("moonshot"), Script(reply(200, {"data": {"available_balance": 0}})))
    assert (spent.outcome, spent.money) == (
        Outcome.NO_CREDIT,
        Money(Decimal(0), "USD", "balance"),
    )


def test_no_call_is_made_for_it() -> None:
    send = Script(reply(200, {"data": {"available_balance": 7}}), CHAT)
    run_check(make("moonshot"), send, models=("kimi-k2.6",))
    paths = [url.removeprefix("https://api.moonshot.ai/v1") for url in send.urls]
    assert paths == ["/users/me/balance", "/chat/completions"]


def test_a_list_in_place_of_the_balance_tells_nothing() -> None:
    send = Script(reply(404, {"error": "no such path"}), EMPTY)
    assert run_check(make("deepseek"), send).money is None


@pytest.mark.parametrize(
    "value",
    [
        *("plenty", "", "NaN", "Infinity", "1e400", "-1e400", "1,000.00", "1_000", " 5", "5\n"),
        *("٥", "9" * 5000, 10**400, -(10**400), float("nan"), float("inf"), 10**9 + 1, True, None),
        *([5], {"amount": 5}, "0x10", "<b>5</b>"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_is_no_amount_tells_nothing(value: Any) -> None:
    assert amount_of(value) is None
    assert told("moonshot", {"data": {"available_balance": value, "more": 1}}) is None
    assert told("deepseek", balances(row("USD", value))) is None
    assert told("openrouter", {"data": {"limit_remaining": value, "usage": value}}) is None


@pytest.mark.parametrize("currency", ["EUR", "usd", "USD ", "<b>", "", None, 5, ["USD"]])
def test_a_currency_that_the_kind_does_not_declare_tells_nothing(currency: Any) -> None:
    assert told("deepseek", balances(row(currency, "5.00"))) is None


@pytest.mark.parametrize(
    ("value", "amount"),
    [(10**9, "1000000000"), ("0.00001", "0"), ("-0.00", "0"), (1e-320, "0"), ("-12.5", "-12.5")],
)
def test_an_amount_is_rounded_to_what_is_kept(value: Any, amount: str) -> None:
    found = amount_of(value)
    assert (found, str(found).partition(".")[0]) == (Decimal(amount), amount.partition(".")[0])


@pytest.mark.parametrize("data", [None, [], {}, "text", balances(), balances(None, 5, [])])
def test_an_answer_of_another_form_tells_nothing(data: Any) -> None:
    for kind in ("deepseek", "moonshot", "openrouter"):
        assert told(kind, data) is None


@pytest.mark.parametrize(
    ("money", "is_little"),
    [
        (Money(Decimal("0.99"), "USD", "limit"), True),
        (Money(Decimal(1), "USD", "limit"), False),
        (Money(Decimal("0.01"), "USD", "used"), False),
    ],
)
def test_little_is_what_is_below_the_bound_of_the_kind(money: Money, is_little: bool) -> None:
    assert is_low(money, KINDS["openrouter"].money) is is_little


def test_columns_that_hold_nothing_known_are_no_money() -> None:
    assert money_of(None, "", "") is None
    assert money_of(Decimal(1), "USD", "gift") is None
