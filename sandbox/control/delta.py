"""`/delta`: expiring links, and how delta behaves."""

from typing import Literal

from flask import Response
from pydantic import Field

from sandbox.control.door import Door, Seconds, blueprint, owner, read
from sandbox.graph.envelope import answer
from sandbox.state import current
from sandbox.tracking import RemovalReason, SelectStyle, SeriesRemoval, SeriesStyle


class DeltaRequest(Door):
    """
    `expire` forgets the tokens of a mailbox; `behave` sets how delta behaves for it from now on, `normal`
    takes all of that back. What the members mean is said in `Oddities`.
    """

    mailbox: str
    do: Literal["expire", "behave", "normal"]
    series: SeriesStyle = "whole"
    series_removal: SeriesRemoval = "master"
    split_series: bool = False
    empty_page: bool = False
    empty_last_page: bool = False
    duplicate: bool = False
    replay: bool = False
    unknown_removal: bool = False
    removed_reason: RemovalReason = "deleted"
    shuffle: bool = False
    undeclared: bool = False
    page_limit: int | None = Field(default=None, ge=1)
    top: bool = False
    select: SelectStyle = "reduce"
    strict_links: bool = False
    lag: Seconds = 0
    uses: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    expired_status: int = Field(default=410, ge=400, le=499)
    expired_code: str = Field(default="SyncStateNotFound", pattern="^[A-Za-z]{1,64}$")
    expired_location: bool = False


@blueprint.post("/delta")
def delta() -> Response:
    wish, sandbox = read(DeltaRequest), current()
    person = owner(sandbox, wish.mailbox)
    if wish.do == "normal":
        sandbox.delta.behave_normally(person.oid)
    odd = sandbox.delta.oddities(person.oid)
    for name, value in wish.model_dump(exclude={"mailbox", "do"}, exclude_unset=True).items():
        setattr(odd, name, value)
    expired = sandbox.delta.expire(person.oid) if wish.do == "expire" else 0
    return answer({"expired": expired})
