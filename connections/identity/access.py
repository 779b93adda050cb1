"""Access that lasts: the stored tokens of a connection, and their renewal, by one at a time."""

import time
from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.conf import settings
from django.utils import timezone

from connections.identity.application import MISFIT, NO_ANSWER, application, opened_cache
from connections.identity.errors import NotAllowed, NoTokens, SignInRefused, TryLater, refusal_of
from connections.identity.scopes import allow_reading, as_spelled
from connections.models import Connection, Secret
from connections.reasons import Kind, Refusal
from tenants import crypto
from tenants.models import Organization
from tenants.scoping import ScopeError, current_scope, organization_scope

log = structlog.get_logger(__name__)

# Seconds that an access token must still have; MSAL uses the same margin.
_MARGIN: Final = 300


def silent_token(
    *,
    organization_id: int,
    connection_id: int,
    rejected: str | None = None,
    fresh: bool = False,
    leaving: bool = False,
) -> str:
    """
    An access token of this connection: the stored one, or a new one if it ends soon or is the one that Graph
    `rejected`. With `fresh` Microsoft is asked in any case: a token from before says nothing about today's consent.
    No more is asked for than the organization lets Almanac do now. With `leaving` also for a mailbox that may no longer
    be connected.

    Opens its own scopes. A refresh holds the lock of the secret's row, so that of many callers one asks Microsoft; what
    Microsoft answered is committed before anything is raised.

    Raises:
        NoTokens: there is nothing to refresh.
        NotAllowed: the organization has decided against this mailbox.
        SignInRefused: Microsoft gives no more tokens. The connection's status is the caller's to change.
        TryLater: Microsoft gave no usable answer.
        SealError: the stored tokens cannot be opened.
    """
    if current_scope() is not None:
        raise ScopeError("a token is not asked for inside a scope: its refresh must be committed by itself")
    secrets = Secret.objects.of(organization_id).filter(connection_id=connection_id)
    with organization_scope(organization_id):
        secret = secrets.first()
        is_allowed = leaving or secret is None or _is_allowed(organization_id, connection_id)
    if secret is None:
        raise NoTokens
    if not is_allowed:
        raise NotAllowed
    held = _held(_opened(secret), secret.home_account_id, rejected)
    if held and not fresh:
        return held
    with organization_scope(organization_id):
        secret = secrets.select_for_update().first()
        outcome = NoTokens() if secret is None else _refreshed(secret, rejected, fresh=fresh)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _refreshed(secret: Secret, rejected: str | None, *, fresh: bool) -> str | Exception:
    """With the row locked: what somebody else fetched meanwhile, or a new token, stored; or what to raise."""
    tokens = _opened(secret)
    held = _held(tokens, secret.home_account_id, rejected)
    if held and not fresh:
        return held
    outcome = _asked(tokens, secret.home_account_id, _wanted(tokens, secret))
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


def _is_allowed(organization_id: int, connection_id: int) -> bool:
    policies = Organization.objects.of(organization_id).only("tenants_allowed", "personal_accounts").get()
    own = Connection.objects.of(organization_id).filter(pk=connection_id)
    return policies.admits_everybody or own.admitted(policies, organization_id=organization_id).exists()


def _wanted(tokens: Any, secret: Secret) -> list[str]:
    """The scopes to ask for: what was granted at sign-in, as far as the organization lets Almanac use it today."""
    access = Organization.objects.of(secret.organization_id).only("access").get().access
    granted = Connection.objects.of(secret.organization_id).only("scopes").get(pk=secret.connection_id).scopes
    # MSAL forgets in its cache what a refresh has left out; the connection remembers it.
    return as_spelled([*_granted(tokens), *granted], access=access)


def _asked(tokens: Any, home_account_id: str, scopes: list[str]) -> str | Exception:
    """Ask Microsoft for a new access token; the cache in `tokens` takes up what it answers."""
    try:
        app = application(home_account_id.rpartition(".")[2], tokens)
        account = next((one for one in app.get_accounts() if one["home_account_id"] == home_account_id), None)
        result = account and app.acquire_token_silent_with_error(
            scopes,
            account,
            force_refresh=True,
            http_exceptions=NO_ANSWER,
        )
    except TryLater as error:
        return error
    except NO_ANSWER as error:
        return TryLater(getattr(error, "retry_after", None))
    except MISFIT as error:
        log.warning("token_answer_unreadable", reason=type(error).__name__)
        return TryLater()
    # None: no account or no refresh token in the cache, so there is nothing to ask with.
    return _judged(result or {"error": "invalid_grant"})


def _judged(result: Mapping[str, Any]) -> str | SignInRefused:
    if "access_token" not in result:
        return SignInRefused(refusal_of(result))
    if result.get("scope") and not allow_reading(result["scope"].split()):
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
    return opened_cache(crypto.unseal(secret.sealed_cache, place=place_of_secret(secret.connection_id)))


def _granted(tokens: Any) -> list[str]:
    """Every scope that the cache knows of, as Microsoft spelled it."""
    kinds = (tokens.CredentialType.REFRESH_TOKEN, tokens.CredentialType.ACCESS_TOKEN)
    return [scope for kind in kinds for entry in tokens.search(kind) for scope in entry.get("target", "").split()]


def place_of_secret(connection_id: int) -> str:
    """Where a token cache is sealed to. By connection: a row that is hung on another one must not open for it."""
    return f"connections_secret.sealed_cache:{connection_id}"
