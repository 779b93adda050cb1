"""Which event a path means."""

from datetime import date

from sandbox import series
from sandbox.graph.call import Call
from sandbox.items import Event
from sandbox.refusals import item_not_found


def addressed(call: Call) -> tuple[Event, date | None]:
    """
    The event of the path, and the day of the slot if it is an instance. Under a named calendar it
    must be in that calendar.

    Raises:
        Refusal: it is not there.
    """
    event, slot = call.reach.event, call.reach.slot
    if event is None or event.calendar != call.calendar.number:
        raise item_not_found()
    if slot is not None:
        series.instance_at(event, slot)
    return event, slot
