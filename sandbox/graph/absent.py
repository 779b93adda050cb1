"""Parts of Graph for calendars that the sandbox knows of and does not imitate: they answer 501."""

from sandbox.graph.routing import container, mailbox, service

service.absent("POST $batch")
mailbox.absent(
    "GET outlook/*",
    "GET calendarGroups",
    "POST calendarGroups",
    "GET calendarGroups/*",
    "PATCH calendarGroups/*",
    "DELETE calendarGroups/*",
    "GET calendarGroups/*/calendars",
    "POST calendarGroups/*/calendars",
)
container.absent(
    "GET calendarPermissions",
    "POST calendarPermissions",
    "GET calendarPermissions/*",
    "PATCH calendarPermissions/*",
    "DELETE calendarPermissions/*",
)
