"""Signing in: the trip to Microsoft, and what came back of it, verified."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson
import requests
import structlog
from django.conf import settings

from connections import http, id_tokens
from connections.id_tokens import BadIdToken, Claims, KeyRing, KeysUnavailable
from connections.identity.application import LARGEST_ANSWER, MISFIT, NO_ANSWER, application, new_cache
from connections.identity.errors import SignInRefused, TryLater, UnreadableAnswer, refusal_of
from connections.identity.scopes import SCOPES, allow_reading, of_graph
from connections.reasons import Refusal, classify

log = structlog.get_logger(__name__)

# What MSAL may learn of an answer. Its `client_info`, for one, would go into a request's header.
_FIELDS_FOR_MSAL: Final = ("code", "state", "error", "error_description", "error_uri")


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
        return allow_reading(self.scopes)


def begin_sign_in(
    *,
    redirect_uri: str,
    scopes: Sequence[str] = SCOPES,
    login_hint: str = "",
    prompt: str = "",
    tenant: UUID | None = None,
    only_identity: bool = False,
) -> BegunSignIn:
    """
    Prepare a trip to Microsoft for these scopes: authorization code, PKCE, the answer by form_post. Calls Microsoft
    when its metadata is not known yet. With `tenant` only people of that directory can answer; with `only_identity`
    nothing is asked for but who the person is.

    Raises:
        TryLater: the metadata cannot be had.
    """
    segment = str(tenant) if tenant else "common" if settings.PERSONAL_ACCOUNTS else "organizations"
    app = application(segment, new_cache(), only_identity=only_identity)
    flow = app.initiate_auth_code_flow(
        [] if only_identity else list(scopes),
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
        raise SignInRefused(_refusal_at_redirect(answer))
    # Thrown away unless everything below passes: MSAL fills it before it has compared the nonce.
    tokens = new_cache()
    app = application(kept["segment"], tokens)
    try:
        result: dict[str, Any] = app.acquire_token_by_auth_code_flow(
            kept["flow"], {name: answer[name] for name in _FIELDS_FOR_MSAL if name in answer}
        )
    except NO_ANSWER as error:
        raise TryLater(getattr(error, "retry_after", None)) from None
    except MISFIT as error:
        raise UnreadableAnswer(f"MSAL: {type(error).__name__}") from None
    if "access_token" not in result:
        raise SignInRefused(refusal_of(result))
    return _verified(app, result, tokens, kept["flow"], now=now)


def _verified(app: Any, result: Mapping[str, Any], tokens: Any, flow: Mapping[str, Any], *, now: datetime) -> SignedIn:
    try:
        claims = id_tokens.verify(
            str(result.get("id_token", "")),
            key_ring(),
            client_id=settings.MICROSOFT_CLIENT_ID,
            issuer=f"{settings.LOGIN_ORIGIN}/{{tenantid}}/v2.0",
            # MSAL sends a digest of the nonce that it keeps.
            nonce=hashlib.sha256(flow["nonce"].encode()).hexdigest(),
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
        # An answer that names none grants what was asked for.
        scopes=of_graph(granted.split() if granted else flow["scope"]),
        home_account_id=accounts[0],
        cache=tokens.serialize().encode(),
        access_token=result["access_token"],
    )


def _refusal_at_redirect(answer: Mapping[str, str]) -> Refusal:
    """What the error fields mean that came with the browser."""
    return classify(
        error=answer.get("error", ""),
        suberror=answer.get("error_subcode", ""),
        description=answer.get("error_description", ""),
        at_redirect=True,
    )


@cache
def key_ring() -> KeyRing:
    """The process's ring of Microsoft's signing keys."""
    return KeyRing(_key_document)


def _key_document() -> Mapping[str, Any]:
    try:
        answer = http.send("GET", f"{settings.LOGIN_ORIGIN}/common/discovery/v2.0/keys", limit=LARGEST_ANSWER)
        document = orjson.loads(answer.body)
    except (requests.RequestException, orjson.JSONDecodeError) as error:
        raise KeysUnavailable(type(error).__name__) from None
    if answer.status != 200 or not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise KeysUnavailable(f"HTTP {answer.status}")
    return document
