import django.db.models.deletion
from django.db import migrations, models

from tenants import protection


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_support"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=160, unique=True)),
                ("about_organization_id", models.BigIntegerField(blank=True, null=True)),
                ("address", models.CharField(max_length=320)),
                ("sealed_contents", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "To be sent"),
                            ("sending", "Being sent"),
                            ("sent", "Sent"),
                            ("failed", "Given up"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("queued_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("try_at", models.DateTimeField(db_index=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.AddField(
            model_name="membership",
            name="removed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="access",
            field=models.CharField(
                choices=[("read", "Read only"), ("write", "Read and change")], default="read", max_length=12
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="deletion_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="detail",
            field=models.CharField(
                choices=[
                    ("busy", "Times and whether busy"),
                    ("details", "Everything but the text"),
                    ("full", "Everything"),
                ],
                default="details",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="past_days",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="personal_accounts",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="policies_applied_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="policies_changed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="organization",
            name="requires_second_factor",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="organization",
            name="tenants_allowed",
            field=models.CharField(
                choices=[("any", "Any company"), ("linked", "Only the companies linked here")],
                default="any",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("act", models.CharField(max_length=48)),
                (
                    "actor_kind",
                    models.CharField(
                        choices=[
                            ("person", "A member"),
                            ("support", "Almanac's support"),
                            ("administrator", "A Microsoft administrator"),
                            ("system", "Almanac by itself"),
                        ],
                        max_length=16,
                    ),
                ),
                ("actor_id", models.BigIntegerField(blank=True, null=True)),
                ("actor_label", models.CharField(blank=True, max_length=320)),
                ("target_kind", models.CharField(blank=True, max_length=24)),
                ("target_id", models.BigIntegerField(blank=True, null=True)),
                ("target_label", models.CharField(blank=True, max_length=320)),
                ("details", models.JSONField(default=dict)),
                ("ip", models.GenericIPAddressField(blank=True, null=True)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.organization"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [models.Index(fields=["organization", "-at"], name="audit_by_time")],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[("owner", "Owner"), ("admin", "Admin"), ("member", "Member")],
                        default="member",
                        max_length=10,
                    ),
                ),
                ("link_digest", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "invited_by",
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at__isnull", True), ("revoked_at__isnull", True)),
                        fields=("organization", "email"),
                        name="invitation_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MicrosoftTenant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tid", models.UUIDField()),
                ("name", models.CharField(blank=True, max_length=256)),
                ("domain", models.CharField(blank=True, max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unknown", "Nobody has tried yet"),
                            ("open", "People may connect by themselves"),
                            ("waiting", "Waits for an administrator"),
                            ("approved", "Approved by an administrator"),
                            ("withdrawn", "Approval was withdrawn"),
                        ],
                        default="unknown",
                        max_length=12,
                    ),
                ),
                ("state_since", models.DateTimeField()),
                ("linked_at", models.DateTimeField(blank=True, null=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("approved_by", models.CharField(blank=True, max_length=320)),
                ("approved_scopes", models.JSONField(default=list)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.organization"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "tid"), name="microsoft_tenant_unique")
                ],
            },
        ),
        protection.reserve_for_system("tenants_outgoingmail"),
        protection.open_for_adding("tenants_outgoingmail"),
        protection.protect("tenants_auditentry"),
        protection.append_only("tenants_auditentry"),
        protection.protect("tenants_invitation"),
        protection.same_organization("tenants_invitation", "invited_by_id", "tenants_membership"),
        protection.protect("tenants_microsofttenant"),
        protection.grant_to_system("tenants_membership", "removed_at"),
        protection.grant_to_system("tenants_organization", "deletion_asked_at, deleted_at"),
        protection.grant_to_support("tenants_membership", "removed_at"),
        protection.grant_to_support("tenants_organization", "deletion_asked_at, deleted_at"),
        protection.open_to_system("tenants_invitation", "id, organization_id, link_digest, expires_at"),
        protection.open_to_system("tenants_microsofttenant", "id, organization_id, tid, state"),
        protection.open_to_support(
            "tenants_auditentry",
            "id, organization_id, at, act, actor_kind, actor_id, actor_label, target_kind, target_id, target_label, details",
        ),
        protection.open_to_support(
            "tenants_microsofttenant",
            "id, organization_id, tid, name, domain, state, state_since, linked_at, approved_at",
        ),
    ]
