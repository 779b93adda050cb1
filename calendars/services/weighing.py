"""What a change of policies would do to what is there, in numbers. Reads only; expects the organization's scope."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q

from calendars.models import Calendar, Event, Kind
from calendars.sync import window
from calendars.sync.policy import KEPT, is_less
from connections.identity import allow_writing
from connections.models import Connection
from tenants.models import Detail, Membership, MicrosoftTenant, Organization, TenantsAllowed
from tenants.services.policies import Policies


@dataclass(frozen=True)
class Stored:
    """How many events are stored, and of them: with a text, and over for more than so many days."""

    events: int
    texts: int
    older: dict[int, int]


def stored_events(*, organization_id: int, days: Collection[int], now: datetime) -> Stored:
    """Counted in one pass, since an organization may have a million of them."""
    shown = ~Q(kind=Kind.MASTER)
    counts = {f"older_{number}": Count("pk", filter=shown & _over(number, now)) for number in days}
    found = Event.objects.of(organization_id).aggregate(
        events=Count("pk", filter=shown), texts=Count("pk", filter=~Q(body="")), **counts
    )
    return Stored(found["events"], found["texts"], {number: found[f"older_{number}"] for number in days})


def _over(days: int, now: datetime) -> Q:
    before = window.promised(now, days).start
    return Q(ends_at__lt=before) | Q(end_date__lte=before.date())


@dataclass(frozen=True)
class Turned:
    """Who would be disconnected: how many people, and with which addresses whoever asks is among them."""

    people: int = 0
    mine: tuple[str, ...] = ()


def turned_away(*, organization_id: int, wanted: Policies, membership_id: int) -> Turned:
    alive = Connection.objects.of(organization_id).alive()
    rows = alive.turned_away(wanted, organization_id=organization_id).values_list("member_id", "address")
    found = list(rows.order_by("pk"))
    mine = tuple(address or "your mailbox" for member, address in found if member == membership_id)
    return Turned(len({member for member, _ in found}), mine)


@dataclass(frozen=True)
class Losses:
    """What would go if these policies were decided. Empty when nothing would."""

    turned: Turned = Turned()
    # Events that lose all but their times, or only their text.
    emptied: int = 0
    texts: int = 0
    past: int = 0
    # Companies would have to be linked, and none is: nobody could connect any more.
    shuts_out_all: bool = False

    def __bool__(self) -> bool:
        return bool(self.turned.people or self.emptied or self.texts or self.past or self.shuts_out_all)


def losses(*, organization: Organization, wanted: Policies, membership_id: int, now: datetime) -> Losses:
    """What these policies would take away of what the organization has now."""
    former = Policies.of(organization)
    changed = wanted.changed_from(former)
    turned, shuts_out_all = Turned(), False
    if {"tenants_allowed", "personal_accounts"} & set(changed):
        turned = turned_away(organization_id=organization.pk, wanted=wanted, membership_id=membership_id)
        only_linked = wanted.tenants_allowed == TenantsAllowed.LINKED != former.tenants_allowed
        shuts_out_all = only_linked and not count_linked(organization)
    loses_detail = is_less(wanted.detail, former.detail)
    days_back = settings.WINDOW_DAYS_BACK if wanted.past_days is None else wanted.past_days
    is_shorter = days_back < organization.days_back
    if not loses_detail and not is_shorter:
        return Losses(turned=turned, shuts_out_all=shuts_out_all)
    stored = stored_events(organization_id=organization.pk, days=[days_back], now=now)
    keeps_details = "subject" in KEPT[Detail(wanted.detail)]
    return Losses(
        turned=turned,
        emptied=stored.events if loses_detail and not keeps_details else 0,
        texts=stored.texts if loses_detail and keeps_details else 0,
        past=stored.older[days_back] if is_shorter else 0,
        shuts_out_all=shuts_out_all,
    )


@dataclass(frozen=True)
class Members:
    """Whom the policies concern."""

    people: int
    linked: int
    connections: int
    # Of these connections, how many have granted changes.
    writing: int
    # Calendars that are being read anew, because more is kept than before.
    reading: int


def count_linked(organization: Organization) -> int:
    return MicrosoftTenant.objects.of(organization).linked().count()


def count_members(*, organization: Organization) -> Members:
    scopes = list(Connection.objects.of(organization).alive().values_list("scopes", flat=True))
    lesser = [detail.value for detail in Detail if is_less(detail, organization.detail)]
    behind = Calendar.objects.of(organization).followed().filter(window_start__isnull=False, kept_detail__in=lesser)
    return Members(
        people=Membership.objects.of(organization).present().count(),
        linked=count_linked(organization),
        connections=len(scopes),
        writing=sum(map(allow_writing, scopes)),
        reading=behind.count(),
    )
