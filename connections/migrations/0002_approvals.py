import uuid

import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0001_initial"),
        ("tenants", "0003_onboarding"),
    ]

    operations = [
        migrations.AlterField(
            model_name="signinflow",
            name="member",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AlterField(
            model_name="signinflow",
            name="purpose",
            field=models.CharField(
                choices=[("connect", "Connect a mailbox"), ("approve", "Prove an administrator's approval")],
                max_length=16,
            ),
        ),
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waits for an administrator"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("expired", "Not answered in time"),
                            ("revoked", "Taken back"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("scopes", models.JSONField(default=list)),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("link_digest", models.CharField(max_length=64, unique=True)),
                ("sealed_link", models.BinaryField()),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("administrator_address", models.EmailField(blank=True, max_length=254)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
                ("reminders", models.PositiveSmallIntegerField(default=0)),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenants.membership",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="approval_requests",
                        to="tenants.microsofttenant",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="signinflow",
            name="approval",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="connections.approvalrequest",
            ),
        ),
        migrations.CreateModel(
            name="ApprovalWaiter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="waiters",
                        to="connections.approvalrequest",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("tenant",), name="approval_request_open_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalwaiter",
            constraint=models.UniqueConstraint(fields=("request", "member"), name="approval_waiter_unique"),
        ),
        protection.protect("connections_approvalrequest"),
        protection.protect("connections_approvalwaiter"),
        protection.same_organization("connections_approvalrequest", "tenant_id", "tenants_microsofttenant"),
        protection.same_organization("connections_approvalrequest", "asked_by_id", "tenants_membership"),
        protection.same_organization("connections_approvalwaiter", "request_id", "connections_approvalrequest"),
        protection.same_organization("connections_approvalwaiter", "member_id", "tenants_membership"),
        protection.same_organization("connections_signinflow", "approval_id", "connections_approvalrequest"),
        protection.open_to_system(
            "connections_approvalrequest", "id, organization_id, tenant_id, state, link_digest, expires_at, reminded_at"
        ),
    ]
