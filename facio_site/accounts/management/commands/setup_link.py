"""Prints the one-time link to the set-up page while there is no owner, else nothing."""

from typing import Any

from facio_site.accounts.models import Invitation, Role, User
from facio_site.accounts.users import setup_url
from facio_site.commands import Command as BaseCommand


class Command(BaseCommand):
    help = "Print a new one-time set-up link, in place of the last. Nothing once there is an owner."

    def handle(self, *args: Any, **options: Any) -> None:
        if not User.objects.has_owner():
            self.stdout.write(setup_url(Invitation.objects.issue(Role.OWNER)))
