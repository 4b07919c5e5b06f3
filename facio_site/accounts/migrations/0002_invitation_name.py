"""A link has a name, and is spent by its form: one that was only opened so far is open again."""

from typing import Any

from django.db import migrations, models


def open_again(apps: Any, schema_editor: Any) -> None:
    """A row that led to an account was deleted, so no row that stands here has been used."""
    alias = schema_editor.connection.alias
    apps.get_model("accounts", "Invitation").objects.using(alias).update(redeemed_at=None)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="invitation",
            name="name",
            field=models.CharField(blank=True, default="", max_length=80, verbose_name="name"),
        ),
        migrations.RunPython(open_again, migrations.RunPython.noop),
    ]
