"""Parts of Graph for calendars that the sandbox knows of and does not imitate: they answer 501."""

from sandbox.graph.routing import container, mailbox, service

# The service's own description: its root and its metadata.
service.absent("GET", "GET $metadata")
mailbox.absent(
    "GET mailboxSettings",
    "PATCH mailboxSettings",
    "GET mailboxSettings/*",
    "GET outlook/supportedTimeZones",
    "GET outlook/*",
    "GET calendarGroups",
    "POST calendarGroups",
    "GET calendarGroups/*",
    "PATCH calendarGroups/*",
    "DELETE calendarGroups/*",
    "GET calendarGroups/*/calendars",
    "POST calendarGroups/*/calendars",
    "POST findMeetingTimes",
    "POST translateExchangeIds",
)
container.absent(
    "GET events/delta",
    "POST getSchedule",
    "GET calendarPermissions",
    "POST calendarPermissions",
    "GET calendarPermissions/*",
    "PATCH calendarPermissions/*",
    "DELETE calendarPermissions/*",
    "POST permanentDelete",
    "POST events/*/accept",
    "POST events/*/decline",
    "POST events/*/tentativelyAccept",
    "POST events/*/cancel",
    "POST events/*/forward",
    "POST events/*/snoozeReminder",
    "POST events/*/dismissReminder",
    "POST events/*/permanentDelete",
    "GET events/*/calendar",
    "GET events/*/attachments",
    "POST events/*/attachments",
    "GET events/*/attachments/*",
    "DELETE events/*/attachments/*",
    "POST events/*/attachments/createUploadSession",
    "POST events/*/extensions",
    "GET events/*/extensions/*",
    "PATCH events/*/extensions/*",
    "DELETE events/*/extensions/*",
)
