"""Makes the first account without a browser. The password comes by stdin, never in argv."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from facio_site.accounts.forms import AccountForm
from facio_site.accounts.models import Invitation, Role, User
from facio_site.audit import record
from facio_site.commands import Command as BaseCommand
from facio_site.commands import UsageError


class Command(BaseCommand):
    help = "Create the owner account. The first line of stdin is the password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", required=True)
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="read the password from stdin (the only way: arguments are seen by others)",
        )

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        if not options["password_stdin"]:
            raise UsageError("give --password-stdin and the password on stdin")
        try:
            password = sys.stdin.readline().rstrip("\r\n")
            password.encode()  # of bytes that are no text something else was read
        except UnicodeError:
            raise UsageError("the password on stdin is not UTF-8") from None
        if not password:
            raise UsageError("the password on stdin is empty")
        with transaction.atomic():
            user = _create(options["username"], password)
        self.stdout.write(f"Created the owner {user.username}.")


@sensitive_variables()
def _create(username: str, password: str) -> User:
    if User.objects.has_owner():
        raise CommandError("There is an owner already.")
    form = AccountForm({"username": username, "password1": password, "password2": password})
    if not form.is_valid():
        raise CommandError(" ".join(_sentences(form)))
    user: User = form.save(commit=False)
    user.role = Role.OWNER
    user.save()
    Invitation.objects.filter(created_by=None).delete()
    record("owner.created", actor=None, target=user.username, result=Role.OWNER)
    return user


def _sentences(form: AccountForm) -> list[str]:
    return [str(error) for errors in form.errors.values() for error in errors]
