"""import_config PATH: show what a config.json or .env file would change; with --apply, do it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from facio_site.commands import Command as OneLine
from facio_site.commands import UsageError
from facio_site.strictjson import MAX_BYTES
from routing.config.edits import Current
from routing.config.importing.importer import Plan
from routing.config.pasted import Pasted, read_pasted
from routing.config.plans import plan_with, risky_changes, warnings_of
from routing.pages.changes import shown_changes
from routing.pages.file_words import (
    DANGERS,
    FAULTS,
    fault_words,
    ignored_words,
    retype_words,
    warning_words,
)
from routing.state import current, specs_by_name
from routing.state.store import take_in

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
# Ids of chats and people, which a terminal need not keep; --json has them whole.
_LONG = re.compile(r"(?<!\d)(\d{4})\d{5,}(\d{4})(?!\d)")


class Command(OneLine):
    help = (
        "Shows what a config.json or .env file would change here (- = stdin); risky parts are "
        "marked with !. Nothing is saved without --apply, which is the consent to all of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", metavar="PATH")
        parser.add_argument("--apply", action="store_true", help="save the changes")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--merge", action="store_true", help="keep what the file lacks")
        how.add_argument(
            "--replace",
            action="store_true",
            help="drop what the file lacks (default for a config.json with providers or agents)",
        )
        keys = parser.add_mutually_exclusive_group()
        keys.add_argument(
            "--drop-keys",
            action="store_true",
            help="put the reference in place of a stored key that the file only names",
        )
        keys.add_argument("--keep-keys", action="store_true", help="the default: the key stays")
        parser.add_argument("--json", action="store_true", help="print the plan as a JSON object")
        parser.add_argument("--kind", default="", help="whose key a file with a bare key holds")

    def handle(self, *args: Any, **options: Any) -> None:
        specs = specs_by_name()
        if options["kind"] and options["kind"] not in specs:
            raise UsageError(f"unknown provider: {options['kind']}")
        data = _read(options["path"])
        try:
            pasted = read_pasted(data, specs=specs, kind=options["kind"])
            if pasted.candidates:
                raise CommandError("The key could be of several providers: name one with --kind.")
            before = current(is_lenient=True)
            plan = plan_with(
                pasted,
                before,
                is_merge=True if options["merge"] else False if options["replace"] else None,
                consents=None,
                keeps_keys=not options["drop_keys"],
            )
            if not options["json"]:
                for line in _lines(plan):
                    self.stdout.write(line)
            if options["apply"]:
                take_in(plan, before, actor=None, target=Path(options["path"]).name)
        except FAULTS as error:
            raise CommandError(fault_words(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(_in_json(pasted, plan, before), ensure_ascii=False))
        else:
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
        values = _LONG.sub(r"\1…\2", f"{before or '-'} -> {after or '-'}")
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
        yield f"  taken over as it stands: {path}"
    for warning in warnings_of(plan):
        yield f"  warning: {warning.path}: {warning_words(warning)}"
    for ignored in plan.ignored:
        yield f"  ignored: {ignored.path}: {ignored_words(ignored)}"


def _in_json(pasted: Pasted, plan: Plan, before: Current) -> dict[str, Any]:
    """The plan for scripts: a secret is "set", or "changed" where one stood; null is absent."""
    changes = [
        {"path": one.path, "before": one.values[0], "after": one.values[1]} for one in plan.changes
    ]
    return {
        "source": pasted.source,
        "changes": [*changes, *_beside(plan, before)],
        "kept": [*plan.kept],
        "ignored": [{"path": one.path, "why": ignored_words(one)} for one in plan.ignored],
        "warnings": [{"path": one.path, "text": warning_words(one)} for one in warnings_of(plan)]
        + [{"path": f"providers.{one.provider}", "text": retype_words(one)} for one in plan.retype],
        "risks": [{"path": one.path, "why": str(DANGERS[one.danger])} for one in plan.risks],
        "removes": [*plan.removes],
    }


def _beside(plan: Plan, before: Current) -> Iterator[dict[str, Any]]:
    """What is stored and never stands in config.json."""
    states = before.states
    for name in plan.outside:
        kind, _, field = name.partition(".")
        is_there = kind in states and field in states[kind].secrets
        was, new = ("set", "changed") if is_there else (None, "set")
        yield {"path": f"providers.{name}", "before": was, "after": new}
    for edit in plan.providers:
        if edit.add_deployments:
            yield {
                "path": f"providers.{edit.name}.deployments",
                "before": [*before.deployments] or None,
                "after": [*before.deployments, *edit.add_deployments],
            }


def _end(pasted: Pasted, plan: Plan, *, is_applied: bool) -> str:
    changes = "1 change" if plan.count == 1 else f"{plan.count} changes"
    if is_applied:
        return f"{pasted.source}: {changes} saved."
    return f"{pasted.source}: {changes}. Nothing was saved; --apply does it."
