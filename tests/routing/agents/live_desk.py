"""What is done about the live file: on the page, and to it by somebody else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.test import Client

from facio_site.strictjson import read_json
from tests.routing.config.desk import KEY, page_of, token_of

THEIRS: dict[str, Any] = {
    "channels": {"telegram": {"token": "tele-gram-token", "allowFrom": ["1"]}},
    "agents": {"defaults": {"model": "gpt-5", "provider": "auto", "temperature": 0.5}},
    "providers": {"openai": {"apiKey": KEY, "proxy": None}},
}


def write(site: Client, mode: str = "env", **more: Any) -> Any:
    html = page_of(site.get("/config/", {"write": mode}))
    data = {"token": token_of(html), "secrets": mode, **_sides(html), **more}
    return site.post("/config/write/", data)


def _sides(html: str) -> dict[str, str]:
    found = re.findall(r'name="(side:[^"]+)" value="(\w+)" checked', html)
    return dict(found)


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    """Somebody else changes the file."""
    document = read_json(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def changes_of(html: str) -> str:
    """The card of the live file, tags left out."""
    card = re.search(r'<section class="section" id="live".*?</section>', html, re.DOTALL)
    assert card
    return " ".join(re.sub(r"<[^>]+>", " ", card[0]).split())
