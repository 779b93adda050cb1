"""How the identity platform refuses: on a page, by redirect, and as JSON of the token endpoint."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sandbox.identity.numbers import FAULTS, Fault
from sandbox.tokens import LOGIN


class PageFault(Exception):
    """Shown on a page of the sandbox; the app that started the sign-in hears nothing."""

    def __init__(self, number: int, detail: str = "", *, status: int = 200) -> None:
        self.fault = FAULTS[number]
        self.detail = detail or self.fault.text
        self.status = status
        super().__init__(f"{number}: {self.detail}")


class RedirectFault(Exception):
    """Travels back to the app's redirect URI as `error` fields."""

    def __init__(self, number: int | None, detail: str = "", *, error: str = "", subcode: str | None = None) -> None:
        fault = FAULTS[number] if number is not None else None
        self.number = number
        self.error = error or (fault.error if fault else "access_denied")
        self.detail = detail or (fault.text if fault else "")
        self.subcode = subcode
        super().__init__(f"{self.error} {number}: {self.detail}")


class TokenFault(Exception):
    """The token endpoint's refusal. `claims` is what the client has to ask the person for."""

    def __init__(
        self,
        number: int,
        detail: str = "",
        *,
        error: str = "",
        suberror: str | None = None,
        status: int | None = None,
        claims: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        fault = FAULTS[number]
        self.number = number
        self.error = error or fault.error
        self.detail = detail or fault.text
        self.suberror = fault.suberror if suberror is None else suberror
        self.status = status or fault.status
        self.claims = claims
        self.retry_after = retry_after
        super().__init__(f"{self.error} {number}: {self.detail}")

    @classmethod
    def of(cls, fault: Fault, *, claims: str | None = None) -> TokenFault:
        return cls(fault.number, fault.text, error=fault.error, suberror=fault.suberror or "", claims=claims)

    def body(self, *, now: datetime, correlation_id: str, trace_id: str) -> dict[str, object]:
        answer: dict[str, object] = {
            "error": self.error,
            "error_description": describe(self.number, self.detail, now, correlation_id, trace_id),
            "error_codes": [self.number],
            "timestamp": timestamp(now),
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"{LOGIN}/error?code={self.number}",
        }
        if self.suberror:
            answer["suberror"] = self.suberror
        if self.claims:
            answer["claims"] = self.claims
        return answer


def timestamp(now: datetime) -> str:
    return f"{now:%Y-%m-%d %H:%M:%SZ}"


def describe(number: int, detail: str, now: datetime, correlation_id: str = "", trace_id: str = "") -> str:
    """The one `error_description` for redirects and token answers, lines parted by CRLF."""
    return "\r\n".join(
        (
            f"AADSTS{number}: {detail}",
            f"Trace ID: {trace_id or uuid4()}",
            f"Correlation ID: {correlation_id or uuid4()}",
            f"Timestamp: {timestamp(now)}",
        )
    )
