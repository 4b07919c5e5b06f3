"""A container without an engine: the image's files in a mount namespace, under its own user.

The root is read-only but for the two tmpfs of compose.yaml, capabilities are none, the words and
variables those of Dockerfile and compose.yaml. The network is this machine's. Needs root.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.contrib.image import IMAGE
from tests.processes import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SYSTEM = ("usr", "etc", "bin", "sbin", "lib", "lib64")
DEVICES = ("null", "zero", "random", "urandom")


class Container(NamedTuple):
    """What is started by it sees `root` as /."""

    root: Path
    environ: Mapping[str, str]

    def words(self, service: str, command: Sequence[str] = ()) -> list[str]:
        """A process that becomes the service of compose.yaml, or another command in its place."""
        own = COMPOSE["services"][service]
        inside = list(command) or (own.get("entrypoint") or IMAGE.entrypoint) + own["command"]
        environ = {**IMAGE.environ, **_values(own["environment"]), **self.environ}
        environ["PATH"] += ":/usr/local/bin:/usr/bin:/bin"
        bound = ["--reuid", str(IMAGE.uid), "--regid", str(IMAGE.uid), "--clear-groups"]
        bound += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"]
        become = ["chroot", str(self.root), "/usr/bin/setpriv", *bound, "--"]
        become += ["/usr/bin/env", "-i", "-C", IMAGE.folder]
        become += [*(f"{name}={value}" for name, value in environ.items()), *inside]
        script = "\n".join([*self._mounts(own), f"exec {shlex.join(become)}"])
        return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script]

    def run(self, service: str, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.words(service, command), capture_output=True, text=True, timeout=120
        )

    def _mounts(self, service: Mapping[str, Any]) -> list[str]:
        root = shlex.quote(str(self.root))
        lines = [f"mount --bind {root} {root}"]
        places = [name for name in SYSTEM if not Path("/", name).is_symlink()]
        binds = [(f"/{name}", name) for name in places if Path("/", name).exists()]
        binds += [(str(Path(sys.prefix).resolve()), f"{IMAGE.folder[1:]}/.venv")]
        if not sys.base_prefix.startswith("/usr"):
            binds.append((sys.base_prefix, sys.base_prefix[1:]))
        for source, target in binds:
            lines += [
                f"mount --bind {shlex.quote(source)} {root}/{target}",
                f"mount -o remount,bind,ro {root}/{target}",
            ]
        lines += [f"mount --rbind /proc {root}/proc"]
        lines += [f"mount --bind /dev/{name} {root}/dev/{name}" for name in DEVICES]
        for line in service["tmpfs"]:
            target, _, options = line.partition(":")
            lines.append(f"mount -t tmpfs -o {options} tmpfs {root}{target}")
        return [*lines, f"mount -o remount,bind,ro {root}"]


def _values(environ: Mapping[str, str]) -> dict[str, str]:
    """Those that compose.yaml holds itself; what it takes from outside is the test's to give."""
    return {name: value for name, value in environ.items() if not value.startswith("${")}


def build(folder: Path, secrets: Mapping[str, str], **environ: str) -> Container:
    """The image's files and the secrets, as the engine would lay them."""
    root = folder / "root"
    home = root / IMAGE.folder[1:]
    for name in ("proc", "dev", "tmp", "run/secrets", IMAGE.environ["STATE_DIR"][1:]):
        (root / name).mkdir(parents=True)
    for name in DEVICES:
        (root / "dev" / name).touch()
    for name in SYSTEM:
        if Path("/", name).is_symlink():
            (root / name).symlink_to(Path("/", name).readlink())
        else:
            (root / name).mkdir(exist_ok=True)
    if not sys.base_prefix.startswith("/usr"):
        (root / sys.base_prefix[1:]).mkdir(parents=True)
    (home / ".venv").mkdir(parents=True)
    for name in IMAGE.copied:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, home / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, home / name)
    for name, text in secrets.items():
        path = root / "run" / "secrets" / name
        path.write_text(text)
        path.chmod(0o400)
        os.chown(path, IMAGE.uid, IMAGE.uid)
    return Container(root, environ)
