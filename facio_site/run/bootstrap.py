"""What stands behind `make`: an environment with all that a lock lists, then a command in it.

    python -I facio_site/run/bootstrap.py requirements.txt -m facio_site.up

The first word is the lock. It runs before anything is installed: Python 3.9, standard library.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV, DEVELOP = ROOT / ".venv", ROOT / "requirements-dev.txt"  # which holds all of the others
RUN = [ROOT / "requirements.txt", ROOT / "requirements-server.txt"]
LEADS_ASTRAY = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONHOME", "PYTHONPATH")
COMPILES_EACH_TIME = "PYTHONDONTWRITEBYTECODE"  # which would more than double every start
PROBE = """import ctypes, fcntl, sqlite3, ssl, sys, venv, zlib
print("python%d.%d" % sys.version_info[:2]) if sys.version_info >= (3, 11) else sys.exit(1)"""
APT = "Debian, Ubuntu: apt install python3 python3-venv python3-pip"


class Impossible(Exception):
    """The text is one sentence for whoever typed the command."""


def run(*argv: str) -> tuple[int, str]:
    """Its return code and the last line that it said; 127 when it does not start."""
    out, both = subprocess.PIPE, subprocess.STDOUT
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=both)
    except OSError as error:
        return 127, str(error)
    return done.returncode, (os.fsdecode(done.stdout).strip().splitlines() or [""])[-1]


def version_of(python: str) -> str:
    """Such as "python3.11"; empty when it does not start, is too old or lacks a module."""
    code, said = run(python, "-I", "-c", PROBE)
    return "" if code else said


def pythons() -> list[str]:
    """Where a Python may be, the wanted one first; a name on PATH can still be a dead shim."""
    own = f"{sys.base_prefix}/bin/python3.{sys.version_info[1]}"  # not that of an environment
    names = [os.environ.get("PYTHON", ""), own, sys.executable, "python3"]
    names += [*(f"python3.{minor}" for minor in range(14, 10, -1)), "python", "/usr/bin/python3"]
    return [path for path in map(shutil.which, names) if path and VENV not in Path(path).parents]


def provide(venv: Path, lock: Path) -> str:
    """The Python of the environment, in which the lock is installed now. Raises Impossible."""
    python = str(venv / "bin" / "python")
    enough = [lock, DEVELOP] if lock in RUN else [lock]
    with enough[-1].open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # two of us at once
        stamp = venv / "lib" / version_of(python) / "facio-lock"  # with that version's packages
        if not stamp.is_file() or stamp.read_text() not in map(line_of, enough):
            print(f"facio: installing what {lock.name} lists, this once ...", file=sys.stderr)
            if not stamp.is_file():  # nothing, a broken one, or packages of another version
                make(venv)
                stamp = venv / "lib" / version_of(python) / "facio-lock"
            stamp.write_text("")
            install(python, lock)
            stamp.write_text(line_of(lock))
    return python


def line_of(lock: Path) -> str:
    return f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}"


def make(venv: Path) -> None:
    base = next((python for python in pythons() if version_of(python)), None)
    if not base:
        raise Impossible(f"Python 3.11 or newer is needed, with its venv and ssl modules ({APT}).")
    if venv.is_symlink():  # what it leads to belongs to somebody else
        venv.unlink()
    code, said = run(base, "-m", "venv", "--without-pip", "--clear", str(venv))
    if code or not version_of(str(venv / "bin" / "python")):
        raise Impossible(f"{base} could not make {venv} ({APT}). {said}")


def install(python: str, lock: Path) -> None:
    """By the first way that works."""
    wanted = ["install", "--quiet", "--require-hashes", "-r", str(lock)]
    by_pip = ["--no-input", "--disable-pip-version-check", *wanted, "--no-compile"]
    tried = [run("uv", "pip", *wanted, "--python", python)]
    if tried[-1][0]:
        outside = [base for base in pythons() if not run(base, "-m", "pip", "--version")[0]]
        tried += [run(base, "-m", "pip", "--python", python, *by_pip) for base in outside[:1]]
    if tried[-1][0]:
        tried += [run(python, "-m", "ensurepip"), run(python, "-m", "pip", *by_pip)]
    if tried[-1][0]:
        said = " | ".join(said for code, said in tried if code)
        raise Impossible(f"{lock.name} was not installed; is pip there ({APT})? {said}")


def main(lock: str, *words: str) -> None:
    """Becomes the command, which ends when `make` is killed. Raises Impossible."""
    os.chdir(ROOT)
    if "MAKELEVEL" in os.environ and sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)  # a favour of the kernel, which outlasts the exec
    for name in (*LEADS_ASTRAY, COMPILES_EACH_TIME):
        os.environ.pop(name, None)
    python = provide(VENV, ROOT / lock)
    os.execv(python, [python, *words])


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (Impossible, KeyboardInterrupt) as error:
        sys.exit(f"facio: {error}")
