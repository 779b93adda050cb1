"""Attachments of an event: listing, showing, adding and removing them, and sessions for large ones."""

import secrets
from datetime import date, timedelta
from functools import partial
from urllib.parse import quote
from uuid import uuid4

from flask import Response

from sandbox import attachments, drafts
from sandbox.calendar_text import as_calendar
from sandbox.graph import expand, query
from sandbox.graph.addressing import addressed
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import answer, base_url, context, empty
from sandbox.graph.expand import Expansion
from sandbox.graph.listing import Kind, listing
from sandbox.graph.query import Shown
from sandbox.graph.routing import container
from sandbox.ids import Malformed
from sandbox.items import Attachment, Event, Upload
from sandbox.members import mapping, one_of, text
from sandbox.refusals import Refusal, access_denied, malformed_id
from sandbox.render import instant

SESSION_LIVES = timedelta(hours=1)
_KIND_OF_UPLOAD = one_of("file", "item", "reference")
_ITEM = "microsoft.graph.itemattachment/item"


@container.route("GET", "events/*/attachments")
def list_attachments(call: Call) -> Response:
    call.need(READ)
    event, slot = addressed(call)
    found = list(attachments.of(event, slot).values())
    return listing(call, found, f"{_place(call)}/attachments", _kind(call, event, slot))


@container.route("POST", "events/*/attachments")
def add_attachment(call: Call) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    attachment = attachments.read(call.mailbox, call.body())
    attachments.attach(call.mailbox, event, slot, attachment)
    shown = call.renderer.attachment(event, slot, attachment)
    response = answer(_entity(call, shown), 201)
    response.headers["Location"] = (
        f"{base_url()}/users('{call.person.oid}')/events('{call.renderer.id_of(event, slot)}')"
        f"/attachments('{shown['id']}')"
    )
    return response


@container.route("GET", "events/*/attachments/*")
def show_attachment(call: Call) -> Response:
    call.need(READ)
    event, slot, attachment = _found(call)
    kind = _kind(call, event, slot)
    wishes = expand.read(kind.related)
    return answer(_entity(call, kind.finished(attachment, kind.show(attachment), wishes)))


@container.route("GET", "events/*/attachments/*/$value")
def show_content(call: Call) -> Response:
    """The file itself; of an event inside, what calendars exchange."""
    call.need(READ)
    _, _, attachment = _found(call)
    if attachment.kind == "fileAttachment":
        return Response(attachment.content, content_type=attachment.content_type)
    if attachment.kind == "referenceAttachment":
        raise Refusal(405, "ErrorInvalidRequest", "A reference attachment has no content.")
    if not isinstance(attachment.item, Event):
        raise Refusal(501, "notImplemented", "The sandbox does not imitate the MIME content of messages and contacts.")
    return Response(as_calendar(call.renderer.single(attachment.item)), content_type="text/calendar; charset=utf-8")


@container.route("DELETE", "events/*/attachments/*")
def remove_attachment(call: Call) -> Response:
    call.need(WRITE)
    event, slot, attachment = _found(call)
    attachments.detach(call.mailbox, event, slot, attachment)
    return empty(204)


@container.route("POST", "events/*/attachments/createUploadSession")
def open_session(call: Call) -> Response:
    """An address to which a large file can be sent in pieces, by whoever knows it."""
    call.need(WRITE)
    if call.access.person is not None and call.access.person.oid != call.mailbox.person.oid:
        # Somebody else's mailbox has none, but for apps with rights of their own.
        raise access_denied()
    event, slot = addressed(call)
    given = attachments.named(mapping(drafts.given(call.body(), "AttachmentItem")))
    if _KIND_OF_UPLOAD(given.get("attachmentType")) != "file" or not text(given.get("name")):
        raise Refusal(400, "ErrorInvalidParameter", "A session is for a file, and the file has a name.")
    size = attachments.stated_size(given)
    # Whatever is wrong with the rest shows now, not when all bytes are here.
    attachments.made(call.mailbox, given, kind="fileAttachment")
    now = call.sandbox.clock.now()
    upload = Upload(
        id=call.mailbox.ids.attachment(call.mailbox.ids.immutable(event.number, slot), uuid4()),
        secret=secrets.token_urlsafe(32),
        app_id=call.access.app_id,
        event=event.number,
        slot=slot,
        given=given,
        size=size,
        expires=now + SESSION_LIVES,
    )
    for old in [each for each in call.mailbox.uploads.values() if each.expires <= now]:
        del call.mailbox.uploads[old.id]
    call.mailbox.uploads[upload.id] = upload
    person = call.mailbox.person
    return answer(
        {
            "@odata.context": context("microsoft.graph.uploadSession"),
            "uploadUrl": (
                f"{base_url().removesuffix('/v1.0')}/_upload/Users('{person.oid}@{person.tenant_id}')"
                f"/Events('{call.renderer.id_of(event, slot)}')/AttachmentSessions('{upload.id}')"
                f"?authtoken={upload.secret}"
            ),
            "expirationDateTime": instant(upload.expires),
            "nextExpectedRanges": ["0-"],
        },
        201,
    )


def _found(call: Call) -> tuple[Event, date | None, Attachment]:
    event, slot = addressed(call)
    try:
        item, key = call.mailbox.ids.read_attachment(call.ids[1])
    except Malformed as error:
        raise malformed_id() from error
    # The id of an attachment holds that of its event, in either form.
    if call.find(item) != (event, slot):
        raise malformed_id()
    return event, slot, attachments.find(event, slot, key)


def _kind(call: Call, event: Event, slot: date | None) -> Kind[Attachment]:
    return Kind(partial(call.renderer.attachment, event, slot), related={_ITEM: partial(_expanded_item, call)})


def _expanded_item(call: Call, attachment: Attachment, wish: Expansion) -> Shown:
    item = call.renderer.attached_item(attachment)
    return {} if item is None else {"item": query.narrow(item, query.names_in(wish.options.get("select")))}


def _place(call: Call) -> str:
    return f"events('{quote(call.path_ids[0])}')"


def _entity(call: Call, shown: Shown) -> Shown:
    where = f"{call.root}/{_place(call)}/attachments{query.selection()}/$entity"
    return {"@odata.context": context(where), **shown}
