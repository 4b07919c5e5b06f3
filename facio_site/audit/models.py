"""AuditEntry: one row for each action worth answering for. Rows are added, never changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from facio_site.audit.actions import LABELS
from facio_site.pieces import in_pieces

LONGEST, MOST_CHANGES = 200, 100  # characters of a text of a change; changes of an entry
_ACTION = re.compile(r"[a-z][a-z0-9_.-]{1,63}")
# By a stranger, by the site itself, or by either the terminal or the set-up page
_OF_NOBODY = frozenset(
    {
        *("sign-in.refused", "confirmed.refused", "factor.refused", "session.expired"),
        "owner.created",
    }
)
_FIELD = re.compile(r"[A-Za-z0-9_.\[\]-]{1,100}")


class AppendOnly(TypeError):
    """Somebody tried to change or delete what was recorded."""


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def filtered(self, asked: Mapping[str, str]) -> AuditQuerySet:
        """Narrowed by the known names of `asked` (usually request.GET); other names do nothing.

        actor and action are exact, target is a part of the text, since and until are dates
        (both inclusive, UTC). A date that cannot be read is ignored.
        """
        entries = self
        if actor := asked.get("actor"):
            entries = entries.filter(actor_name=actor)
        if action := asked.get("action"):
            entries = entries.filter(action=action)
        if target := asked.get("target"):
            entries = entries.filter(target__icontains=target)
        if since := _date(asked.get("since", "")):
            entries = entries.filter(at__date__gte=since)
        if until := _date(asked.get("until", "")):
            entries = entries.filter(at__date__lte=until)
        return entries

    def actor_names(self) -> list[str]:
        """Every name that ever acted, in order, for a filter's choices."""
        names = self.exclude(actor_name="").order_by("actor_name")
        return list(names.values_list("actor_name", flat=True).distinct())

    def action_choices(self) -> list[tuple[str, str]]:
        """Every recorded action with its words, for a filter's choices."""
        found = self.order_by("action").values_list("action", flat=True).distinct()
        return [(action, label_of(action)) for action in found]

    def json_lines(self) -> Iterator[str]:
        """One JSON object a line, newest first."""
        for entry in in_pieces(self, newest_first=True):
            yield json.dumps(entry.as_dict(), ensure_ascii=False) + "\n"

    def update(self, **kwargs: Any) -> int:
        raise AppendOnly("audit entries are never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly("audit entries are never deleted")


class AuditEntry(models.Model):
    """`fields` are names of changed fields, `changes` what became of them as far as that was told.
    `job` is the id of the job it belongs to, or ""."""

    at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    actor_name = models.CharField(_("who"), max_length=150, blank=True, db_index=True)
    action = models.CharField(_("action"), max_length=64, db_index=True)
    target = models.CharField(_("target"), max_length=200, blank=True)
    result = models.CharField(_("result"), max_length=64, blank=True)
    fields = models.JSONField(_("fields"), default=list)
    changes = models.JSONField(_("changes"), default=list)
    version = models.PositiveIntegerField(_("version"), null=True)
    ip = models.GenericIPAddressField(_("address"), null=True)
    job = models.CharField(_("job"), max_length=40, blank=True)

    objects: ClassVar[models.Manager[AuditEntry]] = AuditQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("audit entries are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("audit entries are never deleted")

    @property
    def label(self) -> str:
        return label_of(self.action)

    @property
    def who(self) -> str:
        """The name for a page; what came with no request was done at the terminal. "" = nobody
        that is known."""
        if self.actor_name or self.ip or self.action in _OF_NOBODY:
            return self.actor_name
        return str(_("terminal"))

    def as_dict(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "actor": self.actor_name,
            "action": self.action,
            "target": self.target,
            "result": self.result,
            "fields": self.fields,
            "changes": [
                {"field": field, "before": before, "after": after}
                for field, before, after in self.changes
            ],
            "version": self.version,
            "ip": self.ip,
            "job": self.job,
        }


def label_of(action: str) -> str:
    return str(LABELS.get(action, action))


def check_names(action: str, fields: Sequence[str]) -> None:
    """Raises ValueError for an action or a field that has not the form of a name.

    A value that slips in as a field name is most likely caught here.
    """
    if not _ACTION.fullmatch(action):
        raise ValueError("an audit action is a short lower-case name")
    if not all(_FIELD.fullmatch(name) for name in fields):
        raise ValueError("audit fields are names of fields")


def _date(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None
