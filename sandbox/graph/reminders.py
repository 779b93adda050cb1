"""Reminders of a mailbox, and what is done to the reminder of an event."""

from flask import Response

from sandbox import reminders
from sandbox.drafts import fold, read_moment
from sandbox.graph import query
from sandbox.graph.addressing import addressed
from sandbox.graph.call import READ, WRITE, Call
from sandbox.graph.envelope import answer, context, empty
from sandbox.graph.routing import container, mailbox
from sandbox.graph.views import refuse_too_long
from sandbox.refusals import Refusal


@mailbox.route("GET", "reminderView(startDateTime,endDateTime)")
def reminder_view(call: Call) -> Response:
    """Those of all calendars that fire in the window, on one page."""
    call.need_own(READ)
    given = call.parameters
    start, end = query.read_window(given.get("startdatetime"), given.get("enddatetime"))
    refuse_too_long(start, end)
    renderer = call.renderer
    shown = [renderer.reminder(each.one, each.fires) for each in reminders.between(call.mailbox, start, end)]
    return answer({"@odata.context": context("Collection(microsoft.graph.reminder)"), "value": shown})


@container.route("POST", "events/*/snoozeReminder")
def snooze_reminder(call: Call) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    wanted = fold(call.body()).get("newReminderTime")
    if wanted is None:
        raise Refusal(400, "ErrorInvalidParameter", "The time of the new reminder is required: newReminderTime.")
    reminders.snooze(call.mailbox, event, slot, read_moment(wanted).utc())
    return empty(200)


@container.route("POST", "events/*/dismissReminder")
def dismiss_reminder(call: Call) -> Response:
    call.need(WRITE)
    event, slot = addressed(call)
    reminders.dismiss(call.mailbox, event, slot)
    return empty(200)
