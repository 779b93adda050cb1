"""The people who cannot go on, and what helps each of them."""

from datetime import datetime
from typing import Final, NamedTuple

from django.urls import reverse

from connections.models import ApprovalRequest, Connection, LastRefusal, Status
from connections.presentation.known import Known, Look
from tenants.addresses import absolute
from tenants.models import Membership, MicrosoftTenant


class Stuck(NamedTuple):
    """
    Somebody who cannot go on. `help` is `ask` or `see_request` where a button helps, else `message` is to be sent on.
    """

    member: Membership
    since: datetime
    look: Look
    sentence: str
    help: str
    message: str = ""
    message_to: str = ""
    tenant: MicrosoftTenant | None = None
    request: ApprovalRequest | None = None


_STUCK: Final = {
    Status.RECONNECT: Look("broken", "alert-circle", "Must sign in again"),
    Status.APPROVAL: Look("waits", "hourglass", "Needs approval"),
    Status.BLOCKED: Look("broken", "circle-x", "Blocked"),
}


_WITHDRAWN: Final = "The approval for their company was withdrawn."
_WANTED: Final = "Microsoft asks for an administrator’s approval."  # noqa: RUF001 - a page's apostrophe


class _Whose(NamedTuple):
    member: Membership
    since: datetime
    tenant: MicrosoftTenant | None


def stuck_people(known: Known) -> list[Stuck]:
    """Everybody who is stuck, the longest first; nobody twice for two reasons."""
    by_tid = {tenant.tid: tenant for tenant in known.tenants}
    by_pk = {tenant.pk: tenant for tenant in known.tenants}
    found = [
        _of_connection(known, connection, by_tid.get(connection.tid))
        for connection in known.connections
        if connection.status in _STUCK
    ]
    # Whoever has a calendar that works, or is named above, is not stuck for a second reason.
    named = {stuck.member.pk for stuck in found} | {one.member_id for one in known.connections if one.is_active}
    request_by_pk = {request.pk: request for request in known.requests.values()}
    for waiter in known.waiters:
        if waiter.member_id not in named:
            request = request_by_pk[waiter.request_id]
            found.append(
                Stuck(
                    member=waiter.member,
                    since=waiter.since,
                    look=_STUCK[Status.APPROVAL],
                    sentence="Waits for the administrator’s answer.",  # noqa: RUF001 - a page's apostrophe
                    help="see_request",
                    tenant=by_pk.get(request.tenant_id),
                    request=request,
                )
            )
            named.add(waiter.member_id)
    found += [_of_refusal(known, refusal) for refusal in known.refusals if refusal.member_id not in named]
    return sorted(found, key=lambda stuck: (stuck.since, stuck.member.pk))


def _of_connection(known: Known, connection: Connection, tenant: MicrosoftTenant | None) -> Stuck:
    look = _STUCK[Status(connection.status)]
    if connection.status == Status.RECONNECT:
        path = f"{reverse('connections:connect', args=[known.organization.slug])}?connection={connection.pk}"
        message = f"Please sign in at Microsoft again, so that your calendar goes on: {absolute(path)}"
        return Stuck(
            member=connection.member,
            since=connection.status_since,
            look=look,
            sentence="Only they can sign in again. We wrote to them.",
            help="message",
            message=message,
            message_to="them",
        )
    of_whom = _Whose(connection.member, connection.status_since, tenant)
    return _by_reason(known, of_whom, look, connection.reason)


def _of_refusal(known: Known, refusal: LastRefusal) -> Stuck:
    lacks_consent = refusal.reason == "approval_needed"
    look = _STUCK[Status.APPROVAL if lacks_consent else Status.BLOCKED]
    return _by_reason(known, _Whose(refusal.member, refusal.since, refusal.tenant), look, refusal.reason)


_ADMINISTRATORS_PART: Final = {
    "not_assigned": (
        "Their company decides by name who may use Almanac.",
        "Please assign {address} to the enterprise application Almanac in Microsoft Entra.",
    ),
    "no_mailbox": (
        "Their account has no mailbox at Microsoft 365.",
        "Please give {address} a licence with Exchange Online: Almanac finds no mailbox there.",
    ),
    "account_disabled": (
        "Their account is switched off at Microsoft.",
        "The account of {address} is switched off. Please see whether it should be on.",
    ),
    "device_policy": (
        "A rule of their company allows this only from certain devices.",
        "A rule about devices keeps {address} from Almanac. Please see whether it should.",
    ),
    "app_disabled": (
        "Their company has switched Almanac off.",
        "The enterprise application Almanac is switched off in Microsoft Entra. Please see whether it should be on.",
    ),
}
_ANY_RULE: Final = (
    "A rule of their company does not allow it.",
    "A rule in Microsoft Entra keeps {address} from Almanac. Please see whether it should.",
)


def _by_reason(known: Known, whose: _Whose, look: Look, reason: str) -> Stuck:
    member, since, tenant = whose
    if look is _STUCK[Status.APPROVAL]:
        request = known.requests.get(tenant.pk) if tenant else None
        return Stuck(
            member=member,
            since=since,
            look=look,
            sentence=_WITHDRAWN if reason == "approval_withdrawn" else _WANTED,
            help="see_request" if request else "ask",
            tenant=tenant,
            request=request,
        )
    sentence, message = _ADMINISTRATORS_PART.get(reason, _ANY_RULE)
    return Stuck(
        member=member,
        since=since,
        look=look,
        sentence=sentence,
        help="message",
        message=message.format(address=member.user.email),
        message_to="their Microsoft administrator",
    )
