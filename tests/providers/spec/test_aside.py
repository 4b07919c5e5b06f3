"""Which models hold no conversation."""

import pytest

from providers.catalog.modelsdev import twins
from providers.spec.aside import Aside, aside


@pytest.mark.parametrize(
    ("model", "what"),
    [
        *((name, Aside.EMBEDDING) for name in ("text-embedding-3-large", "embed-english-v3.0")),
        *((name, Aside.EMBEDDING) for name in ("@cf/baai/bge-m3", "intfloat/e5-mistral-7b")),
        *((name, Aside.EMBEDDING) for name in ("nv-embedcode-7b-v1", "qwen3-reranker-4b")),
        *((name, Aside.SPEECH) for name in ("whisper-large-v3", "gpt-4o-transcribe", "tts-1")),
        *((name, Aside.SPEECH) for name in ("gpt-4o-mini-tts", "Qwen3-ASR-Flash", "melotts")),
        *((name, Aside.SPEECH) for name in ("gpt-realtime", "qwen3-omni-flash-realtime")),
        *((name, None) for name in ("gpt-6", "claude-x", "bridge5-7b", "matts-model", "")),
        *((name, None) for name in ("embed/chat-1", "embedded-llm", "gpt-4o-audio-preview")),
    ],
)
def test_a_name_tells_where_nothing_else_does(model: str, what: Aside | None) -> None:
    assert aside(model) is what
    assert aside(model, ("text",), ("text",)) is what


@pytest.mark.parametrize(
    ("inputs", "outputs", "what"),
    [
        (("audio",), ("text",), Aside.SPEECH),
        (("text",), ("audio",), Aside.SPEECH),
        (("text",), ("embedding",), Aside.EMBEDDING),
        (("text",), ("rerank",), Aside.EMBEDDING),
        (("audio", "text"), ("transcription",), Aside.SPEECH),
        (("text", "audio"), ("text", "audio"), None),
        (("text",), ("image",), None),
        (("text",), ("audio", "text"), None),
        ((), (), None),
    ],
)
def test_what_goes_in_and_out_tells_as_well(
    inputs: tuple[str, ...], outputs: tuple[str, ...], what: Aside | None
) -> None:
    assert aside("model", inputs, outputs) is what


def test_no_model_of_the_snapshot_that_is_known_for_conversation_is_one() -> None:
    for provider in ("anthropic", "deepseek"):
        assert {aside(name) for name in twins(provider)} == {None}
