"""What is in a mailbox: its calendars and a true copy of their events in a window of time."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from tenants.models import Detail, TenantModel, TenantQuerySet


class CalendarQuerySet(TenantQuerySet["Calendar"]):
    def followed(self) -> Self:
        return self.filter(followed_at__isnull=False, vanished_at__isnull=True)

    def of_connection(self, connection_id: int) -> Self:
        return self.filter(connection_id=connection_id)


class Calendar(TenantModel):
    """
    One calendar of a connected mailbox.

    It is kept in step with Microsoft while `followed_at` is set. A round (one pass of delta from link to link) is
    in progress while `page_link` is set; when it ends, `delta_link` holds where the next one begins.
    """

    connection = models.ForeignKey("connections.Connection", on_delete=models.CASCADE, related_name="calendars")
    graph_id = models.CharField(max_length=512)
    name = models.CharField(max_length=255, blank=True)
    color = models.CharField(max_length=32, blank=True)
    hex_color = models.CharField(max_length=16, blank=True)
    owner_name = models.CharField(max_length=256, blank=True)
    owner_address = models.CharField(max_length=320, blank=True)
    can_edit = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    followed_at = models.DateTimeField(null=True, blank=True)
    # Microsoft no longer lists it. Its events are gone here, too.
    vanished_at = models.DateTimeField(null=True, blank=True)

    # The window of the current chain of links: [window_start, window_end), UTC.
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)
    delta_link = models.TextField(blank=True)
    page_link = models.TextField(blank=True)
    round_number = models.PositiveIntegerField(default=0)
    # Whether the round in progress began from nothing: then rows it did not bring are swept at its end.
    round_is_full = models.BooleanField(default=False)
    round_started_at = models.DateTimeField(null=True, blank=True)

    # How much of each event the rows may hold at most: what the organization kept when the last full round began, or
    # less if it was tightened since. Keeping more takes a full round.
    kept_detail = models.CharField(max_length=12, choices=Detail.choices, default=Detail.DETAILS)

    # When somebody last said that something changed; a round that began earlier does not answer it.
    changed_at = models.DateTimeField(null=True, blank=True, db_index=True)
    # When the last finished round began: what is stored is true as of then.
    synced_at = models.DateTimeField(null=True, blank=True)
    # Moves whenever a stored event of this calendar changes: what open pages compare.
    version = models.PositiveBigIntegerField(default=0)

    # One round at a time: whoever holds the lease writes, and only while its token is the row's.
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # After a failure that asks for time; not before this moment.
    retry_at = models.DateTimeField(null=True, blank=True)
    # Rounds that failed in a row: each one waits longer than the one before.
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=64, blank=True)

    objects = CalendarQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "graph_id"], name="calendar_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} of connection {self.connection_id}"

    def __repr__(self) -> str:
        return f"<Calendar {self.pk}>"

    @property
    def is_followed(self) -> bool:
        return self.followed_at is not None and self.vanished_at is None

    def is_leased(self, now: datetime) -> bool:
        return self.lease_until is not None and self.lease_until > now

    def is_waiting(self, now: datetime) -> bool:
        """Whether Microsoft, or a failure, asked us not to try before some later moment."""
        return self.retry_at is not None and self.retry_at > now

    @property
    def needs_round(self) -> bool:
        """Whether something changed, or was followed, that no finished round has answered."""
        if not self.is_followed:
            return False
        return self.synced_at is None or (self.changed_at is not None and self.changed_at > self.synced_at)

    def was_read_before(self, moment: datetime) -> bool:
        """Whether the last finished round began before this moment."""
        return self.synced_at is not None and self.synced_at < moment

    def begin_anew(self, now: datetime) -> None:
        """The next round is a full one, and may begin at once; what is stored stays until its end. Saves."""
        self.delta_link = self.page_link = self.last_error = ""
        self.lease_token = self.lease_until = self.retry_at = None
        self.failures, self.changed_at = 0, now
        self.save(
            update_fields=[
                "delta_link", "page_link", "last_error", "lease_token", "lease_until", "retry_at", "failures",
                "changed_at",
            ]
        )  # fmt: skip

    def forget_links(self) -> None:
        """Back to a calendar that nothing was read of. Whoever writes it at this moment loses the lease. Saves."""
        self.delta_link = self.page_link = self.last_error = ""
        self.window_start = self.window_end = self.round_started_at = self.synced_at = None
        self.lease_token = self.lease_until = self.retry_at = None
        self.failures = 0
        self.save(
            update_fields=[
                "delta_link", "page_link", "last_error", "window_start", "window_end", "round_started_at", "synced_at",
                "lease_token", "lease_until", "retry_at", "failures",
            ]
        )  # fmt: skip


class Kind(models.TextChoices):
    """Microsoft's four types of event, in our words."""

    SINGLE = "single", "Single event"
    OCCURRENCE = "occurrence", "Occurrence of a series"
    EXCEPTION = "exception", "Changed occurrence of a series"
    MASTER = "master", "Series"


class EventQuerySet(TenantQuerySet["Event"]):
    def of_calendar(self, calendar_id: int) -> Self:
        return self.filter(calendar_id=calendar_id)

    def shown(self) -> Self:
        """What a calendar shows: series are shown by their occurrences, never by their master."""
        return self.exclude(kind=Kind.MASTER)

    def overlapping(self, start: datetime, end: datetime) -> Self:
        """
        Timed events that overlap [start, end), and all-day events whose days might: a day's margin on both sides
        because a date is not an instant; the caller compares dates in the viewer's zone.
        """
        timed = Q(starts_at__lt=end, ends_at__gte=start)
        margin = timedelta(days=1)
        dated = Q(start_date__lte=(end + margin).date(), end_date__gte=(start - margin).date())
        return self.filter(timed | dated)


class Event(TenantModel):
    """
    Microsoft's event as we know it. Timed events hold two UTC instants, all-day events two dates (end exclusive).

    Occurrences are stored filled from their master, so that a row can be shown without looking anywhere else.
    """

    # No index of its own: all those below begin with it, and each one costs every write.
    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="events", db_index=False)
    graph_id = models.CharField(max_length=512)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    # The immutable Graph id of the master, for occurrences and exceptions; empty otherwise.
    series_id = models.CharField(max_length=512, blank=True)

    is_all_day = models.BooleanField(default=False)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    # As Microsoft spells it, kept word for word; and the IANA zone that it means, or null when nobody can tell.
    original_zone = models.CharField(max_length=128, blank=True)
    zone = models.CharField(max_length=64, null=True, blank=True)

    subject = models.CharField(max_length=512, blank=True)
    location = models.CharField(max_length=512, blank=True)
    organizer_name = models.CharField(max_length=256, blank=True)
    organizer_address = models.CharField(max_length=320, blank=True)
    # A list of objects: name, address, type (required, optional, resource), response.
    attendees = models.JSONField(default=list)
    show_as = models.CharField(max_length=20, default="unknown")
    sensitivity = models.CharField(max_length=16, default="normal")
    is_cancelled = models.BooleanField(default=False)
    is_organizer = models.BooleanField(default=False)
    response = models.CharField(max_length=24, default="none")
    join_url = models.TextField(blank=True)
    web_link = models.TextField(blank=True)
    # The text that people write into an event, as Microsoft sends it and never cleaned: it is strangers' HTML, so it is
    # shown by `calendars.presentation.bodies` only. Occurrences have none of their own; they show their master's.
    body = models.TextField(blank=True)
    body_type = models.CharField(max_length=4, blank=True)
    # {"pattern": {...}, "range": {...}} of a master, as Microsoft sends it; shown in words, never expanded here.
    recurrence = models.JSONField(null=True, blank=True)
    etag = models.CharField(max_length=256, blank=True)
    # The number of the round that last brought this row. Without an index: each round touches every row that it
    # brings, and a touch that changes no index is cheap.
    round_number = models.PositiveIntegerField(default=0)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "graph_id"], name="event_unique"),
            models.CheckConstraint(
                name="event_has_its_times",
                condition=Q(is_all_day=False, starts_at__isnull=False, ends_at__isnull=False)
                | Q(is_all_day=True, start_date__isnull=False, end_date__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["calendar", "starts_at"], name="event_by_start"),
            models.Index(fields=["calendar", "start_date"], name="event_by_date"),
            models.Index(fields=["calendar", "series_id"], name="event_by_series"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"

    def __repr__(self) -> str:
        return f"<Event {self.pk} {self.kind}>"


class SkippedEvent(TenantModel):
    """An event that Microsoft sent and we could not understand: which one, why, since when."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="skipped", db_index=False)
    graph_id = models.CharField(max_length=512)
    # A short sentence of our own about the field, without its contents.
    reason = models.CharField(max_length=255)
    skipped_at = models.DateTimeField()
    # The number of the round that last brought it.
    round_number = models.PositiveIntegerField(default=0)

    objects = TenantQuerySet["SkippedEvent"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "graph_id"], name="skipped_event_unique")]

    def __str__(self) -> str:
        return f"#{self.pk} in calendar {self.calendar_id}"


class ExportKind(models.TextChoices):
    PERSON = "person", "What one person has here"
    ORGANIZATION = "organization", "How an organization stands"


class ExportState(models.TextChoices):
    WAITING = "waiting", "Waits to be made"
    MAKING = "making", "Is being made"
    READY = "ready", "Ready to be fetched"
    FAILED = "failed", "Could not be made"


class ExportQuerySet(TenantQuerySet["Export"]):
    def asked_by(self, membership_id: int) -> Self:
        return self.filter(requested_by_id=membership_id)

    def under_way(self) -> Self:
        return self.filter(state__in=[ExportState.WAITING, ExportState.MAKING])


class Export(TenantModel):
    """
    A file with what somebody asked for, made by a task, kept sealed and in parts until `expires_at`.

    Only the member who asked may fetch it. Whoever makes it holds the lease, and renews it with each part.
    """

    requested_by = models.ForeignKey("tenants.Membership", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=ExportKind.choices)
    state = models.CharField(max_length=12, choices=ExportState.choices, default=ExportState.WAITING)
    # A random key of the row's own, which the seal of each part names.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Of the finished file: bytes and parts, events in it, and events that no calendar file can hold.
    size = models.PositiveBigIntegerField(default=0)
    parts = models.PositiveIntegerField(default=0)
    events = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["requested_by"], condition=Q(state__in=["waiting", "making"]), name="export_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.state}"

    def __repr__(self) -> str:
        return f"<Export {self.pk} {self.state}>"

    def is_ready(self, now: datetime) -> bool:
        return self.state == ExportState.READY and self.expires_at is not None and self.expires_at > now


class ExportPart(TenantModel):
    """One sealed piece of an export's file: no more than one of them is ever in memory."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    sealed_bytes = models.BinaryField()

    objects = TenantQuerySet["ExportPart"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="export_part_unique")]

    def __str__(self) -> str:
        return f"part {self.number} of export {self.export_id}"

    def __repr__(self) -> str:
        return f"<ExportPart {self.pk}>"
