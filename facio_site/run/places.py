"""Where a parent works: its state folder, the lock on it, the port that it listens on.

Standard library only.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from facio_site.run.broker import name_for, private_folder
from facio_site.run.children import Refused

ROOT = Path(__file__).resolve().parent.parent.parent


def make_state_folder(environ: Mapping[str, str], *, demo: bool) -> Path:
    """Raises Refused."""
    if demo:
        return private_folder(Path(tempfile.gettempdir()).resolve() / f"{name_for(ROOT)}-demo")
    state = Path(environ.get("STATE_DIR") or ROOT / "var").resolve()
    try:
        (state / "logs").mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"STATE_DIR {state} cannot be used: {error.strerror}.") from None
    return state


@contextlib.contextmanager
def shared(state: Path) -> Iterator[None]:
    """Be one of several parents of parts over this folder, and of no whole site. Raises Refused."""
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Refused(f"already running (pid {_pid(state)}), with all its parts") from None
    finally:
        os.close(folder)


def _pid(state: Path) -> str:
    with contextlib.suppress(OSError):
        return (state / "up.pid").read_text().strip()
    return "unknown"


@contextlib.contextmanager
def held(state: Path) -> Iterator[bool]:
    """Be the only parent over this folder; yields whether the last one did not tidy up."""
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    pid_file = state / "up.pid"
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"already running (pid {_pid(state)})") from None
        crashed = pid_file.exists()
        pid_file.write_text(f"{os.getpid()}\n")
        try:
            yield crashed
        finally:
            pid_file.unlink(missing_ok=True)
    finally:
        os.close(folder)


@contextlib.contextmanager
def thrown_away(state: Path) -> Iterator[None]:
    """Empty at the start, gone at the end, with its folders for the demo in between."""
    for path in state.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != "up.pid":
            path.unlink()
    for name in ("agent", "logs", "simulators"):
        (state / name).mkdir()
    try:
        yield
    finally:
        shutil.rmtree(state, ignore_errors=True)


def listen(host: str, port: int, patience: float) -> socket.socket:
    """The listening socket, kept here so that a web server that is restarted loses no request.

    `patience` is how many seconds to wait for a port that is still in use. Raises Refused.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise Refused(f"HOST {host!r} is not an address of this machine.") from None
    family, _, _, _, address = min(found, key=lambda info: info[0] == socket.AF_INET6)
    give_up = time.monotonic() + patience
    while True:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(2048)
            return listener
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE:
                raise Refused(f"cannot listen on {host}, port {port}: {error.strerror}.") from None
        if time.monotonic() > give_up:
            raise Refused(
                f"port {port} on {host} is already in use: stop what uses it, or choose another "
                f"one with PORT={8001 if port == 8000 else 8000}."
            )
        time.sleep(0.1)
