"""
What every request to Microsoft's two hosts meets before and after it is answered: the log, the limits and the faults.
The control doors and the sandbox's own pages are left alone.
"""

from flask import Flask, Response, g, request
from werkzeug.http import http_date

from sandbox import failing, graph
from sandbox.faults import Fault
from sandbox.graph import batch, envelope, uploads
from sandbox.graph.routing import words_of_path
from sandbox.refusals import Refusal
from sandbox.state import current
from sandbox.throttling import Demand

_UPLOADS = frozenset({"POST", "PATCH", "PUT"})


def watch(app: Flask) -> None:
    app.before_request(_arrive)
    app.after_request(_answer)
    app.teardown_request(_leave)


def is_ours(path: str) -> bool:
    """Whether the path is the sandbox's own, and not Microsoft's."""
    return path == "/" or path.startswith(("/_sandbox/", "/mailbox/", "/static/"))


def _arrive() -> Response | None:
    if is_ours(request.path):
        return None
    sandbox, asked = current(), graph.path_and_query()
    if uploads.is_upload(request.path):
        demand = uploads.demand()
        mailbox = demand.mailbox if demand is not None else None
    else:
        words = words_of_path() if graph.is_graph(request.path) else ()
        # A batch is nobody's: its members say whose they are.
        mailbox = graph.addressed_mailbox(words) if words and words[0].lower() != "$batch" else None
        demand = _demand(words, mailbox)
    outer: int | None = request.environ.get(batch.MEMBER_OF)
    g.entry = sandbox.log.begin(at=sandbox.clock.now(), method=request.method, path=asked, mailbox=mailbox, batch=outer)
    if demand is not None:
        try:
            g.leave = sandbox.throttle.enter(demand)
        except Refusal as refused:
            return envelope.refuse(refused)
    g.fault = fault = sandbox.faults.pick(request.method, asked, mailbox, batch=outer is not None)
    if fault is None:
        return None
    fault.wait()
    return None if fault.after else failing.answer(fault)


def _demand(words: tuple[str, ...], mailbox: str | None) -> Demand | None:
    """What the request asks of Graph's limits; null if nobody knows for whom it asks."""
    access = graph.caller() if words else None
    if access is None:
        return None
    folded = [word.lower() for word in words]
    # Who somebody is stands in the directory; only what comes after that lies in the mailbox.
    within = len(folded) > {"me": 1, "users": 2, "groups": 2}.get(folded[0], len(folded))
    return Demand(
        app_id=access.app_id,
        tenant_id=access.tenant_id,
        mailbox=mailbox if within else None,
        writes=request.method not in {"GET", "HEAD"},
        uploaded=request.content_length or 0 if request.method in _UPLOADS else 0,
        extension="extensions" in folded,
    )


def _answer(response: Response) -> Response:
    if is_ours(request.path):
        return response
    fault: Fault | None = g.get("fault")
    if fault is not None:
        if fault.after:
            # The request has taken effect; only its answer is lost.
            response = failing.answer(fault) or response
        if fault.spoils:
            response = failing.spoil(response, fault)
    response.headers["Date"] = http_date(current().clock.now())
    closed = fault is not None and fault.close and batch.MEMBER_OF not in request.environ
    _finish(None if closed else response.status_code)
    return response


def _leave(_: BaseException | None) -> None:
    """Also where something broke, and no answer came about."""
    _finish(None)


def _finish(status: int | None) -> None:
    entry, leave = g.pop("entry", None), g.pop("leave", None)
    if leave is not None:
        leave()
    if entry is not None:
        current().log.finish(entry, status)
