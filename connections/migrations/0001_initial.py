import uuid

import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("tid", models.UUIDField()),
                ("oid", models.UUIDField()),
                ("address", models.CharField(blank=True, max_length=320)),
                ("display_name", models.CharField(blank=True, max_length=256)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Connected"),
                            ("reconnect", "Needs you to reconnect"),
                            ("approval", "Waits for an administrator"),
                            ("blocked", "Blocked"),
                            ("paused", "Paused"),
                            ("disconnected", "Disconnected"),
                        ],
                        default="active",
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=64)),
                ("status_since", models.DateTimeField()),
                ("scopes", models.JSONField(default=list)),
                ("connected_at", models.DateTimeField()),
                ("succeeded_at", models.DateTimeField(blank=True, null=True)),
                ("failed_at", models.DateTimeField(blank=True, null=True)),
                ("failed_request_id", models.CharField(blank=True, max_length=64)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="connections",
                        to="tenants.membership",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.organization",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Secret",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("sealed_cache", models.BinaryField()),
                ("home_account_id", models.CharField(max_length=128)),
                ("refreshed_at", models.DateTimeField()),
                (
                    "connection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="secret",
                        to="connections.connection",
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.organization",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SignInFlow",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("state_digest", models.CharField(max_length=64, unique=True)),
                ("purpose", models.CharField(choices=[("connect", "Connect a mailbox")], max_length=16)),
                ("session_digest", models.CharField(max_length=64)),
                ("expected_tid", models.UUIDField(blank=True, null=True)),
                ("expected_oid", models.UUIDField(blank=True, null=True)),
                ("return_path", models.CharField(blank=True, max_length=512)),
                ("sealed_flow", models.BinaryField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.membership"
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.organization",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SignInAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("key_digest", models.CharField(max_length=64, unique=True)),
                ("sealed_fields", models.BinaryField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.organization",
                    ),
                ),
                (
                    "flow",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answer",
                        to="connections.signinflow",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(fields=["tid", "oid"], name="connection_mailbox"),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.UniqueConstraint(fields=("organization", "tid", "oid"), name="connection_unique"),
        ),
        protection.protect("connections_connection"),
        protection.protect("connections_secret"),
        protection.protect("connections_signinflow"),
        protection.protect("connections_signinanswer"),
        protection.same_organization("connections_connection", "member_id", "tenants_membership"),
        protection.same_organization("connections_secret", "connection_id", "connections_connection"),
        protection.same_organization("connections_signinflow", "member_id", "tenants_membership"),
        protection.same_organization("connections_signinanswer", "flow_id", "connections_signinflow"),
        protection.open_to_system("connections_connection", "id, organization_id, tid, oid, status, connected_at"),
        protection.open_to_system("connections_secret", "id, organization_id, connection_id"),
        protection.open_to_system("connections_signinflow", "id, organization_id, state_digest, expires_at"),
        protection.open_to_system("connections_signinanswer", "id, organization_id, flow_id, key_digest, expires_at"),
        protection.open_to_support(
            "connections_connection",
            "id, organization_id, member_id, tid, oid, address, display_name, status, reason, status_since, scopes, "
            "connected_at, succeeded_at, failed_at, failed_request_id",
        ),
    ]
