"""What an app asks of the browser-facing endpoints, read and checked."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.directory import Directory, Person
from sandbox.identity import permissions
from sandbox.identity.aadsts import PageFault, RedirectFault
from sandbox.identity.permissions import BadScope, ScopeRequest, UnknownPermission, UnknownResource
from sandbox.identity.registrations import Registrations
from sandbox.identity.segments import Segment
from sandbox.members import digits
from sandbox.registration import App

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_MODES = ("query", "fragment", "form_post")
_PROMPTS = {"none", "login", "consent", "select_account"}
LONGEST_MAX_AGE = 10 * 366 * 86_400


@dataclass(frozen=True)
class ReturnAddress:
    """Where an answer goes, and how: nothing is sent anywhere before this has been checked."""

    app: App
    uri: str
    mode: str
    state: str | None


@dataclass(frozen=True)
class ClaimsRequest:
    """A `claims` parameter, as far as the sandbox heeds it."""

    capabilities: frozenset[str] = frozenset()
    # What an answer with AADSTS50076 handed out: the sign-in has to satisfy a policy.
    wants_second_factor: bool = False
    wants_auth_time: bool = False


@dataclass(frozen=True)
class SignInRequest:
    """`answers` holds what comes back at the redirect URI: `code`, `id_token`, or both."""

    segment: Segment
    back: ReturnAddress
    answers: frozenset[str]
    scope: ScopeRequest
    prompts: frozenset[str]
    nonce: str | None
    challenge: str | None
    challenge_method: str
    login_hint: str | None
    domain_hint: str | None
    max_age: int | None
    claims: ClaimsRequest
    wants_client_info: bool

    @property
    def app(self) -> App:
        return self.back.app

    def fits(self, person: Person, directory: Directory) -> bool:
        """Whether the address and the app admit the person and the domain hint does not speak against it."""
        known = self.segment.known_as(person, directory)
        if known is None or (known.is_personal and not self.app.audience.takes_personal):
            return False
        hint = (self.domain_hint or "").lower()
        if hint == "organizations":
            return not person.is_personal
        if hint == "consumers":
            return person.is_personal
        tenant = directory.find_tenant(hint) if hint else None
        return tenant is None or person.tenant_id == tenant.id

    def hinted(self, directory: Directory) -> Person | None:
        """The person whom `login_hint` means: an address, or the opaque claim of an id_token."""
        hint = self.login_hint
        if not hint:
            return None
        return directory.find_person(person_of_hint(hint))


@dataclass(frozen=True)
class ApprovalRequest:
    """An administrator is asked to approve an app for the whole tenant."""

    segment: Segment
    back: ReturnAddress
    scope: ScopeRequest
    roles: tuple[str, ...]
    is_v2: bool

    @property
    def app(self) -> App:
        return self.back.app


def person_of_hint(hint: str) -> str:
    """The object id in an opaque `login_hint` claim; anything else is an address and comes back as it is."""
    if not hint.startswith("O."):
        return hint
    try:
        padded = hint[2:] + "=" * (-len(hint[2:]) % 4)
        return base64.urlsafe_b64decode(padded).decode().partition("\n")[0]
    except ValueError:
        return hint


def read_return_address(args: Mapping[str, str], apps: Registrations) -> ReturnAddress:
    """
    Find the app and the address that its answer goes to.

    Raises:
        PageFault: the app or its redirect URI is not registered; no answer may leave.
    """
    client_id = args.get("client_id", "")
    if not client_id:
        raise PageFault(900144, "The request must contain the parameter 'client_id'.", status=400)
    app = apps.find(client_id)
    if app is None:
        raise PageFault(700016, f"Application '{client_id}' was not found in the directory.", status=400)
    uri = args.get("redirect_uri") or next(iter(app.redirect_uris), "")
    if not uri:
        raise PageFault(900971, status=400)
    if not app.accepts_redirect(uri):
        raise PageFault(
            50011,
            f"The redirect URI '{uri}' does not match those registered for '{app.client_id}'.",
            status=400,
        )
    default_mode = "fragment" if "token" in args.get("response_type", "") else "query"
    mode = args.get("response_mode") or default_mode
    if mode not in _MODES or (mode == "query" and default_mode == "fragment"):
        # The refusal itself travels in the default mode.
        mode = default_mode
    return ReturnAddress(app, uri, mode, args.get("state"))


def read_sign_in(args: Mapping[str, str], segment: Segment, back: ReturnAddress) -> SignInRequest:
    """
    Read the rest of an authorize request; parameters that we do not know are ignored.

    Raises:
        RedirectFault: something is missing or wrong; the app is told.
    """
    answers = _read_response(args, back.app)
    prompts = frozenset(args.get("prompt", "").split())
    if prompts - _PROMPTS:
        raise RedirectFault(90100, "The 'prompt' parameter is not valid.")
    if "none" in prompts and len(prompts) > 1:
        raise RedirectFault(90100, "prompt=none cannot be combined with other values.")
    challenge, method = _read_challenge(args)
    return SignInRequest(
        segment=segment,
        back=back,
        answers=answers,
        scope=_read_scope(args, back.app, answers),
        prompts=prompts,
        nonce=args.get("nonce"),
        challenge=challenge,
        challenge_method=method,
        login_hint=args.get("login_hint"),
        domain_hint=args.get("domain_hint"),
        max_age=_read_max_age(args),
        claims=read_claims(args.get("claims")),
        wants_client_info=args.get("client_info") == "1",
    )


def read_claims(text: str | None) -> ClaimsRequest:
    """
    A `claims` parameter; capabilities in small letters.

    Raises:
        RedirectFault: it is not JSON of the expected shape.
    """
    if not text:
        return ClaimsRequest()
    try:
        claims = json.loads(text)
        access, identity = claims.get("access_token") or {}, claims.get("id_token") or {}
        values = (access.get("xms_cc") or {}).get("values", [])
        return ClaimsRequest(
            capabilities=frozenset(str(value).lower() for value in values),
            wants_second_factor=any(name in access for name in ("capolids", "acrs")),
            wants_auth_time="auth_time" in identity,
        )
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise RedirectFault(90100, "The 'claims' parameter is not valid.") from error


def _read_response(args: Mapping[str, str], app: App) -> frozenset[str]:
    kinds = frozenset(args.get("response_type", "").split())
    if not kinds:
        raise RedirectFault(900144, "The request must contain the parameter 'response_type'.")
    if not kinds <= {"code", "id_token"}:
        raise RedirectFault(70005)
    if args.get("response_mode") not in (None, "", *_MODES):
        raise RedirectFault(70007)
    if "id_token" in kinds:
        if not app.id_tokens:
            raise RedirectFault(700054)
        if args.get("response_mode") == "query":
            raise RedirectFault(70007, "'query' is not a response mode for tokens.")
        if not args.get("nonce"):
            raise RedirectFault(900144, "The request must contain the parameter 'nonce'.")
    return kinds


def _read_scope(args: Mapping[str, str], app: App, answers: frozenset[str]) -> ScopeRequest:
    if not args.get("scope"):
        raise RedirectFault(900144, "The request must contain the parameter 'scope'.")
    try:
        scope = permissions.parse(args["scope"], app.delegated)
    except UnknownResource as error:
        raise RedirectFault(500011, f"The resource '{error}' was not found in the tenant.") from error
    except UnknownPermission as error:
        raise RedirectFault(650053, f"The app asks for the scope '{error}', which does not exist.") from error
    except BadScope as error:
        raise RedirectFault(70011, str(error)) from error
    if "id_token" in answers and not scope.names("openid"):
        raise RedirectFault(70011, "An id_token needs the scope 'openid'.")
    return scope


def _read_challenge(args: Mapping[str, str]) -> tuple[str | None, str]:
    challenge = args.get("code_challenge")
    method = args.get("code_challenge_method") or "plain"
    if challenge is None:
        return None, method
    if method not in ("S256", "plain") or not _CHALLENGE.fullmatch(challenge):
        raise RedirectFault(501491)
    if method == "S256" and len(challenge) != 43:
        raise RedirectFault(501491)
    return challenge, method


def _read_max_age(args: Mapping[str, str]) -> int | None:
    text = args.get("max_age")
    if not text:
        return None
    found = digits(text)
    if found is None:
        raise RedirectFault(90100, "The 'max_age' parameter is not a number of seconds.")
    # Nobody has been signed in for longer, and dates end somewhere.
    return min(found, LONGEST_MAX_AGE)
