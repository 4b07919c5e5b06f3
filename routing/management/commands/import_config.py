"""import_config PATH: show what a config.json or .env file would change; with --apply, do it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from facio_site.commands import Command as OneLine
from facio_site.commands import UsageError
from facio_site.strictjson import MAX_BYTES
from providers.kinds import KINDS
from routing.config.importer import Plan
from routing.config.pasted import Pasted, read_pasted
from routing.config.plans import plan_with, risky_changes
from routing.pages.changes import shown_changes
from routing.pages.wording import DANGERS, FAULTS, fault_words, ignored_words, retype_words
from routing.state import current
from routing.store import take_in

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}


class Command(OneLine):
    help = (
        "Shows what a config.json or .env file would change here (- = stdin); risky parts are "
        "marked with !. Nothing is saved without --apply, which is the consent to all of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH")
        parser.add_argument("--apply", action="store_true", help="save the changes")
        parser.add_argument(
            "--merge", action="store_true", help="keep what the file lacks (default: it goes)"
        )
        parser.add_argument(
            "--keep-keys",
            action="store_true",
            help="keep stored keys where the file has only the reference of an export",
        )
        parser.add_argument("--kind", default="", help="whose key a file with a bare key holds")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["kind"] and options["kind"] not in KINDS:
            raise UsageError(f"unknown provider: {options['kind']}")
        data = _read(options["path"])
        try:
            pasted = read_pasted(data, specs=KINDS, kind=options["kind"])
            if pasted.candidates:
                raise CommandError("The key could be of several providers: name one with --kind.")
            before = current(is_lenient=True)
            plan = plan_with(
                pasted,
                before,
                is_merge=options["merge"],
                consents=None,
                keeps_keys=options["keep_keys"],
            )
            for line in _lines(plan):
                self.stdout.write(line)
            if options["apply"]:
                take_in(plan, before, actor=None, target=Path(options["path"]).name)
        except FAULTS as error:
            raise CommandError(fault_words(error)) from None
        self.stdout.write(_end(pasted, plan, is_applied=options["apply"]))


def _read(path: str) -> bytes:
    if path == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None


def _lines(plan: Plan) -> Iterator[str]:
    """What changes, one place a line; `!` in front of a risky part."""
    shown = shown_changes(plan.changes, len(plan.changes))
    risky = set(risky_changes(plan))
    for change, before, after in (*shown.ours, *shown.others):
        values = f"{before or '-'} -> {after or '-'}"
        mark = "!" if change in risky else " "
        yield f"{mark} {_SIGNS[change.op]} {change.path}: {values}"
    for name in plan.outside:
        yield f"  + {name}: set"
    for edit in plan.providers:
        for name in edit.add_deployments:
            yield f"  + {edit.name} deployment: {name}"
    for risk in plan.risks:
        yield f"! {risk.path}: {DANGERS[risk.danger]}"
    for one in plan.retype:
        yield f"  {retype_words(one)}"
    for path in plan.kept:
        yield f"  kept untouched: {path}"
    for ignored in plan.ignored:
        yield f"  ignored: {ignored.path}: {ignored_words(ignored)}"


def _end(pasted: Pasted, plan: Plan, *, is_applied: bool) -> str:
    count = len(plan.changes) + len(plan.outside)
    if is_applied:
        return f"{pasted.source}: {count} changes saved."
    return f"{pasted.source}: {count} changes. Nothing was saved; --apply does it."
