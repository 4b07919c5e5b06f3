"""The fields of a provider's form as its page shows them, and what it tells of each secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from providers.forms.facts import is_typed_in
from providers.forms.page import PageForm, way_of_field
from providers.models import BODY, HEADERS, Entry, Provider, SecretState
from providers.pages.shown import ShownJob


def rows_of(form: PageForm, shown: Entry, check: ShownJob) -> dict[str, Any]:
    """What is always seen, and what is folded; which is open where something is set or wrong."""
    rows = list(_rows(form, shown, check))
    folded = [row for row in rows if row["field"].name in (HEADERS, BODY)]
    is_open = any(row["field"].errors or row["field"].value() for row in folded)
    return {"seen": [row for row in rows if row not in folded], "folded": folded, "open": is_open}


def _rows(form: PageForm, shown: Entry, check: ShownJob) -> Iterator[dict[str, Any]]:
    """The form's fields; a secret together with its state and the box that removes it."""
    secrets = set(form.secret_names())
    for field in form.visible_fields():
        if field.name.startswith("clear_"):
            continue
        row: dict[str, Any] = {"field": field, "way": way_of_field(form.spec, field.name)}
        if field.name in secrets:
            row["secret"] = _secret(field.name, form.provider, shown, check)
            clear = f"clear_{field.name}"
            is_stored = form.provider.secret_state(field.name) is not SecretState.MISSING
            row["clear"] = form[clear] if clear in form.fields and is_stored else None
        yield row


def secrets_of(form: PageForm, shown: Entry, check: ShownJob) -> list[dict[str, Any]]:
    return [_secret(name, form.provider, shown, check) for name in form.secret_names()]


# What a page may say of a secret -> the word for it in the page's markup.
_STATES = {
    SecretState.MISSING: "missing",
    SecretState.SET: "stored",
    SecretState.REFERENCE: "reference",
}


def _secret(name: str, provider: Provider, shown: Entry, check: ShownJob) -> dict[str, Any]:
    """What may be told of a secret: its state, its last characters, since when it is there, and
    the outcome of the last test of exactly these values ("" = none)."""
    is_typed = is_typed_in(shown, provider, name)
    state = provider.secret_state(name)
    entry = shown if is_typed else provider
    item = entry.sealed.get(name, {})
    verdict = "" if is_typed else provider.check_outcome
    if is_typed and check.is_unsaved and not check.is_pending:
        verdict = check.outcome
    if name != "api_key" and "access_keys" in entry.ways()[1:]:
        verdict = ""  # the test was made with the API key
    since = item.get("set_at")
    return {
        "name": name,
        "state": "typed" if is_typed else _STATES.get(state, "unreadable"),
        "why": state,
        "hint": item.get("hint", ""),
        "stored_hint": provider.sealed.get(name, {}).get("hint", "") if is_typed else "",
        "since": datetime.fromisoformat(since) if since and not is_typed else None,
        "verdict": verdict if item else "",
    }
