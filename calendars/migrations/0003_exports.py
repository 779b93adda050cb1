import uuid

import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("calendars", "0002_policies"),
        ("tenants", "0003_onboarding"),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("person", "What one person has here"),
                            ("organization", "How an organization stands"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits to be made"),
                            ("making", "Is being made"),
                            ("ready", "Ready to be fetched"),
                            ("failed", "Could not be made"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("asked_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("parts", models.PositiveIntegerField(default=0)),
                ("events", models.PositiveIntegerField(default=0)),
                ("skipped", models.PositiveIntegerField(default=0)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.organization"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.membership"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ExportPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("sealed_bytes", models.BinaryField()),
                (
                    "export",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="calendars.export"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.organization"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["waiting", "making"])),
                fields=("requested_by",),
                name="export_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="exportpart",
            constraint=models.UniqueConstraint(fields=("export", "number"), name="export_part_unique"),
        ),
        protection.protect("calendars_export"),
        protection.protect("calendars_exportpart"),
        protection.same_organization("calendars_export", "requested_by_id", "tenants_membership"),
        protection.same_organization("calendars_exportpart", "export_id", "calendars_export"),
        # What beat looks for: exports that lost their maker, and those whose time is over.
        protection.open_to_system("calendars_export", "id, organization_id, state, asked_at, lease_until, expires_at"),
        protection.open_to_support(
            "calendars_export",
            "id, organization_id, requested_by_id, kind, state, asked_at, attempts, made_at, expires_at, size, events, "
            "skipped",
        ),
    ]
