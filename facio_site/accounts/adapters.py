"""What differs from allauth's defaults: nobody signs up, no mail, factor seeds are sealed."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Any, ClassVar

import qrcode  # type: ignore[import-untyped]
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from facio_site import sealing
from facio_site.accounts.models import User
from facio_site.accounts.names import fold
from facio_site.audit import record

PURPOSE = "factors"

# Sentences of allauth's own, named here so that our catalogs have words for them.
OF_ALLAUTH = (
    gettext_noop("Be patient, you are sending too many requests."),
    gettext_noop("The username and/or password you specified are not correct."),
    gettext_noop("Too many failed login attempts. Try again later."),
    gettext_noop("You have signed out."),
    gettext_noop("You must type the same password each time."),
)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "enter_current_password": gettext_lazy("This is not your current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """An IPv4 address as such: allauth counts IPv6 by network, and all mapped ones are one."""
        address: str = super().get_client_ip(request)
        with suppress(ValueError):
            mapped = ip_address(address)
            if isinstance(mapped, IPv6Address) and mapped.ipv4_mapped:
                return str(mapped.ipv4_mapped)
        return address

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """By the name as it is stored, however it was typed."""
        person = User.objects.by_name(credentials.get("username", ""))
        if person:
            credentials["username"] = person.username
        return super().authenticate(request, **credentials)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Guesses are counted by name alone, whatever host and port was asked."""
        return fold(credentials.get("username", ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """No mail leaves this site."""

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")


class SeedUnreadable(ValidationError):
    """A factor's seed cannot be opened. Silent in templates, an error at the field in forms."""

    silent_variable_failure = True


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        """Raises SeedUnreadable when the site runs without its master key."""
        try:
            return sealing.seal(PURPOSE, _place(), text)
        except sealing.KeyMissing:
            raise _unreadable() from None

    def decrypt(self, encrypted_text: str) -> str:
        """Raises SeedUnreadable without the key, or for a seed that was moved or damaged."""
        try:
            return sealing.unseal(PURPOSE, _place(), encrypted_text)
        except (sealing.KeyMissing, sealing.Unreadable):
            raise _unreadable() from None

    def build_totp_svg(self, url: str) -> str:
        """With a white ground, so that it can be scanned from a dark page as well.

        Drawn here: a third of what the package's own picture weighs.
        """
        code = qrcode.QRCode()
        code.add_data(url)
        rows = code.get_matrix()
        dots = (f"M{x} {y}.5h1" for y, row in enumerate(rows) for x, on in enumerate(row) if on)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {len(rows)} {len(rows)}"'
            ' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h99v99H0z"/>'
            f'<path stroke="#000" d="{"".join(dots)}"/></svg>'
        )


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    def end_sessions(self, sessions: list[Any]) -> None:
        request = context.request
        super().end_sessions(sessions)
        if sessions:
            record(
                "sessions.ended",
                actor=request.user,
                target=sessions[0].user.get_username(),
                result=str(len(sessions)),
                request=request,
            )


def place_of(user_pk: object) -> str:
    """The place that a user's factor seeds are bound to, for `sealing.seal` and `unseal`."""
    return f"user/{user_pk}"


def _place() -> str:
    """allauth names no user here; it is whoever signs in right now, else whoever is signed in."""
    request = context.request
    stage = getattr(request, "_login_stage", None)
    return place_of(stage.login.user.pk if stage else request.user.pk)


def _unreadable() -> SeedUnreadable:
    return SeedUnreadable(
        _("The site can't read its secrets right now. Use a passkey, or ask its operator.")
    )
