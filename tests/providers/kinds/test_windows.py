"""The window with which a server of one's own loaded a model, as it says after a test's call."""

from typing import Any

import pytest

from providers.dialects.local import LocalAdapter
from tests.providers.dialects.climb import HI, check
from tests.providers.replies import Script, local, reply

NOT_KNOWN = reply(200, {"error": "Unexpected endpoint or method. (GET /api/v1/models)"})


def window(kind: str, name: str, *answers: Any) -> Any:
    adapter = local(kind)
    assert isinstance(adapter, LocalAdapter)
    script = Script(*answers)
    found = adapter.loaded_window(script, name)
    assert len(script.requests) == len(answers)
    return found


def instance(name: str, window: Any) -> dict[str, Any]:
    return {"id": name, "config": {"context_length": window}}


ROWS = [
    {"key": "gemma", "loaded_instances": [instance("gemma", 4096), instance("gemma:2", 64_000)]},
    {"key": "qwen", "loaded_instances": [instance("mine", 8192)]},
    {"key": "phi", "loaded_instances": []},
    {
        "key": "odd",
        "loaded_instances": [instance("odd", "4096"), instance("odd:2", True), None, {}],
    },
]


@pytest.mark.parametrize(
    ("name", "tokens"),
    [("gemma", 4096), ("gemma:2", 64_000), ("mine", 8192), ("qwen", 8192), ("phi", None),
     ("odd", None)],
)  # fmt: skip
def test_lm_studio_tells_it_by_key_and_by_instance(name: str, tokens: int | None) -> None:
    assert window("lm_studio", name, reply(200, {"models": ROWS})) == tokens


def test_an_older_lm_studio_tells_it_by_its_older_list() -> None:
    rows = [{"id": "gemma", "loaded_context_length": 4096, "max_context_length": 262_144}]
    assert window("lm_studio", "gemma", NOT_KNOWN, reply(200, {"data": rows})) == 4096
    rows = [{"id": "gemma", "max_context_length": 2048}]
    assert window("lm_studio", "gemma", NOT_KNOWN, reply(200, {"data": rows})) is None


@pytest.mark.parametrize("answer", [NOT_KNOWN, reply(404, text="no"), reply(200, [1, "x"])])
def test_who_tells_nothing_is_not_judged(answer: Any) -> None:
    assert window("lm_studio", "gemma", answer, answer) is None
    assert window("ollama", "gemma", answer) is None


def test_ollama_tells_it_by_the_models_that_run() -> None:
    rows = [{"model": "llama3.2:latest", "context_length": 4096}, {"model": "other"}]
    assert window("ollama", "llama3.2", reply(200, {"models": rows})) == 4096
    assert window("ollama", "other", reply(200, {"models": rows})) is None


@pytest.mark.parametrize("name", ["base", "lora"])
def test_vllm_s_adapter_on_top_of_a_model_has_the_window_of_that(name: str) -> None:
    rows = [{"id": "base", "max_model_len": 4096}, {"id": "lora", "parent": "base"}]
    result = check(local("vllm", key=""), reply(200, {"data": rows}), HI, models=(name,))
    assert result.detail == "small_window"
