"""`calendarView`: everything that happens in a window, series expanded."""

from datetime import timedelta

from flask import Response

from sandbox import series
from sandbox.graph import query
from sandbox.graph.call import READ, Call
from sandbox.graph.envelope import answer, context
from sandbox.graph.events import listing
from sandbox.graph.routing import container
from sandbox.refusals import invalid_request

LONGEST_WINDOW = timedelta(days=1825)


@container.route("GET", "calendarView")
def calendar_view(call: Call) -> Response:
    call.need(READ)
    start, end = query.window()
    if end - start > LONGEST_WINDOW:
        raise invalid_request(
            "The range between the start and end dates is greater than the allowed range. "
            f"Maximum number of days: {LONGEST_WINDOW.days}"
        )
    instances = series.expanded(call.mailbox.in_calendar(call.calendar), start, end)
    renderer = call.renderer
    if query.option("filter") or query.option("orderby"):
        return listing(call, [renderer.instance(one) for one in instances], "calendarView")
    # The usual case renders only the page that is asked for.
    part, next_link = query.page(instances, query.page_size(call.prefer.page_size))
    names = query.selected()
    body: dict[str, object] = {"@odata.context": context(f"{call.root}/calendarView")}
    if query.wants_count():
        body["@odata.count"] = len(instances)
    body["value"] = [query.narrow(renderer.instance(one), names) for one in part]
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    return answer(body)
