"""A person at the page of a provider: what is pressed, how the test ends, what is shown then."""

import re
from typing import Any

from django.test import Client

from providers.models import Job, Provider
from tests.desk import HTMX

PAGE = "/providers/openrouter/"
TYPED = "sk-or-v1-typed-9876543210"


def press(site: Client, what: str = "check", **values: str) -> Any:
    return site.post(f"{PAGE}{what}/", values, headers=HTMX)


def ended(outcome: str = "bad_key", key_state: str = "invalid") -> Job:
    job: Job = Job.objects.order_by("-created_at")[0]
    job.finish(is_told=True, outcome=outcome, key_state=key_state)
    return job


def stored_key() -> str:
    secret = Provider.objects.get(kind="openrouter").open_secret("api_key")
    return secret.reveal() if secret else ""


def secret(page: str, name: str = "api_key") -> tuple[str, ...]:
    """State, tail and verdict as the markup says them."""
    found = re.search(
        rf'data-secret="{name}" data-state="(\w+)" data-tail="(\w*)" data-verdict="(\w*)"', page
    )
    assert found, page
    return found.groups()
