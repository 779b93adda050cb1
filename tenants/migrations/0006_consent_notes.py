from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_what_is_counted"),
    ]

    operations = [
        migrations.AddField(
            model_name="microsofttenant",
            name="refused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="microsofttenant",
            name="doubted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        protection.grant_to_system("tenants_microsofttenant", "state_since, approved_at, doubted_at"),
        protection.grant_to_support("tenants_microsofttenant", "refused_at, doubted_at"),
    ]
