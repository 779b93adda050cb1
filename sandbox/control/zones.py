"""`/zones`: which zones the mailbox servers have heard of."""

from flask import Response

from sandbox.control.door import Door, blueprint, read
from sandbox.graph.envelope import answer
from sandbox.state import current


class ZonesRequest(Door):
    """`new_in_2026`: whether they offer what Windows has had since autumn 2026."""

    new_in_2026: bool


@blueprint.post("/zones")
def zones() -> Response:
    wish, sandbox = read(ZonesRequest), current()
    with sandbox.lock:
        sandbox.knows_new_zones = wish.new_in_2026
    return answer({"new_in_2026": sandbox.knows_new_zones})
