"""What one person has in one organization, as files."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils.text import slugify

from calendars.models import Calendar, Event, Export, Kind, SkippedEvent
from calendars.services.exports import ics
from calendars.services.exports.parts import Archive
from calendars.services.exports.rows import EVENT, dumped, in_batches, values_of
from connections.models import (
    ApprovalRequest,
    ApprovalWaiter,
    Connection,
    LastRefusal,
    MicrosoftIdentity,
    UnansweredSignIn,
)
from tenants.models import ActorKind, AuditEntry, Invitation, Membership
from tenants.scoping import organization_scope

# An event's text may be 100 KB long.
BATCH: Final = 250

README: Final = """\
What Almanac has of you in {organization}
made on {made:%d %B %Y at %H:%M} UTC for {person}

data.json        everything: your account and your place in the organization, invitations that you got and sent,
                 approvals that you asked for, what the activity log says that you did or that was done to you,
                 and your connections with their calendars and events, with every field that Almanac keeps.
calendars/*.ics  the same events, one file for each calendar, to open in any calendar program.
                 A series is written as its single occurrences, as far as Almanac keeps them, so that nothing
                 is there twice; the rule of the series is in data.json.
                 Moments are in UTC, and your calendar program shows them in your own zone.

Moments in data.json are in UTC, too. Almanac keeps the events of a range of days around today, so what is older or
further away is not in here; it is in Outlook.
{skipped}
Passwords and the permissions to open your mailbox are not part of this file: they are of use to nobody but Almanac.
"""


def write(archive: Archive, export: Export, *, now: datetime) -> tuple[int, int]:
    """
    Write everything about whoever asked for the export; how many events there were, and how many no .ics could hold.

    Opens its own short scopes, one for each batch: the events of a large mailbox are never in memory together.
    """
    organization_id = export.organization_id
    with organization_scope(organization_id):
        about, calendars = _facts(export, now)
    events = _write_json(archive, about, calendars, organization_id)
    skipped = 0
    for name, calendar in _names(calendars):
        skipped += _write_ics(archive, name, calendar, organization_id, now)
    said = f"\n{skipped} events could not be written as .ics; data.json has them.\n" if skipped else ""
    with archive.entry("README.txt") as put:
        put(
            README.format(
                organization=about["organization"]["name"], made=now, person=about["account"]["email"], skipped=said
            ).encode()
        )
    return events, skipped


def _facts(export: Export, now: datetime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Everything but events, and the calendars whose events follow. Expects the scope."""
    organization = export.organization_id
    member = Membership.objects.of(organization).select_related("user", "organization").get(pk=export.requested_by_id)
    user = member.user
    addresses = sorted({user.email.lower(), *EmailAddress.objects.filter(user=user).values_list("email", flat=True)})
    connections = values_of(Connection.objects.of(organization).belonging_to(member.pk).order_by("pk"))
    mine = [connection["id"] for connection in connections]
    calendars = values_of(
        Calendar.objects.of(organization).filter(connection_id__in=mine).order_by("pk"), "connection_id"
    )
    about = {
        "made_at": now,
        "organization": {"name": member.organization.name, "slug": member.organization.slug},
        "account": {
            "email": user.email,
            "addresses": addresses,
            "name": user.name,
            "date_joined": user.date_joined,
            "last_login": user.last_login,
            "microsoft_sign_ins": list(
                MicrosoftIdentity.objects.filter(user=user).values("tid", "oid", "address", "display_name", "linked_at")
            ),
        },
        "membership": values_of(Membership.objects.of(organization).filter(pk=member.pk)),
        "invitations_received": values_of(Invitation.objects.of(organization).filter(email__in=addresses)),
        "invitations_sent": values_of(Invitation.objects.of(organization).filter(invited_by_id=member.pk)),
        "approvals_asked_for": values_of(ApprovalRequest.objects.of(organization).filter(asked_by_id=member.pk)),
        "approvals_waited_for": values_of(ApprovalWaiter.objects.of(organization).filter(member_id=member.pk)),
        "sign_ins_without_an_answer": values_of(UnansweredSignIn.objects.of(organization).filter(member_id=member.pk)),
        "last_refusal": values_of(LastRefusal.objects.of(organization).filter(member_id=member.pk)),
        "activity": [_seen_by(entry, user.pk) for entry in values_of(_activity(member, addresses, mine))],
        "connections": connections,
    }
    return about, calendars


def _activity(member: Membership, addresses: list[str], connections: list[int]) -> QuerySet[AuditEntry]:
    """What they did, and what was done to them or to their connections."""
    did = Q(actor_kind=ActorKind.PERSON, actor_id=member.user_id)
    done_to = (
        Q(target_kind="member", target_id=member.pk)
        | Q(target_label__in=addresses)
        | Q(target_kind="connection", target_id__in=connections)
    )
    return AuditEntry.objects.of(member.organization_id).filter(did | done_to).order_by("pk")


def _seen_by(entry: dict[str, Any], user_id: int) -> dict[str, Any]:
    """Where somebody else did it from is nobody else's business."""
    is_own = entry["actor_kind"] == ActorKind.PERSON and entry["actor_id"] == user_id
    return entry if is_own else entry | {"ip": None}


def _write_json(archive: Archive, about: dict[str, Any], calendars: list[dict[str, Any]], organization_id: int) -> int:
    """`data.json`, calendar by calendar and batch by batch."""
    count = 0
    with archive.entry("data.json") as put:
        put(dumped(about)[:-2])  # open again: without the last line's brace
        put(b',\n  "calendars": [')
        for number, calendar in enumerate(calendars):
            with organization_scope(organization_id):
                skipped = SkippedEvent.objects.of(organization_id).filter(calendar_id=calendar["id"])
                whole = calendar | {"events_not_understood": values_of(skipped.order_by("pk"))}
            put(b",\n" if number else b"\n")
            put(dumped(whole)[:-2])
            put(b',\n  "events": [')
            count += _write_events(put, archive, calendar["id"], organization_id)
            put(b"]}")
        put(b"]\n}\n")
    return count


def _write_events(put: Callable[[bytes], object], archive: Archive, calendar_id: int, organization_id: int) -> int:
    count = 0
    for batch in _events(calendar_id, organization_id):
        for event in batch:
            put(b",\n" if count else b"\n")
            put(dumped({name: getattr(event, name) for name in EVENT}))
            count += 1
        archive.file.renew()
    return count


def _write_ics(archive: Archive, name: str, calendar: dict[str, Any], organization_id: int, now: datetime) -> int:
    """One calendar's file; how many of its events it could not hold."""
    skipped = 0
    with archive.entry(name) as put:
        put(ics.heading(calendar["name"]))
        for batch in _events(calendar["id"], organization_id):
            masters = _masters_of(batch, organization_id)
            for event in batch:
                if event.kind == Kind.MASTER:
                    continue
                try:
                    put(ics.written(event, now=now, master=masters.get(event.series_id)))
                except ics.NotWritable:
                    skipped += 1
            archive.file.renew()
        put(ics.CLOSING)
    return skipped


def _masters_of(batch: Sequence[Event], organization_id: int) -> dict[str, Event]:
    """By their ids, the masters that have texts of these events' series: an occurrence is kept without."""
    series = {event.series_id for event in batch if event.series_id and not event.body}
    calendars = {event.calendar_id for event in batch}
    if not series:
        return {}
    with organization_scope(organization_id):
        rows = Event.objects.of(organization_id).filter(calendar_id__in=calendars, kind=Kind.MASTER)
        return {master.graph_id: master for master in rows.filter(graph_id__in=series).exclude(body="")}


def _events(calendar_id: int, organization_id: int) -> Iterator[Any]:
    rows = Event.objects.of(organization_id).of_calendar(calendar_id)
    return in_batches(rows, organization_id=organization_id, size=BATCH)


def _names(calendars: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name for each calendar's file: numbered, since two may be called the same."""
    for number, calendar in enumerate(calendars, start=1):
        yield f"calendars/{number:02}-{slugify(calendar['name'])[:60] or 'calendar'}.ics", calendar
