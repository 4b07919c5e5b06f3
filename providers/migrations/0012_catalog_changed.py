"""How many models the last list changed: told beside what is new and what is gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("providers", "0011_names")]

    operations = [
        migrations.AddField(
            model_name="provider",
            name="catalog_changed",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
