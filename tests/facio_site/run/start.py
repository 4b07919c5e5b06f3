"""A start on a bare machine: what it finds there, and what one that is refused says."""

import os
import subprocess
import sys
from pathlib import Path

from tests import stores
from tests.processes import ROOT


def environment(state: Path, **more: str) -> dict[str, str]:
    """A bare machine: no home, no variable of ours but these. The broker is the embedded one."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "STATE_DIR": str(state),
        "PORT": "0",
        **stores.environ(state),
        **more,
    }


def refused(state: Path, **more: str) -> str:
    """What a start that does not come to pass says."""
    ended = subprocess.run(
        [sys.executable, "-m", "facio_site.up"],
        cwd=ROOT,
        env=environment(state, **more),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == b""
    lines = ended.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0]
