"""The sandbox's own pages: every mailbox, and a week of it that a person can change "in Outlook"."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from sandbox import answers, edits, series
from sandbox.answers import Reply
from sandbox.directory import Person
from sandbox.drafts import Draft, read, read_moment
from sandbox.items import Calendar, Event
from sandbox.members import DAYS
from sandbox.refusals import Refusal
from sandbox.render import Form, Renderer
from sandbox.series import Instance
from sandbox.state import current
from sandbox.world import Mailbox
from sandbox.zones import FIRST_DAY, LAST_DAY, Moment, to_utc, to_wall

blueprint = Blueprint("pages", __name__)

REPEATS = {
    "": None,
    "daily": {"type": "daily", "interval": 1},
    "weekly": {"type": "weekly", "interval": 1},
    "monthly": {"type": "absoluteMonthly", "interval": 1},
}
_RESPONSES = {
    "notResponded": "not answered",
    "accepted": "accepted",
    "tentativelyAccepted": "accepted tentatively",
    "declined": "declined",
}


@dataclass(frozen=True)
class Line:
    """One event of a day, as the page shows it."""

    id: str
    subject: str
    when: str
    where: str
    notes: str
    starts: datetime
    all_day: bool
    in_series: bool
    cancelled: bool
    # Who invited to it; null for what is the owner's, or is called off.
    invited_by: str | None


@dataclass(frozen=True)
class Day:
    date: date
    today: bool
    lines: list[Line]


@blueprint.get("/")
def mailboxes() -> str:
    sandbox = current()
    people = [
        {
            "person": person,
            "tenant": sandbox.directory.tenant_of(person).name,
            "has_mailbox": sandbox.world.has_mailbox(person),
        }
        for person in (*sandbox.directory.people, *sandbox.directory.resources)
    ]
    return render_template("mailbox-list.html", people=people, heading="Mailboxes")


@blueprint.get("/mailbox/<address>/")
def week(address: str) -> ResponseReturnValue:
    return _week(_mailbox(address), request.args)


@blueprint.post("/mailbox/<address>/<action>")
def change(address: str, action: str) -> ResponseReturnValue:
    """Add, rename, move, delete or answer; then back to the week that was looked at."""
    sandbox, mailbox, form = current(), _mailbox(address), request.form
    if not _is_from_here():
        return _sorry("This page takes forms from itself only.", 403)
    act = {"add": _add, "rename": _rename, "move": _move, "delete": _delete, "answer": _answer}.get(action)
    if act is None:
        return _sorry("There is nothing here.", 404)
    try:
        with sandbox.lock:
            act(mailbox, form)
    except (Refusal, ValueError, KeyError, OverflowError) as error:
        sentence = error.message if isinstance(error, Refusal) else "Please fill in every field."
        return _week(mailbox, form, problem=sentence), 400
    return redirect(
        url_for("pages.week", address=address, calendar=form.get("calendar"), week=form.get("week")), code=303
    )


class NoMailbox(LookupError):
    """Nobody of that address has one."""


@blueprint.errorhandler(NoMailbox)
def _no_mailbox(_: NoMailbox) -> ResponseReturnValue:
    return _sorry("There is no such mailbox.", 404)


def _sorry(sentence: str, status: int) -> ResponseReturnValue:
    return render_template("mailbox-sorry.html", heading="Sorry", sentence=sentence), status


def _mailbox(address: str) -> Mailbox:
    sandbox = current()
    person: Person | None = sandbox.directory.find_person(address)
    with sandbox.lock:
        found = sandbox.world.mailbox(person) if person is not None else None
    if found is None:
        raise NoMailbox(address)
    return found


def _is_from_here() -> bool:
    """Whether the form was sent by a page of this address: browsers say so with every POST."""
    origin = urlsplit(request.headers.get("Origin", ""))
    return origin.netloc.lower() == request.host.lower()


def _week(mailbox: Mailbox, asked: MultiDict[str, str], problem: str = "") -> str:
    sandbox = current()
    zone = mailbox.settings.time_zone
    today = to_wall(sandbox.clock.now(), zone).date()
    monday = _monday(asked.get("week", ""), today)
    with sandbox.lock:
        calendar = _calendar(mailbox, asked.get("calendar", ""))
        days = _days(mailbox, calendar, monday, today)
    return render_template(
        "mailbox-week.html",
        heading=f"{mailbox.person.name}: {calendar.name}",
        mailbox=mailbox,
        calendar=calendar,
        zone=zone,
        days=days,
        monday=monday,
        before=_week_name(monday - timedelta(days=7)),
        after=_week_name(monday + timedelta(days=7)),
        now=_week_name(today),
        this_week=_week_name(monday),
        today=today,
        repeats=REPEATS,
        problem=problem,
        form=asked if problem else {},
    )


def _days(mailbox: Mailbox, calendar: Calendar, monday: date, today: date) -> list[Day]:
    zone = mailbox.settings.time_zone
    days = []
    for offset in range(7):
        day = monday + timedelta(days=offset)
        midnight = datetime.combine(day, time())
        start, end = to_utc(midnight, zone), to_utc(midnight + timedelta(days=1), zone)
        # All-day events are dates: their midnights are matched as UTC's, timed ones by the zone's day.
        utc_day = midnight.replace(tzinfo=UTC), midnight.replace(tzinfo=UTC) + timedelta(days=1)
        found = series.expanded(mailbox.in_calendar(calendar), min(start, utc_day[0]), max(end, utc_day[1]))
        here = [one for one in found if one.overlaps(*(utc_day if one.all_day else (start, end)))]
        here.sort(key=lambda one: (not one.all_day, one.start))
        days.append(Day(day, day == today, [_line(mailbox, one) for one in here]))
    return days


def _line(mailbox: Mailbox, one: Instance) -> Line:
    shown = Renderer(mailbox.ids, Form(immutable=True, zone=mailbox.settings.time_zone)).instance(one)
    starts, ends = (
        one.start.replace(tzinfo=None) if one.all_day else to_wall(moment, mailbox.settings.time_zone)
        for moment in (one.start, one.end)
    )
    notes = [
        str(shown[name])
        for name, usual in (("showAs", "busy"), ("sensitivity", "normal"))
        if shown.get(name, usual) != usual
    ]
    response = _text_in(shown, "responseStatus", "response")
    if response in _RESPONSES:
        notes.append(_RESPONSES[response])
    if shown.get("isOnlineMeeting"):
        notes.append("Teams")
    if one.slot is not None:
        notes.append("changed in its series" if one.override is not None else "series")
    return Line(
        id=str(shown["id"]),
        subject=str(shown.get("subject") or "(no subject)"),
        when="all day" if one.all_day else f"{starts:%H:%M} to {ends:%H:%M}",
        where=_text_in(shown, "location", "displayName"),
        notes=", ".join(notes),
        starts=starts,
        all_day=one.all_day,
        in_series=one.slot is not None,
        cancelled=bool(shown.get("isCancelled")),
        invited_by=_inviter(shown),
    )


def _inviter(shown: dict[str, Any]) -> str | None:
    if shown.get("isOrganizer", True) or shown.get("isCancelled"):
        return None
    name, address = (_text_in(shown, "organizer", "emailAddress", member) for member in ("name", "address"))
    return name or address or "somebody"


def _text_in(shown: dict[str, Any], *names: str) -> str:
    """A member of a member; nothing where what is shown verbatim has no such thing."""
    found: Any = shown
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return str(found or "")


def _monday(week: str, today: date) -> date:
    try:
        monday = datetime.strptime(f"{week}-1", "%G-W%V-%u").date()  # noqa: DTZ007 - a week has no zone
        if FIRST_DAY <= monday <= LAST_DAY:
            return monday
    except ValueError:
        """Then it is this one."""
    return today - timedelta(days=today.weekday())


def _week_name(day: date) -> str:
    return f"{day:%G-W%V}"


def _calendar(mailbox: Mailbox, text: str) -> Calendar:
    return next((one for one in mailbox.calendars.values() if one.id == text), mailbox.default_calendar)


def _add(mailbox: Mailbox, form: MultiDict[str, str]) -> None:
    day = date.fromisoformat(form["date"])
    all_day = "all_day" in form
    begins = datetime.combine(day, time() if all_day else time.fromisoformat(form["start"]))
    ends = begins + (timedelta(days=1) if all_day else timedelta(minutes=int(form["minutes"])))
    zone = mailbox.settings.time_zone
    draft = Draft(
        members=read(
            {
                "subject": form["subject"],
                "location": {"displayName": form.get("location", "")},
                "attendees": [{"emailAddress": {"address": each}} for each in form.get("invite", "").split()],
            }
        ).members,
        start=_moment(begins, zone),
        end=_moment(ends, zone),
        all_day=all_day,
        recurrence=_recurrence(form.get("repeats", ""), day),
    )
    edits.create(mailbox, _calendar(mailbox, form.get("calendar", "")), draft)


def _moment(wall: datetime, zone: str) -> Moment:
    return read_moment({"dateTime": wall.isoformat(), "timeZone": zone})


def _recurrence(repeats: str, day: date) -> dict[str, Any] | None:
    pattern = REPEATS[repeats]
    if pattern is None:
        return None
    return {
        "pattern": pattern | {"daysOfWeek": [DAYS[day.isoweekday() % 7]], "dayOfMonth": day.day},
        "range": {"type": "noEnd"},
    }


def _rename(mailbox: Mailbox, form: MultiDict[str, str]) -> None:
    event, slot = _meant(mailbox, form)
    draft = read({"subject": form["subject"]})
    if slot is None:
        edits.update(mailbox, event, draft)
    else:
        edits.edit_occurrence(mailbox, event, slot, draft)


def _move(mailbox: Mailbox, form: MultiDict[str, str]) -> None:
    """To another day or time, keeping the length. Of a series, one occurrence is moved."""
    event, slot = mailbox.find(form["id"])
    one = series.as_single(event) if slot is None else series.instance_at(event, slot)
    begins = datetime.combine(date.fromisoformat(form["date"]), time.fromisoformat(form.get("start") or "00:00"))
    zone = event.start.zone if one.all_day else mailbox.settings.time_zone
    draft = Draft(start=_moment(begins, zone), end=_moment(begins + (one.end - one.start), zone))
    if slot is None:
        edits.update(mailbox, event, draft)
    else:
        edits.edit_occurrence(mailbox, event, slot, draft)


def _delete(mailbox: Mailbox, form: MultiDict[str, str]) -> None:
    event, slot = _meant(mailbox, form)
    if slot is None:
        edits.delete(mailbox, event)
    else:
        edits.delete_occurrence(mailbox, event, slot)


def _answer(mailbox: Mailbox, form: MultiDict[str, str]) -> None:
    event, slot = _meant(mailbox, form)
    answers.respond(mailbox, event, slot, answers.ANSWERS[form["answer"]], Reply())


def _meant(mailbox: Mailbox, form: MultiDict[str, str]) -> tuple[Event, date | None]:
    """The event of the form; without a slot where the whole series is meant."""
    event, slot = mailbox.find(form["id"])
    return event, None if form.get("scope") == "series" else slot
