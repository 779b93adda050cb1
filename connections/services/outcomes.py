"""How a trip to Microsoft can end."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connections.reasons import Kind, Refusal


class Outcome(StrEnum):
    """Why nothing was connected. Each is a page of its own."""

    DECLINED = "declined"
    APPROVAL = "approval"
    EXPIRED = "expired"
    OTHER_PERSON = "other_person"
    WRONG_MAILBOX = "wrong_mailbox"
    TAKEN = "taken"
    NO_MAILBOX = "no_mailbox"
    BLOCKED = "blocked"
    NOT_ASSIGNED = "not_assigned"
    PERSONAL = "personal"
    TENANT_NOT_ALLOWED = "tenant_not_allowed"
    SIGN_IN_AGAIN = "sign_in_again"
    BUSY = "busy"
    OUR_SETUP = "our_setup"
    UNREADABLE = "unreadable"


OUTCOME_OF: Final = {
    Kind.RETRY: Outcome.BUSY,
    Kind.REAUTHORIZE: Outcome.SIGN_IN_AGAIN,
    Kind.ADMIN_CONSENT: Outcome.APPROVAL,
    Kind.USER_DECLINED: Outcome.DECLINED,
    Kind.NOT_ASSIGNED: Outcome.NOT_ASSIGNED,
    Kind.BLOCKED_BY_POLICY: Outcome.BLOCKED,
    Kind.OPERATOR_CONFIG: Outcome.OUR_SETUP,
    Kind.BAD_REQUEST: Outcome.UNREADABLE,
}


# Somebody else than the person has to act: an administrator of their company.
SOLVED_BY_OTHERS: Final = frozenset({Outcome.APPROVAL, Outcome.NOT_ASSIGNED, Outcome.BLOCKED, Outcome.NO_MAILBOX})


class ConnectRefused(Exception):
    """
    Nothing was connected and nothing stored.

    `refusal` is what Microsoft said, if it did. The organization's `slug` is known only to its member; `expected`
    and `found` are addresses for showing, where two mailboxes differ.
    """

    def __init__(
        self,
        outcome: Outcome,
        *,
        refusal: Refusal | None = None,
        slug: str = "",
        expected: str = "",
        found: str = "",
        connection_id: int | None = None,
        return_path: str = "",
    ) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.refusal = refusal
        self.slug = slug
        self.expected = expected
        self.found = found
        self.connection_id = connection_id
        self.return_path = return_path


class UnknownState(Exception):
    """No live sign-in waits for this answer: the state is made up, too old, or was answered before."""


class NoSuchConnection(Exception):
    """This member has no such connection to renew."""


@dataclass(frozen=True)
class Connected:
    """A mailbox that is connected now. `return_path` is inside this site, or ""."""

    organization_id: int
    slug: str
    connection_id: int
    return_path: str
