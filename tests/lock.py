"""`make lock`: the requirement files anew from pyproject.toml, for every system, with hashes.

A version that still fits is kept: ARGS=--upgrade takes the newest of all, "--upgrade-package NAME"
that of one. No address of any index gets into the files. Without uv it is installed into var/uv.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV_VERSION = "0.13.9"
LOCKS = {
    "requirements.txt": ["pyproject.toml", "--extra", "broker"],  # `make run`, all in one
    # Beside a PostgreSQL and a Redis of the operator's own: containers, several machines
    "requirements-server.txt": ["pyproject.toml", "--extra", "postgres"],
    "requirements-dev.txt": ["pyproject.toml", "--all-extras", "--group", "dev"],
    "requirements-nanobot.txt": ["--group", "nanobot"],
}
HOW = ["--universal", "--python-version", "3.11", "--generate-hashes"]
HOW += ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]


def main(words: list[str]) -> int:
    uv = shutil.which("uv") or installed_uv()
    for lock, sources in LOCKS.items():
        command = [uv, "pip", "compile", *HOW, *sources, "--output-file", lock, *words]
        if code := subprocess.run(command, cwd=ROOT).returncode:
            return code
        print(f"lock: {lock} lists {(ROOT / lock).read_text().count('==')} packages")
    return 0


def installed_uv() -> str:
    """The one of this pinned version in an environment of its own."""
    folder = ROOT / "var" / "uv"
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", f"uv=={UV_VERSION}"]
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run(pip, check=True)
    return str(folder / "bin" / "uv")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
