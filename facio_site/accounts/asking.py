"""Whose request it is: session and user, which every page reads, by queries that are compiled once.

What is stored, and when it counts, is left to Django and allauth.
"""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField, IntegerField
from django.utils import timezone

from facio_site.accounts.models import User
from facio_site.compiled import compiled


@compiled(key=CharField(), now=DateTimeField())
def _living(key: Any, now: Any) -> Any:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


@compiled(pk=IntegerField())
def _user(pk: Any) -> Any:
    return User.objects.filter(pk=pk)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        row: Session | None = _living.first(key=self.session_key, now=timezone.now())
        if row is None:
            self._session_key = None  # a new one is never given the key that was asked for
        return row


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    def get_user(self, user_id: int) -> User | None:
        user: User | None = _user.first(pk=user_id)
        return user if user and self.user_can_authenticate(user) else None
