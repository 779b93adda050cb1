"""
How an organization stands, as files: people, policies, Microsoft tenants, connections, activity.

What is in people's calendars is theirs and not their organization's: of events there are counts and nothing else.
"""

from collections import Counter
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, F

from calendars.models import Calendar, Event, Export
from calendars.services.exports.parts import Archive
from calendars.services.exports.rows import COLUMNS, dumped, in_batches, values_of
from connections.models import ApprovalRequest, Connection
from tenants import sheets
from tenants.models import AuditEntry, Invitation, Membership, MicrosoftTenant, Organization
from tenants.scoping import organization_scope

BATCH: Final = 1000

README: Final = """\
What Almanac has of the organization {organization}
made on {made:%d %B %Y at %H:%M} UTC for {person}

organization.json  the organization and its policies, people, invitations, Microsoft tenants, requests for approval,
                   and connections with states, dates and counts
people.csv         the same people as a table
connections.csv    the same connections as a table
activity.json      the whole activity log, one entry in each line
activity.csv       the same as a table

What is in people's calendars is not in here: events belong to the person whose mailbox they are in, and each of them
can export their own. Moments are in UTC.

In the tables, a cell that a spreadsheet would take for a formula begins with an apostrophe.
"""


def write(archive: Archive, export: Export, *, now: datetime) -> int:
    """Write how the organization stands; how many events are counted in it. Opens its own short scopes."""
    with organization_scope(export.organization_id):
        askers = Membership.objects.of(export.organization_id).select_related("user", "organization")
        asker = askers.get(pk=export.requested_by_id)
        facts = _facts(asker.organization)
    with archive.entry("organization.json") as put:
        put(dumped({"made_at": now} | facts))
    for name, table in (("people.csv", facts["people"]), ("connections.csv", facts["connections"])):
        with archive.entry(name) as put:
            columns = list(table[0]) if table else []
            put(sheets.line(columns))
            for row in table:
                put(sheets.line([_plain(row[column]) for column in columns]))
    _write_activity(archive, export.organization_id)
    with archive.entry("README.txt") as put:
        put(README.format(organization=facts["organization"]["name"], made=now, person=asker.user.email).encode())
    return sum(connection["events"] for connection in facts["connections"])


def _facts(organization: Organization) -> dict[str, Any]:
    """Expects the scope."""
    organization_id = organization.pk
    calendars = Calendar.objects.of(organization_id).filter(followed_at__isnull=False)
    followed = Counter(calendars.values_list("connection_id", flat=True))
    events = Event.objects.of(organization_id).shown().values_list("calendar__connection_id")
    kept = dict(events.annotate(number=Count("pk")).values_list("calendar__connection_id", "number"))
    connections = values_of(
        Connection.objects.of(organization_id).annotate(person=F("member__user__email")).order_by("pk"), "person"
    )
    return {
        "organization": {name: getattr(organization, name) for name in COLUMNS[Organization]},
        "people": values_of(
            Membership.objects.of(organization_id)
            .annotate(name=F("user__name"), email=F("user__email"))
            .order_by("user__email"),
            "name",
            "email",
        ),
        "invitations": values_of(Invitation.objects.of(organization_id).order_by("pk")),
        "microsoft_tenants": values_of(MicrosoftTenant.objects.of(organization_id).order_by("pk")),
        "approval_requests": values_of(ApprovalRequest.objects.of(organization_id).order_by("pk")),
        "connections": [
            connection | {"calendars": followed[connection["id"]], "events": kept.get(connection["id"], 0)}
            for connection in connections
        ],
    }


def _write_activity(archive: Archive, organization_id: int) -> None:
    columns = COLUMNS[AuditEntry]
    entries = AuditEntry.objects.of(organization_id)
    with archive.entry("activity.json") as put:
        put(b"[\n")
        for number, batch in enumerate(in_batches(entries, organization_id=organization_id, size=BATCH)):
            lines = [dumped({name: getattr(entry, name) for name in columns}, tidy=False) for entry in batch]
            put((b",\n" if number else b"") + b",\n".join(lines))
            archive.file.renew()
        put(b"\n]\n")
    with archive.entry("activity.csv") as put:
        put(sheets.line(columns))
        for batch in in_batches(entries, organization_id=organization_id, size=BATCH):
            for entry in batch:
                put(sheets.line([_plain(getattr(entry, name)) for name in columns]))
            archive.file.renew()


def _plain(value: object) -> object:
    """As one cell holds it: lists and objects as JSON, moments in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return dumped(value, tidy=False).decode() if isinstance(value, dict | list) else value
