"""OpenVINO Model Server: the list never asks for a key; a wrong one is HTTP 500 elsewhere.

`~keyed` is a server with a key configured.
Source: https://github.com/openvinotoolkit/model_server (src/http_server.cpp)
"""

import time

from tests.simulators.answers import Answer, as_json, chat_done, listing
from tests.simulators.asks import Ask
from tests.simulators.kinds.kind import Kind
from tests.simulators.manners import Manners, keyed_by, public_gate
from tests.simulators.shelf import Row

IDS = (
    "Qwen3-8B-int4-ov", "Phi-4-mini-instruct-int4-ov", "InternVL2-2B-int4-ov",
    "gpt-oss-20b-int4-ov", "bge-large-en-v1.5-fp16-ov",
)  # fmt: skip


def row(model_id: str) -> Row:
    created = int(time.time())  # the server writes the present time here
    return {"id": model_id, "object": "model", "created": created, "owned_by": "OVMS"}


def problem(status: int, text: str) -> Answer:
    return as_json(status, {"error": text})


_NO_KEY = problem(500, "Unauthorized request due to invalid or missing api-key")
MANNERS = Manners(
    missing=_NO_KEY,
    bad=_NO_KEY,
    limited=problem(429, "Too many requests"),
    forbidden=problem(403, "Forbidden"),
    error=problem(500, "Internal server error"),
)


def _chat(ask: Ask) -> Answer:
    if not isinstance(ask.body, dict):
        return problem(400, "Cannot parse JSON body")
    if not ask.model:
        return problem(400, "model field is missing in JSON body")
    if ask.find(_rows(), row, ask.model) is None:
        return problem(404, "Mediapipe graph definition with requested name is not found")
    if not ask.has_messages:
        return problem(400, "Messages missing in request")
    return chat_done(ask.model)


def _rows() -> list[Row]:
    return [row(model_id) for model_id in IDS]


_keyed_chat = keyed_by("keyed", MANNERS, _chat)  # before the body is parsed


def _served(ask: Ask) -> Answer:
    match ask.method, ask.path:
        case "GET", "/v3/models" | "/v3/v1/models" | "/v1/models":
            return listing(ask.rows(_rows(), row))
        case "GET", path if path.startswith("/v3/models/"):
            wanted = path.removeprefix("/v3/models/")
            found = [one for one in ask.rows(_rows(), row) if one["id"] == wanted]
            return as_json(200, found[0]) if found else problem(500, "Model not found")
        case "GET", "/v2/health/ready":
            return Answer(200)
        case "GET", "/v1/config":
            state = [{"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK"}}]
            rows = ask.rows(_rows(), row)
            return as_json(200, {one["id"]: {"model_version_status": state} for one in rows})
    return problem(404, "Invalid request URL")


def answer(ask: Ask) -> Answer:
    if ask.method == "POST" and ask.path == "/v3/chat/completions":
        return _keyed_chat(ask)
    return public_gate(ask, MANNERS) or _served(ask)


def _owns(path: str) -> bool:
    return path.startswith(("/v2", "/v3")) or path == "/v1/config"


KIND = Kind(
    "ovms",
    answer,
    plain=("localhost:8000", "host.docker.internal:8000", "ovms.example:8000"),
    local=True,
    owns=_owns,
)
