"""
A world that looks like real people's calendars, the same for the same seed and day.

The window that counts is 90 days back to 365 days ahead of the day on which the world was made.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any

from sandbox import edits, seed_words, series
from sandbox.bodies import html_of
from sandbox.dice import Dice
from sandbox.drafts import NEVER, Draft, read
from sandbox.items import Calendar, Event, Override
from sandbox.seed_words import COLLEAGUES, SeriesWords, SingleWords
from sandbox.series import Instance
from sandbox.world import Mailbox
from sandbox.zones import Moment

DEFAULT_SEED = 1
DEFAULT_EVENTS = 420
MOST_EVENTS = 50_000
MOST_MAILBOXES = 5_000
BEHIND = timedelta(days=90)
AHEAD = timedelta(days=365)
# Of all that a view shows, so much comes from series.
SHARE_OF_SERIES = 0.7
SECOND_SHARE = 0.06
DAY = timedelta(days=1)


def window(today: date) -> tuple[datetime, datetime]:
    """The time that is filled, as instants."""
    midnight = datetime.combine(today, time(), UTC)
    return midnight - BEHIND, midnight + AHEAD


def fill(mailbox: Mailbox, today: date, *, seed: int, events: int) -> None:
    """
    Two calendars: the default one shows exactly `events` events in the window (series expanded),
    the second one a few more.
    """
    Sower(mailbox, seed=seed, today=today).sow(events)


class Sower:
    """Fills one mailbox. Every choice comes from one random source, in a fixed order."""

    def __init__(self, mailbox: Mailbox, *, seed: int, today: date) -> None:
        self._mailbox = mailbox
        self._dice = Dice(f"{seed}:{mailbox.person.oid}")
        self._today = today
        self._monday = today - timedelta(days=today.weekday())
        self._start, self._end = window(today)
        self._midnight = datetime.combine(today, time(), UTC)
        self._days_ago = [(today - timedelta(days=days)).isoformat() for days in range(41)]
        self._zone = seed_words.ZONES.get(mailbox.person.upn, seed_words.HOME_ZONE)
        self._colleagues = [person for person in COLLEAGUES if person[1] != mailbox.person.mail]

    def sow(self, events: int) -> None:
        mailbox = self._mailbox
        mailbox.settings.time_zone = self._zone
        if mailbox.person.is_resource:
            # A room has the meetings that are held in it, and none to begin with.
            mailbox.add_calendar("Calendar", is_default=True)
            return
        main = mailbox.add_calendar("Calendar", is_default=True)
        name, color = seed_words.SECOND_CALENDAR.get(mailbox.person.upn, seed_words.USUAL_SECOND)
        second = mailbox.add_calendar(name, color=color)
        left = events - self._sow_series(main, events)
        left -= self._sow_fixed(main, left)
        for _ in range(left):
            self._put(main, self._anywhere(seed_words.SINGLES))
        for _ in range(max(4, int(events * SECOND_SHARE)) if events else 0):
            self._put(second, self._anywhere(seed_words.SECOND))

    # Series

    def _sow_series(self, calendar: Calendar, events: int) -> int:
        """Plant series until their share is reached, and say how many instances the window shows."""
        room, planted = int(events * SHARE_OF_SERIES), 0
        for words in seed_words.SERIES:
            planted += self._plant(calendar, words, room - planted)
        # A very full calendar has more of the same: a weekly meeting for every project and day.
        number = 0
        while room - planted >= 70:
            project = seed_words.PROJECTS[number % len(seed_words.PROJECTS)]
            words = replace(
                seed_words.SERIES[0],
                subject=f"{project} weekly" + (f" {number // 8 + 1}" if number >= 8 else ""),
                pattern=seed_words.SERIES[0].pattern | {"daysOfWeek": [seed_words.WORKDAYS[number % 5]]},
                at=f"{8 + number % 10:02}:30",
                people=3,
            )
            planted += self._plant(calendar, words, room - planted)
            number += 1
        return planted

    def _plant(self, calendar: Calendar, words: SeriesWords, room: int) -> int:
        event = self._compose_series(calendar, words)
        shown = series.view(event, self._start, self._end)
        if len(shown) > room:
            return 0
        # What is disturbed lies around today, so a moved instance stays in the window, and one taken out was in it.
        self._disturb(event, words, shown)
        event.cache.clear()
        self._date(event)
        self._mailbox.put(event)
        return len(shown) - len(event.cancelled)

    def _compose_series(self, calendar: Calendar, words: SeriesWords) -> Event:
        first = self._first_day(words)
        all_day = words.at == "all-day"
        begins = datetime.combine(first, time() if all_day else time.fromisoformat(words.at))
        zone = words.zone or self._zone
        draft = Draft(
            members=self._members(words.subject, words.members, words.people, "accepted" if words.invited else None),
            start=Moment(begins, zone),
            end=Moment(begins + timedelta(minutes=words.minutes), zone),
            all_day=all_day,
            recurrence={"pattern": words.pattern, "range": words.reach},
        )
        return edits.compose(self._mailbox, calendar, draft)

    def _first_day(self, words: SeriesWords) -> date:
        return self._monday + timedelta(days=words.starts)

    def _disturb(self, event: Event, words: SeriesWords, shown: list[Instance]) -> None:
        """What happens to every series: one instance is moved, one gets another topic, one is taken out."""
        near = (self._start + BEHIND, self._end - timedelta(days=300))
        slots = [one.slot for one in shown if one.slot is not None and one.overlaps(*near)]
        if len(slots) < 4 or event.all_day:
            return
        at = event.start.wall.time()
        later = datetime.combine(slots[1], at) + timedelta(hours=1)
        length = timedelta(minutes=words.minutes)
        event.overrides[slots[1]] = Override(
            start=Moment(later, event.start.zone), end=Moment(later + length, event.start.zone)
        )
        topic = {"subject": f"{words.subject}: year plan", "importance": "high"}
        event.overrides[slots[2]] = Override(members=topic)
        if not event.members["isOrganizer"]:
            # An attendee keeps the copy of what the organizer called off.
            event.overrides[slots[3]] = Override(
                members={"isCancelled": True, "showAs": "free", "subject": f"Canceled: {words.subject}"}
            )
        else:
            event.cancelled[slots[3]] = event.changed

    # Single events

    def _sow_fixed(self, calendar: Calendar, room: int) -> int:
        """The present week and the long absences, as far as there is room for them."""
        planned = [
            self._at(words, self._monday + timedelta(days=weekday), at) for weekday, at, words in seed_words.THIS_WEEK
        ]
        planned += [
            self._at(words, self._monday + timedelta(days=offset), "all-day", days=days)
            for offset, days, words in seed_words.LONG
        ]
        for draft in planned[:room]:
            self._put(calendar, draft)
        return min(len(planned), room)

    def _anywhere(self, choice: tuple[SingleWords, ...]) -> Draft:
        words = self._dice.one_of(choice)
        # Denser around today, thinner far away; never on the very edge of the window.
        offset = round(self._dice.triangular(-88, 360, 10))
        day = self._today + timedelta(days=offset)
        if day.weekday() > 4 and self._dice.random() < 0.85:
            day += timedelta(days=2) if offset < 358 else timedelta(days=-2)
        hour, minute = self._dice.between(8, 18), self._dice.one_of((0, 0, 15, 30, 30))
        at = "all-day" if words.all_day else f"{hour:02}:{minute:02}"
        zone = self._dice.one_of(seed_words.OTHER_ZONES) if self._dice.random() < 0.12 else None
        return self._at(words, day, at, zone=zone)

    def _at(self, words: SingleWords, day: date, at: str, *, days: int = 1, zone: str | None = None) -> Draft:
        all_day = words.all_day
        begins = datetime.combine(day, time() if all_day else time.fromisoformat(at))
        length = days * DAY if all_day else timedelta(minutes=words.minutes)
        name = zone or self._zone
        own = dict(words.members)
        if words.place:
            own |= _place(words.place)
        if words.body:
            own["body"] = html_of(words.body, is_html=True)
        return Draft(
            members=self._members(self._subject(words.subject), own, words.people, words.answer),
            start=Moment(begins, name),
            end=Moment(begins + length, name),
            all_day=all_day,
            # Some came from clients whose zone nobody else can name.
            original_zones=self._dice.one_of(_ORIGINS),
        )

    def _subject(self, pattern: str) -> str:
        if "{" not in pattern:
            return pattern
        return pattern.format(
            project=self._dice.one_of(seed_words.PROJECTS),
            customer=self._dice.one_of(seed_words.CUSTOMERS),
            colleague=self._dice.one_of(self._colleagues)[0].split()[0],
        )

    def _put(self, calendar: Calendar, draft: Draft) -> None:
        event = edits.compose(self._mailbox, calendar, draft)
        self._date(event)
        self._mailbox.put(event)

    # Members

    def _members(self, subject: str, own: dict[str, Any], people: int, answer: str | None) -> dict[str, Any]:
        members: dict[str, Any] = {"subject": subject}
        if self._dice.random() < 0.7:
            members["body"] = html_of(self._dice.one_of(seed_words.NOTES), is_html=True)
        if people:
            chosen = self._dice.some_of(self._colleagues, min(people, len(self._colleagues)))
            members["attendees"] = [self._attendee(*person) for person in chosen]
        if people > 2 and self._dice.random() < 0.5:
            room = self._dice.one_of(seed_words.ROOMS)
            members |= _place(room)
        if answer is not None and people:
            members |= self._invitation(members["attendees"], answer)
        return members | own

    def _attendee(self, name: str, address: str) -> dict[str, Any]:
        response = self._dice.one_of(("accepted", "accepted", "accepted", "none", "tentativelyAccepted", "declined"))
        return {
            "type": "optional" if self._dice.random() < 0.2 else "required",
            "status": {"response": response, "time": NEVER if response == "none" else self._answered()},
            "emailAddress": {"name": name, "address": address},
        }

    def _invitation(self, attendees: list[dict[str, Any]], answer: str) -> dict[str, Any]:
        """The first of the others is the organizer; the owner is among the attendees."""
        person = self._mailbox.person
        answered = NEVER if answer == "notResponded" else self._answered()
        # Seen from the list of attendees, somebody who has not answered is "none".
        listed = "none" if answer == "notResponded" else answer
        me = {
            "type": "required",
            "status": {"response": listed, "time": answered},
            "emailAddress": {"name": person.name, "address": person.mail},
        }
        return {
            "isOrganizer": False,
            "organizer": {"emailAddress": dict(attendees[0]["emailAddress"])},
            "attendees": [*attendees[1:], me],
            "responseStatus": {"response": answer, "time": answered},
            "showAs": "tentative" if answer in {"notResponded", "tentativelyAccepted"} else "busy",
        }

    def _answered(self) -> str:
        between = self._dice.between
        return f"{self._days_ago[between(2, 41)]}T{between(7, 17):02}:{between(0, 60):02}:00Z"

    def _date(self, event: Event) -> None:
        """It was made, and last changed, some time before today."""
        between = self._dice.between
        made = self._midnight - timedelta(days=between(3, 201), seconds=between(0, 80_001))
        event.created = made
        event.modified = made + timedelta(minutes=between(0, 2_001))


def _place(name: str) -> dict[str, Any]:
    """Where something is, as if a client had written it."""
    members = _read_place(name)
    # Of its own for every event: nobody changes a place that others have too.
    return {"location": dict(members["location"]), "locations": [dict(each) for each in members["locations"]]}


@cache
def _read_place(name: str) -> dict[str, Any]:
    return read({"location": {"displayName": name}}).members


_ORIGINS: tuple[tuple[str | None, str | None], ...] = (
    *(((None, None),) * 18),
    ("tzone://Microsoft/Custom", "tzone://Microsoft/Custom"),
    ("tzone://Microsoft/Utc", "tzone://Microsoft/Utc"),
)
