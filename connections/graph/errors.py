"""What Graph's refusals mean to us: wait, give up, ask the person, or wake the operator. Four different types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connections.http import seconds_to_wait

# Seconds, after a 429 that names none.
USUAL_WAIT: Final = 10.0

NO_MAILBOX: Final = frozenset(
    {"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errorinvaliduser", "errornonexistentmailbox"}
)
SYNC_STATE_LOST: Final = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired", "fullsyncrequired"})


class GraphError(Exception):
    """
    Graph did not do what we asked.

    `code` is Graph's own (for decisions compare without regard to case), `request_id` Microsoft's id of the call,
    `reason` one of `connections.reasons` or "". Never holds a message of Graph's: those may contain personal data.
    """

    def __init__(
        self,
        code: str = "",
        *,
        status: int = 0,
        request_id: str = "",
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(" ".join(filter(None, [str(status) if status else "", code, reason])))
        self.code = code
        self.status = status
        self.request_id = request_id
        self.reason = reason
        self.retry_after = retry_after
        # When the client was opened that met this error: an older client's error says nothing about a newer sign-in.
        self.opened_at: datetime | None = None


class Throttled(GraphError):
    """Too much at once. Ask this mailbox nothing for `retry_after` seconds."""

    retry_after: float

    def __init__(self, code: str = "", *, retry_after: float | None = None, **details: Any) -> None:
        super().__init__(code, **details)
        self.retry_after = USUAL_WAIT if retry_after is None else retry_after


class Unavailable(GraphError):
    """No answer, or one that says nothing about the request. Later; `retry_after` seconds if Microsoft said so."""


class ReconnectRequired(GraphError):
    """The person must sign in at Microsoft again."""


class ApprovalRequired(GraphError):
    """An administrator of the person's Microsoft tenant must approve first."""


class Refused(GraphError):
    """Microsoft says no, and neither we nor a new sign-in can change it: a right, a policy, no mailbox."""


class ReadOnly(GraphError):
    """Somebody wanted to change something in a mailbox that we may only read. Nothing was sent."""


class NotFound(GraphError):
    """It is not there, or not visible to this person."""


class Gone(GraphError):
    """The link or its state is no longer known: begin a full round."""


class Conflict(GraphError):
    """Somebody else was faster, or it exists already: read again, then decide."""


class Misconfigured(GraphError):
    """Our registration, secret or settings are wrong. No person can help it; the operator must."""


class BadRequest(GraphError):
    """Graph does not accept what we sent. Sending it again unchanged is useless."""


_BY_STATUS: Final[Mapping[int, type[GraphError]]] = {
    401: ReconnectRequired,
    403: Refused,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: Conflict,
    423: Unavailable,
    424: Unavailable,
    429: Throttled,
    501: BadRequest,
    509: Unavailable,
}


def error_of(status: int, body: Any, headers: Mapping[str, Any]) -> GraphError:
    """The error that an answer of 300 and above stands for. `body` is its JSON or None; headers in any case."""
    lower = {name.lower(): str(value) for name, value in headers.items()}
    codes, inner_id = _codes_and_id(body)
    known = {code.lower() for code in codes}
    details: dict[str, Any] = {
        "status": status,
        "request_id": _word(lower.get("request-id", "")) or inner_id,
        "retry_after": seconds_to_wait(lower.get("retry-after")),
    }
    # The outer code is the stable one; an inner one is more specific only where we look for it by name.
    code = codes[0] if codes else ""
    if known & SYNC_STATE_LOST and 400 <= status < 500:
        return Gone(code, **details)
    if known & NO_MAILBOX:
        return Refused(code, reason="no_mailbox", **details)
    if status in {400, 403} and known & {"interaction_required", "insufficient_claims"}:
        return ReconnectRequired(code, reason="sign_in_again", **details)
    if status == 403:
        return Refused(code, reason="access_refused", **details)
    if status == 401:
        return ReconnectRequired(code, reason="token_refused", **details)
    return _BY_STATUS.get(status, Unavailable if status >= 500 else BadRequest)(code, **details)


def _codes_and_id(body: Any) -> tuple[list[str], str]:
    """Every code on the path inward, the outermost first, and the request's id if the body names it."""
    codes: list[str] = []
    request_id = ""
    error = body.get("error") if isinstance(body, dict) else None
    # Documents write innerError and innererror; a depth of five has not been seen.
    for _ in range(5):
        if not isinstance(error, dict):
            break
        if isinstance(error.get("code"), str):
            codes.append(_word(error["code"])[:128])
        if isinstance(error.get("request-id"), str):
            request_id = _word(error["request-id"])[:64]
        error = error.get("innerError", error.get("innererror"))
    return codes, request_id


def _word(text: str) -> str:
    """What codes and ids consist of: they are stored and logged, and a NUL in one could not be."""
    return "".join(character for character in text if "!" <= character <= "~")
