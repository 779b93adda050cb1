"""`/limits`: how much an app may ask before it is told to wait."""

from flask import Response

from sandbox.control.door import blueprint, read
from sandbox.graph.envelope import answer
from sandbox.state import current
from sandbox.throttling import Limits


@blueprint.get("/limits")
def show_limits() -> Response:
    return _shown()


@blueprint.post("/limits")
def set_limits() -> Response:
    """What is left out is Microsoft's own limit. Counting begins anew."""
    current().throttle.restrict(read(Limits))
    return _shown()


@blueprint.delete("/limits")
def restore_limits() -> Response:
    current().throttle.restrict(Limits())
    return _shown()


def _shown() -> Response:
    return answer(current().throttle.limits.model_dump())
