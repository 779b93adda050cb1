"""Parts of Graph for calendars that the sandbox knows of and does not imitate: they answer 501."""

from sandbox.graph.routing import container, mailbox, service

service.absent("POST $batch")
mailbox.absent(
    "GET outlook/*",
)
container.absent()
