"""What somebody may do in a calendar that is another person's, as its owner decided."""

from enum import StrEnum


class Role(StrEnum):
    """In rising order, in Graph's spelling."""

    NONE = "none"
    FREE_BUSY = "freeBusyRead"
    LIMITED = "limitedRead"
    READ = "read"
    WRITE = "write"
    DELEGATE = "delegateWithoutPrivateEventAccess"
    CONFIDANT = "delegateWithPrivateEventAccess"
    CUSTOM = "custom"

    @property
    def reads(self) -> bool:
        """Whether events are shown to them in the owner's mailbox, be it only what they are called."""
        return self not in {Role.NONE, Role.FREE_BUSY, Role.CUSTOM}

    @property
    def writes(self) -> bool:
        return self in {Role.WRITE, Role.DELEGATE, Role.CONFIDANT}

    @property
    def sees_private(self) -> bool:
        return self is Role.CONFIDANT


# What may be given to whom: everybody of the organization, its people, and those outside.
FOR_EVERYBODY = (Role.NONE, Role.FREE_BUSY, Role.LIMITED, Role.READ, Role.WRITE)
FOR_INSIDERS = FOR_EVERYBODY[1:]
FOR_OUTSIDERS = FOR_INSIDERS[:3]
DELEGATES = (Role.DELEGATE, Role.CONFIDANT)
