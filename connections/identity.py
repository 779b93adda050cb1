"""
Signing in at Microsoft and keeping access afterwards. The only file that speaks MSAL.

MSAL does the protocol and keeps the token cache; the transport, the check of the id_token, the locks and what an
error means are ours. Nothing here logs or raises a token, a code, or a text of Microsoft's.
"""

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

import msal
import orjson
import requests
import structlog
from django.conf import settings
from django.utils import timezone
from msal.exceptions import MsalServiceError

from connections import crypto, http, id_tokens
from connections.id_tokens import BadIdToken, Claims, KeyRing, KeysUnavailable
from connections.models import Secret
from connections.reasons import Kind, Refusal, classify
from tenants.scoping import ScopeError, current_scope, organization_scope

log = structlog.get_logger(__name__)

# The least that reading and listening need; why each: docs/decisions/scopes.md. MSAL adds offline_access, openid,
# profile.
SCOPES: Final = ("Calendars.Read", "User.Read")
# Without one of these a connection is of no use.
_READING: Final = frozenset({"calendars.read", "calendars.readwrite"})
# What MSAL may learn of an answer. Its `client_info`, for one, would go into a request's header.
_FIELDS_FOR_MSAL: Final = ("code", "state", "error", "error_description", "error_uri")
# Seconds that an access token must still have; MSAL uses the same margin.
_MARGIN: Final = 300
_LARGEST_TOKEN_ANSWER: Final = 1024 * 1024
# What MSAL remembers of HTTP: metadata for a day, refusals for a minute. For the whole process, never on disk.
HTTP_CACHE: dict[str, object] = {}


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


@dataclass(frozen=True)
class BegunSignIn:
    """`url` is where the browser goes, `state` what will come back, `flow` what must be kept secret until then."""

    url: str
    state: str
    flow: bytes = field(repr=False)


@dataclass(frozen=True)
class SignedIn:
    """A verified person and what they granted. `scopes` are in Microsoft's spelling."""

    claims: Claims
    scopes: list[str]
    home_account_id: str
    cache: bytes = field(repr=False)
    access_token: str = field(repr=False)

    @property
    def may_read(self) -> bool:
        return _allows_reading(self.scopes)


def begin_sign_in(*, redirect_uri: str, login_hint: str = "", prompt: str = "") -> BegunSignIn:
    """
    Prepare a trip to Microsoft: authorization code, PKCE, the answer by form_post. Calls Microsoft when its
    metadata is not known yet.

    Raises:
        TryLater: the metadata cannot be had.
    """
    segment = "common" if settings.PERSONAL_ACCOUNTS else "organizations"
    app = _app(segment, msal.SerializableTokenCache())
    flow = app.initiate_auth_code_flow(
        list(SCOPES),
        redirect_uri=redirect_uri,
        response_mode="form_post",
        prompt=prompt or None,
        # A hint would answer the question that the person asked to be asked.
        login_hint=None if prompt == "select_account" else login_hint or None,
    )
    if not flow["auth_uri"].startswith(tuple(f"{origin}/" for origin in settings.LOGIN_ORIGINS_FOR_BROWSERS)):
        log.error("sign_in_metadata_names_another_host")
        raise TryLater
    return BegunSignIn(flow["auth_uri"], flow["state"], orjson.dumps({"segment": segment, "flow": flow}))


def finish_sign_in(*, flow: bytes, answer: Mapping[str, str], now: datetime) -> SignedIn:
    """
    Redeem the code in `answer` for the flow that `begin_sign_in` prepared, and verify who signed in. Stores nothing.

    `now` is aware. `flow` must have been taken before: a second redemption is refused by Microsoft only.

    Raises:
        SignInRefused: the answer, or the token endpoint, says no.
        UnreadableAnswer: it belongs to another flow, or the id_token does not pass.
        TryLater: no usable answer; the code may be used up.
    """
    kept: dict[str, Any] = orjson.loads(flow)
    if "error" in answer:
        raise SignInRefused(refusal_at_redirect(answer))
    # Thrown away unless everything below passes: MSAL fills it before it has compared the nonce.
    tokens = msal.SerializableTokenCache()
    app = _app(kept["segment"], tokens)
    try:
        result: dict[str, Any] = app.acquire_token_by_auth_code_flow(
            kept["flow"], {name: answer[name] for name in _FIELDS_FOR_MSAL if name in answer}
        )
    except (requests.RequestException, MsalServiceError) as error:
        raise TryLater(getattr(error, "retry_after", None)) from None
    except (ValueError, RuntimeError, TypeError, KeyError) as error:
        # MSAL's text may quote state and nonce.
        raise UnreadableAnswer(f"MSAL: {type(error).__name__}") from None
    if "access_token" not in result:
        raise SignInRefused(_refusal(result))
    return _verified(app, result, tokens, nonce=kept["flow"]["nonce"], now=now)


def _verified(app: Any, result: Mapping[str, Any], tokens: Any, *, nonce: str, now: datetime) -> SignedIn:
    try:
        claims = id_tokens.verify(
            str(result.get("id_token", "")),
            key_ring(),
            client_id=settings.MICROSOFT_CLIENT_ID,
            issuer=f"{settings.LOGIN_ORIGIN}/{{tenantid}}/v2.0",
            # MSAL sends a digest of the nonce that it keeps.
            nonce=hashlib.sha256(nonce.encode()).hexdigest(),
            now=now,
        )
    except BadIdToken as error:
        raise UnreadableAnswer(f"id_token: {error}") from None
    except KeysUnavailable:
        raise TryLater from None
    accounts = [account["home_account_id"] for account in app.get_accounts()]
    if accounts != [f"{claims.oid}.{claims.tid}"]:
        # The tokens would be found under another person than the one that we verified.
        raise UnreadableAnswer("client_info and id_token name different people")
    granted = result.get("scope")
    return SignedIn(
        claims=claims,
        scopes=[scope for scope in (granted.split() if granted else SCOPES) if _short(scope) not in _OPENID],
        home_account_id=accounts[0],
        cache=tokens.serialize().encode(),
        access_token=result["access_token"],
    )


def silent_token(*, organization_id: int, connection_id: int, rejected: str | None = None) -> str:
    """
    An access token of this connection: the stored one, or a new one if it ends soon or is the one that Graph
    `rejected`.

    Opens its own scopes. A refresh holds the lock of the secret's row, so that of many callers one asks Microsoft; what
    Microsoft answered is committed before anything is raised.

    Raises:
        NoTokens: there is nothing to refresh.
        SignInRefused: Microsoft gives no more tokens. The connection's status is the caller's to change.
        TryLater: Microsoft gave no usable answer.
        SealError: the stored tokens cannot be opened.
    """
    if current_scope() is not None:
        raise ScopeError("a token is not asked for inside a scope: its refresh must be committed by itself")
    secrets = Secret.objects.of(organization_id).filter(connection_id=connection_id)
    with organization_scope(organization_id):
        secret = secrets.first()
    if secret is None:
        raise NoTokens
    held = _held(_opened(secret), secret.home_account_id, rejected)
    if held:
        return held
    with organization_scope(organization_id):
        secret = secrets.select_for_update().first()
        outcome = NoTokens() if secret is None else _refreshed(secret, rejected)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _refreshed(secret: Secret, rejected: str | None) -> str | Exception:
    """With the row locked: what somebody else fetched meanwhile, or a new token, stored; or what to raise."""
    tokens = _opened(secret)
    held = _held(tokens, secret.home_account_id, rejected)
    if held:
        return held
    outcome = _asked(tokens, secret.home_account_id)
    if tokens.has_state_changed:
        secret.sealed_cache = crypto.seal(tokens.serialize().encode(), place=place_of_secret(secret.connection_id))
        secret.refreshed_at = timezone.now()
        secret.save(update_fields=["sealed_cache", "refreshed_at"])
    if isinstance(outcome, SignInRefused):
        refusal = outcome.refusal
        log.warning(
            "tokens_refused",
            connection=secret.connection_id,
            reason=refusal.reason,
            code=str(refusal.number or refusal.error),
        )
    return outcome


def _asked(tokens: Any, home_account_id: str) -> str | Exception:
    """Ask Microsoft for a new access token; the cache in `tokens` takes up what it answers."""
    try:
        app = _app(home_account_id.rpartition(".")[2], tokens)
        account = next((one for one in app.get_accounts() if one["home_account_id"] == home_account_id), None)
        result = account and app.acquire_token_silent_with_error(
            _scopes_as_spelled(tokens),
            account,
            force_refresh=True,
            http_exceptions=(requests.RequestException, MsalServiceError),
        )
    except TryLater as error:
        return error
    except (requests.RequestException, MsalServiceError) as error:
        return TryLater(getattr(error, "retry_after", None))
    except (ValueError, RuntimeError, TypeError, KeyError) as error:
        log.warning("token_answer_unreadable", reason=type(error).__name__)
        return TryLater()
    # None: no account or no refresh token in the cache, so there is nothing to ask with.
    return _judged(result or {"error": "invalid_grant"})


def _judged(result: Mapping[str, Any]) -> str | SignInRefused:
    if "access_token" not in result:
        return SignInRefused(_refusal(result))
    if result.get("scope") and not _allows_reading(result["scope"].split()):
        return SignInRefused(Refusal(Kind.REAUTHORIZE, "permission_missing", error="scope"))
    return str(result["access_token"])


def _held(tokens: Any, home_account_id: str, rejected: str | None) -> str | None:
    """An access token in the cache that lasts a while and was not rejected. No network."""
    query = {"home_account_id": home_account_id, "client_id": settings.MICROSOFT_CLIENT_ID}
    enough = time.time() + _MARGIN
    for entry in tokens.search(tokens.CredentialType.ACCESS_TOKEN, query=query):
        if entry["secret"] != rejected and int(entry["expires_on"]) > enough:
            return str(entry["secret"])
    return None


def _opened(secret: Secret) -> Any:
    tokens = msal.SerializableTokenCache()
    plain = crypto.unseal(secret.sealed_cache, place=place_of_secret(secret.connection_id))
    tokens.deserialize(plain.decode())
    return tokens


def place_of_secret(connection_id: int) -> str:
    """Where a token cache is sealed to. By connection: a row that is hung on another one must not open for it."""
    return f"connections_secret.sealed_cache:{connection_id}"


def refusal_at_redirect(answer: Mapping[str, str]) -> Refusal:
    """What the error fields mean that came with the browser."""
    return classify(
        error=answer.get("error", ""),
        suberror=answer.get("error_subcode", ""),
        description=answer.get("error_description", ""),
        at_redirect=True,
    )


def _refusal(result: Mapping[str, Any]) -> Refusal:
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


# --- scopes -----------------------------------------------------------------------------------------------------

_OPENID: Final = frozenset({"openid", "profile", "email", "offline_access"})


def _short(scope: str) -> str:
    """For comparing: Microsoft writes `Calendars.Read` or `https://graph.microsoft.com/Calendars.Read`."""
    return scope.rpartition("/")[2].lower()


def _allows_reading(scopes: Iterable[str]) -> bool:
    return any(_short(scope) in _READING for scope in scopes)


def _scopes_as_spelled(tokens: Any) -> list[str]:
    """Our scopes as Microsoft spelled them: under another spelling MSAL would not find what it holds."""
    wanted = {_short(scope) for scope in SCOPES}
    spelled = {
        scope
        for kind in (tokens.CredentialType.REFRESH_TOKEN, tokens.CredentialType.ACCESS_TOKEN)
        for entry in tokens.search(kind)
        for scope in entry.get("target", "").split()
        if _short(scope) in wanted
    }
    return sorted(spelled) or list(SCOPES)


# --- the wire ---------------------------------------------------------------------------------------------------


class _Busy(requests.RequestException):
    """429, 5xx, or no JSON: the answer says nothing about the grant."""

    def __init__(self, status: int, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.retry_after = retry_after


@dataclass(frozen=True)
class _Reply:
    """An answer as MSAL reads it."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def raise_for_status(self) -> None:
        """MSAL asks its own kind of answer for this; ours are judged before it sees them."""


class _Transport:
    """What MSAL asks of an HTTP client, over our own session."""

    def get(self, url: str, params: Any = None, headers: Any = None, **_: object) -> _Reply:
        return self._reply("GET", url, params=params, headers=headers)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: object) -> _Reply:
        return self._reply("POST", url, params=params, headers=headers, data=data)

    def close(self) -> None:
        """The session outlives every MSAL application."""

    @staticmethod
    def _reply(method: str, url: str, **request: Any) -> _Reply:
        if not url.startswith(f"{settings.LOGIN_ORIGIN}/"):
            raise http.RefusedDestination("the sign-in host's metadata names another host")
        answer = http.send(method, url, limit=_LARGEST_TOKEN_ANSWER, **request)
        # MSAL forgets the status of a 429, and logs a body that is no JSON.
        if answer.status == 429 or answer.status >= 500 or not _is_json_object(answer.body):
            raise _Busy(answer.status, http.seconds_to_wait(answer.headers.get("Retry-After")))
        return _Reply(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def _app(segment: str, tokens: Any) -> Any:
    """MSAL's application for one tenant, or for all of them; cheap, because what it knows of HTTP is shared."""
    try:
        return msal.ConfidentialClientApplication(
            settings.MICROSOFT_CLIENT_ID,
            client_credential=settings.MICROSOFT_CLIENT_SECRET,
            authority=f"{settings.LOGIN_ORIGIN}/{segment}",
            # Otherwise MSAL asks a public host about ours, and the environment may choose a region.
            instance_discovery=False,
            azure_region=False,
            http_client=_Transport(),
            http_cache=HTTP_CACHE,
            token_cache=tokens,
        )
    except (requests.RequestException, MsalServiceError) as error:
        raise TryLater(getattr(error, "retry_after", None)) from None
    except ValueError:
        # No metadata for this tenant: also what a tenant that no longer exists looks like.
        log.warning("sign_in_metadata_missing")
        raise TryLater from None


@cache
def key_ring() -> KeyRing:
    """The process's ring of Microsoft's signing keys."""
    return KeyRing(_key_document)


def _key_document() -> Mapping[str, Any]:
    try:
        answer = http.send("GET", f"{settings.LOGIN_ORIGIN}/common/discovery/v2.0/keys", limit=_LARGEST_TOKEN_ANSWER)
        document = orjson.loads(answer.body)
    except (requests.RequestException, orjson.JSONDecodeError) as error:
        raise KeysUnavailable(type(error).__name__) from None
    if answer.status != 200 or not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise KeysUnavailable(f"HTTP {answer.status}")
    return document
