"""allauth's forms of passkeys, for credentials that no browser wrote: those are refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.db import DatabaseError

MOST_CHARACTERS = 100_000


class Credential(forms.JSONField):
    """JSON of a browser's size. Python's reader has more ways to fail than Django's field knows."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > MOST_CHARACTERS:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None

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


class _Authenticate(AuthenticateWebAuthnForm):  # type: ignore[misc]
    credential = Credential(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        with _refused():
            return super().clean_credential()


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
