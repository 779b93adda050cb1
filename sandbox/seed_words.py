"""What is written in the calendars of the seeded world."""

from dataclasses import dataclass, field
from typing import Any

ZONES = {
    "bob.ito@contoso.example": "Tokyo Standard Time",
    "carla.weber@contoso.example": "Pacific Standard Time",
    "farid.nasser@fabrikam.example": "Arabian Standard Time",
    "fiona.admin@fabrikam.example": "GMT Standard Time",
    "paula.reyes@outlook.example": "Eastern Standard Time",
}
HOME_ZONE = "W. Europe Standard Time"
OTHER_ZONES = ("GMT Standard Time", "Eastern Standard Time", "India Standard Time", "America/Los_Angeles")

COLLEAGUES = (
    ("Bob Ito", "bob.ito@contoso.example"),
    ("Carla Weber", "carla.weber@contoso.example"),
    ("Ines Admin", "ines.admin@contoso.example"),
    ("Mateus Oliveira", "mateus.oliveira@contoso.example"),
    ("Sanne de Vries", "sanne.devries@contoso.example"),
    ("Priya Raman", "priya.raman@contoso.example"),
    ("Łukasz Nowak", "lukasz.nowak@contoso.example"),
    ("Zoë Lindqvist", "zoe.lindqvist@contoso.example"),
    ("Farid Nasser", "farid.nasser@fabrikam.example"),
    ("Nora Lind", "nora.lind@northwind.example"),
    ("Jun Tanaka", "jun.tanaka@wingtip.example"),
    ("Grace Okafor", "grace.okafor@tailspin.example"),
)
ROOMS = ("Room Ada", "Room Bertha (4th floor)", "Room Celsius", "Kitchen", "Berlin office, Room 2", "Reception")
PROJECTS = ("Lighthouse", "Heron", "Basalt", "Juniper", "Meridian", "Quartz", "Saffron", "Tramline")
CUSTOMERS = ("Fabrikam", "Northwind", "Wingtip Toys", "Tailspin", "Adventure Works", "Fourth Coffee")


@dataclass(frozen=True)
class SeriesWords:
    """One recurring thing; `pattern` in Graph's words, `starts` in days before (or after) the present week's Monday."""

    subject: str
    pattern: dict[str, Any]
    at: str
    minutes: int
    starts: int = -364
    reach: dict[str, Any] = field(default_factory=lambda: {"type": "noEnd"})
    zone: str | None = None
    members: dict[str, Any] = field(default_factory=dict)
    people: int = 4
    invited: bool = False


WORKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
TEAMS = {"isOnlineMeeting": True}

SERIES = (
    SeriesWords(
        "Team planning",
        {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
        "10:00",
        60,
        members={**TEAMS, "categories": ["Team"]},
        people=6,
    ),
    SeriesWords(
        "1:1 with Carla",
        {"type": "weekly", "interval": 2, "daysOfWeek": ["wednesday"], "firstDayOfWeek": "monday"},
        "15:00",
        30,
        people=1,
    ),
    SeriesWords(
        "Steering committee",
        {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["thursday"], "index": "first"},
        "14:00",
        90,
        members={**TEAMS, "importance": "high"},
        people=5,
        invited=True,
    ),
    SeriesWords(
        "Month-end closing",
        {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
        "16:00",
        60,
        starts=-500,
    ),
    SeriesWords(
        "Bob's birthday",
        {"type": "absoluteYearly", "interval": 1, "month": 12, "dayOfMonth": 4},
        "all-day",
        1440,
        starts=-1100,
        members={"showAs": "free", "isReminderOn": False},
        people=0,
    ),
    SeriesWords(
        "Security awareness day",
        {"type": "relativeYearly", "interval": 1, "month": 2, "daysOfWeek": ["tuesday"], "index": "second"},
        "09:00",
        240,
        starts=-800,
        invited=True,
    ),
    SeriesWords(
        "Focus time",
        {"type": "daily", "interval": 1},
        "08:00",
        60,
        starts=-3,
        reach={"type": "numbered", "numberOfOccurrences": 12},
        members={"sensitivity": "private"},
        people=0,
    ),
    SeriesWords(
        "Wingtip weekly (New York)",
        {"type": "weekly", "interval": 1, "daysOfWeek": ["thursday"]},
        "10:30",
        45,
        starts=-40,
        reach={"type": "numbered", "numberOfOccurrences": 26},
        zone="Eastern Standard Time",
        members=TEAMS,
        invited=True,
    ),
    SeriesWords(
        "Standup",
        {"type": "weekly", "interval": 1, "daysOfWeek": ["tuesday", "thursday"], "firstDayOfWeek": "monday"},
        "09:15",
        15,
        starts=-200,
        members={**TEAMS, "reminderMinutesBeforeStart": 5},
        people=7,
    ),
)


@dataclass(frozen=True)
class SingleWords:
    subject: str
    minutes: int = 60
    members: dict[str, Any] = field(default_factory=dict)
    people: int = 3
    # none: the owner's own; otherwise what the owner answered to an invitation.
    answer: str | None = None
    all_day: bool = False
    place: str | None = None
    body: str = ""


# Of the present week: weekday, hour of the start, and what it is.
THIS_WEEK = (
    (
        0,
        "13:30",
        SingleWords("Demo for Fabrikam", 60, TEAMS, people=4, body="<p>Agenda: what is new, then questions.</p>"),
    ),
    (0, "16:00", SingleWords("Coffee with Zoë", 30, people=1, place="Kitchen")),
    (1, "11:00", SingleWords("Interview: backend engineer", 60, TEAMS, people=2)),
    (1, "14:00", SingleWords("Dentist", 45, {"sensitivity": "private", "showAs": "oof"}, people=0, place="Am Markt 3")),
    (2, "09:30", SingleWords("Roadmap workshop", 180, {"importance": "high"}, people=6, place="Room Ada")),
    (
        2,
        "12:30",
        SingleWords(
            "Lunch?", 60, {"showAs": "tentative"}, people=1, answer="tentativelyAccepted", place="Bistro Lumière"
        ),
    ),
    (
        2,
        "all-day",
        SingleWords("Office day", members={"showAs": "free", "isReminderOn": False}, people=0, all_day=True),
    ),
    (3, "11:30", SingleWords("Vendor pitch", 60, {"showAs": "tentative"}, people=3, answer="notResponded")),
    (3, "17:30", SingleWords("Quarterly numbers, first look", 30, {**TEAMS, "sensitivity": "confidential"}, people=2)),
    (4, "09:00", SingleWords("Call with the Tokyo office", 45, TEAMS, people=3, answer="accepted")),
    (
        4,
        "13:00",
        SingleWords("All hands", 60, {"showAs": "free"}, people=5, answer="declined", place="Room Bertha (4th floor)"),
    ),
    (4, "15:00", SingleWords("Send the report", 0, {"showAs": "free"}, people=0)),
    (4, "23:00", SingleWords("Database migration", 150, {"showAs": "busy", "categories": ["On call"]}, people=1)),
)

# Of several days: days from the present week's Monday, how many, and what it is.
LONG = (
    (
        8,
        3,
        SingleWords(
            "Conference in Lisbon", members={"showAs": "workingElsewhere"}, people=0, all_day=True, place="Lisbon"
        ),
    ),
    (32, 10, SingleWords("Vacation", members={"showAs": "oof", "isReminderOn": False}, people=0, all_day=True)),
    (-45, 5, SingleWords("Sick leave", members={"showAs": "oof", "sensitivity": "personal"}, people=0, all_day=True)),
)

SINGLES = (
    SingleWords("{project}: kick-off", 60, TEAMS, people=5, body="<p>Goals, scope, who does what.</p>"),
    SingleWords("{project} design review", 90, {}, people=4, place="Room Celsius"),
    SingleWords("{project}: retrospective", 60, TEAMS, people=6, answer="accepted"),
    SingleWords("Call with {customer}", 30, TEAMS, people=2),
    SingleWords("{customer}: contract renewal", 45, {"importance": "high"}, people=3, answer="accepted"),
    SingleWords("Visit of {customer}", 120, {}, people=4, place="Reception"),
    SingleWords("Interview: product designer", 60, TEAMS, people=2, answer="accepted"),
    SingleWords("Lunch with {colleague}", 60, {"showAs": "tentative"}, people=1, place="Bistro Lumière"),
    SingleWords("Prepare slides for {customer}", 90, {"categories": ["Deep work"]}, people=0),
    SingleWords("{project}: budget", 30, {"sensitivity": "confidential"}, people=2, answer="notResponded"),
    SingleWords("Physiotherapy", 45, {"sensitivity": "private", "showAs": "oof"}, people=0),
    SingleWords("Training: accessible documents", 120, {"showAs": "free"}, people=5, answer="declined"),
    SingleWords("Train to Hamburg", 150, {"showAs": "workingElsewhere"}, people=0, place="Hauptbahnhof"),
    SingleWords("Working from home", members={"showAs": "workingElsewhere"}, people=0, all_day=True),
)

SECOND_CALENDAR = {"alice.moreau@contoso.example": ("Private", "lightPink")}
USUAL_SECOND = ("Team travel", "lightOrange")
SECOND = (
    SingleWords("Choir", 90, people=0, place="Community hall"),
    SingleWords("Parents' evening", 60, {"sensitivity": "private"}, people=0, place="School"),
    SingleWords("Flight to London", 110, {"showAs": "oof"}, people=0, place="BER Terminal 1"),
    SingleWords("Hotel: Harbour Inn", members={"showAs": "free"}, people=0, all_day=True),
    SingleWords("Running", 60, {"isReminderOn": False}, people=0),
)

NOTES = (
    "<p>Please have a look at the notes before we meet.</p>",
    "<p>Agenda:</p><ul><li>Where we are</li><li>What is in the way</li><li>Next steps</li></ul>",
    "<p>Following up on last week &ndash; I will bring the numbers.</p>",
    "<div>Hi all,<br><br>let us use this slot to decide. The table is in the shared folder.<br><br>Best</div>",
    "",
)
