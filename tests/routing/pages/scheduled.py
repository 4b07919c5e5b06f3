"""The form of the schedule, as a browser opens and sends it."""

import html
import re
from typing import Any

from django.test import Client

from routing.models import Watch
from tests.markup import flat

PAGE = "/schedule/"


def opened(page: str) -> dict[str, str]:
    """All that the page's form sends, as it stands."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", page.partition('id="schedule"')[2]):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        is_ticked = said.get("type") not in ("radio", "checkbox") or " checked" in tag
        if "name" in said and is_ticked and " disabled" not in tag:
            standard = "on" if said.get("type") == "checkbox" else ""
            found[html.unescape(said["name"])] = html.unescape(said.get("value", standard))
    for tag in re.findall(r'<input type="radio" name="pick[^>]*checked[^>]*>', page):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        found[html.unescape(said["name"])] = said["value"]
    for name, options in re.findall(r'<select name="([^"]+)"([^>]*>.*?)</select>', page):
        if " disabled" not in options.partition(">")[0]:
            chosen = re.search(r'value="([^"]*)" selected', options)
            found[html.unescape(name)] = chosen[1] if chosen else ""
    return found


def form(client: Client, **changes: str) -> dict[str, str]:
    return {**opened(flat(client.get(PAGE))), **changes}


def put(client: Client, changes: dict[str, str]) -> Any:
    """Open the page, change these fields, save."""
    return client.post(PAGE, {**form(client), **changes})


def rates() -> dict[str, int]:
    return dict(Watch.objects.on().values_list("about", "every"))


def row(page: str, about: str) -> str:
    found = re.search(rf'<tr id="{about}".*?</tr>', page)
    assert found, about
    return found[0]
