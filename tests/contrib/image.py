"""What the Dockerfile says, read without an engine."""

import json
import re
import shlex
from typing import Any, NamedTuple

from tests.processes import ROOT


class Image(NamedTuple):
    stages: list[list[tuple[str, str]]]  # instructions with their words
    environ: dict[str, str]  # of the last stage
    entrypoint: list[str]
    command: list[str]
    uid: int
    health: list[str]
    folder: str
    copied: list[str]  # from this checkout, into the folder


def read(text: str) -> Image:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    stages: list[list[tuple[str, str]]] = []
    for line in joined.splitlines():
        name, _, words = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        if stages:
            stages[-1].append((name, words.strip()))
    last: dict[str, Any] = {}
    environ: dict[str, str] = {}
    for name, words in stages[-1]:
        if name == "ENV":
            environ |= dict(pair.split("=", 1) for pair in shlex.split(words))
        last[name] = words
    return Image(
        stages=stages,
        environ=environ,
        entrypoint=json.loads(last["ENTRYPOINT"]),
        command=json.loads(last["CMD"]),
        uid=int(last["USER"].partition(":")[0]),
        health=json.loads(last["HEALTHCHECK"].partition("CMD ")[2]),
        folder=last["WORKDIR"],
        copied=[
            source.rstrip("/")
            for name, words in stages[0]
            if name == "COPY"
            for source in words.split()[:-1]
        ],
    )


IMAGE = read((ROOT / "Dockerfile").read_text())
