"""Base of our `manage.py` commands: every error is one line on stderr; 1 failed, 2 bad usage."""

import contextlib
import errno
import os
import shlex
import sys
from typing import Any, NoReturn
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    OutputWrapper,
    SystemCheckError,
)
from django.db import DatabaseError, InterfaceError

from facio_site import sealing, trouble

SQLITE = "django.db.backends.sqlite3"
NO_KEY = "the master key is missing or is another one: nothing can be sealed or opened"


class UsageError(CommandError):
    """The command was called wrongly."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=2)


class _Output(OutputWrapper):
    """What can't be written ends the command in one line, before it goes on for nobody."""

    def write(self, *args: Any, **options: Any) -> Any:
        out: Any = self._out
        try:
            if out is None:  # closed before the command began
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            super().write(*args, **options)
            self.flush()
        except OSError as error:
            with contextlib.suppress(OSError, AttributeError):  # else Python tries again at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
            raise CommandError(f"standard output can't be written: {error.strerror}") from None


class _OneLineParser(CommandParser):
    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        try:
            " ".join(map(str, args or ())).encode()
        except UnicodeEncodeError:
            self.error("an argument is not UTF-8")
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        if self.called_from_command_line:
            self.exit(2, f"{self.prog}: {message}\n")
        raise UsageError(message)


class Command(BaseCommand):
    def __init__(self, stdout: Any = None, *args: Any, **options: Any) -> None:
        super().__init__(stdout, *args, **options)
        self.stdout = _Output(stdout or sys.stdout)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except SystemCheckError as error:  # of this command, or of one that it calls
            raise CommandError(_first_fault(error)) from None
        except sealing.KeyMissing:
            raise CommandError(NO_KEY) from None
        except (DatabaseError, InterfaceError) as error:
            found = trouble.of_database(error)
            if not found:
                raise
            raise CommandError(trouble.SENTENCES[found]) from None

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = _OneLineParser
        return parser


def _first_fault(error: SystemCheckError) -> str:
    told = [line for line in str(error).splitlines() if line.startswith("?: (")]
    return told[0].partition(") ")[2] if told else str(error)


def whole(*words: str) -> str:
    """The line for a shell that runs a command of ours on this very installation, from any folder.

    It names the interpreter, the state folder, the address of the site and a database that is a
    file: what the demo and a site on another port have of their own. No address of a database
    server: it may hold a password.
    """
    given = {"STATE_DIR": str(settings.STATE_DIR), "PUBLIC_URL": settings.PUBLIC_URL}
    database = settings.DATABASES["default"]
    if database["ENGINE"] == SQLITE:
        given["DATABASE_URL"] = f"sqlite:///{quote(str(database['NAME']))}"
    line = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
    named = [f"{name}={shlex.quote(value)}" for name, value in given.items()]
    return " ".join([*named, shlex.join(line)])


def needs() -> str:
    """The variable that a shell must have as well, because `whole` leaves it out; "" = none."""
    return "" if settings.DATABASES["default"]["ENGINE"] == SQLITE else "DATABASE_URL"
