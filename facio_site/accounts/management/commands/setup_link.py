"""Prints the one-time link to the set-up page while there is no owner, else nothing."""

import hashlib
import socket
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from facio_site.accounts.models import Invitation, Role, User
from facio_site.accounts.users import setup_url
from facio_site.commands import Command as BaseCommand


class Command(BaseCommand):
    help = "Print a new one-time set-up link, in place of the last. Nothing once there is an owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--add",
            action="store_true",
            help="in place of the last one of this machine, state folder and port only",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not User.objects.has_owner():
            origin = here() if options["add"] else ""
            self.stdout.write(setup_url(Invitation.objects.issue(Role.OWNER, name=origin)))


def here() -> str:
    """The same short name for the same machine, state folder and port; tells nothing of them."""
    name = f"{socket.gethostname()} {settings.STATE_DIR} {settings.PORT}"
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
