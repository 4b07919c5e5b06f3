"""Static files as they are served: our script without its comments and indents.

Compressed, what only people read in it is an eighth of what a browser would have to fetch.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

LEAN = "app.js"
_UNREAD = re.compile(r"^[ \t]+|^[ \t]*//.*\n", re.MULTILINE)


def lean(script: str) -> str:
    """Without lines that are comments as a whole, and without indents. No text in the script may
    go over a line."""
    return _UNREAD.sub("", _UNREAD.sub("", script))


class LeanStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """The usual storage, which names and compresses what is collected."""

    def post_process(self, paths: dict[str, Any], *args: Any, **options: Any) -> Iterator[Any]:
        if LEAN in paths and not options.get("dry_run"):
            storage, path = paths[LEAN]
            with storage.open(path) as file:
                text = lean(file.read().decode())
            Path(self.path(LEAN)).write_text(text, encoding="utf-8")
            paths = {**paths, LEAN: (self, LEAN)}
        yield from super().post_process(paths, *args, **options)
