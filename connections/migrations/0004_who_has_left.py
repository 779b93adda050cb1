from django.db import migrations

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [("connections", "0003_accounts")]

    operations = [
        # Beat asks which of them belong to somebody who has left.
        protection.grant_to_system("connections_connection", "member_id"),
        protection.grant_to_system("connections_signinflow", "member_id"),
    ]
