from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    """What support staff need to explain a connection: the code of its last failure, and when its token was renewed."""

    dependencies = [
        ("connections", "0006_unanswered_sign_ins"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="failed_code",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
        protection.grant_to_support("connections_connection", "failed_code"),
        # One moment of a secret, and nothing that is sealed.
        protection.open_to_support("connections_secret", "organization_id, connection_id, refreshed_at"),
    ]
