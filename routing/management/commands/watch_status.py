"""watch_status: what is watched, where it stands, and when it is asked next."""

import json
import sys
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from facio_site import clock
from facio_site.commands import Command as OneLine
from routing.models import WatchSettings
from routing.watch.schedule import asked_at
from routing.watch.status import is_well, settings_as_json, unsent, watched


class Command(OneLine):
    help = (
        "Tells what is watched, how it stands and when it is asked next. Exit 1 when something "
        "fails or an alert could not be sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        rules = WatchSettings.read()
        found, count = watched(rules), unsent()
        told = {
            **settings_as_json(rules, clock.now()),
            "watched": found,
            "unsent": count,
        }
        if options["json"]:
            text = json.dumps(told, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder)
            self.stdout.write(text)
        else:
            self._write(told, rules)
        if not is_well(found, count):
            sys.exit(1)

    def _write(self, told: dict[str, Any], rules: WatchSettings) -> None:
        """What holds for all, then one line a subject."""
        calls = told["completions"]
        self.stdout.write(f"Scheduled checks are {'on' if told['is_on'] else 'off'}.")
        if quiet := told["quiet"]:
            now = " It is quiet now." if quiet["is_now"] else ""
            hours = f"{quiet['from']} to {quiet['until']} {quiet['zone']}"
            self.stdout.write(f"Quiet hours: {hours}.{now}")
        self.stdout.write(f"Paid calls today: {calls['used']} of {calls['allowed']}.")
        for one in told["watched"]:
            when = _when(one["due_at"], rules) if one["state"] != "off" else ""
            over = f"passed over: {one['passed_over']}" if one["passed_over"] else ""
            words = "  ".join(filter(None, (one["outcome"], when, over)))
            self.stdout.write(f"{one['about']:<32}{one['state']:<10}{words}".rstrip())
        if told["unsent"]:
            self.stdout.write(f"Alerts that could not be sent: {told['unsent']}")


def _when(due_at: datetime, rules: WatchSettings) -> str:
    """As on the pages: after the quiet hours, or since when nobody has asked."""
    now = clock.now()
    at = asked_at(rules, due_at, now)
    return f"next {at:%Y-%m-%d %H:%M} UTC" if at > now else f"due since {due_at:%Y-%m-%d %H:%M} UTC"
