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
            name="Calendar",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("graph_id", models.CharField(max_length=512)),
                ("name", models.CharField(blank=True, max_length=255)),
                ("color", models.CharField(blank=True, max_length=32)),
                ("hex_color", models.CharField(blank=True, max_length=16)),
                ("owner_name", models.CharField(blank=True, max_length=256)),
                ("owner_address", models.CharField(blank=True, max_length=320)),
                ("can_edit", models.BooleanField(default=False)),
                ("is_default", models.BooleanField(default=False)),
                ("followed_at", models.DateTimeField(blank=True, null=True)),
                ("vanished_at", models.DateTimeField(blank=True, null=True)),
                ("window_start", models.DateTimeField(blank=True, null=True)),
                ("window_end", models.DateTimeField(blank=True, null=True)),
                ("delta_link", models.TextField(blank=True)),
                ("page_link", models.TextField(blank=True)),
                ("round_number", models.PositiveIntegerField(default=0)),
                ("round_is_full", models.BooleanField(default=False)),
                ("round_started_at", models.DateTimeField(blank=True, null=True)),
                ("changed_at", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("synced_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveBigIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("retry_at", models.DateTimeField(blank=True, null=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=64)),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendars",
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
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("graph_id", models.CharField(max_length=512)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("single", "Single event"),
                            ("occurrence", "Occurrence of a series"),
                            ("exception", "Changed occurrence of a series"),
                            ("master", "Series"),
                        ],
                        max_length=12,
                    ),
                ),
                ("series_id", models.CharField(blank=True, max_length=512)),
                ("is_all_day", models.BooleanField(default=False)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("start_date", models.DateField(blank=True, null=True)),
                ("end_date", models.DateField(blank=True, null=True)),
                ("original_zone", models.CharField(blank=True, max_length=128)),
                ("zone", models.CharField(blank=True, max_length=64, null=True)),
                ("subject", models.CharField(blank=True, max_length=512)),
                ("location", models.CharField(blank=True, max_length=512)),
                ("organizer_name", models.CharField(blank=True, max_length=256)),
                ("organizer_address", models.CharField(blank=True, max_length=320)),
                ("attendees", models.JSONField(default=list)),
                ("show_as", models.CharField(default="unknown", max_length=20)),
                ("sensitivity", models.CharField(default="normal", max_length=16)),
                ("is_cancelled", models.BooleanField(default=False)),
                ("is_organizer", models.BooleanField(default=False)),
                ("response", models.CharField(default="none", max_length=24)),
                ("join_url", models.TextField(blank=True)),
                ("web_link", models.TextField(blank=True)),
                ("recurrence", models.JSONField(blank=True, null=True)),
                ("etag", models.CharField(blank=True, max_length=256)),
                ("round_number", models.PositiveIntegerField(default=0)),
                (
                    "calendar",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="calendars.calendar",
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
            name="SkippedEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("graph_id", models.CharField(max_length=512)),
                ("reason", models.CharField(max_length=255)),
                ("skipped_at", models.DateTimeField()),
                ("round_number", models.PositiveIntegerField(default=0)),
                (
                    "calendar",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="skipped",
                        to="calendars.calendar",
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
        migrations.AddConstraint(
            model_name="calendar",
            constraint=models.UniqueConstraint(fields=("connection", "graph_id"), name="calendar_unique"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["calendar", "starts_at"], name="event_by_start"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["calendar", "start_date"], name="event_by_date"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["calendar", "series_id"], name="event_by_series"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("calendar", "graph_id"), name="event_unique"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends_at__isnull", False), ("is_all_day", False), ("starts_at__isnull", False)),
                    models.Q(("end_date__isnull", False), ("is_all_day", True), ("start_date__isnull", False)),
                    _connector="OR",
                ),
                name="event_has_its_times",
            ),
        ),
        migrations.AddConstraint(
            model_name="skippedevent",
            constraint=models.UniqueConstraint(fields=("calendar", "graph_id"), name="skipped_event_unique"),
        ),
        protection.protect("calendars_calendar"),
        protection.protect("calendars_event"),
        protection.protect("calendars_skippedevent"),
        protection.same_organization("calendars_calendar", "connection_id", "connections_connection"),
        protection.same_organization("calendars_event", "calendar_id", "calendars_calendar"),
        protection.same_organization("calendars_skippedevent", "calendar_id", "calendars_calendar"),
        protection.open_to_system(
            "calendars_calendar",
            "id, organization_id, connection_id, followed_at, vanished_at, window_start, window_end, changed_at, "
            "synced_at, lease_until, retry_at",
        ),
        protection.open_to_support(
            "calendars_calendar",
            "id, organization_id, connection_id, is_default, can_edit, followed_at, vanished_at, window_start, "
            "window_end, round_number, round_is_full, round_started_at, changed_at, synced_at, version, lease_until, "
            "retry_at, failures, last_error",
        ),
        protection.open_to_support("calendars_event", "id, organization_id, calendar_id"),
        protection.open_to_support("calendars_skippedevent", "id, organization_id, calendar_id, reason, skipped_at"),
    ]
