"""What some tests and the benchmarks compare with: nanobot-ai and axe-core, made in var/ once.

`python -m tests.outfit [WORDS...]` makes what is missing and hands the words to this Python. What
cannot be made is told, and its tests say so themselves.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from facio_site.run.bootstrap import Impossible, provide

ROOT = Path(__file__).resolve().parent.parent
NANOBOT, NANOBOT_LOCK = ROOT / "var" / "nanobot", ROOT / "requirements-nanobot.txt"
AXE = ROOT / "var" / "axe" / "axe.min.js"  # looks for barriers on pages
AXE_PACKAGE = "axe-core@4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"


def provide_axe() -> None:
    """Takes its one file out of its npm package. Raises Impossible."""
    if AXE.is_file():
        return
    npm = shutil.which("npm") or "npm"
    with tempfile.TemporaryDirectory() as folder:
        fetch = [npm, "pack", "--silent", "--pack-destination", folder, AXE_PACKAGE]
        try:
            subprocess.run(fetch, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            raise Impossible("npm did not bring it (Debian, Ubuntu: apt install npm)") from None
        (package,) = Path(folder).iterdir()
        if hashlib.sha256(package.read_bytes()).hexdigest() != AXE_SHA256:
            raise Impossible("what npm brought is not what was asked for")
        with tarfile.open(package) as members:
            script = members.extractfile("package/axe.min.js")
            assert script is not None
            AXE.parent.mkdir(parents=True, exist_ok=True)
            fresh = AXE.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(script.read())
            fresh.rename(AXE)


def main(words: list[str]) -> None:
    for name, make in (
        ("nanobot-ai", lambda: provide(NANOBOT, NANOBOT_LOCK)),
        ("axe-core", provide_axe),
    ):
        try:
            make()
        except Impossible as error:
            print(f"outfit: without {name}: {error}", file=sys.stderr, flush=True)
    if words:
        os.execv(sys.executable, [sys.executable, *words])


if __name__ == "__main__":
    main(sys.argv[1:])
