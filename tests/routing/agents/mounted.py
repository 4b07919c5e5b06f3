"""What a write does at mounts, on a full disk and without capabilities, told as JSON.

Run as `unshare -m python -m tests.routing.agents.mounted FOLDER SCENARIO`: what it mounts is seen
by nobody else.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from routing.agents.file import obstacle, read_live
from routing.agents.refusals import BadTarget
from routing.agents.replacing import write_live

OLD = '{"old": 1}\n'
NEW = '{"new": 1}\n'
LARGE = json.dumps({"large": "x" * 200_000})
FOLDER = Path(sys.argv[1] if __name__ == "__main__" else "/nowhere")
AGENT, HOST = FOLDER / "agent", FOLDER / "host"
TARGET, BACKUP = AGENT / "config.json", AGENT / "config.json.bak"


def mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def one_file(*, is_read_only: bool = False) -> None:
    (HOST / "config.json").write_text(OLD)
    TARGET.write_text("")
    BACKUP.write_text("of the operator")
    mount("--bind", HOST / "config.json", TARGET)
    if is_read_only:
        mount("-o", "remount,bind,ro", TARGET)


def read_only_folder() -> None:
    one_file_inside()
    mount("--bind", AGENT, AGENT)
    mount("-o", "remount,bind,ro", AGENT)


def file_in_a_read_only_folder() -> None:
    TARGET.write_text("")
    (HOST / "config.json").write_text(OLD)
    mount("--bind", AGENT, AGENT)
    mount("-o", "remount,bind,ro", AGENT)
    mount("--bind", HOST / "config.json", TARGET)


def one_file_inside() -> None:
    TARGET.write_text(OLD)


def full_disk() -> None:
    mount("-t", "tmpfs", "-o", "size=64k,mode=700", "none", AGENT)
    TARGET.write_text(OLD)


def one_file_on_a_full_disk() -> None:
    mount("-t", "tmpfs", "-o", "size=64k,mode=700", "none", HOST)
    (HOST / "config.json").write_text(OLD)
    TARGET.write_text("")
    mount("--bind", HOST / "config.json", TARGET)


def file_of_the_agent() -> None:
    TARGET.write_text(OLD)
    os.chown(TARGET, 1000, 1000)
    TARGET.chmod(0o644)


SCENARIOS: dict[str, tuple[Callable[[], None], str, bool]] = {
    "one file": (one_file, NEW, False),
    "one file in place": (one_file, NEW, True),
    "one read-only file": (lambda: one_file(is_read_only=True), NEW, True),
    "read-only folder": (read_only_folder, NEW, True),
    "file in a read-only folder": (file_in_a_read_only_folder, NEW, True),
    "full disk": (full_disk, LARGE, False),
    "one file on a full disk": (one_file_on_a_full_disk, LARGE, True),
    "without capabilities": (file_of_the_agent, NEW, False),
    "without capabilities in place": (file_of_the_agent, NEW, True),
}


def main() -> None:
    prepare, text, in_place = SCENARIOS[sys.argv[2]]
    AGENT.mkdir(mode=0o755)
    HOST.mkdir()
    prepare()
    if sys.argv[2].startswith("without"):
        words = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m"]
        argv = [*words, "tests.routing.agents.mounted", *sys.argv[1:], "prepared"]
        os.execvp(argv[0], argv)
    report(text, in_place=in_place)


def report(text: str, *, in_place: bool) -> None:
    old, inode = read_live(TARGET), TARGET.stat().st_ino
    foreseen = obstacle(TARGET)
    try:
        assert old
        write_live(TARGET, text, expected=old.digest, in_place=in_place)
        said = "written"
    except BadTarget as error:
        said = error.code
    found = TARGET.stat()
    beside = {one.name: one.read_text() for one in AGENT.iterdir() if one != TARGET}
    told = {
        "foreseen": foreseen.code if foreseen else "",
        "said": said,
        "text": {OLD: "old", text: "new"}.get(TARGET.read_text(), "torn"),
        "is_same": found.st_ino == inode,
        "rights": [found.st_uid, found.st_gid, oct(found.st_mode & 0o777)],
        "bak": beside.pop("config.json.bak", ""),
        "kept": sorted(beside.values()),
    }
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    if sys.argv[3:]:
        report(*SCENARIOS[sys.argv[2]][1:2], in_place=SCENARIOS[sys.argv[2]][2])
    else:
        main()
