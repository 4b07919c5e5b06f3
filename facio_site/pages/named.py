"""Words for the tables of the admin.

In the models each would ask for a migration that changes nothing.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Model

from facio_site.templatetags.ui import status_label


def name_table(model: type[Model], one: Any, many: Any, /, **columns: Any) -> None:
    """What one row and several are called, and each column that the admin shows."""
    model._meta.verbose_name, model._meta.verbose_name_plural = one, many
    for name, words in columns.items():
        model._meta.get_field(name).verbose_name = words  # type: ignore[union-attr]


class OutcomeFilter(admin.AllValuesFieldListFilter):
    """The outcomes that there are, in words; "" has not been tested."""

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield {**choice, "display": status_label(str(choice["display"]))}
