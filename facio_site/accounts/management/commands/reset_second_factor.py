"""reset_second_factor USERNAME: for somebody who lost the phone and the recovery codes."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from facio_site.accounts.models import User
from facio_site.audit import record
from facio_site.commands import Command as OneLine


class Command(OneLine):
    help = (
        "Removes the one-time codes, recovery codes and passkeys of a user, and ends their "
        "sessions. They sign in by password alone until they add a factor anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.by_name(options["username"])
        if user is None:
            raise CommandError("There is no user of this name.")
        with transaction.atomic():
            types = _remove_factors(user)
            user.end_sessions()
            record("sessions.ended", actor=None, target=user.username, result="all")
        removed = ", ".join(types) or "nothing to remove"
        self.stdout.write(f"{user.username}: {removed}; all sessions ended.")


def _remove_factors(user: User) -> list[str]:
    """One by one, so that each leaves its audit row."""
    factors = list(Authenticator.objects.filter(user_id=user.pk).order_by("type"))
    for factor in factors:
        factor.delete()
    return [str(factor.type) for factor in factors]
