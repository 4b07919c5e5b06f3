"""Answers questions with the real nanobot-ai: JSON lines in, one JSON answer a line out.

Run by var/nanobot/bin/python, in its own environment; imports nothing of this project.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

for name in [name for name in os.environ if name.startswith("NANOBOT_")]:
    del os.environ[name]

from nanobot.config.loader import load_config, save_config  # noqa: E402
from nanobot.config.schema import Config, ProvidersConfig  # noqa: E402
from nanobot.providers.registry import PROVIDERS  # noqa: E402

CONFIG = Config()


def routes(question: dict[str, Any]) -> Any:
    """The provider that serves each (providers, model, forced provider)."""
    return [route(*case) for case in question["cases"]]


def route(providers: dict[str, Any], model: str, provider: str) -> str | None:
    CONFIG.agents.defaults.provider = provider
    CONFIG.providers = ProvidersConfig.model_validate(providers)
    return CONFIG.get_provider_name(model)


def load(question: dict[str, Any]) -> Any:
    """What the loader makes of a file: {"error": ...} or what it read of our areas."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(question["text"], encoding="utf-8")
        try:
            config = load_config(path)
        except ValueError as error:
            return {"error": str(error).partition("\n\n")[2]}
    dumped = config.model_dump(mode="json", by_alias=True)
    return {"defaults": dumped["agents"]["defaults"], "providers": dumped["providers"]}


def defaults(question: dict[str, Any]) -> Any:
    """The file that nanobot writes for a new installation."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        save_config(Config(), path)
        return path.read_text(encoding="utf-8")


def registry(question: dict[str, Any]) -> Any:
    return [spec.name for spec in PROVIDERS]


QUESTIONS = {"routes": routes, "load": load, "defaults": defaults, "registry": registry}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"answer": QUESTIONS[asked["ask"]](asked)}), flush=True)  # noqa: T201
