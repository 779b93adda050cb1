"""What the identity platform says when it refuses: numbers, error values, and the two forms they travel in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Flag, auto
from uuid import uuid4

LOGIN = "https://login.microsoftonline.com"


class Where(Flag):
    """Where a refusal shows itself."""

    PAGE = auto()
    REDIRECT = auto()
    TOKEN = auto()


@dataclass(frozen=True)
class Fault:
    number: int
    error: str
    where: Where
    text: str
    suberror: str | None = None
    status: int = 400


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
    """The token endpoint's refusal."""

    def __init__(
        self,
        number: int,
        detail: str = "",
        *,
        error: str = "",
        suberror: str | None = None,
        status: int | None = None,
    ) -> None:
        fault = FAULTS[number]
        self.number = number
        self.error = error or fault.error
        self.detail = detail or fault.text
        self.suberror = suberror or fault.suberror
        self.status = status or fault.status
        super().__init__(f"{self.error} {number}: {self.detail}")

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


_P, _R, _T = Where.PAGE, Where.REDIRECT, Where.TOKEN

_TABLE = (
    # Somebody has to sign in again, or sign in as somebody else.
    Fault(16000, "interaction_required", _P | _R, "Choose another account: this one is unknown to the tenant."),
    Fault(50020, "access_denied", _P | _R, "This account does not belong to the tenant and is no guest in it."),
    Fault(50034, "access_denied", _P, "There is no such account in this directory."),
    Fault(500208, "access_denied", _P, "Accounts of this kind cannot be used here."),
    Fault(50055, "invalid_grant", _P | _T, "The password has expired.", "user_password_expired"),
    Fault(50058, "login_required", _R, "Nobody is signed in and the request forbade asking."),
    Fault(50076, "invalid_grant", _T, "A second factor is required now.", "basic_action"),
    Fault(50078, "invalid_grant", _T, "The earlier second factor is too old.", "basic_action"),
    Fault(50079, "interaction_required", _T, "A second factor has to be registered first.", "basic_action"),
    Fault(50089, "invalid_grant", _P | _T, "This sign-in is over. Go back to the app and start again."),
    Fault(50132, "invalid_grant", _T, "The session ended because the password changed.", "bad_token"),
    Fault(50133, "invalid_grant", _T, "The session was revoked because the password changed.", "bad_token"),
    Fault(50173, "invalid_grant", _T, "The grant was revoked; a fresh sign-in is needed.", "bad_token"),
    Fault(54005, "invalid_grant", _T, "The authorization code was redeemed before."),
    Fault(
        65001,
        "invalid_grant",
        _R | _T,
        "Neither the user nor an administrator has consented to use the application.",
        "consent_required",
    ),
    Fault(70000, "invalid_grant", _T, "The provided grant cannot be used."),
    Fault(70008, "invalid_grant", _T, "The code or refresh token is too old or was revoked.", "bad_token"),
    Fault(70043, "invalid_grant", _T, "The sign-in is older than a policy allows.", "token_expired"),
    Fault(700082, "invalid_grant", _T, "The refresh token was not used for 90 days.", "bad_token"),
    Fault(700084, "invalid_grant", _T, "A single-page app's refresh token ended after 24 hours.", "token_expired"),
    # Consent.
    Fault(65004, "access_denied", _R, "The user declined to consent to the application."),
    Fault(90093, "access_denied", _P, "An administrator has to approve this application."),
    Fault(90094, "access_denied", _P | _R, "An administrator has to grant these permissions."),
    Fault(90095, "access_denied", _P, "An administrator has to approve; a request may be sent to the reviewers."),
    Fault(900941, "access_denied", _P, "An administrator has to approve: the application was judged risky."),
    Fault(500011, "invalid_resource", _R | _T, "The resource was not found in the tenant."),
    Fault(650052, "invalid_client", _P | _R, "The tenant has not enabled the service that the app wants to call."),
    Fault(650053, "invalid_client", _P | _R, "The request names a permission that the resource does not offer."),
    Fault(7000229, "unauthorized_client", _T, "The application has no service principal in this tenant."),
    # A rule of the organization.
    Fault(50053, "invalid_grant", _P | _T, "The account is locked."),
    Fault(50057, "invalid_grant", _P | _T, "The account is disabled."),
    Fault(50105, "access_denied", _P | _R, "The user is not assigned to the application in this tenant."),
    Fault(53000, "interaction_required", _P | _T, "A policy asks for a compliant device.", "additional_action"),
    Fault(53003, "invalid_grant", _P | _T, "A Conditional Access policy forbids this sign-in.", "message_only"),
    Fault(53011, "invalid_grant", _P | _T, "The account is blocked because of risk."),
    Fault(530032, "invalid_grant", _P | _T, "A security policy of the tenant forbids it.", "message_only"),
    Fault(500021, "access_denied", _P, "The network allows only listed tenants, and this one is not listed."),
    Fault(500213, "access_denied", _P | _T, "The tenant's cross-tenant policy forbids this user."),
    Fault(7000112, "unauthorized_client", _P | _T, "The application is disabled."),
    # The registration or its credentials.
    Fault(50011, "invalid_request", _P | _T, "The redirect URI does not match those registered."),
    Fault(50194, "invalid_request", _P | _T, "The application is not multitenant."),
    Fault(70001, "unauthorized_client", _P | _T, "The application is disabled or not in the directory."),
    Fault(700016, "unauthorized_client", _P | _T, "The application was not found in the directory."),
    Fault(700054, "unsupported_response_type", _P | _R, "ID tokens are not enabled for the application."),
    Fault(900971, "invalid_request", _P, "There is no redirect URI."),
    Fault(700027, "invalid_client", _T, "No registered certificate matches the assertion.", status=401),
    Fault(7000215, "invalid_client", _T, "The client secret is not the registered one.", status=401),
    Fault(7000218, "invalid_client", _T, "The body holds neither client_assertion nor client_secret.", status=401),
    Fault(7000222, "invalid_client", _T, "The client secret has expired.", status=401),
    # The request itself.
    Fault(28003, "invalid_request", _T, "The scope must not be empty when a code is redeemed."),
    Fault(50049, "invalid_instance", _T, "The authority is unknown or not valid."),
    Fault(50148, "invalid_grant", _T, "The code verifier does not match."),
    Fault(501481, "invalid_grant", _T, "The code verifier does not match the code challenge."),
    Fault(501491, "invalid_request", _R | _T, "The code challenge has a wrong size or method."),
    Fault(70003, "unsupported_grant_type", _T, "This grant type is not supported."),
    Fault(70005, "unsupported_response_type", _R, "This response type is not supported."),
    Fault(70007, "invalid_request", _P | _R, "This response mode is not supported."),
    Fault(70011, "invalid_scope", _R | _T, "The scope is not valid."),
    Fault(700005, "invalid_grant", _T, "The code was issued at another tenant's endpoint."),
    Fault(700022, "invalid_scope", _T, "The scope names more than one resource."),
    Fault(90002, "invalid_tenant", _P | _T, "The tenant was not found."),
    Fault(900023, "invalid_request", _P | _T, "The tenant is neither a GUID nor a domain name."),
    Fault(900144, "invalid_request", _P | _R | _T, "A required parameter is missing."),
    Fault(900561, "invalid_request", _P | _T, "The endpoint only accepts POST."),
    Fault(90100, "invalid_request", _P | _R | _T, "A parameter is empty or not valid."),
    Fault(9001023, "invalid_request", _T, "This grant type needs a tenant-specific endpoint."),
    Fault(9002313, "invalid_grant", _T, "The code or token is malformed."),
    Fault(9002326, "invalid_request", _T, "Only single-page applications may redeem from a browser."),
    Fault(9002332, "invalid_request", _P | _T, "The application takes work accounts only."),
    # Passing trouble.
    Fault(50033, "temporarily_unavailable", _P | _T, "A passing fault.", status=503),
    Fault(50196, "invalid_grant", _P | _T, "The client asks for the same token again and again."),
    Fault(90033, "temporarily_unavailable", _P | _T, "The directory is unavailable for a moment.", status=503),
    Fault(90055, "temporarily_unavailable", _P | _T, "Too many requests for this tenant.", status=429),
)

FAULTS: dict[int, Fault] = {fault.number: fault for fault in _TABLE}
