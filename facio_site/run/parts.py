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
from typing import Any

from celery.beat import Scheduler, Service
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import execute_from_command_line
from gunicorn.app.base import BaseApplication

from facio_site import boot
from facio_site.celery import app

WEB: dict[str, object] = {
    "worker_class": "gthread",
    "workers": 1,
    "graceful_timeout": 3,
    "forwarded_allow_ips": "",
    "logger_class": "facio_site.run.access.Log",
    "control_socket_disable": True,
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


def load() -> WSGIHandler:
    """The site, complete; after collectstatic, because it looks through the static files."""
    app.loader.import_default_modules()
    app.finalize(auto=True)
    application: WSGIHandler = import_module("facio_site.wsgi").application
    return application


def run_web_server(application: WSGIHandler, descriptor: int, threads: int) -> None:
    """`descriptor`: of the socket that listens."""
    Site(application, bind=f"fd://{descriptor}", threads=threads, **WEB).run()


def run_worker(threads: int) -> None:
    """The worker, and beat as a thread of it: a process of its own would be 11 MB for one task
    every ten seconds, which a worker has to do anyway. It keeps no file: nothing is due daily."""
    # Celery's ten lines about running as root are none of a container's business.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser")
    worker = app.Worker(concurrency=threads, **WORKER)
    threading.Thread(target=_beat, name="beat", daemon=True).start()
    worker.start()
    sys.exit(worker.exitcode)


def _beat() -> None:
    try:
        Service(app, scheduler_cls=Scheduler).start()
    finally:  # it gave up: a worker without beat makes room for one with it
        os.kill(os.getpid(), signal.SIGTERM)


def run_command(words: Sequence[str]) -> None:
    """As `manage.py` with these words."""
    argv = ["manage.py", *words]
    boot.prepare(argv)
    execute_from_command_line(argv)
