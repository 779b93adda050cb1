from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0003_onboarding")]

    operations = [
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(fields=["address", "queued_at"], name="mail_by_address"),
        ),
    ]
