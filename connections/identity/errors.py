"""How asking Microsoft's sign-in can fail. None of these holds a token, a code, or a text of Microsoft's."""

from collections.abc import Mapping
from typing import Any

from connections.reasons import Refusal, classify


class TryLater(Exception):
    """Microsoft's sign-in gave no usable answer; the grant may be good. `retry_after` seconds if it said so."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__("Microsoft's sign-in is not to be had")
        self.retry_after = retry_after


class SignInRefused(Exception):
    """Microsoft's sign-in said no; `refusal` says what that asks of us."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.kind}: {refusal.reason} ({refusal.number})")
        self.refusal = refusal


class UnreadableAnswer(Exception):
    """What came back does not prove that this person signed in for this flow. The text names the check, no value."""


class NoTokens(Exception):
    """The connection has no tokens: it was disconnected, or never finished."""


class NotAllowed(Exception):
    """The organization does not let this mailbox be connected. Nothing was asked of Microsoft."""


def refusal_of(result: Mapping[str, Any]) -> Refusal:
    """What the token endpoint's error means."""
    texts = {name: value for name, value in result.items() if isinstance(value, str)}
    numbers = result.get("error_codes")
    return classify(
        error=texts.get("error", ""),
        suberror=texts.get("suberror", ""),
        description=texts.get("error_description", ""),
        numbers=numbers if isinstance(numbers, list) else (),
        trace_id=texts.get("trace_id", ""),
        correlation_id=texts.get("correlation_id", ""),
    )
