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
                ("client_state_digest", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "Listening"),
                            ("gone", "Gone at Microsoft"),
                            ("dropping", "Being dropped"),
                        ],
                        default="active",
                        max_length=12,
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("renew_at", models.DateTimeField(db_index=True)),
                ("created_at", models.DateTimeField()),
                ("notified_at", models.DateTimeField(blank=True, null=True)),
                ("speaker_organization_id", models.BigIntegerField()),
                ("speaker_connection_id", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tid", "oid"), name="subscription_per_mailbox")],
            },
        ),
        protection.protect("webhooks_delivery"),
        protection.same_organization("webhooks_delivery", "connection_id", "connections_connection"),
        protection.reserve_for_system("webhooks_subscription"),
        protection.open_to_support(
            "webhooks_subscription",
            "id, tid, oid, graph_id, state, expires_at, renew_at, created_at, notified_at, speaker_organization_id, "
            "speaker_connection_id",
        ),
        protection.open_to_support(
            "webhooks_delivery", "id, organization_id, connection_id, received_at, items, outcomes"
        ),
    ]
