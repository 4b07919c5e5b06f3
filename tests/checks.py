"""What `make check` runs, and what `make fix`: shell lines, for which .venv/bin is on PATH.

`python -m tests.checks NAME...` runs those of these names. Each reports by itself, with its output
when it failed, and all of them run whatever the others come to.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests import lanes

ROOT = Path(__file__).resolve().parent.parent

CHECKS = {
    "types": "mypy",
    "architecture": "lint-imports --no-logo",
    "migrations": "python manage.py makemigrations --check --dry-run",
    "deployment": "python manage.py check --deploy --fail-level WARNING",
    "lint": "ruff check",
    "format": "ruff format --check",
    "security": "bandit -q -c pyproject.toml -r facio_site providers routing",
    "idioms": "git ls-files '*.py' | xargs django-upgrade --target-version 5.2 --check",
    "templates": "git ls-files '*.html' | xargs djade --target-version 5.2 --check",
    "markup": "djhtml --tabwidth 2 --check templates",
    # Every test can be read, and pytest's own form of it is there for all processes of the lanes.
    "collection": "pytest --collect-only -qq",
}
# Where nothing touches the database or a broker (tests/conftest.py sees to that): thousands of
# tests that each process of the lanes need not collect.
WITHOUT_STORE = (
    *(f"tests/providers/{name}" for name in ("dialects", "http", "kinds", "spec", "wording")),
    *("tests/routing/rules", "tests/simulated"),
)
_LEFT_OUT = " ".join(f"--ignore={place}" for place in WITHOUT_STORE)
# Each test once, but those that go a whole way: on real servers, which are stricter, what is about
# the store; the rest on SQLite and the embedded broker. Where no servers are, all of it there.
_NOT_THERE = "" if lanes.missing() else " and (alike or browser or sqlite or not store)"
TESTS = {
    "tests": f"pytest -q -n auto -m 'not long and not lane{_NOT_THERE}'",
    "lanes": "python -m tests.lanes -n auto "
    f"-m 'store and not alike and not long and (way or not browser)' {_LEFT_OUT}",
}
FIXES = {
    "lint": "ruff check --fix",
    "idioms": "git ls-files '*.py' | xargs django-upgrade --target-version 5.2",
    "format": "ruff format",
    "templates": "git ls-files '*.html' | xargs djade --target-version 5.2",
    "markup": "djhtml --tabwidth 2 templates",
}
# A real installation's settings: CHECKS look at those, and not at what is in somebody's .env.
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


def report(name: str, line: str, **environ: str) -> bool:
    """Runs a line and tells how it ended; whether it ended well."""
    started = time.monotonic()
    step = subprocess.run(
        ["sh", "-c", line],
        cwd=ROOT,
        env=with_tools(**environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    verdict = "failed" if step.returncode else "ok"
    output = step.stdout.decode(errors="replace") if step.returncode else ""
    print(
        f"{name:13} {verdict:7} {time.monotonic() - started:5.1f} s\n{output}", end="", flush=True
    )
    return not step.returncode


def with_tools(**environ: str) -> dict[str, str]:
    tools = Path(sys.executable).parent
    return {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", **environ}


def check(names: list[str], is_before_tests: bool) -> bool:
    with tempfile.TemporaryDirectory() as state, ThreadPoolExecutor(os.cpu_count()) as pool:
        if is_before_tests:  # what they compare with is made meanwhile
            pool.submit(subprocess.run, [sys.executable, "-m", "tests.outfit"], cwd=ROOT)
        environ = {**PRODUCTION, "STATE_DIR": state, "DATABASE_URL": f"sqlite:///{state}/db"}
        return all(list(pool.map(lambda name: report(name, CHECKS[name], **environ), names)))


def test(names: list[str]) -> bool:
    """One after the other, for each keeps all processors busy; what they say comes as they run."""
    codes = []
    for name in names:
        with subprocess.Popen(shlex.split(TESTS[name]), cwd=ROOT, env=with_tools()) as process:
            try:
                codes.append(process.wait())
            except BaseException:
                process.terminate()
                raise
    return not any(codes)


def main(words: list[str]) -> int:
    if words == ["--fix"]:
        mended = [report(name, line) for name, line in FIXES.items()]
        return int(not all(mended))
    names = words or [*CHECKS, *TESTS]
    if unknown := {*names} - {*CHECKS, *TESTS}:
        print(f"checks: no such name: {' '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    suites = [name for name in names if name in TESTS]
    clean = check([name for name in names if name in CHECKS], bool(suites))
    return int(not test(suites) or not clean)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and end what runs
    sys.exit(main(sys.argv[1:]))
