"""Settings of a child that writes every log line there is, for the search for secrets in them."""

from tests.settings import *  # noqa: F403
from tests.settings import LOGGING as QUIET

LOGGING = {
    **QUIET,
    "handlers": {
        **QUIET["handlers"],
        "console": {**QUIET["handlers"]["console"], "level": "DEBUG"},
    },
    "root": {"handlers": ["sweep", "console"], "level": "DEBUG"},
    "loggers": {name: {"level": "DEBUG"} for name in ("httpx", "httpcore", "h11", "celery")},
}
