from django.db import migrations

from tenants import protection


class Migration(migrations.Migration):
    """What support staff's role may read of tables that are not ours to protect."""

    dependencies = [
        ("tenants", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        # No password and no name: support finds people by the address that they write from.
        protection.grant_to_support(
            "tenants_user", "id, email, is_active, is_staff, is_superuser, date_joined, last_login"
        ),
        # Every page of the admin names the kind of thing that it shows.
        protection.grant_to_support("django_content_type", "id, app_label, model"),
    ]
