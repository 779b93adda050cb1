import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0002_approvals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountSignIn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("state_digest", models.CharField(max_length=64, unique=True)),
                (
                    "purpose",
                    models.CharField(choices=[("sign_in", "Sign in"), ("link", "Add to an account")], max_length=16),
                ),
                ("session_digest", models.CharField(db_index=True, max_length=64)),
                ("return_path", models.CharField(blank=True, max_length=512)),
                ("sealed_flow", models.BinaryField()),
                ("key_digest", models.CharField(blank=True, max_length=64, null=True, unique=True)),
                ("sealed_fields", models.BinaryField(blank=True, null=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MicrosoftIdentity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tid", models.UUIDField()),
                ("oid", models.UUIDField()),
                ("address", models.CharField(blank=True, max_length=320)),
                ("display_name", models.CharField(blank=True, max_length=256)),
                ("linked_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="microsoft_identities",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tid", "oid"), name="microsoft_identity_unique")],
            },
        ),
    ]
