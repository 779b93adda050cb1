"""
One id in the five forms that Exchange has for it.

Two forms are Graph's own. Those of Exchange Web Services write the plain id in the older alphabet; the
binary ones leave out what stands in front of it and end in the number of padding characters.
"""

import base64
import binascii
from datetime import date
from enum import StrEnum

from sandbox.ids import Ids, Kind, Malformed, Reference
from sandbox.items import Event
from sandbox.refusals import item_not_found, malformed_id
from sandbox.world import Mailbox


class Format(StrEnum):
    ENTRY = "entryId"
    EWS = "ewsId"
    IMMUTABLE_ENTRY = "immutableEntryId"
    REST = "restId"
    REST_IMMUTABLE = "restImmutableEntryId"

    @property
    def is_immutable(self) -> bool:
        return self in {Format.IMMUTABLE_ENTRY, Format.REST_IMMUTABLE}


def translated(mailbox: Mailbox, text: str, source: Format, target: Format) -> str:
    """
    The id of an event, of one of its instances or attachments, or of a calendar, in another form.

    Raises:
        Refusal: it is none of that form, or nothing has it.
    """
    try:
        plain_or_lasting = _to_graph(mailbox.ids, text, source)
        try:
            item, attachment = mailbox.ids.read_attachment(plain_or_lasting)
        except Malformed:
            item, attachment = plain_or_lasting, None
        reference = mailbox.ids.read(item)
    except Malformed as error:
        raise malformed_id() from error
    if reference.kind is Kind.CALENDAR:
        # Calendars have one id for life: it is its own immutable form.
        found = mailbox.calendar_or_copy(item).id
        return _from_graph(mailbox.ids, found, _FORMS_OF_CALENDARS.get(target, target))
    if reference.immutable is not source.is_immutable:
        raise malformed_id()
    ids, event, slot = _find(mailbox, item, reference)
    found = ids.immutable(event.number, slot) if target.is_immutable else ids.plain(Kind.EVENT, event.plain, slot)
    if attachment is not None:
        found = mailbox.ids.attachment(found, attachment)
    return _from_graph(mailbox.ids, found, target)


def _find(mailbox: Mailbox, item: str, reference: Reference) -> tuple[Ids, Event, date | None]:
    """An event of the mailbox, or of a calendar of others that stands in it; and whose words its ids are."""
    if reference.kind is not Kind.SHARED_EVENT:
        return mailbox.ids, *mailbox.find(item)
    copy = mailbox.copies.get(reference.copy)
    if copy is None:
        raise item_not_found()
    event, slot = copy.mailbox.find(copy.owners_id(mailbox.ids, item))
    if event.calendar != copy.calendar.number:
        raise item_not_found()
    return copy.ids(mailbox.ids), event, slot


_FORMS_OF_CALENDARS = {Format.IMMUTABLE_ENTRY: Format.ENTRY, Format.REST_IMMUTABLE: Format.REST}


def _to_graph(ids: Ids, text: str, source: Format) -> str:
    match source:
        case Format.REST | Format.REST_IMMUTABLE:
            return text
        case Format.EWS:
            if "-" in text or "_" in text:
                raise Malformed(text)
            return text.replace("+", "-").replace("/", "_")
        case Format.ENTRY:
            return ids.with_head(_unpadded(text), immutable=False)
        case Format.IMMUTABLE_ENTRY:
            return ids.with_head(_unpadded(text), immutable=True)


def _from_graph(ids: Ids, text: str, target: Format) -> str:
    match target:
        case Format.REST | Format.REST_IMMUTABLE:
            return text
        case Format.EWS:
            return text.replace("-", "+").replace("_", "/")
        case Format.ENTRY | Format.IMMUTABLE_ENTRY:
            encoded = base64.urlsafe_b64encode(ids.without_head(text)).decode()
            return f"{encoded.rstrip('=')}{encoded.count('=')}"


def _unpadded(text: str) -> bytes:
    if not text.endswith(("0", "1", "2")):
        raise Malformed(text)
    try:
        return base64.b64decode(f"{text[:-1]}{'=' * int(text[-1])}".encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed(text) from error
