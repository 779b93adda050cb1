"""`/delta`: expiring links, and how delta behaves."""

from typing import Literal

from flask import Response
from pydantic import Field

from sandbox.control.door import Door, blueprint, owner, read
from sandbox.graph.envelope import answer
from sandbox.state import current
from sandbox.tracking import SeriesStyle


class DeltaRequest(Door):
    """`expire` forgets the tokens of a mailbox; `behave` sets how delta behaves for it from now on."""

    mailbox: str
    do: Literal["expire", "behave"]
    series: SeriesStyle | None = None
    empty_page: bool | None = None
    duplicate: bool | None = None
    unknown_removal: bool | None = None
    page_limit: int | None = Field(default=None, ge=1)
    lag: float | None = Field(default=None, ge=0)
    expired_status: int | None = Field(default=None, ge=400, le=499)
    expired_location: bool | None = None


@blueprint.post("/delta")
def delta() -> Response:
    wish, sandbox = read(DeltaRequest), current()
    person = owner(sandbox, wish.mailbox)
    odd = sandbox.delta.oddities(person.oid)
    for name, value in wish.model_dump(exclude={"mailbox", "do"}, exclude_unset=True).items():
        setattr(odd, name, value)
    expired = sandbox.delta.expire(person.oid) if wish.do == "expire" else 0
    return answer({"expired": expired})
