"""`/faults` and `/requests`: disturbing what clients ask, and what they have asked."""

from flask import Response, request

from sandbox.control.door import WrongRequest, blueprint, read
from sandbox.faults import Rule
from sandbox.graph.envelope import answer
from sandbox.members import digits
from sandbox.state import current


@blueprint.post("/faults")
def add_fault() -> Response:
    rule = read(Rule)
    current().faults.add(rule)
    return answer({"faults": current().faults.as_json()})


@blueprint.delete("/faults")
def clear_faults() -> Response:
    return answer({"cleared": current().faults.clear()})


@blueprint.get("/requests")
def requests_since() -> Response:
    since = digits(request.args.get("since", "0"))
    if since is None:
        raise WrongRequest("since is the number of the last request that you know.")
    return answer({"requests": [entry.as_json() for entry in current().log.since(since)]})
