"""Entry: what a person entered for one kind, with secrets bound to where they may go.

The abstract row behind a saved provider, a draft and a replaced version (models.py).
"""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from facio_site import sealing
from facio_site.sealing.rows import SealedRow
from providers.dialects.adapters import Adapter, Entered
from providers.dialects.turn import USUAL, Asked
from providers.kinds import DISPLAY_NAME, adapter_for
from providers.spec.kind import ProviderSpec
from providers.spec.limits import BASE_LENGTH
from providers.spec.secret import Secret

HEADERS = "extra_headers"  # sealed as one JSON object; the names stand in `values` for display
BODY = "extra_body"


class SecretState(models.TextChoices):
    """What a page may say about one secret."""

    MISSING = "missing"
    SET = "set"
    REFERENCE = "reference"  # ${NAME}
    RETYPE = "retype"  # the address was changed since it was typed: unusable
    UNREADABLE = "unreadable"
    LOCKED = "locked"  # no master key


class Entry(SealedRow):
    """What a person entered for one kind: plain values, and secrets bound to where they may go."""

    values: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    api_base = models.CharField(_("API base"), max_length=BASE_LENGTH, blank=True, default="")
    # noted by a person of the key that is there; no value, so nothing that a test depends on
    key_expires_on = models.DateField(_("key expires on"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def spec(self) -> ProviderSpec:
        raise NotImplementedError  # pragma: no cover - each concrete row knows its kind

    @property
    def bound(self) -> str:
        """The origins that this entry's calls may go to, as the text that secrets are bound to."""
        return " ".join(sorted(self.adapter(with_secrets=False).origins()))

    def put_secret(self, name: str, value: str | None) -> None:
        """Replace (text) or clear (None) one secret; it is bound to the entry's present origins.

        The day that was noted of another key goes with that.
        """
        if name not in (HEADERS, BODY) and not self.holds(name, value):
            self.key_expires_on = None
        if value is None:
            self.sealed.pop(name, None)
            return
        hint = "" if name in (HEADERS, BODY) else Secret(value).hint
        self.seal(name, value, hint=hint, bound=self.bound)
        self.sealed[name]["reference"] = Secret(value).is_reference

    def holds(self, name: str, value: str | None) -> bool:
        """Whether this is the secret that is there; None = whether there is none."""
        if value is None or name not in self.sealed:
            return value is None and name not in self.sealed
        try:
            return self.unseal(name) == value
        except (sealing.KeyMissing, sealing.Unreadable):
            return False

    def put_mapping(self, name: str, mapping: Mapping[str, Any]) -> None:
        """Extra headers or extra body; an empty one clears it. Its names are kept for display."""
        self.put_secret(name, json.dumps(mapping, ensure_ascii=False) if mapping else None)
        self.values.pop(name, None)
        if mapping:
            self.values[name] = list(mapping)

    def secret_state(self, name: str) -> SecretState:
        if name not in self.sealed:
            return SecretState.MISSING
        if self.sealed[name]["bound"] != self.bound:
            return SecretState.RETYPE
        try:
            self.unseal(name)
        except sealing.KeyMissing:
            return SecretState.LOCKED
        except sealing.Unreadable:
            return SecretState.UNREADABLE
        return SecretState.REFERENCE if self.sealed[name].get("reference") else SecretState.SET

    def ways(self) -> list[str]:
        """The ways to sign that are entered, in the order in which the adapter takes them:
        api_key, access_keys, profile."""
        found = {
            "api_key": "api_key" in self.sealed,
            "access_keys": "access_key_id" in self.sealed,
            "profile": bool(self.values.get("profile")),
        }
        return [name for name, is_there in found.items() if is_there]

    def has_usable(self, name: str) -> bool:
        """Set, or a reference, and still for this address; opens nothing."""
        return name in self.sealed and self.sealed[name]["bound"] == self.bound

    def written_base(self) -> str:
        """The API base as config.json carries it: local kinds always write theirs."""
        return self.api_base or (self.spec.api_base if self.spec.is_local else "")

    def open_secret(self, name: str) -> Secret | None:
        """The secret, or None when it is missing or must not be used now."""
        if self.secret_state(name) not in (SecretState.SET, SecretState.REFERENCE):
            return None
        return Secret(self.unseal(name))

    def open_mapping(self, name: str) -> dict[str, Any]:
        """Extra headers or extra body in plain; empty when there is none or it is unusable."""
        secret = self.open_secret(name)
        return json.loads(secret.reveal()) if secret else {}

    def entered(self, *, with_secrets: bool = True) -> Entered:
        """The plain record that adapters work on. Lives only while a call or an export is made."""
        plain = {
            name: value
            for name, value in self.values.items()
            if isinstance(value, str) and name not in (HEADERS, BODY)
        }
        secrets: dict[str, Secret] = {}
        headers: dict[str, Secret] = {}
        body: dict[str, Any] = {}
        if with_secrets:
            names = [name for name in self.sealed if name not in (HEADERS, BODY)]
            secrets = {name: secret for name in names if (secret := self.open_secret(name))}
            headers = {name: Secret(text) for name, text in self.open_mapping(HEADERS).items()}
            body = self.open_mapping(BODY)
        return Entered(
            api_base=self.api_base,
            values=plain,
            secrets=secrets,
            extra_headers=headers,
            extra_body=body,
            deployments=tuple(self.values.get("deployments", ())),
        )

    def adapter(self, *, with_secrets: bool = True, asked: Asked = USUAL) -> Adapter:
        """The adapter of these values. A profile that the operator opened stands for its keys."""
        entered = replace(self.entered(with_secrets=with_secrets), asked=asked)
        keys = keys_of(entered.values.get("profile", "")) if with_secrets else {}
        if keys and "api_key" not in entered.secrets:
            values = {name: text for name, text in entered.values.items() if name != "profile"}
            entered = replace(entered, values=values, secrets={**entered.secrets, **keys})
        return adapter_for(self.spec, entered)

    def secret_texts(self) -> dict[str, str]:
        """What each secret opens to, to compare two entries; the box where one does not open."""
        texts = {}
        for name, item in self.sealed.items():
            try:
                texts[name] = self.unseal(name)
            except (sealing.KeyMissing, sealing.Unreadable):
                texts[name] = item["box"]
        return texts

    def fingerprint(self) -> str:
        """A keyed digest of all that calls depend on: equal values give equal text."""
        return sealing.digest("fingerprint", self._calls_depend_on())

    def has_fingerprint(self, digest: str) -> bool:
        """Whether it is the one of these values, also under a key that was the newest before."""
        return digest in sealing.digests("fingerprint", self._calls_depend_on())

    def lists_like(self, other: Entry) -> bool:
        """Whether both get the same list of models: it is asked for by address, fields, secrets
        and headers. The extra body and the deployments go along with completions only."""
        return _list_depends_on(self.entered()) == _list_depends_on(other.entered())

    def calls_like(self, other: Entry) -> bool:
        """Whether calls of both are the same; also of a secret that does not open."""
        if self.secret_texts() != other.secret_texts():
            return False
        return self._calls_depend_on() == other._calls_depend_on()

    def _calls_depend_on(self) -> str:
        entered = self.entered()
        body = sorted(entered.extra_body.items(), key=lambda item: item[0])
        parts = [*_list_depends_on(entered), body, entered.deployments]
        return json.dumps(parts, default=str)

    def forget(self, names: Sequence[str]) -> None:
        """The other values stay; the page asks for these secrets again."""
        for name in names:
            del self.sealed[name]
            if name in (HEADERS, BODY):
                self.values.pop(name, None)
            else:
                self.key_expires_on = None
        self.save(update_fields=["sealed", "values", "key_expires_on"])

    def copy_from(self, other: Entry) -> None:
        """Take over everything of another entry; secrets are sealed again for this place.

        A secret that does not open is passed over, and one of the same name here stays.
        """
        self.api_base, self.values = other.api_base, dict(other.values)
        self.key_expires_on = other.key_expires_on
        for name in set(self.sealed) - set(other.sealed):
            del self.sealed[name]
        for name in other.sealed:
            self._take_sealed(name, other)

    def take(self, name: str, other: Entry) -> None:
        """Take over one secret, extra headers or extra body of another entry, or their absence."""
        if name not in other.sealed:
            self.sealed.pop(name, None)
        else:
            self._take_sealed(name, other)
        if name in (HEADERS, BODY):
            self.values.pop(name, None)
            if name in other.values:
                self.values[name] = other.values[name]

    def _take_sealed(self, name: str, other: Entry) -> None:
        item = other.sealed[name]
        try:
            text = other.unseal(name)
        except sealing.Unreadable:
            return
        self.seal(name, text, hint=item["hint"], bound=item["bound"])
        self.sealed[name] |= {k: item[k] for k in ("reference", "set_at") if k in item}


def _list_depends_on(entered: Entered) -> list[Any]:
    return [
        entered.api_base,
        sorted(item for item in entered.values.items() if item[0] != DISPLAY_NAME.name),
        sorted((name, secret.reveal()) for name, secret in entered.secrets.items()),
        sorted((name, secret.reveal()) for name, secret in entered.extra_headers.items()),
    ]


_NAMES = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
}


def keys_of(profile: str) -> dict[str, Secret]:
    """The static keys of an opened profile by field name; {} when there are none to be used."""
    if profile not in settings.AWS_PROFILES_ALLOWED:
        return {}
    path = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials").expanduser()
    file = configparser.ConfigParser(interpolation=None)
    try:
        file.read_string(path.read_text())
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    if profile not in file:
        return {}
    found = {ours: file[profile].get(theirs, "").strip() for theirs, ours in _NAMES.items()}
    if not (found["access_key_id"] and found["secret_access_key"]):
        return {}
    return {name: Secret(text) for name, text in found.items() if text}
