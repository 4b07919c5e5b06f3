"""A receiver of alerts that answers as a test says, and what such tests ask again and again."""

from datetime import datetime, timedelta
from typing import Any

from providers.spec.outcomes import Outcome, Verdict
from routing.models import Channel, Delivery
from routing.watch.alerts.spec import Message
from tests.routing.watch.alerts.desk import NOW

OK = Verdict(Outcome.OK)
DOWN = Verdict(Outcome.SERVER_ERROR, params={"status": 500})
HOUR = timedelta(hours=1)


class Receiver:
    """Answers by a list, then with the last of it; remembers what it took."""

    def __init__(self) -> None:
        self.answers: list[Any] = [OK]
        self.tried: list[tuple[str, Message]] = []

    def __call__(self, channel: Channel, message: Message, observe: Any = None) -> Verdict:
        self.tried.append((channel.name, message))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer()
        found: Verdict = answer
        return found

    @property
    def ids(self) -> list[str]:
        return [message.id for _name, message in self.tried]

    @property
    def counts(self) -> list[int]:
        return [len(message.lines) for _name, message in self.tried]


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def statuses() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("status", flat=True))
