"""Why something cannot be done, in Graph's terms: raised wherever it is noticed, answered at the door."""

from typing import Any


class Refusal(Exception):
    """
    A request that is answered with an error. `more` are members of the error beside code and message,
    `inner` those of its inner error beside the ids.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
        inner: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.more = more or {}
        self.inner = inner or {}


def item_not_found() -> Refusal:
    return Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def malformed_id() -> Refusal:
    return Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def too_many_requests(headers: dict[str, str]) -> Refusal:
    inner = {"code": "429", "message": "Please retry after", "status": "429"}
    return Refusal(429, "TooManyRequests", "Please retry again later.", headers=headers, inner=inner)


def access_denied() -> Refusal:
    return Refusal(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def nobody_is_me() -> Refusal:
    """An app that calls as itself is no person."""
    return Refusal(400, "BadRequest", "/me request is only valid with delegated authentication flow.")


def unknown_segment(word: str) -> Refusal:
    return Refusal(404, "ResourceNotFound", f"Resource not found for the segment '{word}'.")


def unknown_object(id_: str) -> Refusal:
    """The directory has nothing of that name."""
    return Refusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{id_}' does not exist or one of its queried reference-property objects are not present.",
    )


def privileges_missing() -> Refusal:
    """What the directory says to those who may not, as Exchange says `access_denied`."""
    return Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def invalid_property() -> Refusal:
    """Exchange names neither the property nor the reason, and so nor do we."""
    return Refusal(400, "ErrorPropertyValidationFailure", "At least one property failed validation.")


def unreadable(detail: str) -> Refusal:
    """The JSON does not fit the type of a member."""
    return Refusal(400, "RequestBodyRead", detail)


def invalid_request(message: str) -> Refusal:
    return Refusal(400, "ErrorInvalidRequest", message)


def too_large() -> Refusal:
    return Refusal(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")


def unknown_zone(name: object) -> Refusal:
    return Refusal(
        400,
        "TimeZoneNotSupportedException",
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'.",
    )
