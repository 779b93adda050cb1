"""What Graph posts to us and answers about subscriptions. The only file here that knows Microsoft's field names."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

# About 600 bytes an item as Graph sends them. How many it puts into one POST is not documented.
LARGEST_BODY: Final = 1024 * 1024
MOST_ITEMS: Final = 5000
LONGEST_CLIENT_STATE: Final = 255
LONGEST_VALIDATION_TOKEN: Final = 1024

CHANGES: Final = "created,updated,deleted"
RESOURCE: Final = "me/events"

# The directory of personal accounts, as sign-in names it; and the one that Exchange keeps their mailboxes in.
PERSONAL: Final = uuid.UUID("9188040d-6c67-4c5b-b112-36a304b66dad")
PERSONAL_IN_EXCHANGE: Final = uuid.UUID("84df9e7f-e9f6-40af-b435-aaaaaaaaaaaa")


class Unreadable(Exception):
    """The body is not what Graph posts: no JSON, or no list of items."""


class TooMuch(Exception):
    """The body holds more than Graph would send."""


class Item(BaseModel):
    """One notification. Only what judging it takes is read; `resource` names things that we ask delta about anyway."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    # Ids of subscriptions are GUIDs; the pattern also keeps out what PostgreSQL would not take.
    subscription_id: Annotated[str, Field(validation_alias="subscriptionId", pattern=r"\A[0-9A-Za-z-]{1,64}\z")]
    client_state: Annotated[str, Field(validation_alias="clientState", min_length=1, max_length=LONGEST_CLIENT_STATE)]
    # Lifecycle notifications have been seen with `organizationId` in its place (microsoft-graph-docs-contrib #84).
    tenant: Annotated[str | None, Field(validation_alias=AliasChoices("tenantId", "organizationId"), max_length=64)] = (
        None
    )
    lifecycle: Annotated[str | None, Field(validation_alias="lifecycleEvent", max_length=64)] = None

    def is_from(self, tid: uuid.UUID) -> bool:
        """
        Whether the item speaks of this tenant's data.

        Personal mailboxes have been seen with an empty tenant (microsoft-graph-docs #3055), and Exchange knows their
        tenant under another id than sign-in does.
        """
        if tid == PERSONAL and self.tenant in {"", None}:
            return True
        try:
            said = uuid.UUID(self.tenant or "")
        except ValueError:
            return False
        return said == tid or (tid == PERSONAL and said == PERSONAL_IN_EXCHANGE)


def read_items(body: bytes) -> list[Item | None]:
    """
    The items of one POST in order; None stands for one that Graph would not send.

    Raises:
        Unreadable: there are no items to judge.
        TooMuch: more items than `MOST_ITEMS`.
    """
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable from error
    items = envelope.get("value") if isinstance(envelope, dict) else None
    if not isinstance(items, list):
        raise Unreadable
    if len(items) > MOST_ITEMS:
        raise TooMuch
    return [_read_item(item) for item in items]


def _read_item(item: object) -> Item | None:
    try:
        return Item.model_validate(item)
    except ValidationError:
        return None


class Granted(BaseModel):
    """A subscription as Graph describes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: Annotated[str, Field(pattern=r"\A[0-9A-Za-z-]{1,64}\z")]
    expires_at: Annotated[AwareDatetime, Field(validation_alias="expirationDateTime")]
    resource: str = ""
    notification_url: Annotated[str | None, Field(validation_alias="notificationUrl")] = None

    @property
    def is_on_events(self) -> bool:
        """Whether it is on what we ask for; Graph echoes the path as it was given, in any letter case."""
        return self.resource.strip("/").lower() == RESOURCE


def read_granted(answer: Mapping[str, Any]) -> Granted:
    """
    What Graph granted.

    Raises:
        Unreadable: the answer describes no subscription.
    """
    try:
        return Granted.model_validate(answer)
    except ValidationError as error:
        raise Unreadable from error


def wish(*, client_state: str, url: str, until: datetime) -> dict[str, str]:
    """The body that asks Graph to call `url` about a mailbox's events, for changes and for its own news."""
    return {
        "changeType": CHANGES,
        "resource": RESOURCE,
        "notificationUrl": url,
        "lifecycleNotificationUrl": url,
        "expirationDateTime": _instant(until),
        "clientState": client_state,
    }


def extension(until: datetime) -> dict[str, str]:
    """The body that asks Graph to go on calling."""
    return {"expirationDateTime": _instant(until)}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
