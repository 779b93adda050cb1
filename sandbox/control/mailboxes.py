"""`/edit` and `/truth`: changing mailboxes behind the clients' backs, and what is really in them."""

from datetime import datetime

from flask import Response, request

from sandbox import edit_door, series
from sandbox import seed as seeds
from sandbox.control.door import WrongRequest, blueprint, calendar_named, mailbox_of, read
from sandbox.drafts import read_instant
from sandbox.edit_door import EditRequest
from sandbox.graph.envelope import answer
from sandbox.render import Form, Renderer
from sandbox.state import current


@blueprint.post("/edit")
def edit() -> Response:
    wish, sandbox = read(EditRequest), current()
    with sandbox.lock:
        mailbox = mailbox_of(sandbox, wish.mailbox)
        return answer(edit_door.perform(mailbox, wish, calendar=calendar_named(mailbox, wish.calendar)))


@blueprint.get("/truth")
def truth() -> Response:
    """The expanded view as it really is: full events in UTC, with immutable ids."""
    sandbox = current()
    with sandbox.lock:
        mailbox = mailbox_of(sandbox, request.args.get("mailbox", ""))
        calendar = calendar_named(mailbox, request.args.get("calendar"))
        usual = seeds.window(sandbox.world.began)
        start, end = _instant("start", usual[0]), _instant("end", usual[1])
        renderer = Renderer(mailbox.ids, Form(immutable=True))
        instances = series.expanded(mailbox.in_calendar(calendar), start, end)
        return answer({"calendar": calendar.id, "value": [renderer.instance(one) for one in instances]})


def _instant(name: str, usual: datetime) -> datetime:
    text = request.args.get(name)
    if text is None:
        return usual
    try:
        return read_instant(text.replace(" ", "+"))
    except ValueError as error:
        raise WrongRequest(f"{name} is no date-time: {text!r}.") from error
