"""Sign-in, sign-out and factor events become audit rows; a new password writes its own.

Factors are seen at their rows, not at allauth's signals: those come after the commit, too late for
a row that fails to be written to undo the change.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.core import context
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from facio_site.audit import address_of, record
from facio_site.logs import tell_refused


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    record("sign-in", actor=user, target=user.get_username(), result="ok", request=request)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: Any, **_kwargs: Any) -> None:
    if user is not None:
        record("sign-out", actor=user, target=user.get_username(), request=request)


@receiver(user_login_failed)
def refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """A name that is no account's is not kept: people type passwords into the wrong field."""
    if request is not None:
        tell_refused(address_of(request), "wrong_password")
    typed = str(credentials.get("username", ""))
    person = get_user_model().objects.by_name(typed)
    name = person.get_username() if person else ""
    user = getattr(request, "user", None)
    action = "confirmed.refused" if user and user.is_authenticated else "sign-in.refused"
    record(action, actor=user, target=name, result="wrong_password", request=request)


@receiver(account_signals.authentication_step_completed)
def confirmed(request: HttpRequest, user: Any, method: str, **extra: Any) -> None:
    if extra.get("reauthenticated"):
        result = str(extra.get("type") or method)
        record("confirmed", actor=user, target=user.get_username(), result=result, request=request)


@receiver(mfa_signals.authentication_failed)
def factor_refused(request: HttpRequest, user: Any, authenticator: Any, **_kwargs: Any) -> None:
    tell_refused(address_of(request), "wrong_factor")
    record(
        "factor.refused",
        actor=request.user if request.user.is_authenticated else None,
        target=user.get_username(),
        result=authenticator.type,
        request=request,
    )


@receiver(mfa_signals.authenticator_used)
def factor_used(request: HttpRequest, user: Any, authenticator: Any, **_kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        record("factor.used", actor=user, result=authenticator.type, request=request)


@receiver(post_save, sender=Authenticator)
def factor_added(instance: Any, created: bool, **_kwargs: Any) -> None:
    if created:
        _factor("factor.added", instance)


@receiver(post_delete, sender=Authenticator)
def factor_removed(instance: Any, **_kwargs: Any) -> None:
    _factor("factor.removed", instance)


def _factor(action: str, authenticator: Any) -> None:
    request = context.request
    actor = getattr(request, "user", None)
    name = authenticator.user.get_username()
    record(action, actor=actor, target=name, result=authenticator.type, request=request)
