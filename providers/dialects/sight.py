"""A picture beside the word, for the models to which the agent sends its pictures. Plain data, in
the forms of the four APIs.

Sources: nanobot-ai 0.3.5, agent/context.py: build_user_content, and what its providers make of it.
"""

from collections.abc import Mapping
from typing import Any

# A red square of 64 by 64: some models refuse pictures of less than a dozen points.
_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAUElEQVR42u3PQQkAAAgEsItkBPunMIoRfAuDFVim67"
    "UICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICFwW4fgBPJHVSgcAAAAASUVORK5CYII="
)
_URL = f"data:image/png;base64,{_PNG}"
_CHAT = {"type": "image_url", "image_url": {"url": _URL}}
_RESPONSES = {"type": "input_image", "image_url": _URL, "detail": "auto"}
_MESSAGES = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": _PNG},
}
_CONVERSE = {"image": {"format": "png", "source": {"bytes": _PNG}}}


def with_picture(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a picture before the person's word, which stands last."""
    name = "input" if "input" in body else "messages"
    *before, last = body[name]
    content = last["content"]
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    return {**body, name: [*before, {**last, "content": [_picture(body), *content]}]}


def _picture(body: Mapping[str, Any]) -> dict[str, Any]:
    if "input" in body:
        return _RESPONSES
    if "inferenceConfig" in body:
        return _CONVERSE
    return _MESSAGES if "system" in body else _CHAT
