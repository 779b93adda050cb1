"""What a person has set for the whole mailbox."""

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """`time_zone` keeps the spelling, Windows or IANA, in which it was set."""

    time_zone: str = "W. Europe Standard Time"
    language: str = "en-US"
