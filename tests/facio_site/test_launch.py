import ast
import itertools
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from facio_site import launch
from tests.processes import wait_for

ROOT = Path(launch.__file__).resolve().parent.parent


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH beside the system's; no interpreter is preferred by environment."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("PYTHON", raising=False)
    return folder


@pytest.fixture
def script(bin_folder: Path) -> Callable[[str, str], Path]:
    def write(name: str, body: str) -> Path:
        path = bin_folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with a run lock and a develop lock."""
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "requirements.txt").write_text("# run\n")
    (root / "requirements-dev.txt").write_text("# develop\n")
    monkeypatch.setattr(launch, "ROOT", root)
    monkeypatch.setattr(launch, "VENV", root / ".venv")
    return root


def provide(root: Path, *locks: str) -> str:
    """Install the first lock unless one of them all is installed."""
    paths = [root / lock for lock in locks]
    return launch.provide(root / ".venv", paths[0], enough=paths, guard=root / "requirements.txt")


def test_the_launcher_is_written_in_the_syntax_of_python_3_9() -> None:
    ast.parse(Path(launch.__file__).read_text(), feature_version=(3, 9))


def test_the_launcher_imports_only_the_standard_library() -> None:
    tree = ast.parse(Path(launch.__file__).read_text())
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "__future__"}


def test_make_knows_each_command_and_no_other() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    assert set(phony[1].split()) == {"help", "check", "fix", *launch.COMMANDS}


def test_an_unknown_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["serve"]) == 2
    assert "run|demo|test" in capsys.readouterr().err


def test_a_python_that_does_not_start_is_passed_over(
    script: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = script("python3", "exit 127")
    alive = script("python3.11", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("PYTHON", str(dead))
    monkeypatch.setattr(sys, "_base_executable", str(dead), raising=False)
    monkeypatch.setattr(
        launch.shutil, "which", lambda name: str(alive) if name == "python3.11" else str(dead)
    )
    assert launch.new_enough() == str(alive)


def test_the_python_that_was_named_comes_first(
    script: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = script("my-python", f'exec "{sys.executable}" "$@"')
    monkeypatch.setenv("PYTHON", str(named))
    assert launch.new_enough() == str(named)


def test_a_python_that_is_too_old_is_not_taken(script: Callable[[str, str], Path]) -> None:
    old = script("old", f'exec "{sys.executable}" -c "import sys; sys.exit(1)"')
    assert launch.site_packages(str(old)) is None


def test_without_any_python_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch, "pythons", lambda: iter(["/nowhere/python"]))
    with pytest.raises(launch.Impossible, match=r"Python 3\.11 or newer.*apt install"):
        launch.new_enough()


def test_the_environment_is_made_once_and_again_when_the_lock_changes(
    project: Path, bin_folder: Path, script: Callable[[str, str], Path]
) -> None:
    script("uv", f'echo "$@" >> {bin_folder}/calls')
    calls = bin_folder / "calls"

    python = provide(project, "requirements.txt")
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0
    assert "--require-hashes" in calls.read_text()
    provide(project, "requirements.txt")
    assert len(calls.read_text().splitlines()) == 1

    (project / "requirements.txt").write_text("# run, newer\n")
    provide(project, "requirements.txt")
    assert len(calls.read_text().splitlines()) == 2


def test_an_environment_for_running_is_raised_to_one_for_developing_and_stays_that(
    project: Path, bin_folder: Path, script: Callable[[str, str], Path]
) -> None:
    script("uv", f'echo "$@" >> {bin_folder}/calls')
    provide(project, "requirements.txt", "requirements-dev.txt")
    provide(project, "requirements-dev.txt")
    provide(project, "requirements.txt", "requirements-dev.txt")
    installed = [line.split("/")[-1] for line in (bin_folder / "calls").read_text().splitlines()]
    assert installed == ["requirements.txt", "requirements-dev.txt"]


def test_an_environment_whose_python_is_gone_is_made_again(
    project: Path, script: Callable[[str, str], Path]
) -> None:
    script("uv", "exit 0")
    python = Path(provide(project, "requirements.txt"))
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert provide(project, "requirements.txt") == str(python)
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0


def test_pip_is_asked_where_uv_fails(project: Path, script: Callable[[str, str], Path]) -> None:
    script("uv", "echo no such index >&2; exit 1")
    provide(project, "requirements.txt")
    assert launch.holds(project / ".venv", [project / "requirements.txt"])


def test_when_every_door_is_shut_each_is_named_and_nothing_is_stamped(
    project: Path, script: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = script("uv", "echo no such index >&2; exit 1")
    pip = script("pip", "echo no such package; exit 2")
    monkeypatch.setattr(launch, "doors", lambda python, lock: [[[str(uv)]], [[str(pip), "-v"]]])
    with pytest.raises(launch.Impossible) as refusal:
        provide(project, "requirements.txt")
    assert f"{uv}: no such index" in str(refusal.value)
    assert f"{pip} -v: no such package" in str(refusal.value)
    assert not launch.holds(project / ".venv", [project / "requirements.txt"])


def test_uv_pip_and_ensurepip_are_the_doors(
    project: Path, script: Callable[[str, str], Path]
) -> None:
    script("uv", "exit 0")
    script("python3", "exit 0")
    doors = [
        commands[-1] for commands in launch.doors("/venv/python", project / "requirements.txt")
    ]
    assert [" ".join(door[1:4]) for door in doors] == [
        "pip install --quiet",
        "-m pip --python",
        "-m pip install",
    ]
    assert all("--require-hashes" in door for door in doors)


def test_in_ci_a_skip_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUIRE_ALL", raising=False)
    monkeypatch.setenv("CI", "true")
    assert launch.test_environ()["REQUIRE_ALL"] == "1"
    monkeypatch.setenv("CI", "")
    assert "REQUIRE_ALL" not in launch.test_environ()


def test_a_foreign_pythonpath_does_not_reach_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert "PYTHONPATH" not in launch.clean_environ()


@pytest.mark.parametrize(("checks", "tests"), [(True, 0), (True, 1), (False, 0)])
def test_a_check_goes_through_checks_and_tests_and_fails_with_either(
    monkeypatch: pytest.MonkeyPatch, checks: bool, tests: int
) -> None:
    ran: list[str] = []

    def run_tests(_python: str, *beside: str) -> int:
        ran.extend(["tests", *beside])
        return tests

    def run_steps(steps: dict[str, str], *_args: object, **_options: object) -> bool:
        ran.extend(steps)
        return checks

    monkeypatch.setattr(launch, "provide", lambda *_args, **_options: sys.executable)
    monkeypatch.setattr(launch, "provide_nanobot", lambda: None)
    monkeypatch.setattr(launch, "provide_axe", lambda: None)
    monkeypatch.setattr(launch, "end_with_make", lambda: None)
    monkeypatch.setattr(launch, "run_steps", run_steps)
    monkeypatch.setattr(launch, "run_tests", run_tests)
    assert launch.main(["check"]) == int(not checks or tests)
    assert ran == [*launch.CHECKS, "tests", *launch.LANES]


@pytest.mark.parametrize("failing", ["none", *launch.PARTS, "lanes"])
def test_the_suite_runs_in_parts_and_fails_with_each(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], failing: str
) -> None:
    program = f"import sys; print('ran', sys.argv[-1]); sys.exit(sys.argv[-1] == {failing!r})"
    monkeypatch.setitem(launch.COMMANDS, "test", f'python -c "{program}"')
    before = signal.getsignal(signal.SIGTERM)
    try:
        code = launch.run_tests(sys.executable, f'python -c "{program}" lanes')
    finally:
        signal.signal(signal.SIGTERM, before)
    assert bool(code) == (failing != "none")
    ran = [f"ran {one}" for one in (*launch.PARTS, "lanes")]
    assert capfd.readouterr().out.splitlines() == ran


def test_every_test_is_in_one_part_and_the_last_ones_are_in_all() -> None:
    for values in itertools.product((True, False), repeat=4):
        marks = dict(zip(("store", "journey", "browser", "alike"), values, strict=True))
        if marks["store"] or not (marks["journey"] or marks["browser"]):  # those have it, too
            assert sum(eval(part, {}, {**marks, "last": False}) for part in launch.PARTS) == 1
        assert all(eval(part, {}, {**marks, "last": True}) for part in launch.PARTS)


def test_every_test_of_the_store_without_a_browser_is_in_one_lane() -> None:
    lanes = [shlex.split(lane)[-1] for lane in launch.LANES]
    for journey in (True, False):
        marks = dict.fromkeys(("browser", "way", "last", "alike"), False)
        marks |= {"store": True, "journey": journey}
        assert sum(eval(lane, {}, marks) for lane in lanes) == 1
    neither = dict.fromkeys(("store", "journey", "browser", "way", "alike"), False)
    assert not any(eval(lane, {}, {**neither, "last": False}) for lane in lanes)
    assert all(eval(lane, {}, {**neither, "last": True}) for lane in lanes)


def test_a_failing_step_fails_the_whole_and_shows_its_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = {
        "good": "python -c 'print(1)'",
        "bad": "python -c 'print(\"why\"); raise SystemExit(3)'",
    }
    assert not launch.run_steps(steps, sys.executable, at_once=1)
    output = capsys.readouterr().out
    assert re.search(r"^good +ok", output, re.M)
    assert re.search(r"^bad +failed.*\nwhy$", output, re.M)
    assert launch.run_steps({"good": steps["good"]}, sys.executable, at_once=1)


def test_steps_see_the_settings_of_a_real_installation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEBUG", "1")
    step = 'python -c \'import os; print(os.environ["DEBUG"], os.environ["PUBLIC_URL"]); exit(1)\''
    launch.run_steps({"look": step}, sys.executable, at_once=1)
    assert "0 https://" in capsys.readouterr().out


def test_lists_of_files_leave_out_what_is_not_ours() -> None:
    files = launch.words_of("djade *.py", sys.executable)[1:]
    assert str(ROOT / "facio_site" / "launch.py") in files
    assert not [file for file in files if "/.venv/" in file or f"{ROOT}/var/" in file]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a favour of Linux")
def test_a_killed_make_ends_what_it_started(tmp_path: Path) -> None:
    inner = tmp_path / "pid"
    child = (
        "import os, sys, time; sys.path.insert(0, sys.argv[1]);"
        "from facio_site import launch; launch.end_with_make();"
        "open(sys.argv[2], 'w').write(str(os.getpid())); time.sleep(60)"
    )
    outer = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
    make = subprocess.Popen(
        [sys.executable, "-c", outer, child, str(ROOT), str(inner)],
        env={**os.environ, "MAKELEVEL": "1"},
    )
    wait_for(lambda: inner.exists() and inner.read_text() != "")
    make.kill()
    make.wait()
    wait_for(lambda: has_ended(int(inner.read_text())))


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (ProcessLookupError, FileNotFoundError):
        return True


def test_the_example_names_every_variable_that_is_read() -> None:
    read = set(
        re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "facio_site/settings.py").read_text())
    )
    for module in ("facio_site/settings.py", "facio_site/up.py", "providers/models/credentials.py"):
        text = (ROOT / module).read_text()
        read |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', text))
        read |= set(re.findall(r'environ, "([A-Z_]+)"', text))
    inner = {"FACIO_SERVING", "XDG_RUNTIME_DIR"}
    example = (ROOT / ".env.example").read_text()
    assert {"WORKER_CONCURRENCY", "AWS_SHARED_CREDENTIALS_FILE"} <= read
    assert read - inner <= set(re.findall(r"^#([A-Z_]+)=", example, re.M))


def test_each_line_of_the_example_stands_under_its_explanation() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"#[A-Z_]+=", line):
            assert re.match(r"# \S", before), line
