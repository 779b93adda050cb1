import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_onboarding"),
        ("webhooks", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("person", "A person's data in one organization"),
                            ("organization", "An organization"),
                        ],
                        max_length=16,
                    ),
                ),
                ("membership_id", models.BigIntegerField(blank=True, null=True)),
                ("user_id", models.BigIntegerField(blank=True, null=True)),
                ("label", models.CharField(max_length=320)),
                ("asked_by_id", models.BigIntegerField()),
                ("asked_by_label", models.CharField(max_length=320)),
                ("asked_at", models.DateTimeField()),
                ("deleted", models.JSONField(default=dict)),
                ("tried_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.organization"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("organization", "membership_id"),
                        name="erasure_one_at_a_time",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        protection.protect("webhooks_erasure"),
        # What beat looks for.
        protection.open_to_system("webhooks_erasure", "id, organization_id, finished_at"),
        protection.open_to_support(
            "webhooks_erasure",
            "id, organization_id, kind, membership_id, user_id, asked_by_id, asked_at, tried_at, finished_at",
        ),
    ]
