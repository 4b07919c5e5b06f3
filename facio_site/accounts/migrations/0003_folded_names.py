"""Names are compared in a folded form of their own, alike on both databases."""

from typing import Any

from django.db import migrations, models

from facio_site.accounts.names import fold


def fill(apps: Any, schema_editor: Any) -> None:
    """Of several accounts whose name was one all along, the oldest has it from now on; each of the
    others is still found by the name exactly as it is written."""
    alias = schema_editor.connection.alias
    users = apps.get_model("accounts", "User").objects.using(alias)
    taken = set()
    for pk, name in users.order_by("pk").values_list("pk", "username"):
        folded = fold(name)
        if folded in taken:
            folded = f"{folded} {pk}"
        taken.add(folded)
        users.filter(pk=pk).update(folded_name=folded)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_invitation_name")]

    operations = [
        migrations.RemoveConstraint(model_name="user", name="accounts_username_in_any_case"),
        migrations.AddField(
            model_name="user",
            name="folded_name",
            field=models.CharField(default="", editable=False, max_length=500),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="folded_name",
            field=models.CharField(editable=False, max_length=500, unique=True),
        ),
    ]
