"""What stands behind `make`: an environment with all that a lock lists, then the wanted command.

Standard library only, in a syntax that Python 3.9 reads: it runs before anything is installed, with
whatever Python is there, and looks for one that is new enough. Kept out: what the commands do.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from typing import Iterator, NoReturn

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUN_LOCK = ROOT / "requirements.txt"
DEVELOP_LOCK = ROOT / "requirements-dev.txt"  # holds all of the other one, too
NANOBOT, NANOBOT_LOCK = ROOT / "var" / "nanobot", ROOT / "requirements-nanobot.txt"
AXE = ROOT / "var" / "axe" / "axe.min.js"  # looks for barriers on pages, in the browser tests
AXE_PACKAGE = "axe-core@4.14.1"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"

# In these tables "python" is the environment's own and "*.x" all files of the project of that kind.
COMMANDS = {
    "run": "python -m facio_site.up",
    "demo": "python -m facio_site.up --demo",
    "test": "python -m pytest",
    "lanes": "python -m tests.lanes",
    "bench": "python -m tests.bench",
    "screenshots": "python -m tests.screenshots",
}
CHECKS = {
    "types": "python -m mypy",
    "collection": "python -m pytest --collect-only -qq",  # and all parts find the tests compiled
    "architecture": "python -c 'import importlinter.cli as c; c.lint_imports_command()' --no-logo",
    "migrations": "python manage.py makemigrations --check --dry-run",
    "deployment": "python manage.py check --deploy --fail-level WARNING",
    "lint": "python -m ruff check",
    "security": "python -m bandit -q -c pyproject.toml -r facio_site providers routing",
    "format": "python -m ruff format --check",
    "templates": ".venv/bin/djade --check --target-version 5.2 *.html",
    "idioms": "python -m django_upgrade --check --target-version 5.2 *.py",
}
# The whole suite as five processes, so that one computes while others wait for what they started.
# What is marked "last" looks through what its own process has done, so it is in each.
PARTS = (
    "(store and not journey and not browser) or last",
    "(not store and not journey and not browser) or last",
    "browser or last",
    "(journey and not browser and not alike) or last",
    "(journey and not browser and alike) or last",
)
# On PostgreSQL and a real redis-server: what touches the database or a broker.
LANES = (
    "python -m tests.lanes -m '(store and not journey and not browser and not alike) or last'",
    "python -m tests.lanes -m '(journey and not browser and not alike) or way or last'",
)
FIXES = {
    "lint": "python -m ruff check --fix",
    "idioms": "python -m django_upgrade --exit-zero-even-if-changed --target-version 5.2 *.py",
    "format": "python -m ruff format",
    "templates": ".venv/bin/djade --target-version 5.2 *.html",
}
# The settings of a real installation, so that the checks look at those and not at a developer's.
PRODUCTION = {
    "ALLOWED_HOSTS": "",
    "CSRF_TRUSTED_ORIGINS": "",
    "DEBUG": "0",
    "HOST": "127.0.0.1",
    "PUBLIC_URL": "https://facio.example",
    "REDIS_URL": "",
    "SECRET_KEY": "",
    "TRUSTED_PROXY_COUNT": "1",  # whoever ends TLS
}
PROBE = (
    "import ctypes, sqlite3, ssl, sys, sysconfig, venv, zlib;"
    "print(sysconfig.get_path('purelib')) if sys.version_info >= (3, 11) else sys.exit(1)"
)


class Impossible(Exception):
    """The text says what is missing on this machine."""


# Which Python


def site_packages(python: str) -> Path | None:
    """Where its packages are; None when it does not start, is too old or lacks a module."""
    try:
        found = subprocess.run(
            [python, "-I", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(os.fsdecode(found.stdout).strip())


def pythons() -> Iterator[str]:
    """Where a Python may be, the wanted one first; a name on PATH can still be a dead shim."""
    own = getattr(sys, "_base_executable", sys.executable)  # not that of the environment
    names = [os.environ.get("PYTHON"), own, "python3"]
    names += [f"python3.{minor}" for minor in range(14, 10, -1)]
    names += ["python", "/usr/bin/python3", "/usr/local/bin/python3"]
    for name in dict.fromkeys(names):
        found = shutil.which(name) if name else None
        if found and VENV not in Path(found).parents:
            yield found


def new_enough() -> str:
    """Raises Impossible."""
    for python in pythons():
        if site_packages(python):
            return python
    raise Impossible(
        "Python 3.11 or newer is needed, with its venv, ssl and sqlite3 modules. Install it "
        "(Debian, Ubuntu: apt install python3 python3-venv python3-pip) or name one: PYTHON=..."
    )


# The environment


def packages_of(venv: Path) -> Path | None:
    """Where the packages of a working environment are; None when it has to be made again."""
    if Path(sys.prefix) == venv and sys.version_info >= (3, 11):
        return Path(sysconfig.get_path("purelib"))
    found = site_packages(str(venv / "bin" / "python"))
    return found if found and venv in found.parents and found.is_dir() else None


def stamp_of(packages: Path, lock: Path) -> Path:
    return packages / f"facio-{lock.stem}.sha256"


def holds(venv: Path, locks: list[Path]) -> bool:
    """Whether the environment works and one of these locks is installed in it as it is now."""
    packages = packages_of(venv)
    return packages is not None and any(
        stamp_of(packages, lock).is_file()
        and stamp_of(packages, lock).read_text() == hashlib.sha256(lock.read_bytes()).hexdigest()
        for lock in locks
    )


def provide(venv: Path, lock: Path, *, enough: list[Path], guard: Path) -> str:
    """The environment's Python, after installing the lock unless one of `enough` is installed.

    `guard` is the file that two of us at once would wait at. Raises Impossible.
    """
    python = str(venv / "bin" / "python")
    if holds(venv, enough):
        return python
    with guard.open() as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        if not holds(venv, enough):
            base = new_enough()
            say(f"installing what {lock.name} lists into {venv.relative_to(ROOT)}, this once ...")
            if packages_of(venv) is None:
                make = [base, "-m", "venv", "--without-pip", "--clear", str(venv)]
                if subprocess.run(make, stdin=subprocess.DEVNULL).returncode:
                    raise Impossible(f"{base} could not make {venv}.")
            packages = packages_of(venv)
            if packages is None:
                raise Impossible(f"{venv} was made with {base}, but does not start.")
            for stamp in packages.glob("facio-*.sha256"):
                stamp.unlink()
            digest = hashlib.sha256(lock.read_bytes()).hexdigest()
            install(python, lock)
            stamp_of(packages, lock).write_text(digest)
    return python


def doors(python: str, lock: Path) -> Iterator[list[list[str]]]:
    """Ways to install a lock, the fastest first; each a list of commands."""
    wanted = ["--require-hashes", "-r", str(lock)]
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-compile"]
    uv = shutil.which("uv")
    if uv:
        yield [[uv, "pip", "install", "--quiet", "--python", python, *wanted]]
    for base in pythons():
        if succeeds([base, "-m", "pip", "--version"]):
            yield [[base, "-m", "pip", "--python", python, "install", *quiet, *wanted]]
            break
    bundled = [python, "-m", "ensurepip", "--default-pip"]
    yield [bundled, [python, "-m", "pip", "install", *quiet, *wanted]]


def succeeds(argv: list[str]) -> bool:
    nothing = subprocess.DEVNULL
    try:
        return not subprocess.run(argv, stdin=nothing, stdout=nothing, stderr=nothing).returncode
    except OSError:
        return False


def install(python: str, lock: Path) -> None:
    """Raises Impossible with the last words of each door that stayed shut."""
    refusals = []
    for commands in doors(python, lock):
        for argv in commands:
            run = subprocess.run(
                argv,
                env=clean_environ(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            if run.returncode:
                words = run.stdout.decode(errors="replace").strip().splitlines() or ["no message"]
                refusals.append(f"  {' '.join(argv[:3])}: {words[-1]}")
                break
        else:
            return
    raise Impossible(
        f"{lock.name} could not be installed:\n" + "\n".join(refusals) + "\n"
        "Is the package index reachable? Without pip, install uv or pip "
        "(Debian, Ubuntu: apt install python3-pip)."
    )


# The commands


def say(sentence: str) -> None:
    print(f"facio: {sentence}", file=sys.stderr, flush=True)


def clean_environ() -> dict[str, str]:
    """Without what would lead the environment's Python, or a make below us, astray."""
    unwanted = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONHOME", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if name not in unwanted}


def end_with_make() -> None:
    """A killed make tells nobody, so the kernel is asked to (Linux; it outlasts the exec)."""
    if "MAKELEVEL" in os.environ and sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)


def words_of(line: str, python: str) -> list[str]:
    words: list[str] = []
    for word in shlex.split(line):
        if word == "python":
            words.append(python)
        elif word.startswith("*."):
            words += project_files(word[1:])
        else:
            words.append(word)
    return words


def project_files(suffix: str) -> list[str]:
    found = []
    for folder, subfolders, files in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if name[0] not in "._" and name != "var"]
        found += [str(Path(folder, name)) for name in files if name.endswith(suffix)]
    return sorted(found)


def run_steps(steps: dict[str, str], python: str, *, at_once: int) -> bool:
    """Whether all of them succeeded; each reports by itself, with its output when it did not."""
    from concurrent.futures import ThreadPoolExecutor  # not for the commands that must start fast

    with tempfile.TemporaryDirectory() as state, ThreadPoolExecutor(at_once) as pool:
        environ = {**clean_environ(), **PRODUCTION, "STATE_DIR": state}
        environ["DATABASE_URL"] = f"sqlite:///{state}/db.sqlite3"

        def run(name: str) -> bool:
            started = time.monotonic()
            step = subprocess.run(
                words_of(steps[name], python),
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            verdict = "failed" if step.returncode else "ok"
            output = step.stdout.decode(errors="replace") if step.returncode else ""
            seconds = time.monotonic() - started
            print(f"{name:13} {verdict:7} {seconds:5.1f} s\n{output}", end="", flush=True)
            return not step.returncode

        return all(list(pool.map(run, steps)))


def test_environ() -> dict[str, str]:
    """In CI what cannot run is a failure; elsewhere it is a skip."""
    environ = clean_environ()
    if environ.get("CI", "").lower() in ("1", "true", "yes"):
        environ["REQUIRE_ALL"] = "1"
    return environ


def run_tests(python: str, *beside: str) -> int:
    """The suite and other commands beside each other; what one of them failed with.

    The first part's output comes as it runs, that of the others when all have ended.
    """
    parts = [[*words_of(COMMANDS["test"], python), "-m", part] for part in PARTS]
    first, *others = *parts, *(words_of(line, python) for line in beside)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # end the others as well
    with tempfile.TemporaryDirectory() as folder:
        outputs = [Path(folder, str(number)) for number in range(len(others))]
        running: list[subprocess.Popen[bytes]] = []
        try:
            for number, argv in enumerate(others):
                with outputs[number].open("wb") as file:
                    running.append(
                        subprocess.Popen(
                            argv,
                            env=test_environ(),
                            stdin=subprocess.DEVNULL,
                            stdout=file,
                            stderr=subprocess.STDOUT,
                        )
                    )
            codes = [subprocess.run(first, env=test_environ()).returncode]
            codes += [process.wait() for process in running]
        finally:
            for process in running:
                process.terminate()
                process.wait()
        for output in outputs:
            print(output.read_text(errors="replace"), end="", flush=True)
    return next((code for code in codes if code), 0)


def become(argv: list[str], environ: dict[str, str]) -> NoReturn:
    os.execve(argv[0], argv, environ)


def provide_nanobot() -> None:
    """The agent's ancestor in an environment of its own, for the tests that compare with it."""
    try:
        provide(NANOBOT, NANOBOT_LOCK, enough=[NANOBOT_LOCK], guard=NANOBOT_LOCK)
    except Impossible as error:
        say(f"without nanobot-ai: {error}")


def provide_axe() -> None:
    """The accessibility checker, taken out of its npm package; its tests need it."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            if not AXE.is_file():
                take_axe(Path(folder))
    except Impossible as error:
        say(f"without axe-core: {error}")


def take_axe(folder: Path) -> None:
    """Raises Impossible."""
    npm = shutil.which("npm")
    fetch = [npm or "npm", "pack", "--silent", "--pack-destination", str(folder), AXE_PACKAGE]
    if not npm or not succeeds(fetch):
        raise Impossible("npm did not bring it. Debian, Ubuntu: apt install npm")
    (package,) = folder.iterdir()
    if hashlib.sha256(package.read_bytes()).hexdigest() != AXE_SHA256:
        raise Impossible("what npm brought is not what was asked for.")
    with tarfile.open(package) as members:
        script = members.extractfile("package/axe.min.js")
        assert script is not None
        AXE.parent.mkdir(parents=True, exist_ok=True)
        fresh = AXE.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(script.read())
        fresh.rename(AXE)


def main(words: list[str]) -> int:
    known = [*COMMANDS, "check", "fix"]
    if len(words) != 1 or words[0] not in known:
        say(f"usage: launch.py {'|'.join(known)}")
        return 2
    name = words[0]
    os.chdir(ROOT)
    end_with_make()
    beside = [threading.Thread(target=provide_nanobot), threading.Thread(target=provide_axe)]
    if name not in ("test", "lanes", "check", "bench"):
        beside.clear()
    for thread in beside:
        thread.start()
    if name in ("run", "demo"):
        python = provide(VENV, RUN_LOCK, enough=[RUN_LOCK, DEVELOP_LOCK], guard=RUN_LOCK)
    else:
        python = provide(VENV, DEVELOP_LOCK, enough=[DEVELOP_LOCK], guard=RUN_LOCK)
    for thread in beside:
        thread.join()
    if name == "fix":
        return int(not run_steps(FIXES, python, at_once=1))
    if name == "check":
        clean = run_steps(CHECKS, python, at_once=os.cpu_count() or 1)
        return int(bool(run_tests(python, *LANES)) or not clean)
    arguments = shlex.split(os.environ.get("ARGS", ""))
    if name == "test" and not arguments:
        return run_tests(python)
    become(words_of(COMMANDS[name], python) + arguments, test_environ())


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Impossible as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
