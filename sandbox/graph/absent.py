"""Parts of Graph for calendars that the sandbox knows of and does not imitate: they answer 501."""

from sandbox.graph.routing import mailbox, service

# The service's own description: its root and its metadata.
service.absent("GET", "GET $metadata")
mailbox.absent("GET outlook/*")
