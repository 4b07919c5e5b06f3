"""A live file, a route, and the oracle: one process of the real nanobot-ai for all tests."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from routing.models import Route
from tests.conftest import absent
from tests.processes import ROOT

PYTHON = Path(os.environ.get("NANOBOT_PYTHON", ROOT / "var/nanobot/bin/python"))

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def nanobot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Ask the oracle: nanobot("documents", documents=[("{}", [("gpt-5", "auto")])])."""
    if not PYTHON.exists():
        absent(f"nanobot-ai at {PYTHON}")
    home = tmp_path_factory.mktemp("nanobot-home")
    process = subprocess.Popen(
        [str(PYTHON), str(Path(__file__).with_name("nanobot_oracle.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
    )
    assert process.stdin
    assert process.stdout
    questions, answers = process.stdin, process.stdout

    def ask(what: str, **details: Any) -> Any:
        questions.write(json.dumps({"ask": what, **details}) + "\n")
        questions.flush()
        line = answers.readline()
        assert line, "the oracle died"
        return json.loads(line)["answer"]

    yield ask
    questions.close()
    process.wait(timeout=30)
    answers.close()


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    """Where the live file will be; nothing is there."""
    folder = tmp_path / "agent"
    folder.mkdir(mode=0o700)
    settings.FACIO_CONFIG_PATH = str(folder / "config.json")
    return folder / "config.json"


@pytest.fixture
def main_route() -> Route:
    route: Route = Route.objects.create(slot="main", model="gpt-5")
    return route
