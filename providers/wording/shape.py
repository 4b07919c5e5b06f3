"""The shape of a table of sentences."""

from collections.abc import Mapping
from typing import Any

# outcome -> detail -> a lazy translation or a tuple of them
Sentences = Mapping[str, Mapping[str, Any]]
