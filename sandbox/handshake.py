"""The proof that whoever is to be notified wants to be: a token that must come back, decoded."""

import secrets
from http import HTTPStatus
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

import requests

from sandbox.refusals import Refusal

TIMEOUT = 10
# Signs that are lost or changed by whoever does not decode the token, decodes it twice, or takes it for HTML.
_DELICATE = "a+b c%20d%2Be&f=g<h>\"i'/?#"


def shake_hands(session: requests.Session, url: str) -> None:
    """
    Ask the listener at `url` to give back what the query of an empty POST holds.

    Raises:
        Refusal: it did not, or not in time.
    """
    token = (
        f"Validation: Testing client application reachability for subscription Request-Id: {uuid4()} "
        f"{_DELICATE}{secrets.token_urlsafe(8)}"
    )
    try:
        echo = session.post(
            with_token(url, token),
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.Timeout as error:
        raise Refusal(400, "ValidationError", "Subscription validation request timed out.") from error
    except requests.RequestException as error:
        raise _failed("no connection") from error
    if echo.status_code != HTTPStatus.OK:
        raise _failed(f"HTTP '{_name(echo.status_code)}'")
    if echo.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "text/plain":
        raise _failed("the answer is not text/plain")
    if echo.content.decode("utf-8", "replace") != token:
        raise _failed("the answer is not the decoded token")


def with_token(url: str, token: str) -> str:
    """The address with the token behind whatever its query says already."""
    parts = urlsplit(url)
    query = f"validationToken={quote(token, safe='')}"
    if parts.query:
        query = f"{parts.query.removesuffix('&')}&{query}"
    # What stands behind a number sign is never sent.
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def _name(status: int) -> str:
    """A status as .NET calls it: `NotFound`."""
    try:
        return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
    except ValueError:
        return str(status)


def _failed(why: str) -> Refusal:
    return Refusal(
        400,
        "ValidationError",
        "Subscription validation request failed. Notification endpoint must respond with 200 OK to "
        f"validation request: {why}.",
    )
