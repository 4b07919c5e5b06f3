"""What all machines of a site must agree on: its master keys, by id, and its broker.

No secret stands here: an id is a short hash that tells nothing of its key.
"""

from typing import ClassVar

from django.db import models


class SiteKey(models.Model):
    """A master key that something may be sealed under. One of them is the newest: it seals."""

    key_id = models.CharField(max_length=16, primary_key=True)
    is_newest = models.BooleanField(default=False)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["is_newest"],
                condition=models.Q(is_newest=True),
                name="one_newest_key",
            )
        ]

    def __str__(self) -> str:
        return self.key_id


class SiteBroker(models.Model):
    """One row: the mark of the broker that the site's workers share, and when one last said so."""

    mark = models.CharField(max_length=80)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.mark
