"""set_provider KIND: save one provider from a JSON object on stdin."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from facio_site.audit import record
from facio_site.commands import Command as OneLine
from facio_site.commands import UsageError
from facio_site.strictjson import MAX_BYTES, BadDocument, read_json
from providers.forms.patch import BadPatch, form_of
from providers.kinds import KINDS
from providers.models import Provider

_EXTRA = "".join(
    f"; {spec.label}: {', '.join(item.json_name for item in spec.extra_fields)}"
    for spec in KINDS.values()
    if spec.extra_fields
)


def given() -> bytes:
    """What stands on stdin, one byte past the limit at most."""
    return sys.stdin.buffer.read(MAX_BYTES + 1)


class Command(OneLine):
    help = (
        f"Reads a JSON object on stdin (apiKey, apiBase, extraHeaders, extraBody{_EXTRA}) and "
        "saves it with the rules of the form. null clears a field."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind")

    def handle(self, *args: Any, **options: Any) -> None:
        kind = options["kind"]
        if kind not in KINDS:
            raise UsageError(f"unknown provider: {kind}")
        try:
            patch = read_json(given())
        except BadDocument as error:
            raise CommandError(f"stdin holds no JSON object: {error.sentence}") from None
        provider = Provider.for_kind(kind)
        try:
            form = form_of(provider, patch)
        except BadPatch as error:
            raise CommandError(str(error)) from None
        if not form.is_valid():
            name, errors = next(iter(form.errors.items()))
            raise CommandError(f"{name}: {errors[0]}")
        with transaction.atomic():
            changed = form.apply(provider)
            if not provider.store():
                raise CommandError(f"{kind} was changed by somebody else just now; try again")
            record("provider.saved", actor=None, target=kind, fields=changed)
        self.stdout.write(f"{kind}: saved")
