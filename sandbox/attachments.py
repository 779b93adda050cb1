"""Attachments of events: files, other items, and links."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from mimetypes import MimeTypes
from typing import Any
from uuid import UUID, uuid5

import orjson

from sandbox import drafts, edits
from sandbox.items import Attachment, AttachmentKind, Event, Override
from sandbox.members import boolean, integer, mapping, mappings, spelled, text
from sandbox.refusals import Refusal, item_not_found, too_large, unreadable
from sandbox.world import Mailbox

MEGABYTE = 1024 * 1024
# What may come in one request; whatever is larger comes in pieces.
SMALLEST_UPLOAD = 3 * MEGABYTE
LARGEST_FILE = 150 * MEGABYTE
# Exchange counts the properties of the attachment too: a published sample of 20 bytes has a size of 178.
_OVERHEAD = 158
_KINDS: dict[str, AttachmentKind] = {
    "fileattachment": "fileAttachment",
    "itemattachment": "itemAttachment",
    "referenceattachment": "referenceAttachment",
}
_ITEMS = frozenset({"event", "message", "contact"})
_NAMES = {
    name.lower(): name
    for name in ("@odata.type", "name", "contentType", "contentBytes", "contentId", "contentLocation", "isInline",
                 "item", "attachmentType", "size")
}  # fmt: skip
_NAMESPACE = re.compile(r"#?microsoft\.(?:graph|outlookservices)\.", re.IGNORECASE)
# The table of the library alone: that of the machine would tell other types elsewhere.
_GUESSES = MimeTypes()

Attachments = dict[UUID, Attachment]


def read(mailbox: Mailbox, payload: Mapping[str, Any]) -> Attachment:
    """
    An attachment as a client sends it, at no event yet.

    Raises:
        Refusal: it says no known type, its content is no base64, it is too large, or its item is none.
    """
    given = named(payload)
    kind = _KINDS.get(_type_of(given))
    if kind is None:
        raise unreadable("An attachment needs '@odata.type' of 'fileAttachment', 'itemAttachment' or its siblings.")
    name = text(given.get("name"))
    if not name:
        raise Refusal(400, "ErrorInvalidParameter", "An attachment needs a name.")
    content = _content(given) if kind == "fileAttachment" else b""
    if len(content) >= SMALLEST_UPLOAD:
        raise too_large()
    item = _item(mailbox, given.get("item")) if kind == "itemAttachment" else None
    return made(
        mailbox,
        given,
        kind=kind,
        content=content,
        item=item,
        size=_OVERHEAD + (len(orjson.dumps(given.get("item"))) if item is not None else len(content)),
    )


def read_all(mailbox: Mailbox, payload: Any) -> list[Attachment]:
    """
    The attachments that come inside an event.

    Raises:
        Refusal: one of them cannot be read.
    """
    return [read(mailbox, each) for each in mappings(payload)]


def named(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an attachment in Graph's spelling; what lies inside them is left as it is."""
    return spelled(payload, _NAMES)


def made(
    mailbox: Mailbox,
    given: dict[str, Any],
    *,
    kind: AttachmentKind,
    content: bytes = b"",
    item: Event | dict[str, Any] | None = None,
    size: int | None = None,
) -> Attachment:
    """A new attachment with what `given` (as `named` gives it) says beside the content."""
    name = text(given.get("name"))
    stated = text(given.get("contentType")) or None
    if kind == "fileAttachment" and stated is None:
        stated = _GUESSES.guess_type(name)[0] or "application/octet-stream"
    return Attachment(
        key=uuid5(mailbox.ids.key, f"attachment:{mailbox.next_number()}"),
        kind=kind,
        name=name,
        content_type=stated,
        is_inline=boolean(given["isInline"]) if given.get("isInline") is not None else False,
        modified=mailbox.clock.now(),
        size=_OVERHEAD + len(content) if size is None else size,
        content=content,
        content_id=text(given.get("contentId")) or None,
        content_location=text(given.get("contentLocation")) or None,
        item=item,
    )


def stated_size(given: dict[str, Any]) -> int:
    """
    The size that an upload session is asked for.

    Raises:
        Refusal: it is no number, or not one for which there are sessions.
    """
    size = integer(given.get("size"))
    if size < SMALLEST_UPLOAD:
        raise Refusal(
            400,
            "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
            f"The size of the attachment must be at least {SMALLEST_UPLOAD} bytes; smaller ones need no session.",
        )
    if size > LARGEST_FILE:
        raise too_large()
    return size


def of(event: Event, slot: date | None) -> Attachments:
    """The attachments of an event, or of one instance: the series' unless it has its own."""
    own = event.overrides.get(slot) if slot is not None else None
    return event.attachments if own is None or own.attachments is None else own.attachments


def find(event: Event, slot: date | None, key: UUID) -> Attachment:
    """
    Raises:
        Refusal: the event has none of that key.
    """
    found = of(event, slot).get(key)
    if found is None:
        raise item_not_found()
    return found


def attach(mailbox: Mailbox, event: Event, slot: date | None, attachment: Attachment) -> None:
    """
    Hang it on the event, or on one instance, which is an exception from then on.

    Raises:
        Refusal: the event or the mailbox would become too large.
    """
    kept = of(event, slot)
    if sum(len(each.content) for each in (*kept.values(), attachment)) > LARGEST_FILE:
        # What one file may have is also all that an event may carry.
        raise too_large()
    require_room(mailbox, len(attachment.content))
    _keep(mailbox, event, slot, kept | {attachment.key: attachment})


def detach(mailbox: Mailbox, event: Event, slot: date | None, attachment: Attachment) -> None:
    _keep(mailbox, event, slot, {key: each for key, each in of(event, slot).items() if key != attachment.key})


def require_room(mailbox: Mailbox, more: int) -> None:
    """
    Raises:
        Refusal: with that many bytes more the mailbox would be over its quota.
    """
    # Instances with attachments of their own share some with their series.
    kept: Attachments = {}
    for event in mailbox.events.values():
        kept |= event.attachments
        for own in event.overrides.values():
            kept |= own.attachments or {}
    used = sum(len(each.content) for each in kept.values())
    used += sum(len(upload.content) for upload in mailbox.uploads.values())
    if used + more > mailbox.quota:
        raise Refusal(507, "ErrorQuotaExceeded", "The mailbox has reached its quota.")


def _keep(mailbox: Mailbox, event: Event, slot: date | None, kept: Attachments) -> None:
    has = {"hasAttachments": edits.has_attachments(kept.values())}
    # What is remembered of the event as it was must not change with it.
    if slot is None:
        event.attachments, event.members = kept, event.members | has
    else:
        own = event.overrides.get(slot) or Override()
        event.overrides[slot] = replace(own, attachments=kept, members=own.members | has)
    mailbox.publish(event)


def _type_of(given: Mapping[str, Any]) -> str:
    kind = given.get("@odata.type")
    return _NAMESPACE.sub("", kind, count=1).lower() if isinstance(kind, str) else ""


def _content(given: dict[str, Any]) -> bytes:
    encoded = given.get("contentBytes")
    if not isinstance(encoded, str):
        raise unreadable("A file needs 'contentBytes' in base64.")
    for candidate in (encoded, encoded.removeprefix("base64")):
        # The published sample of a request has that word in front.
        try:
            return base64.b64decode(candidate, validate=True)
        except (binascii.Error, ValueError):
            continue
    raise unreadable("Cannot convert the value of 'contentBytes' to the expected type 'Edm.Binary'.")


def _item(mailbox: Mailbox, payload: Any) -> Event | dict[str, Any]:
    item = mapping(payload)
    kind = _type_of(named(item))
    if kind not in _ITEMS:
        raise unreadable("The item of an attachment needs '@odata.type' of 'event', 'message' or 'contact'.")
    if kind != "event":
        return {"@odata.type": f"#microsoft.graph.{kind}", **{k: v for k, v in item.items() if k != "@odata.type"}}
    return edits.compose(mailbox, mailbox.default_calendar, drafts.read(item))
