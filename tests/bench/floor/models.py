"""One table."""

from typing import Any, ClassVar

from django.db import models


class Row(models.Model):
    name = models.CharField(max_length=40)
    state = models.CharField(max_length=10, default="never")
    text = models.CharField(max_length=40, default="")

    objects: ClassVar[Any] = models.Manager()

    def __str__(self) -> str:
        return self.name
