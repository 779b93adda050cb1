import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("connections", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("received_at", models.DateTimeField(db_index=True)),
                ("items", models.PositiveIntegerField()),
                ("outcomes", models.JSONField(default=dict)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
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
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("tid", models.UUIDField()),
                ("oid", models.UUIDField()),
                ("graph_id", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("client_state_digest", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Not yet listening"),
                            ("active", "Listening"),
                            ("gone", "Gone at Microsoft"),
                            ("dropping", "Being dropped"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("renewed_at", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("renew_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("notified_at", models.DateTimeField(blank=True, null=True)),
                ("speaker_organization_id", models.BigIntegerField()),
                ("speaker_connection_id", models.BigIntegerField()),
                ("claim_token", models.UUIDField(blank=True, null=True)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("tid", "oid"), name="subscription_per_mailbox"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "active"), _negated=True),
                            models.Q(
                                ("expires_at__isnull", False),
                                ("graph_id__isnull", False),
                                ("renew_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="subscription_active_is_whole",
                    ),
                ],
            },
        ),
        protection.protect("webhooks_delivery"),
        protection.same_organization("webhooks_delivery", "connection_id", "connections_connection"),
        protection.reserve_for_system("webhooks_subscription"),
        protection.open_to_support(
            "webhooks_subscription",
            "id, tid, oid, graph_id, state, created_at, renewed_at, expires_at, renew_at, notified_at, "
            "speaker_organization_id, speaker_connection_id, claimed_until, failures, retry_at, last_error",
        ),
        # Which organizations have old ones; they are deleted organization by organization.
        protection.open_to_system("webhooks_delivery", "id, organization_id, received_at"),
        protection.open_to_support(
            "webhooks_delivery", "id, organization_id, connection_id, received_at, items, outcomes"
        ),
    ]
