"""`/delta`: expiring links, and how delta behaves."""

from typing import Literal

from flask import Response

from sandbox.control.door import blueprint, owner, read
from sandbox.graph.envelope import answer
from sandbox.state import current
from sandbox.tracking import Oddities


class DeltaRequest(Oddities):
    """
    `expire` forgets the tokens of a mailbox; `behave` sets how delta behaves for it from now on, `normal`
    takes all of that back. What is not named stays as it is.
    """

    mailbox: str
    do: Literal["expire", "behave", "normal"]


@blueprint.post("/delta")
def delta() -> Response:
    wish, sandbox = read(DeltaRequest), current()
    person = owner(sandbox, wish.mailbox)
    if wish.do == "normal":
        sandbox.delta.behave_normally(person.oid)
    odd = sandbox.delta.oddities(person.oid)
    for name in wish.model_fields_set & Oddities.model_fields.keys():
        setattr(odd, name, getattr(wish, name))
    expired = sandbox.delta.expire(person.oid) if wish.do == "expire" else 0
    return answer({"expired": expired})
