"""The day on which a model was released, as models.dev tells it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("providers", "0012_catalog_changed")]

    operations = [
        migrations.AddField(
            model_name="catalogentry",
            name="released_on",
            field=models.DateField(blank=True, null=True, verbose_name="released on"),
        ),
    ]
