import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0005_last_refusals"),
        ("tenants", "0003_onboarding"),
    ]

    operations = [
        migrations.CreateModel(
            name="UnansweredSignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("began_at", models.DateTimeField()),
                ("dismissed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.membership"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.organization"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "member"), name="unanswered_sign_in_latest")
                ],
            },
        ),
        protection.protect("connections_unansweredsignin"),
        protection.same_organization("connections_unansweredsignin", "member_id", "tenants_membership"),
        # For beat, which finds the administrators to remind.
        protection.grant_to_system("connections_approvalrequest", "mailed_at, reminders"),
        protection.grant_to_system("connections_signinflow", "purpose"),
    ]
