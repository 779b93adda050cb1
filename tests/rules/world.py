"""One row of everything in each organization, with marks in whatever is nobody else's business."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from calendars.models import Calendar, Event, Export, ExportKind, ExportPart, ExportState, Kind, SkippedEvent
from connections.models import (
    ApprovalRequest,
    ApprovalWaiter,
    Connection,
    LastRefusal,
    Secret,
    SignInAnswer,
    SignInFlow,
    UnansweredSignIn,
)
from tenants.crypto import seal
from tenants.models import Invitation, MailState, Membership, MicrosoftTenant, Organization, OutgoingMail, User
from tenants.scoping import organization_scope, system_scope
from tests.cast import Cast
from webhooks.models import Delivery, Erasure, ErasureKind, Subscription

# In whatever support staff must never see, and no stranger either.
MARK = "Hush-7f3a"


@dataclass(frozen=True)
class Belongings:
    """What one member has, by id."""

    member: int
    invitation: int
    connection: int
    calendar: int
    event: int
    delivery: int
    subscription: int
    tenant: int
    approval: int
    export: int


@dataclass(frozen=True)
class World:
    cast: Cast
    bobs: Belongings
    mallorys: Belongings
    mail: int

    @classmethod
    def found(cls) -> "World":
        cast = Cast.found()
        mail = post(cast)
        return cls(cast, mail=mail, bobs=furnish(cast.acme, cast.bob), mallorys=furnish(cast.globex, cast.mallory))

    @property
    def rows(self) -> dict[str, int]:
        """A row of each kind that the admin shows, by the kind's name in addresses."""
        own = {name: getattr(self.bobs, name) for name in ("connection", "calendar", "delivery", "subscription")}
        return own | {"organization": self.cast.acme.pk, "user": self.cast.bob.pk, "outgoingmail": self.mail}


def post(cast: Cast) -> int:
    """A mail that was given up, with marks in its key, its address and its contents."""
    with system_scope("a test's world"):
        mail = OutgoingMail.objects.create(
            key=f"{MARK}:1", address=f"{MARK}@acme.example", sealed_contents=MARK.encode(), state=MailState.FAILED,
            about_organization_id=cast.acme.pk, queued_at=datetime.now(UTC), try_at=datetime.now(UTC),
        )  # fmt: skip
    return mail.pk


def furnish(organization: Organization, user: User) -> Belongings:
    """A connected mailbox of this member with a calendar and an event, a trip to Microsoft under way, and so on."""
    now = datetime.now(UTC)
    tid, oid = uuid.uuid4(), uuid.uuid4()
    with organization_scope(organization.pk):
        member = Membership.objects.get(user=user)
        invitation = Invitation.objects.create(
            organization=organization,
            email=f"{MARK}@{organization.slug}.example".lower(),
            invited_by=member,
            link_digest=f"{MARK}{organization.pk}",
            created_at=now,
            sent_at=now,
            expires_at=now + timedelta(days=7),
        )
        connection = Connection.objects.create(
            organization=organization,
            member=member,
            tid=tid,
            oid=oid,
            address=user.email,
            status_since=now,
            connected_at=now,
        )
        Secret.objects.create(
            organization=organization,
            connection=connection,
            sealed_cache=MARK.encode(),
            home_account_id=MARK,
            refreshed_at=now,
        )
        flow = SignInFlow.objects.create(
            organization=organization,
            member=member,
            state_digest=f"{MARK}{organization.pk}",
            purpose="connect",
            session_digest=MARK,
            sealed_flow=MARK.encode(),
            expires_at=now + timedelta(minutes=5),
        )
        SignInAnswer.objects.create(
            organization=organization,
            flow=flow,
            key_digest=f"{MARK}{organization.pk}",
            sealed_fields=MARK.encode(),
            expires_at=now + timedelta(minutes=2),
        )
        calendar = Calendar.objects.create(
            organization=organization,
            connection=connection,
            graph_id=f"{MARK}-calendar",
            name=f"{MARK} calendar",
            is_default=True,
            followed_at=now,
            synced_at=now,
            delta_link=f"https://graph.microsoft.com/{MARK}",
        )
        event = Event.objects.create(
            organization=organization,
            calendar=calendar,
            graph_id=f"{MARK}-event",
            kind=Kind.SINGLE,
            starts_at=now,
            ends_at=now + timedelta(hours=1),
            subject=f"{MARK} subject",
            location=f"{MARK} location",
            organizer_name=MARK,
        )
        SkippedEvent.objects.create(
            organization=organization,
            calendar=calendar,
            graph_id=f"{MARK}-skipped",
            reason="start is missing",
            skipped_at=now,
        )
        delivery = Delivery.objects.create(
            organization=organization, connection=connection, received_at=now, items=1, outcomes={"marked": 1}
        )
        tenant = MicrosoftTenant.objects.create(organization=organization, tid=tid, state_since=now, linked_at=now)
        approval = ApprovalRequest.objects.create(
            organization=organization,
            tenant=tenant,
            asked_by=member,
            link_digest=f"{MARK}{organization.pk}",
            sealed_link=MARK.encode(),
            asked_at=now,
            expires_at=now + timedelta(days=30),
        )
        ApprovalWaiter.objects.create(organization=organization, request=approval, member=member, since=now)
        UnansweredSignIn.objects.create(organization=organization, member=member, began_at=now)
        LastRefusal.objects.create(
            organization=organization, member=member, tenant=tenant, reason="not_assigned", since=now, refused_at=now
        )
        export = Export.objects.create(
            organization=organization,
            requested_by=member,
            kind=ExportKind.PERSON,
            state=ExportState.READY,
            asked_at=now,
            made_at=now,
            expires_at=now + timedelta(hours=24),
            parts=1,
            size=len(MARK),
        )
        ExportPart.objects.create(
            organization=organization,
            export=export,
            number=0,
            sealed_bytes=seal(MARK.encode(), place=f"calendars_exportpart.sealed_bytes:{export.key}:0"),
        )
        Erasure.objects.create(
            organization=organization,
            kind=ErasureKind.PERSON,
            membership_id=0,
            user_id=0,
            label="somebody@left.example",
            asked_by_id=0,
            asked_by_label="somebody@left.example",
            asked_at=now,
        )
    with system_scope("a test's world"):
        subscription = Subscription.objects.create(
            tid=tid,
            oid=oid,
            graph_id=str(uuid.uuid4()),
            client_state_digest=MARK,
            expires_at=now + timedelta(days=6),
            renew_at=now + timedelta(days=3),
            created_at=now,
            speaker_organization_id=organization.pk,
            speaker_connection_id=connection.pk,
        )
    return Belongings(
        member=member.pk,
        invitation=invitation.pk,
        connection=connection.pk,
        calendar=calendar.pk,
        event=event.pk,
        delivery=delivery.pk,
        subscription=subscription.pk,
        tenant=tenant.pk,
        approval=approval.pk,
        export=export.pk,
    )
