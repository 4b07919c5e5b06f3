"""User with one role, and one-time links to an account. No rules for passwords, no pages."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from allauth.core import context
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from facio_site.accounts.names import fold
from facio_site.audit import record

INVITATION_LIFE = timedelta(days=7)
KEPT = timedelta(days=30)  # how long a link is remembered after it was made
NAME_LENGTH = 80


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    EDITOR = "editor", _("Editor")
    VIEWER = "viewer", _("Viewer")


class UserManager(DjangoUserManager["User"]):
    def owners(self) -> models.QuerySet[User]:
        """Those who can let others in: active and with the role of owner."""
        return self.filter(role=Role.OWNER, is_active=True)

    def has_owner(self) -> bool:
        return self.owners().exists()

    def by_name(self, name: str) -> User | None:
        """Whose name it is, however it is written; None = nobody's."""
        same = self.filter(models.Q(username=name) | models.Q(folded_name=fold(name)))
        return min(same, key=lambda user: user.username != name, default=None)

    def get_by_natural_key(self, username: str | None) -> User:
        found = self.by_name(username or "")
        if found is None:
            raise User.DoesNotExist
        return found

    def create_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> User:
        extra_fields["role"] = Role.OWNER
        with transaction.atomic():
            user = super().create_superuser(username, email, password, **extra_fields)
            record("owner.created", actor=None, target=user.username, result=Role.OWNER)
        return user


class User(AbstractUser):
    """A person with one role. Staff and superuser follow from it: an owner is both, others none."""

    role = models.CharField(
        _("role"), max_length=10, choices=Role, default=Role.VIEWER, db_index=True
    )
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    # A space and a number follow in a row of before this column whose name another one had.
    folded_name = models.CharField(max_length=500, unique=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    _joins = False  # while the row is saved for the first time

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.is_staff = self.is_superuser = self.role == Role.OWNER
        changed = kwargs.get("update_fields")
        if changed is not None and "role" in changed:
            kwargs["update_fields"] = {*changed, "is_staff", "is_superuser"}
        if changed is None or "username" in changed:
            self._fold_name()
            kwargs["update_fields"] = changed and {*kwargs["update_fields"], "folded_name"}
        self._joins = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)

    def _fold_name(self) -> None:
        folded = fold(self.username)
        if self.folded_name.partition(" ")[0] != folded:
            self.folded_name = folded

    def password_changed(self) -> None:
        """A new password was just saved, on whatever way (passwords.Told)."""
        if self._joins:
            return
        request = context.request
        actor = getattr(request, "user", None)
        record(
            "password.changed",
            actor=actor,
            target=self.username,
            fields=["password"],
            request=request,
        )

    @property
    def can_edit(self) -> bool:
        """May save and test providers and routes."""
        return self.is_active and self.role in (Role.OWNER, Role.EDITOR)

    @property
    def can_export_keys(self) -> bool:
        """May take stored keys out, in a config.json with real values."""
        return self.is_active and self.role == Role.OWNER

    @property
    def can_manage_users(self) -> bool:
        return self.is_active and self.role == Role.OWNER

    def is_last_owner(self) -> bool:
        return self.can_manage_users and not User.objects.owners().exclude(pk=self.pk).exists()

    def end_sessions(self) -> None:
        """Every session of this user is void from now on, the current one too."""
        User.objects.filter(pk=self.pk).update(session_epoch=models.F("session_epoch") + 1)
        self.refresh_from_db(fields=["session_epoch"])

    def get_session_auth_hash(self) -> str:
        return self._session_hash(None)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret)

    def _session_hash(self, secret: str | bytes | None) -> str:
        value = f"{self.session_epoch}|{self.password}"
        salt = "facio_site.accounts.session"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def issue(self, role: str, *, by: User | None = None, name: str = "") -> str:
        """Make a link's token, which exists only in the answer; the row keeps its hash.

        Without `by` it is the set-up link of the first owner: it replaces those before, or with
        `name` the one before of that name, and lives until then. Any other lives INVITATION_LIFE;
        there `name` says whom it is for.
        """
        now = timezone.now()
        if by is None:
            others = self.filter(created_by=None)
            (others.filter(name=name) if name else others).delete()
        self.filter(created_at__lt=now - KEPT).delete()
        token = secrets.token_urlsafe(32)
        expires_at = now + INVITATION_LIFE if by else None
        self.create(
            digest=_digest(token), role=role, name=name, created_by=by, expires_at=expires_at
        )
        return token

    def open(self) -> InvitationQuerySet:
        """Those that can still lead to an account; the set-up link only while there is no owner."""
        living = self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now()))
        unspent = living.filter(redeemed_at=None)
        return unspent.exclude(created_by=None) if User.objects.has_owner() else unspent

    def of_token(self, token: str) -> Invitation | None:
        """The link of this token, spent and expired ones too; looking uses nothing up."""
        digest = _digest(token)
        found = self.select_related("created_by").filter(digest=digest).first()
        return found if found and hmac.compare_digest(found.digest, digest) else None

    def spend(self, pk: int) -> bool:
        """Use the link up. False when somebody was quicker, or it is no longer open."""
        return bool(self.open().filter(pk=pk).update(redeemed_at=timezone.now()))


class Invitation(models.Model):
    """A one-time link to an account. Its form spends it (redeemed), looking at it does not; the row
    stays for a while to tell a spent link from one that never was."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(_("role"), max_length=10, choices=Role)
    name = models.CharField(_("name"), max_length=NAME_LENGTH, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="invitations"
    )
    expires_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Invitation]] = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("created_at",)

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.created_at:%Y-%m-%d}"

    @property
    def is_first(self) -> bool:
        """It is the set-up link: its account is the first owner's."""
        return self.created_by_id is None

    @property
    def state(self) -> str:
        """ "open", "used", "expired"; "closed" for a set-up link when there is an owner already."""
        if self.redeemed_at:
            return "used"
        if self.expires_at and self.expires_at <= timezone.now():
            return "expired"
        return "closed" if self.is_first and User.objects.has_owner() else "open"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
