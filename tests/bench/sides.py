"""The sides as processes: upstream, site, floor and nanobot, each on its own state and port.

A side knows its address, how to speak to it and which process is the root of its tree. Whatever is
started here is ended here, by its own handle.
"""

import contextlib
import importlib.metadata
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi

from facio_site.run import up
from facio_site.run.broker import broker
from facio_site.run.children import Child
from tests.bench.client import Client, first_answer, signed_in
from tests.journeys import stack
from tests.processes import ROOT, stop, wait_for
from tests.simulators import entries

NANOBOT = ROOT / "var" / "nanobot" / "bin" / "nanobot"
STARTS_WITHIN = 90.0
# Kinds of nanobot's own that stand for servers with so many models.
BASES = {400: "skywork", 5_000: "novita", 20_000: "stepfun"}
# Kinds that nanobot's WebUI has a list call for; all of them are led to one simulated server.
LISTED = (
    *("openai", "openrouter", "huggingface", "deepseek", "gemini", "zhipu", "dashscope"),
    *("moonshot", "minimax", "mistral", "groq", "byteplus", "ollama", "lm_studio", "ovms"),
    *("vllm", "custom"),
)


@dataclass(frozen=True)
class Upstream:
    state: Path
    tls_port: int
    plain_port: int

    @property
    def ca_file(self) -> Path:
        return self.state / "ca.pem"

    @property
    def trust_file(self) -> Path:
        """The public authorities and the simulators' own, for sides that take one file."""
        path = self.state / "trust.pem"
        if not path.exists():
            path.write_bytes(Path(certifi.where()).read_bytes() + self.ca_file.read_bytes())
        return path

    def address(self, name: str, path: str) -> str:
        """For those who cannot be told that `name` is on this machine."""
        return f"https://127.0.0.1:{self.tls_port}/{name}{path}"

    def delay(self, kind: str, milliseconds: int) -> None:
        client = Client(f"http://127.0.0.1:{self.plain_port}")
        assert client.get(f"/delay/{kind}/{milliseconds}").status == 200


@dataclass(frozen=True)
class Side:
    client: Client
    pid: int  # root of its processes
    session: str = ""  # of a Django side
    database: Path | None = None  # of the site

    @property
    def url(self) -> str:
        return self.client.url


@contextlib.contextmanager
def upstream(state: Path) -> Iterator[Upstream]:
    argv = [sys.executable, "-m", "tests.bench.upstream", str(state)]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        tls, plain = process.stdout.readline().split()
        yield Upstream(state, int(tls), int(plain))
    finally:
        stop(process)


def without_tools(folder: Path) -> str:
    """A folder for PYTHONPATH that hides what only developers install: some libraries load whatever
    is there, and a real installation has none of it."""
    run, develop = (
        set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / name).read_text(), re.M))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    folder.mkdir(parents=True, exist_ok=True)
    for module, owners in importlib.metadata.packages_distributions().items():
        if {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners} <= develop - run:
            (folder / f"{module}.py").write_text("raise ImportError\n")
    return str(folder)


# The site


def site_environ(state: Path, found: Upstream, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "STATE_DIR": str(state),
        "OUTBOUND_HOSTS_FILE": str(found.state / "hosts"),
        "OUTBOUND_CA_FILE": str(found.ca_file),
        "PYTHONPATH": without_tools(found.state / "hidden"),
        "TESTS_PER_MINUTE": "1000000",
        **more,
    }


def seed(module: str, environ: Mapping[str, str]) -> str:
    """Runs a module that prints the key of a session."""
    argv = [sys.executable, "-m", module]
    run = subprocess.run(
        argv, cwd=ROOT, env=dict(environ), stdout=subprocess.PIPE, text=True, check=True
    )
    return run.stdout.split()[-1]


def seed_site(state: Path, found: Upstream, **more: str) -> str:
    environ = site_environ(state, found, DJANGO_SETTINGS_MODULE="facio_site.settings", **more)
    return seed("tests.bench.seed", environ)


@contextlib.contextmanager
def site(state: Path, found: Upstream, **more: str) -> Iterator[Side]:
    """As `make run` serves it; `more` is put into its environment."""
    session = seed_site(state, found, **more)
    environ = site_environ(state, found, **more)
    with stack.running(state, simulators=None, **environ) as running:
        client, pid = signed_in(running.url, session), running.process.pid
        yield Side(client, pid, session, state / "db.sqlite3")


# The floor


@contextlib.contextmanager
def floor(state: Path, found: Upstream) -> Iterator[Side]:
    """The bare page, with the settings of facio_site/run/parts.py for gunicorn and Celery."""
    (state / "logs").mkdir(parents=True)
    listener = up.listen("127.0.0.1", 0, 0)
    port = listener.getsockname()[1]
    socket_path = state / "broker.sock"
    environ = floor_environ(state, found, f"unix://{socket_path}")
    descriptor = listener.fileno()
    web = ["gunicorn", "--bind", f"fd://{descriptor}", "-k", "gthread", "--threads", "32"]
    web += ["--log-level", "warning", "--no-control-socket", "tests.bench.floor.wsgi"]
    children = [
        broker(socket_path, state),
        Child("web server", [sys.executable, "-m", *web], environ, ROOT, keep_open=(descriptor,)),
        floor_worker(environ, 32),
    ]
    session = seed("tests.bench.floor.seed", environ)
    with listener, contextlib.ExitStack() as ends:
        for child in children:
            ends.callback(end, child)
            child.start()
        client = signed_in(f"http://127.0.0.1:{port}", session)
        first_answer(client, "/", seconds=STARTS_WITHIN)
        yield Side(client, os.getpid(), session)


def floor_environ(state: Path, found: Upstream, broker_url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.bench.floor.settings",
        "FLOOR_STATE": str(state),
        "FLOOR_UPSTREAM": found.address("api.openai.com", "/v1/models"),
        "MALLOC_ARENA_MAX": "2",
        "PYTHONPATH": without_tools(found.state / "hidden"),
        "REDIS_URL": broker_url,
        "SSL_CERT_FILE": str(found.trust_file),
    }


def floor_worker(environ: Mapping[str, str], threads: int) -> Child:
    words = ["celery", "-A", "tests.bench.floor.celery", "worker", "--pool", "threads"]
    words += ["--concurrency", str(threads), "--without-mingle", "--without-gossip"]
    words += ["--without-heartbeat", "--loglevel", "WARNING"]
    return Child("worker", [sys.executable, "-m", *words], environ, ROOT)


def end(child: Child) -> None:
    if child.process is not None:
        stop(child.process)
    child.kill()


# nanobot


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass(frozen=True)
class Nanobot:
    """How one nanobot is started; its home holds config, workspace and logs."""

    home: Path
    port: int
    gateway_port: int
    trust_file: Path

    @property
    def argv(self) -> list[str]:
        return [
            *(str(NANOBOT), "webui", "--no-open", "--yes"),
            *("--config", str(self.home / "config.json"), "--workspace", str(self.home / "work")),
            *("--port", str(self.port), "--gateway-port", str(self.gateway_port)),
        ]

    @property
    def environ(self) -> dict[str, str]:
        """A dead proxy keeps it from calling anything beyond this machine."""
        dead = "http://127.0.0.1:9"
        proxies = {"HTTP_PROXY": dead, "HTTPS_PROXY": dead, "NO_PROXY": "127.0.0.1,localhost"}
        trust = {"SSL_CERT_FILE": str(self.trust_file)}
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), **proxies, **trust}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def password(self) -> str:
        config = json.loads((self.home / "config.json").read_text())
        return str(config["channels"]["websocket"]["tokenIssueSecret"])

    def start(self) -> "subprocess.Popen[bytes]":
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                self.argv,
                cwd=self.home,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def end(self, process: "subprocess.Popen[bytes]") -> None:
        """It takes its gateway along, some seconds later."""
        pids = tree(process.pid)
        stop(process)
        wait_for(lambda: not any(alive(pid) for pid in pids), seconds=30)

    def door(self) -> Client:
        """May ask for a token at /webui/bootstrap."""
        return Client(self.url, {"X-Nanobot-Auth": self.password})

    def client(self) -> Client:
        """With a token, which lasts five minutes."""
        answer = json.loads(self.door().get("/webui/bootstrap").text)
        return Client(self.url, {"Authorization": f"Bearer {answer['api_token']}"})


def nanobot_config(found: Upstream) -> dict[str, object]:
    """The same kinds and keys that the site has, with the simulated server behind them."""
    providers: dict[str, object] = {
        kind: {"apiKey": entries.demo_key(kind), "apiBase": _base(found)} for kind in entries.KEYS
    }
    for size, kind in BASES.items():
        providers[kind] = {"apiKey": "demo-good", "apiBase": _base(found, f"/~huge{size}")}
    return {"providers": providers}


def _base(found: Upstream, words: str = "") -> str:
    return found.address("llm.example.com", f"{words}/v1")


def prepared_nanobot(home: Path, found: Upstream) -> Nanobot:
    """With its config written, and started once, so that its workspace is there too."""
    home.mkdir(parents=True)
    (home / "config.json").write_text(json.dumps(nanobot_config(found)))
    made = Nanobot(home, free_port(), free_port(), found.trust_file)
    process = made.start()
    try:
        first_answer(Client(made.url), "/", seconds=STARTS_WITHIN)
    finally:
        made.end(process)
    return made


@contextlib.contextmanager
def nanobot(made: Nanobot) -> Iterator[Side]:
    process = made.start()
    try:
        first_answer(Client(made.url), "/", seconds=STARTS_WITHIN)
        yield Side(made.client(), process.pid)
    finally:
        made.end(process)


# Processes


def tree(root: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            fields = path.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def pss_mb(root: int) -> float:
    """Memory of a process and all below it, shared pages divided among those who share them."""
    total = 0
    for pid in tree(root):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024
