"""How much of events a caller is shown: less for basic rights, for weak roles, and of private events."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sandbox.places import NOWHERE
from sandbox.roles import Role

PRIVATE_SUBJECT = "Private Appointment"
BUSY_SUBJECT = "Busy"

# What weak roles do not learn. Null, false and empty are what an event without these would show.
_DETAILS: dict[str, Any] = {
    "categories": [],
    "transactionId": None,
    "bodyPreview": "",
    "attendees": [],
    "hasAttachments": False,
    "onlineMeetingUrl": None,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeeting": None,
}
_TITLES: dict[str, Any] = {
    "location": NOWHERE,
    "locations": [],
    "organizer": None,
    "importance": "normal",
}
_BEYOND_BASIC = ("body", "bodyPreview")


class Detail(IntEnum):
    """`BUSY`: when and how busy. `TITLES`: also what it is called, and where. `ALL`: everything."""

    BUSY = 0
    TITLES = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """`body` is false for those who may read the basics only, `private` where private events are blanked."""

    detail: Detail = Detail.ALL
    private: bool = True
    body: bool = True

    @classmethod
    def of_role(cls, role: Role | None, *, body: bool) -> "Sight":
        """What a role shows; a role of null is that of the owner."""
        if role is None:
            return cls(body=body)
        if not role.reads:
            return cls(Detail.BUSY, role.sees_private, body)
        return cls(Detail.TITLES if role is Role.LIMITED else Detail.ALL, role.sees_private, body)

    def hides(self, members: dict[str, Any]) -> bool:
        """Whether anything but the body is kept back of an event with these members."""
        return self.detail is not Detail.ALL or self._blanks(members)

    def of(self, shown: dict[str, Any]) -> dict[str, Any]:
        """An event in Graph's JSON, with less in it."""
        if self.hides(shown):
            shown = self._reduced(shown)
        if not self.body:
            shown = {name: value for name, value in shown.items() if name not in _BEYOND_BASIC}
        return shown

    def _blanks(self, members: dict[str, Any]) -> bool:
        return not self.private and members.get("sensitivity") == "private"

    def _reduced(self, shown: dict[str, Any]) -> dict[str, Any]:
        less = dict(_DETAILS)
        if isinstance(shown.get("body"), dict):
            less["body"] = shown["body"] | {"content": ""}
        if self._blanks(shown):
            less |= _TITLES | {"subject": PRIVATE_SUBJECT}
        elif self.detail is Detail.BUSY:
            less |= _TITLES | {"subject": BUSY_SUBJECT}
        return shown | {name: value for name, value in less.items() if name in shown}


EVERYTHING = Sight()
