"""Files that nobody but the site's own user may read, from their first moment. Pure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MODE: Final = 0o600
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def create(path: Path | str, *, folder: int | None = None) -> int:
    """The descriptor of a new, empty file: relative to `folder` (a descriptor) when it is given.

    Never follows a link and never takes over what is there. Raises FileExistsError and what else
    the system says.
    """
    return os.open(path, _NEW, MODE, dir_fd=folder)


def write_new(path: Path, text: str) -> None:
    """A new file that holds `text`. Raises as create() does."""
    with os.fdopen(create(path), "w", encoding="utf-8") as file:
        file.write(text)
