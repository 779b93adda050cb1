"""The onboarding board: the steps of an organization, its Microsoft tenants, and who is stuck."""

from collections import Counter
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from django.utils.formats import date_format
from django.utils.timezone import localtime

from connections.models import ApprovalRequest, Status
from connections.presentation.known import LATELY, Known, Look
from connections.presentation.stuck import Stuck, stuck_people
from tenants.models import ConsentState, Invitation, Membership, MicrosoftTenant, Organization

# How many stuck people are shown at once; the rest on a click.
FIRST: Final = 25


class Step(NamedTuple):
    """One step of the ladder. `url_name` leads to where it is done; a page that is not there yet is left out."""

    title: str
    sentence: str
    is_done: bool
    url_name: str
    button: str


class Row(NamedTuple):
    """One Microsoft tenant."""

    tenant: MicrosoftTenant
    look: Look
    sentence: str
    connected: int
    waiting: int
    refused: int
    request: ApprovalRequest | None
    # What is to be done: `ask`, `see_request`, `connect`, `invite`, or nothing.
    next_step: str


class Board(NamedTuple):
    """Everything that the page shows. `stuck` is the longest first, and `stuck_in_all` how many there are."""

    steps: list[Step]
    rows: list[Row]
    stuck: list[Stuck]
    stuck_in_all: int

    @property
    def next_step(self) -> Step | None:
        return next((step for step in self.steps if not step.is_done), None)

    @property
    def steps_done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def urgent(self) -> Row | None:
        """The tenant of which an approval is gone, or wanted, and nobody has asked for one."""
        return next((row for row in self.rows if row.next_step == "ask" and row.look.tone != "unknown"), None)


_LOOKS: Final = {
    ConsentState.UNKNOWN: Look("unknown", "circle-dashed", "Not tried yet"),
    ConsentState.OPEN: Look("well", "circle-check", "People may connect"),
    ConsentState.WAITING: Look("waits", "hourglass", "Waits for approval"),
    ConsentState.APPROVED: Look("well", "shield-check", "Approved"),
    ConsentState.WITHDRAWN: Look("broken", "shield-x", "Approval withdrawn"),
}
_REFUSED: Final = Look("waits", "alert-circle", "Needs approval")
_DOUBTFUL: Final = Look("waits", "help-circle", "Being checked")


def board(organization: Organization, *, now: datetime, everybody: bool = False) -> Board:
    """
    Read the board. Expects the organization's scope. Of the stuck only the first some, unless `everybody` is wanted.
    """
    known = Known.read(organization)
    stuck = stuck_people(known)
    return Board(
        steps=_steps(known),
        rows=_rows(known, now),
        stuck=stuck if everybody else stuck[:FIRST],
        stuck_in_all=len(stuck),
    )


def _steps(known: Known) -> list[Step]:
    organization = known.organization
    members = Membership.objects.of(organization).present().count()
    invited = Invitation.objects.of(organization).open().count()
    is_linked = any(tenant.linked_at for tenant in known.tenants)
    agreed = any(tenant.state in {ConsentState.OPEN, ConsentState.APPROVED} for tenant in known.tenants)
    people = f"{members} {_people(members)} here" + (f", {invited} invited" if invited else "")
    return [
        Step("Organization founded", f"{date_format(localtime(organization.created_at), 'j F Y')}.", True, "", ""),
        Step(
            "Microsoft tenant linked",
            "Almanac knows from which company your people come.",
            is_linked,
            "connections:link_tenant",
            "Link your Microsoft tenant",
        ),
        Step(
            "Microsoft agrees",
            "An administrator has approved Almanac, or people may agree themselves.",
            agreed,
            "connections:ask",
            "Ask your administrator",
        ),
        Step(
            "First calendar connected",
            "Somebody’s week is here.",  # noqa: RUF001 - a page's apostrophe
            # One that waits today was connected all the same.
            bool(known.connections),
            "connections:connect",
            "Connect a calendar",
        ),
        Step("People invited", people + ".", members > 1 or invited > 0, "organization:people", "Invite people"),
    ]


def _rows(known: Known, now: datetime) -> list[Row]:
    active = Counter(connection.tid for connection in known.connections if connection.is_active)
    held_up: dict[UUID, set[int]] = {}
    for connection in known.connections:
        if connection.status == Status.APPROVAL:
            held_up.setdefault(connection.tid, set()).add(connection.member_id)
    refused = Counter(
        refusal.tenant_id
        for refusal in known.refusals
        if refusal.reason == "approval_needed" and refusal.refused_at > now - LATELY
    )
    rows = []
    for tenant in known.tenants:
        request = known.requests.get(tenant.pk)
        waiting = {waiter.member_id for waiter in known.waiters if request and waiter.request_id == request.pk}
        waiting |= held_up.get(tenant.tid, set())
        if not (tenant.linked_at or active[tenant.tid] or waiting or refused[tenant.pk] or request):
            continue
        rows.append(
            Row(
                tenant=tenant,
                look=_look(tenant, now),
                sentence=_sentence(tenant, now),
                connected=active[tenant.tid],
                waiting=len(waiting),
                refused=refused[tenant.pk],
                request=request,
                next_step=_next_step(tenant, now, connected=active[tenant.tid], is_asked=request is not None),
            )
        )
    # What somebody must act on comes first, and what was linked before what was only seen.
    urgency = {"broken": 0, "waits": 1, "unknown": 2, "well": 3}
    return sorted(rows, key=lambda row: (urgency[row.look.tone], row.tenant.linked_at is None, row.tenant.pk))


def _was_refused(tenant: MicrosoftTenant, now: datetime) -> bool:
    """Whether people were sent back lately, and nothing has been proven since."""
    if tenant.refused_at is None or tenant.refused_at < now - LATELY:
        return False
    return tenant.state in {ConsentState.UNKNOWN, ConsentState.OPEN} or tenant.refused_at > tenant.state_since


def _look(tenant: MicrosoftTenant, now: datetime) -> Look:
    state = ConsentState(tenant.state)
    if tenant.doubted_at:
        return _DOUBTFUL
    if state in {ConsentState.UNKNOWN, ConsentState.OPEN} and _was_refused(tenant, now):
        return _REFUSED
    return _LOOKS[state]


def _sentence(tenant: MicrosoftTenant, now: datetime) -> str:
    if tenant.doubted_at:
        return "One person lost access. We are finding out whether the approval still holds."
    if tenant.state == ConsentState.APPROVED and _was_refused(tenant, now):
        return "Approved, yet somebody was refused since. New permissions may take some minutes to arrive."
    if tenant.state == ConsentState.OPEN and _was_refused(tenant, now):
        return "Some people could agree themselves, others were sent to an administrator."
    if tenant.state == ConsentState.UNKNOWN and _was_refused(tenant, now):
        return "Microsoft sent people back: an administrator has to approve Almanac first."
    return {
        ConsentState.UNKNOWN: "Nobody of this company has connected yet. Most companies ask an administrator first.",
        ConsentState.OPEN: "People agree at Microsoft themselves. No administrator is needed.",
        ConsentState.WAITING: "An administrator was asked. When they approve, everybody who waits is told.",
        ConsentState.APPROVED: "Everybody of this company connects in a few seconds.",
        ConsentState.WITHDRAWN: "Microsoft no longer lets Almanac in. Once it is approved again, calendars come back.",
    }[ConsentState(tenant.state)]


def _next_step(tenant: MicrosoftTenant, now: datetime, *, connected: int, is_asked: bool) -> str:
    if is_asked:
        return "see_request"
    if tenant.state in {ConsentState.WITHDRAWN, ConsentState.WAITING} or _was_refused(tenant, now):
        return "ask"
    if tenant.state == ConsentState.UNKNOWN:
        return "ask"
    return "invite" if connected else "connect"


def _people(count: int) -> str:
    return "person" if count == 1 else "people"
