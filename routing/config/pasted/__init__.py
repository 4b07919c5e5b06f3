"""What a person pastes: one box for config.json, .env, calls of curl and its like, and keys."""

from routing.config.pasted.read import kept_text, read_pasted
from routing.config.pasted.records import BadPaste, Ignored, Pasted, Warned

__all__ = ["BadPaste", "Ignored", "Pasted", "Warned", "kept_text", "read_pasted"]
