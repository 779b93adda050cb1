"""The control doors under `/_sandbox`: JSON in, JSON out, for tests, demos and measurements."""

from sandbox.control import apps, delta, identity, limits, mailboxes, sharing, subscriptions, traffic, worlds, zones
from sandbox.control.door import blueprint

# The doors hang themselves on the blueprint when their modules are imported.
DOORS = (apps, delta, identity, limits, mailboxes, sharing, subscriptions, traffic, worlds, zones)

__all__ = ["DOORS", "blueprint"]
