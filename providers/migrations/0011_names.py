import django.db.models.functions.text
from django.db import migrations, models
from django.db.models import F

import providers.kinds


def name_by_kind(apps, schema_editor):
    apps.get_model("providers", "Provider").objects.update(name=F("kind"))


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0010_lists_beside'),
    ]

    operations = [
        migrations.AddField(
            model_name='provider',
            name='name',
            field=models.CharField(default='', max_length=60, verbose_name='name'),
            preserve_default=False,
        ),
        migrations.RunPython(name_by_kind, migrations.RunPython.noop, elidable=False),
        migrations.AlterField(
            model_name='provider',
            name='kind',
            field=models.CharField(choices=providers.kinds.kind_choices, max_length=40, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='provider',
            name='name',
            field=models.CharField(max_length=60, unique=True, verbose_name='name'),
        ),
        migrations.AlterModelOptions(
            name='provider',
            options={'ordering': ['name'], 'verbose_name': 'provider', 'verbose_name_plural': 'providers'},
        ),
        migrations.AddConstraint(
            model_name='provider',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower(django.db.models.functions.text.Replace('name', models.Value('-'), models.Value('_'))), name='one_spelling'),
        ),
    ]
