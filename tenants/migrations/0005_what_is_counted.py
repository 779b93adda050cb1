from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_support_sees_mail")]

    operations = [
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                fields=["removed_at"], condition=models.Q(removed_at__isnull=False), name="membership_removed"
            ),
        ),
        migrations.AddIndex(
            model_name="outgoingmail",
            index=models.Index(fields=["address", "queued_at"], name="mail_by_address"),
        ),
    ]
