"""What is looked at when the site starts: the operator's words about the live file, and what a
killed writer left beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from celery.signals import worker_ready
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from routing.agents.replacing import sweep
from routing.agents.writing import live_path, new_file_group, new_file_mode


@register()
def live_file(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.FACIO_CONFIG_PATH and not Path(settings.FACIO_CONFIG_PATH).is_absolute():
        found.append(Error("FACIO_CONFIG_PATH must be an absolute path.", id="facio.E010"))
    try:
        new_file_mode()
    except ValueError:
        sentence = "FACIO_CONFIG_MODE must be an octal mode such as 0600, 0640 or 0660."
        found.append(Error(sentence, id="facio.E011"))
    try:
        new_file_group()
    except KeyError:
        found.append(Error("FACIO_CONFIG_GROUP names no group of this machine.", id="facio.E012"))
    return found


@worker_ready.connect
def remove_leftovers(**_kwargs: object) -> None:
    path = live_path()
    if path:
        sweep(path)
