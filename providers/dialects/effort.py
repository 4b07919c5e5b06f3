"""How the agent asks a model to reason: by an effort, which each API, kind and family takes in
another form. Pure.

Source of all: nanobot-ai 0.3.5, providers/openai_compat_provider.py: _build_kwargs and
_build_responses_body, and providers/registry.py.
"""

from collections.abc import Callable, Mapping
from typing import Any

from providers.spec.kind import ProviderSpec

_OFF = ("none", "minimal")  # and no thinking
_STYLES: Mapping[str, Callable[[bool], dict[str, Any]]] = {
    "type": lambda is_on: {"thinking": {"type": "enabled" if is_on else "disabled"}},
    "enable": lambda is_on: {"enable_thinking": is_on},
    "split": lambda is_on: {"reasoning_split": is_on},
}
_OWN = ("thinking", "enable_thinking")  # that a test puts out while no effort is asked for
_ALWAYS = ("kimi-k2.7-code", "kimi-k2.7-code-highspeed")  # think, whatever is asked for
_KIMI = ("kimi-k2.5", "kimi-k2.6", "kimi-k2.7", "k2.6-code-preview", *_ALWAYS)
_MIMO = ("mimo-v2.5-pro", "mimo-v2.5", "mimo-v2-pro", "mimo-v2-omni")
_QWEN = (
    *("qwen3.7-max", "qwen3.7-plus", "qwen3.6-max-preview", "qwen3.6-plus", "qwen3.6-flash"),
    *("qwen3.5-plus", "qwen3.5-flash"),
)
# By the last part of a name, at any kind
_OF_MODEL = {**dict.fromkeys((*_KIMI, *_MIMO), "type"), **dict.fromkeys(_QWEN, "enable")}


def with_effort(
    body: Mapping[str, Any], effort: str, model: str, spec: ProviderSpec
) -> dict[str, Any]:
    """The same call with it, as config.json spells it; "" = none is asked for. In the forms of
    Anthropic's and Amazon's APIs no test asks for it: there it would cost thousands of tokens."""
    if "input" in body:
        return _of_responses(body, effort, spec)
    if not effort or "system" in body:
        return {**body}
    kept = {name: value for name, value in body.items() if name not in _OWN}
    return {**kept, **_of_chat(effort, model.lower(), spec)}


def _of_responses(body: Mapping[str, Any], effort: str, spec: ProviderSpec) -> dict[str, Any]:
    is_deepseek = spec.kind == "deepseek"
    has_thoughts = "temperature" not in body and not is_deepseek
    is_asked = effort and (effort.lower() != "none" or is_deepseek)
    return {
        **body,
        **({"include": ["reasoning.encrypted_content"]} if has_thoughts else {}),
        **({"reasoning": {"effort": effort}} if is_asked else {}),
    }


def _of_chat(effort: str, model: str, spec: ProviderSpec) -> dict[str, Any]:
    word, sent, name = effort.lower(), effort, model.rpartition("/")[2]
    word = "minimal" if word == "minimum" else word
    if name == "kimi-k3":
        word, sent = (word, "") if word in _OFF else ("max", "max")
    if spec.kind == "dashscope" and word == "minimal":
        sent = "minimum"
    if any(family in model for family in spec.reasons_unasked):
        sent = ""
    elif word in spec.efforts:
        word = sent = spec.efforts[word]
    fields: dict[str, Any] = {}
    if sent and word != "none" and name not in _KIMI:
        fields["reasoning_effort"] = sent
    family, is_on = _OF_MODEL.get(name, ""), word not in _OFF
    for style in dict.fromkeys((spec.thinking, family)):
        if style and (is_on or name not in _ALWAYS):
            fields |= _STYLES[style](is_on)
    if spec.kind == "openrouter" and family and (is_on or name not in _ALWAYS):
        fields["reasoning"] = {"effort": word}
    return fields
