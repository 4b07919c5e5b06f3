"""A JSON object in config.json's names as form data: the form's own rules hold for commands and
imports too. What is not named stays as it is; null clears."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from providers.forms.facts import EXPIRES
from providers.forms.provider import ProviderForm
from providers.models import BODY, HEADERS, Provider

_NAMES = {
    "apiKey": "api_key",
    "apiBase": "api_base",
    "keyExpires": EXPIRES,
    "extraHeaders": HEADERS,
    "extraBody": BODY,
}


class BadPatch(ValueError):
    """What is wrong with the object, in one line without any value."""


def form_of(provider: Provider, patch: Mapping[str, Any]) -> ProviderForm:
    """The bound form of `provider` with `patch` applied. Raises BadPatch for unknown parts."""
    form = ProviderForm(provider)
    data: dict[str, Any] = {
        name: form.get_initial_for_field(field, name) for name, field in form.fields.items()
    }
    data[f"initial-{EXPIRES}"] = None if "keyExpires" in patch else data.get(EXPIRES)
    names = _NAMES | {field.json_name: field.name for field in provider.spec.extra_fields}
    lists = {field.name for field in provider.spec.extra_fields if field.is_list}
    for key, value in patch.items():
        name = names.get(key)
        if name is None or name not in form.fields:
            raise BadPatch(f"{provider.name} has no field {str(key)[:40]}")
        if name in lists and value is not None:
            value = _lines(key, value)
        data.update(_as_input(key, name, value, is_secret=name in form.secret_names()))
    return ProviderForm(provider, data)


def _as_input(key: str, name: str, value: Any, *, is_secret: bool) -> dict[str, Any]:
    if value is None:
        return {name: "", f"clear_{name}": "on"} if is_secret else {name: ""}
    if name == HEADERS:
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise BadPatch("extraHeaders must be an object of strings")
        if any("\n" in text or "\r" in text for pair in value.items() for text in pair):
            raise BadPatch("a header must not hold a line break")
        return {name: "\n".join(f"{header}: {text}" for header, text in value.items())}
    if name == BODY:
        if not isinstance(value, dict):
            raise BadPatch("extraBody must be an object")
        return {name: json.dumps(value, ensure_ascii=False)}
    if not isinstance(value, str):
        raise BadPatch(f"{key} must be a string or null")
    return {name: value}


def _lines(key: str, value: Any) -> str:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadPatch(f"{key} must be a list of names")
    return "\n".join(value)
