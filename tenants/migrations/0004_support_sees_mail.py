from django.db import migrations

from tenants import protection


class Migration(migrations.Migration):
    """Support staff see how mails stand: neither to whom, nor what, nor the key of the occasion."""

    dependencies = [
        ("tenants", "0003_onboarding"),
    ]

    operations = [
        protection.open_to_support(
            "tenants_outgoingmail", "id, about_organization_id, state, queued_at, attempts, try_at, sent_at, last_error"
        ),
    ]
