"""The control doors under `/_sandbox`: JSON in, JSON out, for tests, demos and measurements."""

from sandbox.control import delta, identity, limits, mailboxes, subscriptions, traffic, worlds
from sandbox.control.door import blueprint

# The doors hang themselves on the blueprint when their modules are imported.
DOORS = (delta, identity, limits, mailboxes, subscriptions, traffic, worlds)

__all__ = ["DOORS", "blueprint"]
