"""MSAL as we use it: its application over our own transport. The only file that imports it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msal
import orjson
import requests
import structlog
from django.conf import settings
from msal.exceptions import MsalServiceError

from connections import http
from connections.identity.errors import TryLater

log = structlog.get_logger(__name__)

LARGEST_ANSWER: Final = 1024 * 1024
# What MSAL remembers of HTTP: metadata for a day, refusals for a minute. For the whole process, never on disk.
HTTP_CACHE: dict[str, object] = {}
# What says that Microsoft gave no usable answer; the transport raises the first for 429 and 5xx.
NO_ANSWER: Final = (requests.RequestException, MsalServiceError)
# What MSAL raises for an answer that does not fit. Its texts may quote state and nonce: log the type only.
MISFIT: Final = (ValueError, RuntimeError, TypeError, KeyError)


def new_cache() -> Any:
    """An empty token cache."""
    return msal.SerializableTokenCache()


def opened_cache(plain: bytes) -> Any:
    """A token cache as `serialize()` wrote it."""
    tokens = msal.SerializableTokenCache()
    tokens.deserialize(plain.decode())
    return tokens


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
        answer = http.send(method, url, limit=LARGEST_ANSWER, **request)
        # MSAL forgets the status of a 429, and logs a body that is no JSON.
        if answer.status == 429 or answer.status >= 500 or not _is_json_object(answer.body):
            raise _Busy(answer.status, http.seconds_to_wait(answer.headers.get("Retry-After")))
        return _Reply(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)


def _is_json_object(body: bytes) -> bool:
    try:
        return isinstance(orjson.loads(body), dict)
    except orjson.JSONDecodeError:
        return False


def application(segment: str, tokens: Any, *, only_identity: bool = False) -> Any:
    """
    MSAL's application for one tenant, or for all of them, over the cache `tokens`. Cheap: what it knows of HTTP is
    shared. With `only_identity` it asks for no access that lasts.

    Raises:
        TryLater: the tenant's metadata cannot be had.
    """
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
            exclude_scopes=["offline_access"] if only_identity else None,
        )
    except NO_ANSWER as error:
        raise TryLater(getattr(error, "retry_after", None)) from None
    except ValueError:
        # No metadata for this tenant: also what a tenant that no longer exists looks like.
        log.warning("sign_in_metadata_missing")
        raise TryLater from None
