"""
Why a connection stands as it does, and why a sign-in failed: our own codes, and what to say about each.

Microsoft asks not to build on its numbers and texts. So status, `error` and `suberror` decide what kind of failure
it is; its number (`aadsts.json`, which may change without a release) only chooses better words, save for the three
kinds that no other field tells apart. Codes of ours are stored, never Microsoft's text: that may hold addresses and
tenant names.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from connections.models import Status


class Kind(StrEnum):
    """What a refusal of Microsoft's sign-in asks of us."""

    RETRY = "retry"
    REAUTHORIZE = "reauthorize"
    ADMIN_CONSENT = "admin_consent"
    USER_DECLINED = "user_declined"
    NOT_ASSIGNED = "not_assigned"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    OPERATOR_CONFIG = "operator_config"
    BAD_REQUEST = "bad_request"


_USUAL_REASON: Final = {
    Kind.RETRY: "microsoft_busy",
    Kind.REAUTHORIZE: "sign_in_again",
    Kind.ADMIN_CONSENT: "approval_needed",
    Kind.USER_DECLINED: "declined",
    Kind.NOT_ASSIGNED: "not_assigned",
    Kind.BLOCKED_BY_POLICY: "blocked_by_policy",
    Kind.OPERATOR_CONFIG: "our_setup",
    Kind.BAD_REQUEST: "our_request",
}

# A new sign-in may help, or shows why not: which of the two, Microsoft's numbers tell better than its `error`.
_EITHER: Final = frozenset({Kind.REAUTHORIZE, Kind.BLOCKED_BY_POLICY})

_TRACE = re.compile(r"Trace ID: ([0-9a-fA-F-]{36})")
_CORRELATION = re.compile(r"Correlation ID: ([0-9a-fA-F-]{36})")
_NUMBER = re.compile(r"AADSTS(\d{4,8})\b")


@dataclass(frozen=True)
class Words:
    """What a person reads: one sentence of what is the matter, one of what to do and who can do it."""

    sentence: str
    next_step: str


@dataclass(frozen=True)
class Refusal:
    """What Microsoft's sign-in said, without its text. The ids are for the person's administrator and for support."""

    kind: Kind
    reason: str
    error: str = ""
    suberror: str = ""
    number: int | None = None
    trace_id: str = ""
    correlation_id: str = ""


_RECONNECT = "Reconnect the calendar: it takes a minute, and nothing is lost."
_ADMINISTRATOR = "Ask the people who look after Microsoft 365 in your company."

WORDS: Final = {
    "sign_in_again": Words("Microsoft wants you to sign in again.", _RECONNECT),
    "consent_withdrawn": Words("The permission to read this calendar was withdrawn.", _RECONNECT),
    "sessions_reset": Words("Your password or your sessions at Microsoft were reset.", _RECONNECT),
    "second_factor": Words("Microsoft asks for a second step when you sign in.", _RECONNECT),
    "password_expired": Words(
        "Your password at Microsoft has expired.", "Change it at Microsoft, then reconnect the calendar."
    ),
    "sign_in_frequency": Words(
        "Your company asks you to sign in again after a while.", f"{_RECONNECT} It will come up again."
    ),
    "unused_too_long": Words("The connection was not used for too long.", _RECONNECT),
    "token_refused": Words("Microsoft no longer accepts our access to this calendar.", _RECONNECT),
    "secret_unreadable": Words("We can no longer open the stored access to this calendar.", _RECONNECT),
    "wrong_account": Words(
        "The account that was used does not belong there.", "Reconnect, and choose the account of this calendar."
    ),
    "approval_needed": Words(
        "Microsoft asks an administrator of your company to approve Almanac first.",
        "Ask your Microsoft administrator to approve Almanac, then connect again.",
    ),
    "approval_withdrawn": Words(
        "An administrator of your company withdrew the approval for Almanac.",
        "Ask your Microsoft administrator to approve it again: then it comes back by itself, and nothing is lost.",
    ),
    "service_missing": Words(
        "The service that holds calendars is not switched on in your company's Microsoft tenant.",
        "Your Microsoft administrator can switch it on; then connect again.",
    ),
    "not_assigned": Words(
        "Your company decides by name who may use Almanac, and you are not on the list.",
        "Ask your Microsoft administrator to assign you to Almanac, then connect again.",
    ),
    "blocked_by_policy": Words("A rule of your company does not allow this.", _ADMINISTRATOR),
    "device_policy": Words(
        "A rule of your company allows this only from certain devices.",
        "Try from a device of your company, or ask there.",
    ),
    "account_disabled": Words("The account is switched off at Microsoft.", _ADMINISTRATOR),
    "account_locked": Words("Microsoft has locked the account for a while.", "Wait an hour, then connect again."),
    "app_disabled": Words("Your company has switched Almanac off in its Microsoft tenant.", _ADMINISTRATOR),
    "network_policy": Words(
        "Your network or your company does not allow signing in to that Microsoft tenant.", _ADMINISTRATOR
    ),
    "no_mailbox": Words(
        "This account has no calendar at Microsoft 365: no licence, or a mailbox that is kept elsewhere.",
        "Ask your Microsoft administrator for a licence with Exchange Online, or connect another account.",
    ),
    "access_refused": Words("Microsoft does not let us read this calendar.", _ADMINISTRATOR),
    "permission_missing": Words(
        "Microsoft did not give us the permission to read your calendar.",
        "Connect again and leave the permission ticked.",
    ),
    "declined": Words(
        "You said no on Microsoft's page, so nothing was connected.", "Connect again if you change your mind."
    ),
    "microsoft_busy": Words("Microsoft is busy.", "Nothing to do: we try again by ourselves."),
    "our_setup": Words("Our own set-up at Microsoft is wrong.", "Nothing you can do: our operators have been told."),
    "our_request": Words("Microsoft did not understand us.", "Start again. If it happens twice, tell our support."),
    "not_allowed_here": Words(
        "Your organization no longer lets this account be connected.",
        "Connect another account, or ask an owner or admin of your organization.",
    ),
    "removed": Words(
        "Whoever connected this calendar was removed from the organization.",
        "They can connect it again once they are a member again.",
    ),
    "left_organization": Words(
        "Whoever connected this calendar has left the organization.",
        "They can connect it again once they are a member again.",
    ),
    "paused": Words("You paused reading this calendar.", "Resume it when you like: we then catch up."),
    "paused_by_support": Words(
        "Our support paused reading this calendar.", "Resume it when you like, or ask our support why."
    ),
    "disconnected_by_support": Words(
        "Our support disconnected this calendar.", "Connect it again whenever you like, or ask our support why."
    ),
    "left": Words("You disconnected this calendar.", "Connect it again whenever you like."),
}  # fmt: skip

_BY_STATUS: Final = {
    Status.ACTIVE: Words("The calendar is connected.", ""),
    Status.RECONNECT: WORDS["sign_in_again"],
    Status.APPROVAL: WORDS["approval_needed"],
    Status.BLOCKED: WORDS["blocked_by_policy"],
    Status.PAUSED: Words("Reading this calendar is paused.", "Resume it when you like."),
    Status.DISCONNECTED: WORDS["left"],
}


def words_for(status: str, reason: str) -> Words:
    """What to tell a person about a connection. A reason that we no longer know falls back to the status."""
    return WORDS.get(reason) or _BY_STATUS[Status(status)]


# What a failure's code means, for support staff: Graph's codes in small letters, and the names of our own errors.
_FAILURES: Final = {
    "invalidauthenticationtoken": "Microsoft no longer accepted our access token.",
    "tokenexpired": "Microsoft no longer accepted our access token.",
    "reconnectrequired": "Microsoft wants the person to sign in again.",
    "approvalrequired": "Microsoft asks for an administrator's approval.",
    "erroraccessdenied": "Microsoft refuses access to this mailbox or calendar: a right, a rule or a licence.",
    "accessdenied": "Microsoft refuses access to this mailbox or calendar: a right, a rule or a licence.",
    "refused": "Microsoft refuses access to this mailbox or calendar: a right, a rule or a licence.",
    "mailboxnotenabledforrestapi": "The account has no mailbox that Microsoft's service can open.",
    "mailboxnotsupportedforrestapi": "The account has no mailbox that Microsoft's service can open.",
    "erroritemnotfound": "What we asked for is no longer there.",
    "notfound": "What we asked for is no longer there.",
    "toomanyrequests": "Microsoft asked us to slow down. It passes by itself.",
    "applicationthrottled": "Microsoft asked us to slow down. It passes by itself.",
    "throttled": "Microsoft asked us to slow down. It passes by itself.",
    "serviceunavailable": "Microsoft was not able to answer. We try again by ourselves.",
    "unavailable": "Microsoft did not answer. We try again by ourselves.",
    "unreadable": "Microsoft's answer could not be understood. We try again by ourselves.",
    "internalservererror": "Something failed at Microsoft. We try again by ourselves.",
    "generalexception": "Something failed at Microsoft. We try again by ourselves.",
    "syncstatenotfound": "Microsoft has forgotten where our reading stood. A full round begins by itself.",
    "resyncrequired": "Microsoft has forgotten where our reading stood. A full round begins by itself.",
    "gone": "Microsoft has forgotten where our reading stood. A full round begins by itself.",
    "extensionerror": "Microsoft did not accept the subscription: it could not reach us, or answered with an error.",
    "validationerror": "Microsoft did not accept the subscription: it could not reach our address in time.",
    "conflict": "Somebody else changed the same thing at the same moment, or it exists already.",
    "invalid_client": "Our own set-up at Microsoft is wrong. Operators have been told.",
    "misconfigured": "Our own set-up at Microsoft is wrong. Operators have been told.",
    "badrequest": "Microsoft did not accept what we sent. That is ours to mend.",
    "internal": "Something unforeseen failed on our side. It is in our logs.",
}


def explain(code: str) -> str:
    """What the code of a failure means, in a sentence for support staff; "" for no code."""
    if not code:
        return ""
    if code in WORDS:
        return WORDS[code].sentence
    unknown = "Nobody has put this code into words yet. Microsoft can look it up by the request id."
    return _FAILURES.get(code.casefold(), unknown)


def classify(
    *,
    error: str,
    suberror: str = "",
    description: str = "",
    numbers: Sequence[object] = (),
    trace_id: str = "",
    correlation_id: str = "",
    at_redirect: bool = False,
) -> Refusal:
    """
    What an error of Microsoft's sign-in means. `at_redirect`: it came with the browser, not from the token endpoint.

    A network failure, 429 and 5xx never come here: they say nothing about the grant.
    """
    number = _first_number(numbers, description)
    kind_of_number, reason_of_number = _numbers().get(number or 0, (None, ""))
    kind = _kind(error, suberror, kind_of_number, at_redirect=at_redirect, silent=not description)
    return Refusal(
        kind=kind,
        reason=_reason(kind, kind_of_number, reason_of_number),
        error=error[:64],
        suberror=suberror[:64],
        number=number,
        trace_id=trace_id[:36] or _found(_TRACE, description),
        correlation_id=correlation_id[:36] or _found(_CORRELATION, description),
    )


def _reason(kind: Kind, of_number: Kind | None, more_exact: str) -> str:
    # Words for another kind would promise a way out that this one does not have.
    fits = kind == of_number or {kind, of_number} <= _EITHER
    return more_exact if fits and more_exact else _USUAL_REASON[kind]


def _kind(error: str, suberror: str, of_number: Kind | None, *, at_redirect: bool, silent: bool) -> Kind:  # noqa: PLR0911 - a list, in order
    if error in {"temporarily_unavailable", "server_error"}:
        return Kind.RETRY
    if at_redirect and silent and error == "access_denied" and suberror == "cancel":
        # The way back from "Need admin approval" looks like this; a "no" of the person's own comes with a text.
        return Kind.ADMIN_CONSENT
    if of_number in {Kind.OPERATOR_CONFIG, Kind.ADMIN_CONSENT, Kind.NOT_ASSIGNED}:
        return of_number
    if error in {"invalid_client", "unauthorized_client"}:
        return Kind.OPERATOR_CONFIG
    if at_redirect and error in {"access_denied", "consent_required"}:
        # Nothing hangs on it at this point but the page, and a wrong account or a rule is not a "no" of the person.
        return of_number if of_number in _EITHER else Kind.USER_DECLINED
    if suberror in {"message_only", "additional_action"}:
        return Kind.BLOCKED_BY_POLICY
    if suberror in {"consent_required", "basic_action", "bad_token", "token_expired", "user_password_expired"}:
        return Kind.REAUTHORIZE
    if error in {"invalid_grant", "interaction_required", "login_required", "consent_required"}:
        return Kind.REAUTHORIZE
    return Kind.BAD_REQUEST


def _first_number(numbers: Sequence[object], description: str) -> int | None:
    for number in numbers:
        if isinstance(number, int) and not isinstance(number, bool):
            return number
    found = _NUMBER.search(description[:512])
    return int(found[1]) if found else None


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text[:4096])
    return found[1] if found else ""


@cache
def _numbers() -> dict[int, tuple[Kind, str]]:
    table: dict[str, Any] = json.loads((Path(__file__).parent / "aadsts.json").read_text(encoding="utf-8"))
    return {int(number): (Kind(kind), reason) for number, (kind, reason) in table["numbers"].items()}
