"""Settings of the tests: a state folder of their own, no limits that would slow them.

A worker that a test starts gets TEST_STATE_DIR, so that both sides share key and database.
"""

import os
import tempfile
from pathlib import Path

IS_CHILD = "TEST_STATE_DIR" in os.environ
_state = Path(os.environ.get("TEST_STATE_DIR") or tempfile.mkdtemp(prefix="facio-tests-"))
if not IS_CHILD:
    for _name in (
        "DEBUG",
        "ALLOWED_HOSTS",
        "PUBLIC_URL",
        "OUTBOUND_HOSTS_FILE",
        "OUTBOUND_CA_FILE",
        "OUTBOUND_PROXY",
        "METRICS_TOKEN",
        "SMTP_HOST",
    ):
        os.environ.pop(_name, None)
    for _name in ("DATABASE_URL", "REDIS_URL"):  # whose servers are used: see tests.stores
        os.environ.setdefault(f"TEST_{_name}", os.environ.get(_name, ""))  # xdist has done it
    # Nobody listens there: a test without a broker of its own meets a missing one.
    os.environ["REDIS_URL"] = f"unix://{_state}/no-broker.sock"
os.environ.update(STATE_DIR=str(_state), HOST="127.0.0.1", PORT="8000", SECRET_KEY="tests only")
os.environ["OUTBOUND_ALLOW"] = "loopback"

from facio_site.sealing import new_master_key  # noqa: E402
from tests import outside  # noqa: E402

outside.watch(_state / "outside")
from facio_site.settings import *  # noqa: E402, F403

ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
MASTER_KEYS = [os.environ.setdefault("TEST_MASTER_KEY", new_master_key())]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
TESTS_PER_MINUTE = 10_000
# Eyes on answers and on every log record, for the search for the canary (tests/security).
MIDDLEWARE = ["tests.security.sweep.watch_responses", *MIDDLEWARE]  # noqa: F405
LOGGING = {
    **LOGGING,  # noqa: F405
    "handlers": {
        "sweep": {"class": "tests.security.sweep.Search", "level": "DEBUG"},
        "console": {**LOGGING["handlers"]["console"], "level": "WARNING"},  # noqa: F405
    },
    "root": {"handlers": ["sweep", "console"], "level": "DEBUG"},
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"].setdefault("TEST", {})["NAME"] = str(_state / "test.sqlite3")  # noqa: F405
