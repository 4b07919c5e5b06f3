"""The real commands as child processes on a state folder of their own."""

import os
import subprocess
import sys
from pathlib import Path

from tests import stores
from tests.processes import ROOT

NOT_OURS = ("DJANGO_", "FACIO_", "OUTBOUND_", "TEST_")
NAMES = {
    *("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "DEBUG", "HOST", "MASTER_KEYS"),
    *("MASTER_KEY_FILE", "PORT", "PUBLIC_URL", "REDIS_URL", "SECRET_KEY", "TRUSTED_PROXY_COUNT"),
}


def environ(state: Path, **more: str) -> dict[str, str]:
    """What a fresh installation sees: nothing but its folder, its store and what the test gives."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in NAMES and not name.startswith(NOT_OURS)
    }
    settings = {"DJANGO_SETTINGS_MODULE": "facio_site.settings", "STATE_DIR": str(state)}
    return {**clean, **settings, **stores.environ(state), **more}


def start(state: Path, *words: str, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environ(state, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    state: Path, *words: str, given: str = "", **more: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environ(state, **more),
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )
