"""What the processes behind `make run` do: web server, worker and Django's own commands.

Their parent imports this after `django.setup()` and loads gunicorn, Celery and the site for all of
them. Each of the functions that run something does so in a fork, and returns at its end.
"""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from celery.beat import Service
from django.conf import settings as site_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import execute_from_command_line
from django.utils.module_loading import import_string
from gunicorn.app.base import BaseApplication

from facio_site import boot, schema
from facio_site.celery import app
from facio_site.run import joining
from facio_site.run.prepared import is_collected


def start_beside(_process: object) -> None:
    """What the apps do beside the answers, in the process that gives them."""
    for path in site_settings.BESIDE_WEB:
        import_string(path)()


WEB: dict[str, object] = {
    "worker_class": "gthread",
    "workers": 1,
    "graceful_timeout": 3,
    "forwarded_allow_ips": "",
    "logger_class": "facio_site.run.access.Log",
    "control_socket_disable": True,
    "post_worker_init": start_beside,
}
WORKER: dict[str, Any] = {
    "pool": "threads",
    "without_mingle": True,
    "without_gossip": True,
    "without_heartbeat": True,
    "loglevel": "WARNING",
}


class Site(BaseApplication):  # type: ignore[misc]
    """One gunicorn over the site that is loaded already."""

    def __init__(self, application: WSGIHandler, **settings: object) -> None:
        self._application, self._settings = application, settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIHandler:
        return self._application


def load_tasks() -> None:
    """What a worker does."""
    app.loader.import_default_modules()
    app.finalize(auto=True)


def load() -> WSGIHandler:
    """All pages, after `load_tasks` and collectstatic: it looks through the static files."""
    application: WSGIHandler = import_module("facio_site.wsgi").application
    return application


def run_web_server(application: WSGIHandler, descriptor: int, threads: int) -> None:
    """`descriptor`: of the socket that listens."""
    Site(application, bind=f"fd://{descriptor}", threads=threads, **WEB).run()


def run_worker(threads: int) -> None:
    """The worker, and beat as a thread of it: a process of its own would be 11 MB for one task
    every ten seconds, which a worker has to do anyway. It keeps no file: nothing is due daily.

    A machine that lacks a master key of the site has none until it is there.
    """
    joining.wait_for_keys()
    joining.when_keys_are_lost(lambda: os.kill(os.getpid(), signal.SIGTERM))
    # Celery's ten lines about running as root are none of a container's business.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser")
    worker = app.Worker(concurrency=threads, **WORKER)
    threading.Thread(target=_beat, name="beat", daemon=True).start()
    worker.start()
    sys.exit(worker.exitcode)


def _beat() -> None:
    try:
        Service(app, scheduler_cls=app.conf.beat_scheduler).start()
    finally:  # it gave up: a worker without beat makes room for one with it
        os.kill(os.getpid(), signal.SIGTERM)


def run_command(words: Sequence[str]) -> None:
    """As `manage.py` with these words."""
    argv = ["manage.py", *words]
    try:
        boot.prepare(argv)
    except schema.Refused as refusal:
        sys.exit(str(refusal))
    execute_from_command_line(argv)


def collect(words: Sequence[str], state: Path) -> None:
    """Static files into the state folder, which other parts of this machine may share."""
    with schema.locked_file(state / "static.lock"):
        if not is_collected(state):
            run_command(words)
