"""One message to one channel: built as its kind says, sent through the door or by mail, and what
came of it. Keeps nothing."""

from __future__ import annotations

import logging
import secrets as random
from typing import Final

from django.conf import settings
from django.utils import translation

from facio_site import sealing
from providers.http import Observer
from providers.outbound import open_door
from providers.spec.outcomes import Failed, Outcome, Step, Verdict
from routing.models import Channel
from routing.watch.alerts import mail
from routing.watch.alerts.entered import lacks, secrets_of, spec_of, stored_origin, values_of
from routing.watch.alerts.spec import ChannelSpec, Mail, Message

ANSWER_BYTES: Final = 64_000  # of a receiver, whose answer is a word or a small object

log = logging.getLogger(__name__)


def send(channel: Channel, message: Message, observe: Observer | None = None) -> Verdict:
    """OK = it was taken. Whatever happens ends in a verdict; nothing of the receiver's own words
    stands in it."""
    try:
        return _sent(channel, message, observe)
    except Failed as failed:
        return failed.verdict
    except sealing.KeyMissing:
        return Verdict(Outcome.NO_KEY)
    except sealing.Unreadable:
        return Verdict(Outcome.MISSING_CONFIG)
    except Exception as error:  # noqa: BLE001 - a fault must not hold up what comes after it
        return fault(error)


def _sent(channel: Channel, message: Message, observe: Observer | None) -> Verdict:
    spec = spec_of(channel)
    if spec is None:
        return Verdict(Outcome.MISSING_CONFIG)
    values, secrets = values_of(channel, spec), secrets_of(channel, spec)
    if lacks(spec, values, secrets):
        return Verdict(Outcome.MISSING_CONFIG)
    with translation.override(channel.language):
        made = spec.build(values, secrets, message)
    if isinstance(made, Mail):
        return mail.send(made, settings.ALERT_SECONDS, observe)
    door = open_door(
        settings.ALERT_SECONDS,
        observe=observe,
        wire_bytes=ANSWER_BYTES,
        decoded_bytes=ANSWER_BYTES,
    )
    with door:
        return spec.read(door.send(made))


def steps(channel: Channel, spec: ChannelSpec) -> list[Step]:
    """What lies ahead of a message, for a ladder."""
    if spec.address is None:
        return mail.steps()
    is_safe = stored_origin(channel, spec).startswith("https:")
    return [Step.ADDRESS, Step.DNS, Step.CONNECT, *[Step.TLS] * is_safe, Step.MESSAGE]


def fault(error: Exception) -> Verdict:
    """A fault of ours. Type and place are logged, never its text: that may quote what was sent."""
    reference, frames = random.token_hex(4), []
    trace = error.__traceback__
    while trace:
        frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("%s in an alert: %s at %s", reference, type(error).__name__, frames[-4:])
    return Verdict(Outcome.INTERNAL_ERROR, params={"reference": reference})
