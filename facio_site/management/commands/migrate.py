"""migrate: Django's own, under the lock of the site, and never on a newer release's database."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS

from facio_site import schema
from facio_site.commands import Command as OneLine


class Command(OneLine, Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] != DEFAULT_DB_ALIAS:
            super().handle(*args, **options)
            return
        with schema.locked(lambda said: self.stderr.write(f"facio: {said}")):
            try:
                schema.refuse_newer()
            except schema.Refused as refusal:
                raise CommandError(str(refusal)) from None
            super().handle(*args, **options)
