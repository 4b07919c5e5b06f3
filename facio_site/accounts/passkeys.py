"""Passkeys that no browser wrote: refused in allauth's forms, harmless where one is stored."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from cryptography.hazmat.primitives.asymmetric import ec
from django import forms
from django.db import DatabaseError
from django.db.models.signals import post_init
from django.dispatch import receiver
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    RegistrationResponse,
)

from facio_site.audit import address_of
from facio_site.logs import tell_refused

MOST_CHARACTERS = 100_000


class Credential(forms.JSONField):
    """A JSON object of a browser's size, never empty, that a database can hold.

    Python's reader has more ways to fail than Django's field knows, and takes more than JSON.
    """

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise self._invalid()
        try:
            found = super().to_python(value)
            text = json.dumps(found, allow_nan=False, ensure_ascii=False)
            text.encode()
        except (ValueError, RecursionError):
            raise self._invalid() from None
        if found is None:
            return None  # nothing was sent, which is told as such
        if not (isinstance(found, dict) and found) or "\\u0000" in text:
            raise self._invalid()
        return found

    def _invalid(self) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages["invalid"], code="invalid")

    def bound_data(self, data: Any, initial: Any) -> Any:
        """A credential works once, so none is sent back."""
        return None


@contextmanager
def _refused() -> Iterator[None]:
    """Whatever the library stumbles over in a credential, it is not the right one."""
    try:
        yield
    except (forms.ValidationError, DatabaseError):
        raise
    except Exception:  # noqa: BLE001 - bytes of a stranger, read by four parsers
        raise get_adapter().validation_error("incorrect_code") from None


@receiver(post_init, sender=Authenticator)
def stand_in(instance: Authenticator, **_kwargs: Any) -> None:
    """A stored passkey that cannot be read, as older versions took them, is one that fits nothing:
    it breaks no page, opens no door, and can be removed. `is_unusable` says so.

    Only as it is read: the row stays.
    """
    is_stored = instance.pk is not None and "data" in instance.__dict__
    if not is_stored or instance.type != Authenticator.Type.WEBAUTHN or _is_usable(instance.data):
        return
    data = instance.data if isinstance(instance.data, dict) else {}
    instance.data = {"name": str(data.get("name") or ""), "credential": _that_fits_nothing()}
    instance.is_unusable = True


def _is_usable(data: Any) -> bool:
    try:
        str(data["name"])
        made = RegistrationResponse.from_dict(data["credential"]).response.attestation_object
        return bool(made.auth_data.credential_data.credential_id)
    except Exception:  # noqa: BLE001 - whatever stands there, read by four parsers
        return False


@cache
def _that_fits_nothing() -> dict[str, Any]:
    """What a browser would have sent for a key that nobody holds."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    own = AttestedCredentialData.create(
        Aaguid.NONE,
        secrets.token_bytes(16),
        ES256.from_cryptography_key(public),  # type: ignore[no-untyped-call]
    )
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(bytes(32), flags, 0, own)
    client = CollectedClientData.create("webauthn.create", secrets.token_bytes(32), "")
    name = websafe_encode(own.credential_id)
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        },
    }


class _Authenticate(AuthenticateWebAuthnForm):  # type: ignore[misc]
    credential = Credential(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        with _refused():
            return super().clean_credential()

    def full_clean(self) -> None:
        """allauth says of a refused code that there was one, and of a passkey nothing."""
        super().full_clean()
        if self.errors and context.request:
            tell_refused(address_of(context.request), "wrong_factor")


class Authenticate(_Authenticate):
    pass


class Login(_Authenticate, LoginWebAuthnForm):  # type: ignore[misc]
    pass


class Reauthenticate(_Authenticate, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    pass


class Add(AddWebAuthnForm):  # type: ignore[misc]
    credential = Credential(required=True, widget=forms.HiddenInput)

    def clean(self) -> Any:
        with _refused():
            return super().clean()
