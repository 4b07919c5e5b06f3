"""What a person does on /config/, done by Django's client."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from routing.config.export import Mode
from routing.state import export
from tests.markup import flat

KEY = "sk-proj-0123456789abcdefghij"
WHOLE: dict[str, Any] = {
    "channels": {"telegram": {"token": "tele-gram-token", "allowFrom": ["1"]}},
    "providers": {
        "openai": {"api_key": KEY, "somethingNew": 1},
        "companyProxy": {"apiKey": "company-key-1"},
        "groq": {"apiKey": "***"},
    },
    "agents": {"defaults": {"model": "gpt-5", "provider": "auto", "temperature": 0.5}},
    "tools": {"mcpServers": {"files": {"command": "npx"}}},
}


def page_of(answer: Any) -> str:
    return flat(answer)


def token_of(html: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', html)
    assert found
    return found[1]


def warned(answer: Any) -> str:
    """What the page says in passing."""
    found = re.search(r'<div class="toasts".*?</div>', page_of(answer), re.DOTALL)
    return found[0] if found else ""


def hand_in(site: Client, what: Any, *, how: str = "replace", name: str = "config.json") -> Any:
    """The preview of a document or text; with a name it goes as a file."""
    text = what if isinstance(what, str) else json.dumps(what)
    data: dict[str, Any] = {"how": how}
    data |= {"file": SimpleUploadedFile(name, text.encode())} if name else {"text": text}
    answer = site.post("/config/import/", data, follow=True)
    assert answer.status_code == 200, page_of(answer)
    return answer


def import_all(site: Client, document: dict[str, Any]) -> None:
    """Take in a config.json with every consent."""
    asked = hand_in(site, document)
    html = page_of(asked)
    consents = re.findall(r'name="consent" value="([^"]+)"', html)
    data = {"token": token_of(html), "how": "replace", "consent": consents}
    answer = site.post(asked.request["PATH_INFO"], data)
    assert answer.status_code == 302, page_of(answer)


def exported(*words: str) -> str:
    """What the command export_config writes."""
    out = io.StringIO()
    call_command("export_config", "-", *words, stdout=out)
    return out.getvalue()


def given_back() -> dict[str, Any]:
    return export(Mode.KEYS).document


def press(site: Client, asked: Any, **more: Any) -> Any:
    """Import on a preview, with its boxes as they were."""
    html = page_of(asked)
    data: dict[str, Any] = {"token": token_of(html), "how": "replace", **more}
    return site.post(asked.request["PATH_INFO"], data)
