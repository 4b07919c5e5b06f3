"""What several tests of provider pages begin with."""

from providers.models import Provider

KEY = "sk-or-v1-0123456789abcdef"
HTMX = {"HX-Request": "true"}


def saved(kind: str = "openrouter", key: str = KEY) -> Provider:
    row = Provider(kind=kind)
    row.put_secret("api_key", key)
    row.store()
    return row
