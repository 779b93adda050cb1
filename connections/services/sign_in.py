"""Connecting a mailbox: a trip to Microsoft that only the browser which began it can finish, once, in ten minutes."""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
import structlog
from django.conf import settings
from django.utils.crypto import constant_time_compare

from connections import doors, identity
from connections.graph import GraphClient, GraphError, Refused
from connections.graph.tokens import GivenToken
from connections.identity import SignedIn
from connections.models import Connection, Purpose, Secret, SignInAnswer, SignInFlow, Status
from connections.reasons import Kind, Refusal
from connections.services import consent, unanswered
from connections.services.outcomes import (
    OUTCOME_OF,
    SOLVED_BY_OTHERS,
    Connected,
    ConnectRefused,
    NoSuchConnection,
    Outcome,
    UnknownState,
)
from connections.services.policy import refusal_of_newcomer
from connections.services.withdrawing import CONSENT_GONE, target
from tenants.acts import Act
from tenants.crypto import SealError, digest, seal, unseal
from tenants.models import Membership, Organization
from tenants.policies import Action
from tenants.scoping import organization_scope
from tenants.services.audit import Actor, record

log = structlog.get_logger(__name__)

FLOW_LASTS: Final = timedelta(minutes=10)
ANSWER_LASTS: Final = timedelta(minutes=2)
# Several tabs are fine; a script that begins and begins only displaces its own beginnings.
MOST_FLOWS: Final = 5


@dataclass(frozen=True)
class Trip:
    """A flow that was taken, with the answer to it: both are gone from the database."""

    flow: SignInFlow
    fields: Mapping[str, str]
    secret: bytes


def begin_connect(
    *,
    organization_id: int,
    membership_id: int,
    session_key: str,
    redirect_uri: str,
    now: datetime,
    prompt: str = "",
    return_path: str = "",
    connection_id: int | None = None,
) -> str:
    """
    Prepare a trip to Microsoft for this member in this browser session; the address to send the browser to.

    Opens its own scopes around a call to Microsoft, which is asked for what the organization lets Almanac do now. With
    `connection_id` only that mailbox may come back.

    Raises:
        NoSuchConnection: it is not this member's.
        identity.TryLater: Microsoft cannot be reached.
    """
    expected = None
    with organization_scope(organization_id):
        scopes = identity.scopes_for(Organization.objects.of(organization_id).only("access").get().access)
        if connection_id is not None:
            mine = Connection.objects.of(organization_id).belonging_to(membership_id)
            expected = mine.filter(pk=connection_id).first()
            if expected is None:
                raise NoSuchConnection(connection_id)
    begun = identity.begin_sign_in(
        redirect_uri=redirect_uri, scopes=scopes, prompt=prompt, login_hint=expected.address if expected else ""
    )
    key = uuid.uuid4()
    with organization_scope(organization_id):
        mine_under_way = SignInFlow.objects.of(organization_id).filter(member_id=membership_id)
        newest = mine_under_way.order_by("-expires_at", "-pk").values_list("pk", flat=True)[: MOST_FLOWS - 1]
        mine_under_way.exclude(pk__in=list(newest)).delete()
        SignInFlow.objects.create(
            key=key,
            state_digest=digest(begun.state),
            purpose=Purpose.CONNECT,
            organization_id=organization_id,
            member_id=membership_id,
            session_digest=digest(session_key),
            expected_tid=expected.tid if expected else None,
            expected_oid=expected.oid if expected else None,
            return_path=return_path,
            sealed_flow=seal(begun.flow, place=place_of_flow(key)),
            expires_at=now + FLOW_LASTS,
        )
    return begun.url


def keep_answer(*, fields: Mapping[str, str], now: datetime) -> str:
    """
    Keep what Microsoft posted, for two minutes, for the browser that began; the one-time key to ask for it with.

    Opens its own scopes. Knows nobody: the post comes from another site and carries no session.

    Raises:
        UnknownState: nothing waits for it. Nothing was stored.
    """
    found = doors.flow_by_state(digest(fields.get("state", "")))
    if found is None:
        raise UnknownState
    key = secrets.token_urlsafe(32)
    with organization_scope(found.organization_id):
        live = SignInFlow.objects.of(found.organization_id).filter(pk=found.id, expires_at__gt=now)
        # Locked: of two posts at once, the second must see the first.
        flow = live.select_for_update().first()
        if flow is None or SignInAnswer.objects.of(found.organization_id).filter(flow=flow).exists():
            raise UnknownState
        SignInAnswer.objects.create(
            organization_id=found.organization_id,
            flow=flow,
            key_digest=digest(key),
            sealed_fields=seal(orjson.dumps(dict(fields)), place=_place_of_answer(flow.pk)),
            expires_at=now + ANSWER_LASTS,
        )
    return key


def finish_connect(
    *, key: str, session_key: str, user_id: int | None, now: datetime, ip: str | None = None
) -> Connected:
    """
    Finish a trip to Microsoft: take it, see that the same person is back, redeem, verify, and only then store.

    Opens its own scopes around its calls to Microsoft. Whatever happens, the trip is used up. An existing
    connection of the same mailbox keeps its row and all that hangs on it. `ip` is for the audit log.

    Raises:
        ConnectRefused: nothing was connected; its `outcome` says why.
    """
    trip = take_trip(key, now)
    member = _same_person(trip.flow, session_key=session_key, user_id=user_id)
    slug = member.organization.slug
    try:
        signed_in = identity.finish_sign_in(flow=trip.secret, answer=trip.fields, now=now)
        _check(trip.flow, signed_in)
        connection = _store(trip.flow, member.pk, signed_in, now, ip)
    except identity.SignInRefused as error:
        refused = ConnectRefused(OUTCOME_OF[error.refusal.kind], refusal=error.refusal)
    except identity.UnreadableAnswer as error:
        log.warning("sign_in_unreadable", reason=str(error))
        refused = ConnectRefused(Outcome.UNREADABLE)
    except identity.TryLater:
        refused = ConnectRefused(Outcome.BUSY)
    except ConnectRefused as error:
        refused = error
    else:
        log.info("connected", organization=trip.flow.organization_id, connection=connection.pk)
        return Connected(trip.flow.organization_id, slug, connection.pk, trip.flow.return_path)
    refused.slug, refused.return_path = slug, trip.flow.return_path
    expected = _expected(trip.flow)
    refused.connection_id = expected.pk if expected else None
    _note_refused(trip.flow, member, refused, now)
    _log(refused, trip.flow.organization_id)
    raise refused


def forget_old_sign_ins(*, organization_id: int, now: datetime) -> int:
    """
    Delete flows whose time is over, with their answers; how many. Expects the organization's scope.

    Of those that nobody came back from, it is remembered who went.
    """
    old = SignInFlow.objects.of(organization_id).filter(expires_at__lte=now)
    silent = old.filter(purpose=Purpose.CONNECT, member__isnull=False, answer__isnull=True)
    unanswered.remember(organization_id=organization_id, flows=silent, lasts=FLOW_LASTS)
    SignInAnswer.objects.of(organization_id).filter(flow__in=old).delete()
    return old.delete()[0]


def forget_sign_ins_of(*, member: Membership) -> int:
    """Delete every trip to Microsoft that this member has under way; how many. Expects the organization's scope."""
    theirs = SignInFlow.objects.of(member.organization_id).filter(member=member)
    SignInAnswer.objects.of(member.organization_id).filter(flow__in=theirs).delete()
    return theirs.delete()[0]


def take_trip(key: str, now: datetime) -> Trip:
    """
    Take answer and flow out of the database, before anything in them is looked at. Opens its own scope.

    Raises:
        ConnectRefused: there is nothing to take, or it is too old.
    """
    found = doors.answer_by_key(digest(key))
    if found is None:
        raise ConnectRefused(Outcome.EXPIRED)
    with organization_scope(found.organization_id):
        # One statement each: of two requests at once, one gets the row and the other gets none.
        answers = list(
            SignInAnswer.objects.raw(
                "DELETE FROM connections_signinanswer WHERE organization_id = %s AND id = %s RETURNING *",
                [found.organization_id, found.id],
            )
        )
        flows = list(
            SignInFlow.objects.raw(
                "DELETE FROM connections_signinflow WHERE organization_id = %s AND id = %s RETURNING *",
                [found.organization_id, found.flow_id],
            )
        )
    if not answers or not flows or min(answers[0].expires_at, flows[0].expires_at) <= now:
        raise ConnectRefused(Outcome.EXPIRED)
    flow = flows[0]
    try:
        secret = unseal(flow.sealed_flow, place=place_of_flow(flow.key))
        fields = orjson.loads(unseal(answers[0].sealed_fields, place=_place_of_answer(flow.pk)))
    except SealError:
        log.exception("sign_in_not_opened")
        raise ConnectRefused(Outcome.EXPIRED) from None
    return Trip(flow, fields, secret)


def _same_person(flow: SignInFlow, *, session_key: str, user_id: int | None) -> Membership:
    """The member who began, if it is they who are back, in the same session, and still may."""
    is_same_session = constant_time_compare(flow.session_digest, digest(session_key))
    member = None
    if user_id is not None and flow.member_id is not None and is_same_session:
        with organization_scope(flow.organization_id):
            members = Membership.objects.of(flow.organization_id).present().select_related("organization", "user")
            member = members.filter(pk=flow.member_id, user_id=user_id).first()
    if member is None or not member.may(Action.CONNECT_CALENDAR) or flow.purpose != Purpose.CONNECT:
        log.warning("sign_in_by_another_person", organization=flow.organization_id)
        raise ConnectRefused(Outcome.OTHER_PERSON)
    return member


def _check(flow: SignInFlow, signed_in: SignedIn) -> None:
    """Whether this person's mailbox is one that we want, may read and can read. On the verified token only."""
    claims = signed_in.claims
    if claims.is_personal and not settings.PERSONAL_ACCOUNTS:
        raise ConnectRefused(Outcome.PERSONAL, found=claims.address)
    with organization_scope(flow.organization_id):
        _admit(Organization.objects.of(flow.organization_id).get(), signed_in)
    if flow.expected_oid and (flow.expected_tid, flow.expected_oid) != (claims.tid, claims.oid):
        expected = _expected(flow)
        raise ConnectRefused(Outcome.WRONG_MAILBOX, expected=expected.address if expected else "", found=claims.address)
    if not signed_in.may_read:
        raise ConnectRefused(Outcome.DECLINED, refusal=Refusal(Kind.USER_DECLINED, "permission_missing"))
    try:
        # Better to hear it now than on a page that says "connected".
        GraphClient(GivenToken(signed_in.access_token), read_only=True).get("/me/calendar", params={"$select": "id"})
    except Refused as error:
        log.warning("mailbox_refused", code=error.code, graph_request_id=error.request_id)
        if error.reason == "no_mailbox":
            raise ConnectRefused(Outcome.NO_MAILBOX, found=claims.address) from None
        raise ConnectRefused(
            Outcome.BLOCKED, refusal=Refusal(Kind.BLOCKED_BY_POLICY, error.reason, trace_id=error.request_id)
        ) from None
    except GraphError as error:
        # Busy, or a fault of ours: the sign-in is good, and the first round will tell.
        log.warning("mailbox_not_asked", code=error.code, graph_request_id=error.request_id)


def _admit(organization: Organization, signed_in: SignedIn) -> None:
    claims = signed_in.claims
    outcome = refusal_of_newcomer(organization=organization, tid=claims.tid)
    if outcome is not None:
        raise ConnectRefused(outcome, found=claims.address)


def _store(flow: SignInFlow, member_id: int, signed_in: SignedIn, now: datetime, ip: str | None) -> Connection:
    organization_id, claims = flow.organization_id, signed_in.claims
    with organization_scope(organization_id):
        # Locked and asked again: whoever tightens the policies now finds this connection afterwards, or came first.
        _admit(Organization.objects.of(organization_id).select_for_update(no_key=True).get(), signed_in)
        # Locked, so that nobody leaves the organization between this look and the commit.
        members = Membership.objects.of(organization_id).present().select_related("user")
        member = members.select_for_update(no_key=True, of=("self",)).filter(pk=member_id).first()
        if member is None:
            raise ConnectRefused(Outcome.OTHER_PERSON)
        if not claims.is_personal:
            # Before the connection, as everywhere: see there.
            consent.ensure_tenant(organization_id=organization_id, tid=claims.tid, now=now)
        rows = Connection.objects.of(organization_id).select_for_update()
        connection, made = rows.get_or_create(
            tid=claims.tid,
            oid=claims.oid,
            defaults={
                "organization_id": organization_id,
                "member": member,
                "status_since": now,
                "connected_at": now,
            },
        )
        if connection.member_id != member.pk and connection.status != Status.DISCONNECTED:
            raise ConnectRefused(Outcome.TAKEN, found=claims.address)
        anew = made or connection.status == Status.APPROVAL or connection.reason in CONSENT_GONE
        connection.renew(
            member=member, address=claims.address, display_name=claims.name, scopes=signed_in.scopes, now=now
        )
        Secret.objects.of(organization_id).update_or_create(
            connection=connection,
            defaults={
                "organization_id": organization_id,
                "sealed_cache": seal(signed_in.cache, place=identity.place_of_secret(connection.pk)),
                "home_account_id": signed_in.home_account_id,
                "refreshed_at": now,
            },
        )
        consent.note_connected(
            organization_id=organization_id,
            tid=claims.tid,
            member=member,
            address=claims.address,
            scopes=signed_in.scopes,
            anew=anew,
            now=now,
        )
        record(
            organization_id=organization_id,
            act=Act.CONNECTION_MADE if made else Act.CONNECTION_RENEWED,
            by=Actor.person(member.user, ip=ip),
            now=now,
            on=target(connection),
        )
    return connection


def _note_refused(flow: SignInFlow, member: Membership, refused: ConnectRefused, now: datetime) -> None:
    """Keep for the next visit, and for the organization's admins, what somebody else has to solve."""
    if refused.outcome not in SOLVED_BY_OTHERS:
        return
    with organization_scope(flow.organization_id):
        consent.note_refused(
            organization_id=flow.organization_id,
            member=member,
            reason=refused.refusal.reason if refused.refusal else refused.outcome.value,
            tid=flow.expected_tid,
            lacks_consent=refused.outcome == Outcome.APPROVAL,
            now=now,
        )


def _expected(flow: SignInFlow) -> Connection | None:
    """The connection that this trip is to renew."""
    if flow.member_id is None or flow.expected_tid is None or flow.expected_oid is None:
        return None
    with organization_scope(flow.organization_id):
        mine = Connection.objects.of(flow.organization_id).belonging_to(flow.member_id)
        return mine.filter(tid=flow.expected_tid, oid=flow.expected_oid).first()


def _log(refused: ConnectRefused, organization_id: int) -> None:
    refusal = refused.refusal
    write = log.error if refused.outcome == Outcome.OUR_SETUP else log.info
    write(
        "connect_refused",
        organization=organization_id,
        reason=refusal.reason if refusal else refused.outcome.value,
        code=str(refusal.number or refusal.error) if refusal else "",
    )


def place_of_flow(key: uuid.UUID) -> str:
    """Where a flow is sealed to."""
    return f"connections_signinflow.sealed_flow:{key}"


def _place_of_answer(flow_id: int) -> str:
    # By its flow, of which it is the only answer: hung on another one it must not open.
    return f"connections_signinanswer.sealed_fields:{flow_id}"
