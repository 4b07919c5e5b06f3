"""What ends by itself when people sign in: sessions, links, counters of guesses."""

from collections.abc import Iterator
from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from facio_site import clock
from facio_site.accounts import limits
from facio_site.accounts.models import KEPT, Invitation
from facio_site.history import Old, of_rows

YOUNG = timedelta(hours=1)  # a session's entry in the list may be there before the session


def old() -> Iterator[Old]:
    now = clock.moment()
    yield of_rows("sessions", Session.objects.filter(expire_date__lt=now))
    living = Session.objects.filter(expire_date__gte=now).values("session_key")
    entries = UserSession.objects.filter(created_at__lt=now - YOUNG)
    yield of_rows("entries of sessions", entries.exclude(session_key__in=living))
    links = Invitation.objects.filter(created_at__lt=now - KEPT, expires_at__lt=now)
    yield of_rows("links", links)
    yield Old("counters of guesses", limits.expired, limits.sweep)
