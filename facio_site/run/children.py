"""Child processes that live and die with this one, and the signals that it waits for.

A child is another program, or this very process once more with a function of its own: then it
shares the memory that neither of them writes to, and starts at once. Standard library only, for a
single-threaded parent. Kept out: what the children are for.
"""

import contextlib
import functools
import multiprocessing.context
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

SLOWEST_RESTART_SECONDS = 15.0
STEADY_SECONDS = 10.0  # whoever lived that long is restarted at once when it ends
MOST_FAILURES = 3  # in a row, while the site starts
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
MOST_DESCRIPTORS = 1024  # a process that starts children holds a dozen

Job = Sequence[str] | Callable[[], object]  # a program's words, or what a fork of this one does


class Refused(Exception):
    """The start ends here; the text is the one line for the person who typed the command."""


class Stopped(Exception):
    """A signal came before everything was up."""


def say(sentence: str) -> None:
    """One line on the terminal; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"facio: {sentence}\n")


class Bell:
    """Signals as data: whoever waits here wakes at each of them, none is lost between two waits."""

    def __init__(self) -> None:
        self.first: float | None = None  # moment of the first request to stop
        self.hurry = False  # asked again later on: no more patience
        self._pipe, write = os.pipe()
        os.set_blocking(self._pipe, False)
        os.set_blocking(write, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._ring)
        signal.signal(signal.SIGINT, self._ring)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup: outlive the terminal
            signal.signal(signal.SIGHUP, self._ring)

    def _ring(self, *_: object) -> None:
        now = time.monotonic()
        if self.first is None:
            self.first = now
        elif now > self.first + 1:  # later than the same Ctrl-C once more by way of make
            self.hurry = True

    def wait(self, seconds: float) -> None:
        """Until a signal, or so long."""
        select.select([self._pipe], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            while os.read(self._pipe, 512):
                pass


def _prctl() -> Callable[..., object]:
    """Tells the kernel something about this process; does nothing beyond Linux."""
    if not sys.platform.startswith("linux"):
        return lambda *words: None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    return lambda option, value: prctl(option, value, 0, 0, 0)


_tell_kernel = _prctl()


def _die_with(parent: int, signum: int) -> None:
    """In a child: have the kernel send it this signal when its parent dies."""
    _tell_kernel(PR_SET_PDEATHSIG, signum)
    if os.getppid() != parent:  # it died before the kernel was asked
        os._exit(1)


class Fork(multiprocessing.context.ForkProcess):
    """This process once more, for one function; ends, waits and is asked as a Popen does."""

    def __init__(self, child: "Child", job: Callable[[], object]) -> None:
        super().__init__(name=child.name)
        self._child, self._job, self._parent = child, job, os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self.start()

    def run(self) -> None:
        """In the child: leave everything of the parent's behind that an exec would have closed."""
        os.setsid()
        _die_with(self._parent, self._child.orphaned)
        _tell_kernel(PR_SET_NAME, f"facio-{self._child.name.partition(' ')[0]}".encode()[:15])
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, signal.SIG_DFL)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        outputs = (self._child.output, self._child.errors)
        for number, file in enumerate((subprocess.DEVNULL, *outputs)):
            if file == subprocess.DEVNULL:
                os.dup2(nothing, number)
            elif file is not None and not isinstance(file, int):
                os.dup2(file.fileno(), number)
        least = 3
        for number in (*sorted(self._child.keep_open), MOST_DESCRIPTORS):
            os.closerange(least, number)
            least = number + 1
        self._job()

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        self.join(timeout)
        return self.exitcode


@dataclass
class Child:
    """A command that `tend` keeps alive; a Command takes one that ends by itself."""

    name: str
    job: Job
    environ: Mapping[str, str] = field(repr=False, default_factory=dict)  # a fork has this one's
    cwd: Path | None = None  # this one's
    orphaned: signal.Signals = signal.SIGTERM  # what the kernel sends it when this process dies
    output: int | IO[bytes] = subprocess.DEVNULL
    errors: IO[bytes] | None = None  # None: this process's own standard error
    keep_open: tuple[int, ...] = ()
    before: Callable[[], object] | None = None
    is_ready: Callable[[], bool] = lambda: True
    process: "subprocess.Popen[bytes] | Fork | None" = None
    failures: int = 0
    started_at: float = 0.0
    due_at: float = 0.0

    def start(self) -> None:
        if self.before:
            self.before()
        if callable(self.job):
            self.process = Fork(self, self.job)
        else:
            self.process = subprocess.Popen(  # noqa: S603 - the words are this package's
                self.job,
                cwd=self.cwd,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=self.output,
                stderr=self.errors,
                pass_fds=self.keep_open,
                start_new_session=True,
                preexec_fn=functools.partial(_die_with, os.getpid(), self.orphaned),
            )
        self.started_at = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def log_hint(self) -> str:
        return "" if isinstance(self.output, int) else f" See {self.output.name}"

    def tend(self) -> None:
        """Start it when that is due; notice its end and plan the next start, later each time."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.kill()
        self.failures = 1 if now > self.started_at + STEADY_SECONDS else self.failures + 1
        self.due_at = now + min(SLOWEST_RESTART_SECONDS, 0.05 * 2**self.failures)
        say(f"{self.name} ended ({_why(code)}), starting it again")

    def ask_to_end(self) -> None:
        if self.process is not None and self.is_running:
            self.process.terminate()

    def kill(self) -> None:
        """With all that is left in its process group: a web server's own worker, for one."""
        if self.process is not None and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()  # a fork of this moment may not have its own group yet
            self.process.wait()
            self.process = None


def _why(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def tend(children: Sequence[Child]) -> float:
    """Look after each of them; seconds until one is due to start again, at most a minute."""
    for child in children:
        child.tend()
    due = [child.due_at for child in children if child.process is None]
    return min(due, default=time.monotonic() + 60) - time.monotonic()


def until(condition: Callable[[], bool], children: Sequence[Child], bell: Bell) -> None:
    """Keep the children alive until something is true.

    Raises Refused when one of them does not start, Stopped at a signal.
    """
    while not condition():
        tend(children)
        for child in children:
            if child.failures >= MOST_FAILURES:
                raise Refused(f"the {child.name} does not start.{child.log_hint}")
        bell.wait(0.05)
        if bell.first is not None:
            raise Stopped


def end_all(children: Sequence[Child], bell: Bell, seconds: float) -> None:
    """Ask all of them to end, in this order; kill those that have not after so many seconds."""
    for child in children:
        child.ask_to_end()
    give_up = time.monotonic() + seconds
    while any(child.is_running for child in children):
        left = give_up - time.monotonic()
        if left <= 0 or bell.hurry:
            break
        bell.wait(min(left, 0.2))
    for child in children:
        child.kill()


class Command:
    """A child that ends by itself, and what it wrote: kept in files without a name."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - text() closes both
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        child.output, child.errors = self._output, self._errors
        child.start()
        self._process = child.process

    @property
    def is_running(self) -> bool:
        return self.child.is_running

    @property
    def has_failed(self) -> bool:
        return self._process is None or bool(self._process.poll())

    def text(self) -> str:
        """What it printed. Raises Refused, with its last line, when it failed."""
        output, errors = _content(self._output), _content(self._errors)
        self.child.kill()
        if self.has_failed:
            lines = (errors or output or "no message").splitlines()
            # A system check of Django's that failed stands above the line that counts them.
            told = [line.partition(") ")[2] for line in lines if line.startswith("?: (")]
            said = told[0] if told else lines[-1].removeprefix("CommandError: ")
            raise Refused(f"{self.child.name} failed: {said}")
        return output


def _content(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode(errors="replace").strip()
