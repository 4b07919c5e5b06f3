"""Base of our `manage.py` commands: every error is one line on stderr; 1 failed, 2 bad usage."""

from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser, SystemCheckError

from facio_site import sealing


class UsageError(CommandError):
    """The command was called wrongly."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=2)


class _OneLineParser(CommandParser):
    def error(self, message: str) -> NoReturn:
        if self.called_from_command_line:
            self.exit(2, f"{self.prog}: {message}\n")
        raise UsageError(message)


class Command(BaseCommand):
    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except sealing.KeyMissing:
            raise CommandError("there is no master key: nothing can be sealed or opened") from None

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Raises CommandError with the first fault that was found."""
        try:
            super().check(*args, **kwargs)
        except SystemCheckError as error:
            told = [line for line in str(error).splitlines() if line.startswith("?: (")]
            raise CommandError(told[0].partition(") ")[2] if told else str(error)) from None

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = _OneLineParser
        return parser
