"""How long a session lives and what ends it.

Sign-in stamps it; a change of factors ends the user's other sessions. So does a changed password,
through its hash, which is part of what Django compares.
"""

import time
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from facio_site.audit import record

_BEGAN = "session_began"
_SEEN = "session_seen"
SEEN_EVERY = 300  # seconds between two writes of "last seen", which also move the idle limit on


@receiver(user_logged_in)
def stamp(request: HttpRequest, **_kwargs: Any) -> None:
    request.session[_BEGAN] = request.session[_SEEN] = time.time()


def enforce_limits(request: HttpRequest) -> None:
    """End the session of a signed-in visitor past its absolute age, else keep it from idling out.

    A session without its stamp counts as too old. The idle limit is the cookie's and row's age.
    """
    now = time.time()
    began = request.session.get(_BEGAN)
    if not isinstance(began, float) or now - began > settings.SESSION_ABSOLUTE_AGE:
        _expire(request)
    elif now - request.session.get(_SEEN, 0.0) > SEEN_EVERY:
        request.session[_SEEN] = now
        UserSession.objects.create_from_request(request)


def _expire(request: HttpRequest) -> None:
    """End the session as the site, not as its user. Of several requests at once one records it."""
    name = request.user.get_username()
    with transaction.atomic():
        if Session.objects.filter(pk=request.session.session_key).delete()[0]:
            record("session.expired", actor=None, target=name, request=request)
        request.session.flush()
    request.user = AnonymousUser()


@receiver(post_save, sender=Authenticator)
def factor_added(instance: Any, created: bool, **_kwargs: Any) -> None:
    if created:
        _keep_only_current(instance.user)


@receiver(post_delete, sender=Authenticator)
def factor_removed(instance: Any, **_kwargs: Any) -> None:
    _keep_only_current(instance.user)


def _keep_only_current(user: Any) -> None:
    user.end_sessions()
    request = context.request
    if request is not None and request.user.is_authenticated and request.user.pk == user.pk:
        request.user.session_epoch = user.session_epoch
        update_session_auth_hash(request, request.user)
        UserSession.objects.create_from_request(request)
