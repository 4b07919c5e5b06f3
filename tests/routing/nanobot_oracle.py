"""Answers questions with the real nanobot-ai: JSON lines in, one JSON answer a line out.

Run by var/nanobot/bin/python, in its own environment; imports nothing of this project. A turn may
call loopback, by number; whatever else this process tries is refused and comes out in its answer.
"""

import asyncio
import contextlib
import errno
import ipaddress
import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

for name in [name for name in os.environ if name.startswith("NANOBOT_")]:
    del os.environ[name]
STALLED_SECONDS, TURN_SECONDS = 1.0, 10.0  # between two events of a stream, and in all
os.environ["NANOBOT_STREAM_IDLE_TIMEOUT_S"] = str(STALLED_SECONDS)

import anthropic.resources.messages  # noqa: E402, F401 - a turn's time is not spent on imports
import boto3  # noqa: E402, F401
import openai.resources.chat.completions  # noqa: E402
import openai.resources.responses  # noqa: E402, F401
from loguru import logger  # noqa: E402
from nanobot.config.loader import load_config, resolve_config_env_vars, save_config  # noqa: E402
from nanobot.config.schema import Config  # noqa: E402
from nanobot.providers.base import LLMProvider  # noqa: E402
from nanobot.providers.factory import load_provider_snapshot, validate_provider_setup  # noqa: E402
from nanobot.providers.image_generation import image_gen_provider_names  # noqa: E402
from nanobot.providers.registry import PROVIDERS  # noqa: E402

logger.remove()
FOLDER = Path(tempfile.mkdtemp())
OUTSIDE: list[str] = []
LLMProvider._CHAT_RETRY_DELAYS = ()  # a turn is asked once
os.environ |= {"AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuses every name and every address that is not on loopback, whatever library asks."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
        is_local = arguments[0].family == socket.AF_UNIX
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host, is_local = arguments[0], False
    else:
        return
    text = host.decode() if isinstance(host, bytes) else str(host or "")
    with contextlib.suppress(ValueError):
        is_local = is_local or ipaddress.ip_address(text).is_loopback
    if not is_local:
        OUTSIDE.append(f"{event} {text}")
        raise OSError(errno.ENETUNREACH, "the oracle calls nobody outside")


sys.addaudithook(guard)


def documents(question: dict[str, Any]) -> Any:
    """For each document, whom its own main route and then each (model, provider) is served by;
    why it is refused where it does not load."""
    return [serving(text, asks) for text, asks in question["documents"]]


def serving(text: str, asks: list[tuple[str, str]]) -> list[str | None] | str:
    path = FOLDER / "config.json"
    path.write_text(text, encoding="utf-8")
    try:
        config = load_config(path)
    except ValueError as error:
        return str(error)
    names = [config.get_provider_name()]
    for model, provider in asks:
        config.agents.defaults.provider = provider
        names.append(config.get_provider_name(model))
    return names


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


def made(question: dict[str, Any]) -> Any:
    """For each document, [model, provider, why the agent makes no provider of it, "" = it does];
    a text where it does not load."""
    return [making(text, question.get("env", {})) for text in question["documents"]]


def making(text: str, env: dict[str, str]) -> list[str | None] | str:
    before = dict(os.environ)
    os.environ |= env
    path = FOLDER / "config.json"
    path.write_text(text, encoding="utf-8")
    try:
        config = resolve_config_env_vars(load_config(path))
        preset = config.resolve_preset()
        found = [preset.model, config.get_provider_name(preset=preset)]
        try:
            validate_provider_setup(config)
        except ValueError as error:
            return [*found, str(error)]
        return [*found, ""]
    except ValueError as error:
        return str(error)
    finally:
        os.environ.clear()
        os.environ |= before


def resolved(question: dict[str, Any]) -> Any:
    """The keys that it has of a file with this environment, by provider; why it has none."""
    before = dict(os.environ)
    os.environ |= question.get("env", {})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(question["text"], encoding="utf-8")
        try:
            config = resolve_config_env_vars(load_config(path))
        except ValueError as error:
            return {"error": str(error)}
        finally:
            os.environ.clear()
            os.environ |= before
    entries = config.model_dump(mode="json", by_alias=True)["providers"]
    return {name: entry["apiKey"] for name, entry in entries.items() if entry.get("apiKey")}


def defaults(question: dict[str, Any]) -> Any:
    """The file that nanobot writes for a new installation."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        save_config(Config(), path)
        return path.read_text(encoding="utf-8")


def registry(question: dict[str, Any]) -> Any:
    return [spec.name for spec in PROVIDERS]


def image_makers(question: dict[str, Any]) -> Any:
    return image_gen_provider_names()


def turn(question: dict[str, Any]) -> Any:
    """One short call to the main model of a config.json, made as the agent's loop makes it, with
    what the agent has in its environment.

    {"answered": whether an answer came, "said": its words or what went wrong, "outside": [...]}.
    """
    OUTSIDE.clear()
    before = dict(os.environ)
    os.environ |= question.get("env", {})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(question["text"], encoding="utf-8")
        try:
            answered, said = asyncio.run(
                ask_main(path, is_pictured=question.get("pictured", False))
            )
        except Exception as error:  # noqa: BLE001 - whatever it raises, the agent has no answer
            answered, said = False, f"{type(error).__name__}: {error}"
        finally:
            os.environ.clear()
            os.environ |= before
    return {"answered": answered, "said": said[:300], "outside": [*OUTSIDE]}


PNG = (  # one point
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
READ_FILE = {
    "name": "read_file",
    "description": "Read a file.",
    "parameters": {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
    },
}


async def ask_main(path: Path, *, is_pictured: bool) -> tuple[bool, str]:
    """As nanobot/agent/runner.py does for a turn, with one tool, within TURN_SECONDS. An answer to
    a picture is one for which that was not taken away (agent/context.py: build_user_content)."""
    snapshot = load_provider_snapshot(path)
    generation = snapshot.generation or snapshot.provider.generation
    content: Any = "hi"
    if is_pictured:
        url = {"url": f"data:image/png;base64,{PNG}"}
        content = [{"type": "image_url", "image_url": url}, {"type": "text", "text": "hi"}]
    messages = [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": content},
    ]
    call = snapshot.provider.chat_stream_with_retry(
        messages=messages,
        tools=[{"type": "function", "function": READ_FILE}],
        model=snapshot.model,
        temperature=generation.temperature,
        max_tokens=generation.max_tokens,
        reasoning_effort=generation.reasoning_effort,
        retry_mode="standard",
        on_content_delta=nothing,
    )
    response = await asyncio.wait_for(call, TURN_SECONDS)
    said = response.content or response.reasoning_content or ""
    is_seen = not is_pictured or "image_url" in str(messages)
    return response.finish_reason != "error" and is_seen, said


async def nothing(delta: str) -> None:
    """Somebody who reads along."""


QUESTIONS = {
    "documents": documents,
    "load": load,
    "made": made,
    "resolved": resolved,
    "defaults": defaults,
    "registry": registry,
    "image_makers": image_makers,
    "turn": turn,
}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"answer": QUESTIONS[asked["ask"]](asked)}), flush=True)  # noqa: T201
