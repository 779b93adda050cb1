from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_consent_notes"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="deletion_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
