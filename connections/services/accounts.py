"""
Accounts here and at Microsoft: signing in with the one that was added to the other, adding it and taking it away.

A person is known by `tid` and `oid` of an id_token that we verified, and by nothing else. An address from Microsoft
never finds, joins or confirms an account: whoever runs a tenant there can write any address into it.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

from connections import identity
from connections.id_tokens import Claims
from connections.models import AccountPurpose, AccountSignIn, MicrosoftIdentity
from connections.reasons import Refusal
from connections.services.outcomes import OUTCOME_OF, Outcome, UnknownState
from connections.services.sign_in import ANSWER_LASTS, FLOW_LASTS, MOST_FLOWS
from tenants.crypto import SealError, digest, seal, unseal
from tenants.models import User

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Recognized:
    """Microsoft vouches for somebody whom we know. `return_path` is inside this site, or ""."""

    user_id: int
    identity_id: int
    return_path: str


@dataclass(frozen=True)
class Unrecognized:
    """Microsoft vouches for somebody whose account there was never added to one here."""

    claims: Claims
    return_path: str


@dataclass(frozen=True)
class Added:
    """The account at Microsoft opens the person's account here from now on."""

    address: str
    return_path: str


class NotRecognized(Exception):
    """Nobody was signed in and nothing was added. `found` is an address for showing."""

    def __init__(
        self,
        outcome: Outcome,
        *,
        purpose: AccountPurpose = AccountPurpose.SIGN_IN,
        refusal: Refusal | None = None,
        found: str = "",
        return_path: str = "",
    ) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.purpose = purpose
        self.refusal = refusal
        self.found = found
        self.return_path = return_path


class NoSuchIdentity(Exception):
    """This person signs in with no such account at Microsoft."""


class OnlyWayIn(Exception):
    """Without this account at Microsoft the person could not sign in any more: there is no password and no other."""


def begin_recognition(
    *,
    purpose: AccountPurpose,
    session_key: str,
    user_id: int | None,
    redirect_uri: str,
    now: datetime,
    return_path: str = "",
) -> str:
    """
    Prepare a trip to Microsoft in this browser session; the address to send the browser to.

    `user_id` is whose account is added to, and None for signing in. Calls Microsoft, so call it outside every scope.

    Raises:
        identity.TryLater: Microsoft cannot be reached.
    """
    begun = identity.begin_sign_in(redirect_uri=redirect_uri, prompt="select_account", only_identity=True)
    key, session = uuid.uuid4(), digest(session_key)
    under_way = AccountSignIn.objects.filter(session_digest=session)
    newest = under_way.order_by("-expires_at", "-pk").values_list("pk", flat=True)[: MOST_FLOWS - 1]
    under_way.exclude(pk__in=list(newest)).delete()
    AccountSignIn.objects.create(
        key=key,
        state_digest=digest(begun.state),
        purpose=purpose,
        user_id=user_id,
        session_digest=session,
        return_path=return_path,
        sealed_flow=seal(begun.flow, place=_place("sealed_flow", key)),
        expires_at=now + FLOW_LASTS,
    )
    return begun.url


def keep_account_answer(*, fields: Mapping[str, str], now: datetime) -> str:
    """
    Keep what Microsoft posted, for two minutes, for the browser that began; the one-time key to ask for it with.

    Raises:
        UnknownState: nothing waits for it. Nothing was stored.
    """
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        live = AccountSignIn.objects.filter(
            state_digest=digest(fields.get("state", "")), expires_at__gt=now, key_digest=None
        )
        # Locked: of two posts at once, the second must see the first.
        trip = live.select_for_update().first()
        if trip is None:
            raise UnknownState
        trip.key_digest = digest(key)
        trip.sealed_fields = seal(orjson.dumps(dict(fields)), place=_place("sealed_fields", trip.key))
        trip.expires_at = min(trip.expires_at, now + ANSWER_LASTS)
        trip.save(update_fields=["key_digest", "sealed_fields", "expires_at"])
    return key


def is_account_answer(*, key: str) -> bool:
    """Whether this one-time key belongs to a trip of this kind, live or not."""
    return AccountSignIn.objects.filter(key_digest=digest(key)).exists()


def finish_recognition(
    *, key: str, session_key: str, user_id: int | None, now: datetime
) -> Recognized | Unrecognized | Added:
    """
    Finish a trip to Microsoft: take it, see that the same browser is back, redeem, verify, and only then look who.

    `user_id` is who is signed in here now. Whatever happens, the trip is used up. Calls Microsoft, so call it outside
    every scope. The tokens that come along are dropped.

    Raises:
        NotRecognized: nobody was recognized and nothing was added; its `outcome` says why.
    """
    trip, secret, fields = _take(key, now)
    try:
        _check_same_browser(trip, session_key=session_key, user_id=user_id)
        claims = identity.finish_sign_in(flow=secret, answer=fields, now=now).claims
        _check_kind(claims)
        return _answer(trip, claims, now)
    except identity.SignInRefused as error:
        refused = NotRecognized(OUTCOME_OF[error.refusal.kind], refusal=error.refusal)
    except identity.UnreadableAnswer as error:
        log.warning("sign_in_unreadable", reason=str(error))
        refused = NotRecognized(Outcome.UNREADABLE)
    except identity.TryLater:
        refused = NotRecognized(Outcome.BUSY)
    except NotRecognized as error:
        refused = error
    refused.purpose, refused.return_path = AccountPurpose(trip.purpose), trip.return_path
    _log(refused)
    raise refused


def add_identity(*, user_id: int, tid: uuid.UUID, oid: uuid.UUID, address: str, name: str, now: datetime) -> int:
    """
    Let this account at Microsoft open this person's account; its id. Adding it twice is harmless.

    Raises:
        NotRecognized: it opens somebody else's.
    """
    # The unique constraint decides between two at once.
    found, is_new = MicrosoftIdentity.objects.get_or_create(
        tid=tid,
        oid=oid,
        defaults={"user_id": user_id, "address": address, "display_name": name, "linked_at": now},
    )
    if found.user_id != user_id:
        raise NotRecognized(Outcome.TAKEN, purpose=AccountPurpose.LINK, found=address)
    if is_new:
        log.info("microsoft_identity_added", user=user_id)
    return found.pk


def remove_identity(*, user_id: int, identity_id: int) -> None:
    """
    From now on this account at Microsoft opens nothing here.

    Raises:
        NoSuchIdentity: it is not this person's.
        OnlyWayIn: they would be locked out.
    """
    with transaction.atomic():
        # Locked: two removals at once must not take the last two.
        person = User.objects.select_for_update().get(pk=user_id)
        theirs = MicrosoftIdentity.objects.filter(user=person)
        found = theirs.filter(pk=identity_id).first()
        if found is None:
            raise NoSuchIdentity(identity_id)
        if not person.has_usable_password() and theirs.count() == 1:
            raise OnlyWayIn
        found.delete()
    log.info("microsoft_identity_removed", user=user_id)


def forget_old_recognitions(*, now: datetime) -> int:
    """Delete trips whose time is over; how many."""
    return AccountSignIn.objects.filter(expires_at__lte=now).delete()[0]


def _take(key: str, now: datetime) -> tuple[AccountSignIn, bytes, dict[str, Any]]:
    """Take the trip out of the database, before anything in it is looked at."""
    # One statement: of two requests at once, one gets the row and the other gets none.
    taken = list(
        AccountSignIn.objects.raw(
            "DELETE FROM connections_accountsignin WHERE key_digest = %s RETURNING *", [digest(key)]
        )
    )
    if not taken or taken[0].expires_at <= now:
        raise NotRecognized(Outcome.EXPIRED)
    trip = taken[0]
    try:
        secret = unseal(trip.sealed_flow, place=_place("sealed_flow", trip.key))
        fields = orjson.loads(unseal(trip.sealed_fields or b"", place=_place("sealed_fields", trip.key)))
    except SealError:
        log.exception("sign_in_not_opened")
        raise NotRecognized(Outcome.EXPIRED) from None
    return trip, secret, fields


def _check_same_browser(trip: AccountSignIn, *, session_key: str, user_id: int | None) -> None:
    """Whoever began is back, in the same session, still signed in as the same person, or still as nobody."""
    is_same_session = bool(session_key) and constant_time_compare(trip.session_digest, digest(session_key))
    if not is_same_session or trip.user_id != user_id:
        log.warning("sign_in_by_another_person")
        raise NotRecognized(Outcome.OTHER_PERSON)


def _check_kind(claims: Claims) -> None:
    if claims.is_personal and not settings.PERSONAL_ACCOUNTS:
        raise NotRecognized(Outcome.PERSONAL, found=claims.address)


def _answer(trip: AccountSignIn, claims: Claims, now: datetime) -> Recognized | Unrecognized | Added:
    if trip.user_id is not None:
        add_identity(
            user_id=trip.user_id, tid=claims.tid, oid=claims.oid, address=claims.address, name=claims.name, now=now
        )
        return Added(claims.address, trip.return_path)
    known = MicrosoftIdentity.objects.filter(tid=claims.tid, oid=claims.oid).first()
    if known is None:
        return Unrecognized(claims, trip.return_path)
    # The label, so that the page of accounts shows what people call it now.
    known.address, known.display_name = claims.address, claims.name
    known.save(update_fields=["address", "display_name"])
    return Recognized(known.user_id, known.pk, trip.return_path)


def _log(refused: NotRecognized) -> None:
    refusal = refused.refusal
    write = log.error if refused.outcome == Outcome.OUR_SETUP else log.info
    write(
        "not_recognized",
        reason=refusal.reason if refusal else refused.outcome.value,
        code=str(refusal.number or refusal.error) if refusal else "",
    )


def _place(column: str, key: uuid.UUID) -> str:
    return f"connections_accountsignin.{column}:{key}"
