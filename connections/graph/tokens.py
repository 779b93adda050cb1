"""Access tokens of a stored connection, and what it means to a client when there are none."""

from connections import identity
from connections.graph.errors import (
    ApprovalRequired,
    BadRequest,
    GraphError,
    Misconfigured,
    ReconnectRequired,
    Refused,
    Unavailable,
)
from connections.reasons import Kind, Refusal
from tenants.crypto import MissingKey, SealError

_ERRORS: dict[Kind, type[GraphError]] = {
    Kind.RETRY: Unavailable,
    Kind.REAUTHORIZE: ReconnectRequired,
    Kind.ADMIN_CONSENT: ApprovalRequired,
    Kind.USER_DECLINED: ReconnectRequired,
    Kind.NOT_ASSIGNED: Refused,
    Kind.BLOCKED_BY_POLICY: Refused,
    Kind.OPERATOR_CONFIG: Misconfigured,
    Kind.BAD_REQUEST: BadRequest,
}


class GivenToken:
    """The `Tokens` of somebody who has just signed in: one token, and no other."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, *, rejected: str | None) -> str:
        if rejected is not None:
            raise ReconnectRequired("token_refused", reason="token_refused")
        return self.token


class StoredTokens:
    """The `Tokens` of one connection."""

    def __init__(self, *, organization_id: int, connection_id: int, leaving: bool = False) -> None:
        self.organization_id = organization_id
        self.connection_id = connection_id
        self.leaving = leaving

    def __call__(self, *, rejected: str | None, fresh: bool = False) -> str:
        """With `fresh` Microsoft is asked, whatever is stored: whether consent still holds, only it can say."""
        try:
            return identity.silent_token(
                organization_id=self.organization_id,
                connection_id=self.connection_id,
                rejected=rejected,
                leaving=self.leaving,
                fresh=fresh,
            )
        except identity.NotAllowed as error:
            # A policy of the organization, which is about to disconnect the mailbox; nothing is wrong with its tokens.
            raise Unavailable("not_allowed_here", reason="not_allowed_here") from error
        except identity.TryLater as error:
            raise Unavailable("sign_in_unavailable", retry_after=error.retry_after) from error
        except identity.SignInRefused as error:
            raise error_of_refusal(error.refusal) from error
        except identity.NoTokens as error:
            raise ReconnectRequired("no_tokens", reason="sign_in_again") from error
        except MissingKey as error:
            # Ours to mend, and for all connections at once: nobody is asked to sign in again because of it.
            raise Misconfigured("seal_key_missing", reason="our_setup") from error
        except SealError as error:
            raise ReconnectRequired("secret_unreadable", reason="secret_unreadable") from error


def error_of_refusal(refusal: Refusal) -> GraphError:
    """The client's error for what Microsoft's sign-in said."""
    return _ERRORS[refusal.kind](
        refusal.error, reason=refusal.reason, request_id=refusal.trace_id or refusal.correlation_id
    )
