"""The moment of a job is the database's."""

from django.db import migrations, models

from facio_site import clock


class Migration(migrations.Migration):
    dependencies = [("providers", "0013_released_on")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="created_at",
            field=models.DateTimeField(
                default=clock.now, editable=False, verbose_name="created at"
            ),
        ),
    ]
