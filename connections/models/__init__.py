"""Mailboxes that we may open, the trips to Microsoft that lead there, and who waits or signs in on the way."""

from connections.models.accounts import AccountPurpose, AccountSignIn, MicrosoftIdentity
from connections.models.approvals import (
    ApprovalRequest,
    ApprovalRequestQuerySet,
    ApprovalState,
    ApprovalWaiter,
    ApprovalWaiterQuerySet,
)
from connections.models.mailboxes import (
    FAILED,
    FAILURE,
    PERSONAL_TENANT,
    Connection,
    ConnectionQuerySet,
    Secret,
    Status,
    WhoMayConnect,
)
from connections.models.trips import LastRefusal, Purpose, SignInAnswer, SignInFlow, UnansweredSignIn

__all__ = [
    "FAILED",
    "FAILURE",
    "PERSONAL_TENANT",
    "AccountPurpose",
    "AccountSignIn",
    "ApprovalRequest",
    "ApprovalRequestQuerySet",
    "ApprovalState",
    "ApprovalWaiter",
    "ApprovalWaiterQuerySet",
    "Connection",
    "ConnectionQuerySet",
    "LastRefusal",
    "MicrosoftIdentity",
    "Purpose",
    "Secret",
    "SignInAnswer",
    "SignInFlow",
    "Status",
    "UnansweredSignIn",
    "WhoMayConnect",
]
