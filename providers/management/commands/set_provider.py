"""set_provider NAME: save one provider from a JSON object on stdin."""

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
from providers.spec.names import MESSAGES, name_problem

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
        f"Reads a JSON object on stdin (apiKey, keyExpires: YYYY-MM-DD, apiBase, extraHeaders, "
        f"extraBody{_EXTRA}) and saves it with the rules of the form. null clears a field. NAME "
        'is a kind, or an endpoint of your own; the first time that has "kind": "custom".'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        try:
            patch = dict(read_json(given()))
        except BadDocument as error:
            raise CommandError(f"stdin holds no JSON object: {error.sentence}") from None
        provider = _named(name, patch)
        try:
            form = form_of(provider, patch)
        except BadPatch as error:
            raise CommandError(str(error)) from None
        if not form.is_valid():
            field, errors = next(iter(form.errors.items()))
            raise CommandError(f"{field}: {errors[0]}")
        with transaction.atomic():
            changed = form.apply(provider)
            if not provider.store():
                raise CommandError(f"{name} was changed by somebody else just now; try again")
            record("provider.saved", actor=None, target=name, fields=changed, changes=form.changes)
        self.stdout.write(f"{name}: saved")


def _named(name: str, patch: dict[str, Any]) -> Provider:
    """The row of that name, new or not; takes the kind out of `patch`. Raises CommandError, and
    UsageError for a name that nothing here has."""
    provider: Provider = Provider.for_name(name)
    kind = patch.pop("kind", None)
    if kind not in (None, provider.kind):
        raise CommandError(f"{name} is of the kind {provider.kind}")
    if provider.is_own and provider._state.adding:
        code, told = name_problem(name, KINDS, Provider.objects.own_names())
        if code in ("built_in", "same") or (code and kind):
            raise CommandError(MESSAGES[code].format(**told))
        if kind is None:
            raise UsageError(f'unknown provider: {name} ("kind": "custom" makes one)')
    return provider
