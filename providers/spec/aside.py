"""Models that hold no conversation: embeddings, ranking, speech. Pure.

Lists say little of it: models.dev lets an embedding answer in text, and many providers tell ids
alone. Therefore the usual words in a model's id count as well.
"""

import re
from collections.abc import Collection
from enum import StrEnum


class Aside(StrEnum):
    EMBEDDING = "embedding"  # or ranking
    SPEECH = "speech"  # one way or the other, or music


_ANY = re.compile(r"embed|rerank|whisper|transcri|bge-|e5-|gte-|tts|asr|stt|realti")  # quick
_NAMES = re.compile(
    r"(?P<embedding>embed(?!ded)|rerank|(?:^|[^a-z])(?:bge|e5|gte)-)"
    r"|whisper|transcri|(?:^|[^a-z])(?:melotts|tts|asr|stt|realtime)(?:[^a-z]|$)"
)
_RANKS, _SPEAKS = frozenset(["embedding", "rerank"]), frozenset(["audio", "transcription"])
Words = Collection[str]


def aside(model_id: str, inputs: Words | None = None, outputs: Words | None = None) -> Aside | None:
    """What else it is for; None = a conversation, pictures or films, or nobody can tell.

    `inputs` and `outputs` are modalities; None or empty = nobody says.
    """
    if outputs and not _RANKS.isdisjoint(outputs):
        return Aside.EMBEDDING
    if outputs and "text" not in outputs and not _SPEAKS.isdisjoint(outputs):
        return Aside.SPEECH
    if inputs and "text" not in inputs and "audio" in inputs:
        return Aside.SPEECH
    name = model_id.lower()
    named = _ANY.search(name) and _NAMES.search(name.rpartition("/")[2])
    if not named:
        return None
    return Aside.EMBEDDING if named["embedding"] else Aside.SPEECH
