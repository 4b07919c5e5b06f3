import os
import stat
from pathlib import Path

import pytest

from facio_site import private


def test_a_file_is_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private.write_new(tmp_path / "key", "häßlich")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert (tmp_path / "key").read_text("utf-8") == "häßlich"


def test_what_is_there_is_neither_taken_over_nor_followed(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("there", "link"):
        with pytest.raises(FileExistsError):
            private.create(tmp_path / name)
    assert (tmp_path / "there").read_text() == "kept"
    assert not (tmp_path / "elsewhere").exists()


def test_a_name_counts_from_the_folder_that_is_held(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.close(private.create("new", folder=folder))
    finally:
        os.close(folder)
    assert [one.name for one in tmp_path.iterdir()] == ["new"]
