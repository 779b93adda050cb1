"""
What comes in: as much of Graph's types as we use, under Graph's names (in snake case; pydantic makes them camel case).

Undeclared members occur and are none of our business. Strict: a number is no subject and a text is no flag.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from calendars.payloads.text import label

ID_LENGTH = 512
ZONE_LENGTH = 128

Id = Annotated[str, Field(min_length=1, max_length=ID_LENGTH)]
Label = Annotated[str, BeforeValidator(label)]


class Lean(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, alias_generator=to_camel)


class DateTimeTimeZone(Lean):
    date_time: str = Field(max_length=40)
    time_zone: str | None = Field(default=None, max_length=ID_LENGTH)


class EmailAddress(Lean):
    name: str | None = None
    address: str | None = None


class Recipient(Lean):
    email_address: EmailAddress | None = None


class ResponseStatus(Lean):
    response: str | None = None


class Attendee(Recipient):
    type: str | None = None
    status: ResponseStatus | None = None


class Location(Lean):
    display_name: str | None = None


class ItemBody(Lean):
    content_type: str | None = None
    content: str | None = None


class OnlineMeeting(Lean):
    join_url: str | None = None


class BareOccurrence(Lean):
    id: Id
    etag: str | None = Field(alias="@odata.etag", default=None)
    series_master_id: Id
    start: DateTimeTimeZone
    end: DateTimeTimeZone


class Event(Lean):
    id: Id
    etag: str | None = Field(alias="@odata.etag", default=None)
    type: Literal["singleInstance", "occurrence", "exception", "seriesMaster"]
    series_master_id: Id | None = None
    start: DateTimeTimeZone
    end: DateTimeTimeZone
    is_all_day: bool = False
    original_start_time_zone: str | None = None
    subject: str | None = None
    location: Location | None = None
    organizer: Recipient | None = None
    attendees: list[Attendee] | None = None
    show_as: str | None = None
    sensitivity: str | None = None
    is_cancelled: bool | None = None
    is_organizer: bool | None = None
    response_status: ResponseStatus | None = None
    online_meeting: OnlineMeeting | None = None
    web_link: str | None = None
    body: ItemBody | None = None
    # Read apart: an odd rule is shown as unknown, and costs nobody the series.
    recurrence: Any = None


class RecurrencePattern(Lean):
    type: str = Field(max_length=32)
    interval: int | None = None
    month: int | None = None
    day_of_month: int | None = None
    days_of_week: list[Annotated[str, Field(max_length=16)]] | None = Field(default=None, max_length=7)
    first_day_of_week: str | None = Field(default=None, max_length=16)
    index: str | None = Field(default=None, max_length=16)


class RecurrenceRange(Lean):
    type: str = Field(max_length=32)
    start_date: str | None = Field(default=None, max_length=10)
    end_date: str | None = Field(default=None, max_length=10)
    recurrence_time_zone: str | None = Field(default=None, max_length=ZONE_LENGTH)
    number_of_occurrences: int | None = None


class Recurrence(Lean):
    pattern: RecurrencePattern
    range: RecurrenceRange


class CalendarOwner(Lean):
    name: Label = ""
    address: Label = ""


class Calendar(Lean):
    """Everything but the id is a label here: a calendar must not seem to have vanished because its name is odd."""

    id: Id
    name: Label = ""
    color: Label = ""
    hex_color: Label = ""
    owner: CalendarOwner | None = None
    can_edit: Any = False
    is_default_calendar: Any = False


class Listing(Lean):
    """A page of anything."""

    value: list[Any]
    next_link: str | None = Field(alias="@odata.nextLink", default=None)
    delta_link: str | None = Field(alias="@odata.deltaLink", default=None)
