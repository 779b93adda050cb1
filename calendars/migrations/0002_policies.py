from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("calendars", "0001_initial"),
        ("tenants", "0003_onboarding"),
    ]

    operations = [
        migrations.AddField(
            "calendar",
            "kept_detail",
            models.CharField(
                choices=[
                    ("busy", "Times and whether busy"),
                    ("details", "Everything but the text"),
                    ("full", "Everything"),
                ],
                default="details",
                max_length=12,
            ),
        ),
        migrations.AddField("event", "body", models.TextField(blank=True, default=""), preserve_default=False),
        migrations.AddField(
            "event", "body_type", models.CharField(blank=True, default="", max_length=4), preserve_default=False
        ),
        # What beat looks for: policies that were changed, and how long past events stay.
        protection.grant_to_system("tenants_organization", "policies_changed_at, policies_applied_at, past_days"),
    ]
