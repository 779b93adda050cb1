import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0004_who_has_left"),
        ("tenants", "0006_consent_notes"),
    ]

    operations = [
        migrations.CreateModel(
            name="LastRefusal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=64)),
                ("since", models.DateTimeField()),
                ("refused_at", models.DateTimeField()),
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.membership"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.organization"
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="refusals",
                        to="tenants.microsofttenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        protection.protect("connections_lastrefusal"),
        protection.same_organization("connections_lastrefusal", "member_id", "tenants_membership"),
        protection.same_organization("connections_lastrefusal", "tenant_id", "tenants_microsofttenant"),
        protection.grant_to_system("connections_connection", "status_since, reason"),
    ]
