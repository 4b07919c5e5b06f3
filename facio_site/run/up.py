"""The parent of every process behind `make run`: broker, web server and worker.

It loads the site once (parts.py), when the rest is settled (joining.py); web server and worker are
forks of it. `--demo` adds the simulated providers and a throw-away state folder; `--web` and
`--worker` start one part alone, of which there may be several on one database and broker. Kept out:
what the parts do, and every rule about settings beyond what it takes to start them.
"""

import contextlib
import ctypes
import enum
import functools
import os
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from facio_site import dotenv
from facio_site.run.broker import broker, broker_socket
from facio_site.run.children import (
    Bell,
    Child,
    Command,
    Refused,
    Stopped,
    end_all,
    say,
    tend,
    until,
)
from facio_site.run.places import (
    held,
    listen,
    make_state_folder,
    shared,
    thrown_away,
)
from facio_site.run.prepared import COLLECT, MIGRATE, is_collected, prepare

ROOT = Path(__file__).resolve().parent.parent.parent
STOP_SECONDS = 7.0  # for web server and worker together; the rest gets what is left of ten
LAST_STOP_SECONDS = 1.5
# Else glibc keeps an arena for many of the threads, and much of what large answers took for a
# moment. By variable: the number of mallopt's option, the value.
MALLOC = {"MALLOC_ARENA_MAX": (-8, 2), "MALLOC_MMAP_THRESHOLD_": (-3, 1_000_000)}
OLD_PORT_SECONDS = 5.0  # how long the web server of a killed parent may still hold the port
SHARED = ("DATABASE_URL", "REDIS_URL")  # what parts on their own have in common


class Part(enum.Enum):
    """What one parent starts, by the word for it."""

    WHOLE = ""
    DEMO = "--demo"
    WEB = "--web"
    WORKER = "--worker"

    @property
    def is_whole(self) -> bool:
        return self in (Part.WHOLE, Part.DEMO)


# What the environment says


@dataclass(frozen=True)
class Choice:
    """What the person who starts the site may choose about its processes."""

    host: str
    port: int
    web_threads: int
    worker_threads: int
    patience: float = 0.0  # seconds to wait for a port that is still in use

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Choice":
        """Raises Refused."""
        threads = 32 if is_given(environ, "DATABASE_URL") else 64  # as in settings
        return cls(
            host=environ.get("HOST") or "127.0.0.1",
            port=whole_number(environ, "PORT", 8000, least=0, most=65535),
            web_threads=whole_number(environ, "WEB_THREADS", threads, least=1, most=1024),
            worker_threads=whole_number(environ, "WORKER_CONCURRENCY", 32, least=1, most=1024),
        )


def is_given(environ: Mapping[str, str], name: str) -> bool:
    """By itself or by a file that holds it."""
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))


def whole_number(
    environ: Mapping[str, str], name: str, default: int, *, least: int, most: int
) -> int:
    """Raises Refused when the variable holds anything but a whole number between the two."""
    text = environ.get(name, "").strip() or str(default)
    if not re.fullmatch(r"[0-9]{1,7}", text) or not least <= int(text) <= most:
        raise Refused(f"{name} must be a whole number from {least} to {most}, not {text!r}.")
    return int(text)


def demo_environ(state: Path) -> dict[str, str]:
    """What the demo sets, so that neither the shell nor a `.env` file leads it to real things."""
    unset = (
        *("ALLOWED_HOSTS", "AWS_PROFILES_ALLOWED", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL_FILE"),
        *("FACIO_CONFIG_GROUP", "FACIO_CONFIG_IN_PLACE", "FACIO_CONFIG_MODE", "MASTER_KEYS"),
        *("OUTBOUND_PROXY", "OUTBOUND_PROXY_FILE", "OUTBOUND_PUBLIC_HTTP", "PUBLIC_URL"),
        *("REDIS_URL", "REDIS_URL_FILE", "SECRET_KEY", "SECRET_KEY_FILE", "TRUSTED_PROXY_COUNT"),
        *("SMTP_HOST", "SMTP_PASSWORD", "SMTP_PASSWORD_FILE"),
    )
    return dict.fromkeys(unset, "") | {
        "DATABASE_URL": f"sqlite:///{state / 'db.sqlite3'}",
        "DEBUG": "0",
        "FACIO_CONFIG_PATH": str(state / "agent" / "config.json"),
        "MASTER_KEY_FILE": str(state / "master_keys"),
        "OUTBOUND_ALLOW": "loopback",
        "OUTBOUND_CA_FILE": str(state / "simulators" / "ca.pem"),
        "OUTBOUND_HOSTS_FILE": str(state / "simulators" / "hosts"),
    }


# The parts


def set_up(environ: Mapping[str, str]) -> None:
    """Become the process that knows the site. Raises Refused with what the settings refuse."""
    save_memory(environ)
    os.chdir(ROOT)
    os.environ |= environ
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except (ImproperlyConfigured, ValueError) as error:
        raise Refused(str(error).strip().splitlines()[-1]) from None


def save_memory(environ: Mapping[str, str]) -> None:
    """As if these variables had been set before this process began; what is set stays."""
    with contextlib.suppress(AttributeError, OSError):  # another C library
        set_option = ctypes.CDLL(None).mallopt
        for name, (option, value) in MALLOC.items():
            if name not in environ:
                set_option(option, value)


def fork(name: str, job: Callable[[], object], orphaned: signal.Signals, *keep_open: int) -> Child:
    return Child(name, job, orphaned=orphaned, keep_open=keep_open)


def manage(*words: str) -> Command:
    """One of Django's commands, under way."""
    from facio_site.run import parts

    job = functools.partial(parts.run_command, words)
    return Command(fork(f"manage.py {words[0]}", job, signal.SIGTERM))


def simulators(state: Path, environ: Mapping[str, str]) -> Child:
    log = (state / "logs" / "simulators.log").open("wb")
    argv = [sys.executable, "-m", "tests.simulators", "--state", str(state / "simulators")]
    return Child(
        "simulators",
        argv,
        environ,
        ROOT,
        output=log,
        errors=log,
        is_ready=lambda: "ready" in Path(log.name).read_text(errors="replace").splitlines(),
    )


class Knock:
    """A question put to the web server before it is there."""

    def __init__(self, listener: socket.socket) -> None:
        host, port = listener.getsockname()[:2]
        self._family = listener.family
        own = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # nosec B104
        self._address = (own.get(host, host), port)
        self._ask()

    def _ask(self) -> None:
        self._caller = socket.socket(self._family, socket.SOCK_STREAM)
        self._caller.settimeout(1)
        self._caller.connect(self._address)
        self._caller.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        self._caller.setblocking(False)

    def answered(self) -> bool:
        try:
            if self._caller.recv(5) == b"HTTP/":
                self._caller.close()
                return True
        except BlockingIOError:
            return False
        except OSError:
            pass
        self._caller.close()
        self._ask()
        return False


def settle() -> None:
    """Move what stands in SQLite's journal into the database file, now that nobody writes: whoever
    copies that one file after a stop has everything. Does nothing for another database."""
    from django.conf import settings

    database = settings.DATABASES["default"] if settings.configured else {}
    path = Path(database.get("NAME", ""))
    if database.get("ENGINE") == "django.db.backends.sqlite3" and path.is_file():
        with (
            contextlib.suppress(sqlite3.Error),  # somebody else has it open: it is theirs to do
            contextlib.closing(sqlite3.connect(path, timeout=1)) as connection,
        ):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# The start and the watch


def announce(url: str, link: str, part: Part) -> None:
    from facio_site.commands import needs, whole

    lines = [f"Facio Settings is running at {url}"]
    if part is Part.WORKER:
        lines = ["Facio Settings: a worker is running"]
    if link:
        lines.append(f"Create the owner account here (works once): {link}")
        lines.append(f"To make a new link: {whole('setup_link')}")
        if name := needs():
            lines.append(f"Run that in a shell that has the same {name} as the site.")
    if part is Part.DEMO:
        lines += (
            "The providers are simulated; a word in the key decides how one answers:",
            "demo-good, -bad, -nocredit, -limited, -error, -hang, -slow, -html, -malformed, -empty",
        )
    with contextlib.suppress(OSError):
        print(*lines, "Ctrl-C stops it.", sep="\n", flush=True)


def environ_of(
    state: Path, choice: Choice, given: Mapping[str, str], listener: socket.socket | None
) -> dict[str, str]:
    """What the site's own settings are read from."""
    environ = {
        "CELERY_SKIP_CHECKS": "1",  # migrate makes them
        "DJANGO_SETTINGS_MODULE": "facio_site.settings",
        **given,
        "FACIO_SERVING": "1",
        "HOST": choice.host,
        "STATE_DIR": str(state),
    }
    if listener:
        port = str(listener.getsockname()[1])
        host = f"[{choice.host}]" if ":" in choice.host else choice.host
        url = given.get("PUBLIC_URL") or f"http://{host}:{port}"
        environ |= {"PORT": port, "PUBLIC_URL": url}
    return environ


def serve(state: Path, choice: Choice, given: Mapping[str, str], bell: Bell, part: Part) -> None:
    """Everything from the first child to the last. Raises Refused, Stopped."""
    ground: list[Child] = []  # what the others stand on; ends last
    upper: list[Child] = []
    with contextlib.ExitStack() as stack:
        listener = None
        if part is not Part.WORKER:
            listener = stack.enter_context(listen(choice.host, choice.port, choice.patience))
        environ = environ_of(state, choice, given, listener)
        if not is_given(given, "REDIS_URL"):
            path = stack.enter_context(broker_socket(state))
            environ["REDIS_URL"] = f"unix://{quote(str(path))}"
            ground.append(broker(path, state))
        if part is Part.DEMO:
            ground.append(simulators(state, environ))
        try:
            tend(ground)
            set_up(environ)
            get_ready(state, part, ground, bell)
            upper = processes(choice, listener, part)
            link = ""
            if listener:
                until(Knock(listener).answered, ground + upper, bell)
                link = answer_of(manage("setup_link", "--add"), ground + upper, bell)
            announce(environ.get("PUBLIC_URL", ""), link, part)
            while bell.first is None:
                bell.wait(tend(ground + upper))
        finally:
            end_all(upper, bell, STOP_SECONDS)
            settle()
            end_all(ground, bell, LAST_STOP_SECONDS)


def get_ready(state: Path, part: Part, ground: list[Child], bell: Bell) -> None:
    """All that must be so before web server and worker start. Raises Refused, Stopped."""
    from facio_site.run import joining, parts
    from facio_site.web import behind

    for doubt in behind.doubts() if part is not Part.WORKER else ():
        say(doubt)  # what the settings allow and few mean
    joining.wait_for_database(bell)
    # Both look at the settings first, and make children say what is wrong.
    steps = [manage(*MIGRATE) if part.is_whole else manage("check")]
    if part is not Part.WORKER and not is_collected(state):
        collect = functools.partial(parts.collect, COLLECT, state)
        steps.append(Command(fork("manage.py collectstatic", collect, signal.SIGTERM)))
    prepare(steps, ground, bell)
    if not part.is_whole:
        joining.wait_for_tables(bell)
    until(lambda: all(child.is_ready() for child in ground), ground, bell)
    joining.share_broker(bell)
    joining.tell_keys()


def processes(choice: Choice, listener: socket.socket | None, part: Part) -> list[Child]:
    from facio_site.run import parts

    found = []
    parts.load_tasks()
    if listener:
        site = parts.load()
        serve_web = functools.partial(
            parts.run_web_server, site, listener.fileno(), choice.web_threads
        )
        # At once, and its own worker with it.
        found.append(fork("web server", serve_web, signal.SIGQUIT, listener.fileno()))
    if part is not Part.WEB:
        work = functools.partial(parts.run_worker, choice.worker_threads)
        # A task may go on for a minute. An orphan must not: the next worker takes up its row.
        found.append(fork("worker", work, signal.SIGKILL))
    return found


def answer_of(command: Command, children: list[Child], bell: Bell) -> str:
    """What it prints. Raises Refused, Stopped."""
    try:
        until(lambda: not command.is_running, children, bell)
        return command.text()
    finally:
        command.child.kill()


def main(words: Sequence[str]) -> int:
    try:
        part = Part(" ".join(words))
    except ValueError:
        print("usage: python -m facio_site.up [--demo | --web | --worker]", file=sys.stderr)
        return 2
    os.umask(0o077)
    bell = Bell()
    try:
        given = {**dotenv.read(ROOT / ".env"), **os.environ}
        choice = Choice.read(given)
        if not part.is_whole and not all(is_given(given, name) for name in SHARED):
            raise Refused(f"a part alone ({part.value}) wants {' and '.join(SHARED)}.")
        state = make_state_folder(given, demo=part is Part.DEMO)
        with contextlib.ExitStack() as stack:
            if part.is_whole:
                crashed = stack.enter_context(held(state))
            else:
                stack.enter_context(shared(state))
                crashed = True  # perhaps: nobody keeps count of the parts
            if part is Part.DEMO:
                stack.enter_context(thrown_away(state))
                given |= demo_environ(state)
            patience = OLD_PORT_SECONDS if crashed else 0.0
            serve(state, replace(choice, patience=patience), given, bell, part)
    except (Refused, dotenv.Unreadable) as refusal:
        say(str(refusal))
        return 1
    except Stopped:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
