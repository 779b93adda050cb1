"""
What an export says of each kind of row: columns by name. What is not named here is not in it, secrets least of all.

A test walks every customers' table and asks whether it stands here or among those that are left out, with a reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from django.db.models import Model, QuerySet

from calendars.models import Calendar, Event, SkippedEvent
from connections.models import ApprovalRequest, ApprovalWaiter, Connection, LastRefusal, UnansweredSignIn
from tenants.models import AuditEntry, Invitation, Membership, MicrosoftTenant, Organization
from tenants.scoping import organization_scope

# Everything that is stored of an event but where the row belongs and which round brought it.
EVENT: Final = tuple(
    field.attname
    for field in Event._meta.concrete_fields
    if field.attname not in {"id", "organization_id", "calendar_id", "round_number"}
)
COLUMNS: Final[Mapping[type[Model], tuple[str, ...]]] = {
    Organization: (
        "id", "name", "slug", "created_at", "requires_second_factor", "tenants_allowed", "personal_accounts", "access",
        "detail", "past_days", "policies_changed_at", "policies_applied_at",
    ),
    Membership: ("id", "role", "created_at", "removed_at"),
    Invitation: (
        "id", "email", "role", "created_at", "sent_at", "expires_at", "accepted_at", "revoked_at",
    ),
    MicrosoftTenant: (
        "id", "tid", "name", "domain", "state", "state_since", "linked_at", "approved_at", "approved_by",
        "approved_scopes",
    ),
    AuditEntry: (
        "id", "at", "act", "actor_kind", "actor_id", "actor_label", "target_kind", "target_id", "target_label",
        "details", "ip",
    ),
    Connection: (
        "id", "tid", "oid", "address", "display_name", "status", "reason", "status_since", "scopes", "connected_at",
        "succeeded_at", "failed_at", "failed_request_id", "failed_code",
    ),
    ApprovalRequest: (
        "id", "tenant__tid", "tenant__domain", "state", "scopes", "asked_at", "expires_at", "administrator_address",
        "mailed_at", "reminders", "reminded_at", "claimed_at", "answered_at",
    ),
    UnansweredSignIn: ("began_at", "dismissed_at"),
    LastRefusal: ("tenant__tid", "reason", "since", "refused_at"),
    ApprovalWaiter: ("request_id", "since", "told_at"),
    Calendar: (
        "id", "graph_id", "name", "color", "hex_color", "owner_name", "owner_address", "can_edit", "is_default",
        "followed_at", "vanished_at", "window_start", "window_end", "changed_at", "synced_at",
    ),
    Event: EVENT,
    SkippedEvent: ("graph_id", "reason", "skipped_at"),
}  # fmt: skip
# Tables of which no row is in any export, and why.
LEFT_OUT: Final[Mapping[str, str]] = {
    "connections.Secret": "the keys to a mailbox",
    "connections.SignInFlow": "a trip to Microsoft under way, void after ten minutes",
    "connections.SignInAnswer": "what Microsoft sent back, void after two minutes",
    "calendars.Export": "the export itself",
    "calendars.ExportPart": "the export itself",
    "tenants.OutgoingMail": "mails that the person has got; sealed until they are sent and empty afterwards",
    "webhooks.Subscription": "Microsoft's promise to call us: about a mailbox, and no organization's",
    "webhooks.Delivery": "that Microsoft called about a mailbox, of the last week, without what it said",
    "webhooks.Erasure": "what is under way is in the activity, too",
}


def values_of(rows: QuerySet[Any], *more: str) -> list[dict[str, Any]]:
    """These rows by the columns of their kind, and `more`."""
    return list(rows.values(*COLUMNS[rows.model], *more))


def dumped(value: object, *, tidy: bool = True) -> bytes:
    """JSON; indented, for people, unless it has to stay in one line. Moments are in UTC."""
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z | (orjson.OPT_INDENT_2 if tidy else 0))


def in_batches(rows: QuerySet[Any], *, organization_id: int, size: int) -> Iterator[Sequence[Any]]:
    """All rows, in order of their ids, so many at a time, each batch read in a short scope of its own."""
    last = 0
    while True:
        with organization_scope(organization_id):
            batch = list(rows.filter(pk__gt=last).order_by("pk")[:size])
        if not batch:
            return
        yield batch
        last = batch[-1].pk
