"""
The addresses of upload sessions. Whoever knows one may send to it: it carries its own secret, and
no token is asked for.
"""

import hmac
import re
from urllib.parse import quote

from flask import Blueprint, Response, request

from sandbox import attachments, series
from sandbox.graph import envelope
from sandbox.graph.envelope import answer, base_url, empty
from sandbox.items import Upload
from sandbox.refusals import Refusal, item_not_found, too_large
from sandbox.render import Form, Renderer, instant
from sandbox.state import Sandbox, current
from sandbox.throttling import Demand
from sandbox.world import Mailbox

blueprint = Blueprint("uploads", __name__)

_ROOT = "/_upload/"
LARGEST_PIECE = 4 * attachments.MEGABYTE
_SESSION = re.compile(r"users\('([^'@]+)@[^']*'\)/events\('([^']+)'\)/attachmentsessions\('([^']+)'\)", re.IGNORECASE)
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})", re.ASCII | re.IGNORECASE)


@blueprint.route(f"{_ROOT}<path:path>", methods=["GET", "PUT", "DELETE"])
def answer_upload(path: str) -> Response:
    sandbox = current()
    try:
        with sandbox.lock:
            mailbox, upload = _found(sandbox, path)
            match request.method:
                case "PUT":
                    response = _take(mailbox, upload, path)
                case "DELETE":
                    del mailbox.uploads[upload.id]
                    response = empty(204)
                case _:
                    response = _state(upload, path)
            return envelope.stamp(response)
    except Refusal as refused:
        return envelope.refuse(refused)


def is_upload(path: str) -> bool:
    return path.startswith(_ROOT)


def demand() -> Demand | None:
    """What the request asks of the limits of the app that began the session; null if it knows no session."""
    sandbox, path = current(), request.path.removeprefix(_ROOT)
    try:
        with sandbox.lock:
            mailbox, upload = _found(sandbox, path)
    except Refusal:
        return None
    return Demand(
        app_id=upload.app_id,
        tenant_id=mailbox.person.tenant_id,
        mailbox=mailbox.person.upn,
        writes=request.method != "GET",
        uploaded=request.content_length or 0,
    )


def _found(sandbox: Sandbox, path: str) -> tuple[Mailbox, Upload]:
    named = _SESSION.fullmatch(path)
    owner = sandbox.directory.find_person(named[1]) if named is not None else None
    mailbox = sandbox.world.mailbox(owner) if owner is not None else None
    upload = mailbox.uploads.get(named[3]) if mailbox is not None and named is not None else None
    if mailbox is None or upload is None or upload.expires <= sandbox.clock.now():
        raise item_not_found()
    if not hmac.compare_digest(request.args.get("authtoken", "").encode(), upload.secret.encode()):
        raise Refusal(401, "InvalidAuthenticationToken", "The token in the address of the session is not valid.")
    if upload.event not in mailbox.events:
        # The event went meanwhile.
        raise item_not_found()
    return mailbox, upload


def _take(mailbox: Mailbox, upload: Upload, path: str) -> Response:
    """Take the next piece; after the last one the file hangs on its event."""
    piece = request.get_data()
    first, last = _range(upload)
    if len(piece) > LARGEST_PIECE:
        raise too_large()
    if len(piece) != last - first + 1:
        raise _wrong_range(400, "The number of bytes is not that of the Content-Range.")
    if first != len(upload.content):
        raise _wrong_range(416, f"The next piece must begin at {len(upload.content)}.")
    attachments.require_room(mailbox, len(piece))
    event = mailbox.events[upload.event]
    if upload.slot is not None:
        series.instance_at(event, upload.slot)
    upload.content += piece
    if len(upload.content) < upload.size:
        return _state(upload, path)
    del mailbox.uploads[upload.id]
    made = attachments.made(mailbox, upload.given, kind="fileAttachment", content=bytes(upload.content))
    attachments.attach(mailbox, event, upload.slot, made)
    item = Renderer(mailbox.ids, Form()).id_of(event, upload.slot)
    response = empty(201)
    response.headers["Location"] = (
        f"{base_url()}/Users('{mailbox.person.oid}')/Events('{item}')"
        f"/Attachments('{mailbox.ids.attachment(item, made.key)}')"
    )
    return response


def _range(upload: Upload) -> tuple[int, int]:
    given = _RANGE.fullmatch(request.headers.get("Content-Range", "").strip())
    if given is None:
        raise _wrong_range(400, "The Content-Range header is missing or malformed.")
    first, last, total = (int(number) for number in given.groups())
    if total != upload.size or not first <= last < total:
        raise _wrong_range(400, f"The Content-Range does not fit a file of {upload.size} bytes.")
    return first, last


def _wrong_range(status: int, message: str) -> Refusal:
    return Refusal(status, "invalidRange", message)


def _state(upload: Upload, path: str) -> Response:
    """The published samples write one name in another letter case here, and the range as where it begins."""
    where = quote(path.rpartition("(")[0], safe="/()'")
    return answer(
        {
            "@odata.context": f"https://outlook.office.com/api/v2.0/$metadata#{where}/$entity",
            "ExpirationDateTime": instant(upload.expires),
            "nextExpectedRanges": [str(len(upload.content))],
        }
    )
