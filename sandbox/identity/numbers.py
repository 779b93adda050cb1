"""The AADSTS numbers that the sandbox can say: what each means, and the error values that travel with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto


class Where(Flag):
    """Where a refusal shows itself."""

    PAGE = auto()
    REDIRECT = auto()
    TOKEN = auto()
    DISCOVERY = auto()


@dataclass(frozen=True)
class Fault:
    """
    One number. `errors` and `suberrors` are the values that are known to come with it, the usual one first;
    a number without any stays on Microsoft's page.
    """

    number: int
    errors: tuple[str, ...]
    where: Where
    text: str
    suberrors: tuple[str, ...] = ()
    status: int = 400

    @property
    def error(self) -> str:
        return self.errors[0] if self.errors else "access_denied"

    @property
    def suberror(self) -> str | None:
        return self.suberrors[0] if self.suberrors else None


_P, _R, _T, _D = Where.PAGE, Where.REDIRECT, Where.TOKEN, Where.DISCOVERY


def _of(number: int, errors: str, where: Where, text: str, suberrors: str = "", *, status: int = 400) -> Fault:
    return Fault(number, tuple(errors.split()), where, text, tuple(suberrors.split()), status)


_IG, _IR, _BUSY = "invalid_grant", "interaction_required", "temporarily_unavailable"
_IG_IR, _IR_IG = f"{_IG} {_IR}", f"{_IR} {_IG}"

_SIGN_IN_AGAIN = (
    _of(16000, _IR, _P | _R, "Choose another account: this one is unknown to the tenant."),
    _of(16003, "", _P, "This account was never added to the tenant."),
    _of(50014, "", _P, "The invitation of this guest has not been accepted yet."),
    _of(50020, "access_denied", _P | _R, "This account does not belong to the tenant and is no guest in it."),
    _of(50034, "", _P, "There is no such account in this directory."),
    _of(51004, "", _P, "This account is not in the directory."),
    _of(500208, "", _P, "Accounts of this kind cannot be used here."),
    _of(90072, _IR, _R | _T, "This external account does not exist in the tenant; it has to be added first."),
    _of(50055, _IG, _P | _T, "The password has expired.", "user_password_expired"),
    _of(50058, "login_required", _R, "Nobody is signed in and the request forbade asking."),
    _of(50072, _IG_IR, _R | _T, "A second factor has to be registered first.", "basic_action"),
    _of(50074, _IG_IR, _R | _T, "A second factor is required and was not given.", "basic_action"),
    _of(50076, _IG_IR, _R | _T, "A second factor is required now.", "basic_action"),
    _of(50078, _IG, _T, "The earlier second factor is too old.", "basic_action"),
    _of(50079, _IR_IG, _R | _T, "A second factor has to be registered first.", "basic_action"),
    _of(50158, _IR_IG, _R | _T, "Another provider's challenge has not been answered.", "basic_action"),
    _of(50085, _IG, _T, "The social identity provider asks for a new sign-in."),
    _of(50089, _IG, _P | _T, "This sign-in is over. Go back to the app and start again."),
    _of(50126, _IG, _P, "The user name or the password is wrong."),
    _of(50132, _IG, _T, "The session ended because the password changed.", "bad_token"),
    _of(50133, _IG, _T, "The session was revoked because the password changed.", "bad_token"),
    _of(50139, _IG, _P | _T, "The session has lost its external token."),
    _of(50140, "", _P, "The question whether to stay signed in was not answered."),
    _of(50144, _IG, _P | _T, "The password of the local directory has expired."),
    _of(50173, _IG, _T, "The grant was revoked; a fresh sign-in is needed.", "bad_token"),
    _of(50199, "", _P, "The person has to confirm that they want to sign in to this application."),
    _of(54005, _IG, _T, "The authorization code was redeemed before."),
    _of(
        65001,
        _IG,
        _R | _T,
        "Neither the user nor an administrator has consented to use the application.",
        "consent_required",
    ),
    _of(70000, _IG, _T, "The provided grant cannot be used."),
    _of(70008, _IG, _T, "The code or refresh token is too old or was revoked.", "bad_token token_expired"),
    _of(70043, _IG_IR, _T, "The sign-in is older than a policy allows.", "token_expired"),
    _of(700082, _IG, _T, "The refresh token was not used for 90 days.", "bad_token"),
    _of(700084, _IG, _T, "A single-page app's refresh token ended after 24 hours.", "token_expired"),
    _of(9002341, _IG, _T, "The person has to confirm single sign-on into this application."),
)

_CONSENT = (
    _of(65004, "access_denied consent_required", _R, "The user declined to consent to the application."),
    _of(90093, "access_denied", _P, "An administrator has to approve this application."),
    _of(90094, "access_denied", _P | _R, "An administrator has to grant these permissions."),
    _of(90095, "access_denied", _P, "An administrator has to approve; a request may be sent to the reviewers."),
    _of(900941, "access_denied", _P, "An administrator has to approve: the application was judged risky."),
    _of(900981, "access_denied", _P, "The application was judged risky; a request may be sent to the reviewers."),
    _of(500011, "invalid_resource", _R | _T, "The resource was not found in the tenant."),
    _of(650052, "invalid_client", _P | _R, "The tenant has not enabled the service that the app wants to call."),
    _of(7000229, "unauthorized_client", _T, "The application has no service principal in this tenant."),
)

_RULES = (
    _of(50005, _IR_IG, _P | _T, "A policy does not allow devices of this platform."),
    _of(50053, _IG, _P | _T, "The account is locked."),
    _of(50057, "invalid_grant login_required", _P | _T, "The account is disabled."),
    _of(50097, _IR_IG, _P | _T, "The device has to identify itself."),
    _of(50105, "access_denied interaction_required", _P | _R, "The user is not assigned to the application."),
    _of(501051, _IG, _T, "The application is not assigned to a role of the resource."),
    _of(50129, _IR, _P | _T, "The device is not registered with the organization."),
    _of(50131, _IR_IG, _P | _T, "A Conditional Access policy refused this sign-in."),
    _of(53000, _IR_IG, _P | _T, "A policy asks for a compliant device.", "additional_action message_only"),
    _of(53001, _IR_IG, _P | _T, "A policy asks for a domain-joined device.", "additional_action message_only"),
    _of(53002, _IR_IG, _P | _T, "A policy allows approved apps only.", "message_only"),
    _of(53003, _IG_IR, _P | _T, "A Conditional Access policy forbids this sign-in.", "message_only"),
    _of(53004, _IR, _P | _T, "A second factor cannot be registered now, because of risk."),
    _of(53010, _IR, _P, "Second factors can be registered from certain places or devices only."),
    _of(53011, _IG, _P | _T, "The account is blocked because of risk."),
    _of(530032, _IG_IR, _P | _T, "A security policy of the tenant forbids it.", "message_only"),
    _of(530034, _IG, _P, "The partner's administrator is blocked because of suspicious activity."),
    _of(530035, _IG, _P | _T, "The security defaults of the tenant forbid it."),
    _of(500021, "", _P, "The network allows only listed tenants, and this one is not listed."),
    _of(500022, "", _P, "The network allows only listed tenants, and this one is not among them."),
    _of(500212, "access_denied", _P | _T, "The user's own organization forbids access to the other tenant."),
    _of(500213, "access_denied", _P | _T, "The tenant's cross-tenant policy forbids this user."),
    _of(7000112, "unauthorized_client", _P | _T, "The application is disabled."),
)

_REGISTRATION = (
    _of(50001, "invalid_resource", _R | _T, "The resource is disabled or does not exist."),
    _of(50011, "invalid_request", _P | _T, "The redirect URI does not match those registered."),
    _of(50012, "invalid_client", _T, "The client assertion was not accepted.", status=401),
    _of(50194, "invalid_request", _P | _T, "The application is not multitenant."),
    _of(65005, "invalid_client invalid_resource", _P | _R | _T, "The permission is not in the app's list."),
    _of(650053, "invalid_client", _P | _R, "The request names a permission that the resource does not offer."),
    _of(650054, "invalid_client", _P | _R, "The app asks for a resource that is no longer there."),
    _of(650056, "invalid_client", _P | _R, "The app lists no permission for the resource, or nobody consented."),
    _of(650057, "invalid_client", _P | _R | _T, "The resource is not in the app's list of permissions."),
    _of(70001, "unauthorized_client", _P | _T, "The application is disabled or not in the directory."),
    _of(70002, "invalid_client", _T, "The credentials of the client are not valid.", status=401),
    _of(70004, "invalid_request", _P, "The redirect URI is not valid."),
    _of(70005, "unsupported_response_type", _R, "This response type is not supported."),
    _of(90008, _IG, _P | _T, "The app lacks the permission to sign people in and read their profile."),
    _of(90130, "invalid_request", _P | _T, "The application may not use this endpoint."),
    _of(700011, "unauthorized_client", _P | _T, "The application was not found in the directory."),
    _of(700016, "unauthorized_client", _P | _T, "The application was not found in the directory."),
    _of(700025, "invalid_client", _T, "A public client must not send a secret or an assertion.", status=401),
    _of(700027, "invalid_client", _T, "No registered certificate made this assertion's signature.", status=401),
    _of(700030, "invalid_client", _T, "The certificate's subject is not allowed.", status=401),
    _of(700054, "unsupported_response_type", _P | _R, "ID tokens are not enabled for the application."),
    _of(900382, "invalid_request", _P | _T, "A confidential client cannot be used in another cloud."),
    _of(900432, "invalid_request", _P | _T, "A confidential client cannot be used across clouds."),
    _of(900971, "invalid_request", _P, "There is no redirect URI."),
    _of(7000215, "invalid_client", _T, "The client secret is not the registered one.", status=401),
    _of(7000218, "invalid_client", _T, "The body holds neither client_assertion nor client_secret.", status=401),
    _of(7000222, "invalid_client", _T, "The client secret has expired.", status=401),
    _of(9002331, "invalid_request", _P | _T, "The application takes personal accounts only."),
    _of(9002332, "invalid_request", _P | _T, "The application takes work accounts only."),
)

_REQUEST = (
    _of(28002, "invalid_request", _T, "The scope is not valid in a request for tokens."),
    _of(28003, "invalid_request", _T, "The scope must not be empty when a code is redeemed."),
    _of(50049, "invalid_instance", _D, "The authority is unknown or not valid."),
    _of(50059, "invalid_request", _T, "Nothing in the request tells which tenant is meant."),
    _of(50147, "invalid_request", _R | _T, "The code challenge has a wrong size."),
    _of(50148, _IG, _T, "The code verifier does not match."),
    _of(501481, _IG, _T, "The code verifier does not match the code challenge."),
    _of(501491, "invalid_request", _R | _T, "The code challenge has a wrong size or method."),
    _of(70003, "unsupported_grant_type", _T, "This grant type is not supported."),
    _of(70007, "invalid_request", _P | _R, "This response mode is not supported."),
    _of(70011, "invalid_scope", _R | _T, "The scope is not valid."),
    _of(700005, _IG, _T, "The code was issued at another tenant's endpoint."),
    _of(700022, "invalid_scope invalid_request", _T, "The scope names more than one resource."),
    _of(700023, "invalid_scope invalid_request", _T, "The scope names no resource."),
    _of(90002, "invalid_tenant invalid_request", _P | _T | _D, "The tenant was not found."),
    _of(90004, "invalid_request", _P | _T, "The request is not properly formed."),
    _of(90013, "invalid_request", _P | _T, "A value in the request is not valid."),
    _of(90014, "invalid_request", _P | _T, "A required field is missing."),
    _of(90019, "invalid_request", _P | _T, "The tenant cannot be told from the request."),
    _of(90023, "invalid_request", _P | _T, "The service does not accept the request."),
    _of(90038, "invalid_request", _P | _T, "The tenant is in another national cloud."),
    _of(900023, "invalid_request", _P | _T | _D, "The tenant is neither a GUID nor a domain name."),
    _of(900144, "invalid_request", _P | _R | _T, "A required parameter is missing."),
    _of(900561, "invalid_request", _P | _T, "The endpoint only accepts POST."),
    _of(90100, "invalid_request", _P | _R | _T, "A parameter is empty or not valid."),
    _of(9001023, "invalid_request", _T, "This grant type needs a tenant-specific endpoint."),
    _of(9002313, "invalid_grant invalid_request", _T, "The code or token is malformed."),
    _of(9002326, "invalid_request", _T, "Only single-page applications may redeem from a browser."),
)

_PASSING = (
    _of(50033, f"{_BUSY} server_error", _P | _T, "A passing fault.", status=503),
    _of(50166, _BUSY, _P, "The provider of further claims is overloaded.", status=503),
    _of(50196, "invalid_grant invalid_request", _P | _T, "The client asks for the same token again and again."),
    _of(70012, "server_error", _P | _T, "A fault on the side of personal accounts.", status=500),
    _of(90006, _BUSY, _P | _T, "The service is unavailable for a moment.", status=503),
    _of(90012, _BUSY, _P | _T, "The request took too long.", status=503),
    _of(90024, _BUSY, _P | _T, "A passing fault: the budget of the request was used up.", status=503),
    _of(90033, _BUSY, _P | _T, "The directory is unavailable for a moment.", status=503),
    _of(90055, _BUSY, _P | _T, "Too many requests for this tenant.", status=429),
    _of(90090, _BUSY, _P | _T, "Graph is unavailable for a moment.", status=503),
)

FAULTS: dict[int, Fault] = {
    fault.number: fault
    for part in (_SIGN_IN_AGAIN, _CONSENT, _RULES, _REGISTRATION, _REQUEST, _PASSING)
    for fault in part
}

# A further factor cures these: the sign-in asks for it instead of refusing.
SECOND_FACTOR = frozenset({50072, 50074, 50076, 50078, 50079, 50158})
# These are questions on the way, not refusals.
STAY_SIGNED_IN, CONFIRM_APP = 50140, 50199
# These end at a page that leads to an administrator; the second set has the form of a request on it.
NEEDS_APPROVAL = frozenset({90093, 90094, 900941})
MAY_REQUEST = frozenset({90095, 900981})
