"""Exports: everything about a person as JSON and ICS, and how an organization stands; for whoever asked, and a day."""

import io
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zipfile import ZipFile

import icalendar
import orjson
import pytest
from django.core import mail
from hypothesis import given
from hypothesis import strategies as some

from calendars import doors, tasks
from calendars.models import Event, Export, ExportKind, ExportPart, ExportState, Kind
from calendars.services import exports
from calendars.services.exports import ics, parts, rows
from connections.models import Secret
from tenants import doors as tenants_doors
from tenants.acts import Act
from tenants.models import AuditEntry, Membership, User
from tenants.policies import Role
from tenants.scoping import organization_scope
from tenants.services import mailing
from tenants.services.audit import Actor
from tests.calendars.making import NOON, make_calendar, make_connection, make_day, make_event, membership_of
from tests.cast import Cast
from tests.rules import walk
from tests.rules.test_models import SECRET

HUSH = "Hush-9d41"
# Of an event these names are its contents, and in its owner's export they belong.
CONTENTS = {"subject", "location", "organizer_name", "organizer_address", "attendees", "join_url", "web_link"}
CONTENTS |= {"recurrence", "is_organizer", "body", "body_type"}


def ask(cast: Cast, user: User, kind: ExportKind = ExportKind.PERSON, *, now: datetime) -> Export:
    with organization_scope(cast.acme.pk):
        member = Membership.objects.of(cast.acme).select_related("user").get(user=user)
        return exports.ask(member=member, kind=kind, by=Actor.person(user), now=now)


def made(cast: Cast, user: User, kind: ExportKind = ExportKind.PERSON, *, now: datetime) -> dict[str, bytes]:
    """Ask, have it made, and open the file: contents by name."""
    export = ask(cast, user, kind, now=now)
    assert exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)
    return opened(again(export))


def again(export: Export) -> Export:
    with organization_scope(export.organization_id):
        return Export.objects.of(export.organization_id).get(pk=export.pk)


def opened(export: Export) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(b"".join(exports.read(export)))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def events_in(files: dict[str, bytes]) -> list[icalendar.Event]:
    found: list[icalendar.Event] = []
    for name, content in files.items():
        if name.endswith(".ics"):
            found += icalendar.Calendar.from_ical(content).walk("VEVENT")
    return found


def test_a_person_gets_their_events_as_json_with_every_field_and_as_calendar_files(cast: Cast, now: datetime) -> None:
    work = make_calendar(make_connection(cast.acme, cast.bob), "Work / Büro")
    private = make_calendar(make_connection(cast.acme, cast.bob), "Work / Büro")
    guests = [
        {"name": 'Ada, the "first"', "address": "ada@acme.example", "type": "optional", "response": "declined"},
        {"name": "No address", "address": "", "type": "required", "response": "none"},
    ]
    meeting = make_event(
        work, "Plan; next, steps\nand \\more", location="Room 1", attendees=guests, organizer_name="Bob Ito",
        organizer_address="bob@acme.example", join_url="https://teams.example/1", zone="Europe/Berlin",
        original_zone="W. Europe Standard Time", sensitivity="private",
    )  # fmt: skip
    trip = make_day(private, "Trip", date(2027, 3, 27), days=3, show_as="free")
    make_event(make_calendar(make_connection(cast.acme, cast.ada), "Ada's"), "Not Bob's business")

    files = made(cast, cast.bob, now=now)

    assert set(files) == {"data.json", "README.txt", "calendars/01-work-buro.ics", "calendars/02-work-buro.ics"}
    data = orjson.loads(files["data.json"])
    assert data["account"]["email"] == "bob@acme.example"
    [stored] = data["calendars"][0]["events"]
    assert set(stored) == {f.attname for f in Event._meta.concrete_fields} - {
        "id", "organization_id", "calendar_id", "round_number"
    }  # fmt: skip
    assert (stored["subject"], stored["attendees"], stored["zone"]) == (meeting.subject, guests, "Europe/Berlin")
    assert stored["starts_at"] == "2027-03-10T12:00:00Z"
    first, second = events_in(files)
    assert (str(first["SUMMARY"]), str(first["LOCATION"])) == (meeting.subject, "Room 1")
    assert (first.decoded("DTSTART"), first.decoded("DTEND")) == (meeting.starts_at, meeting.ends_at)
    assert (str(first["ATTENDEE"]), first["ATTENDEE"].params["PARTSTAT"]) == ("mailto:ada@acme.example", "DECLINED")
    assert first["ATTENDEE"].params["CN"] == "Ada, the first"
    assert (str(first["CLASS"]), str(first["URL"])) == ("PRIVATE", "https://teams.example/1")
    assert (second.decoded("DTSTART"), second.decoded("DTEND")) == (trip.start_date, trip.end_date)
    assert str(second["TRANSP"]) == "TRANSPARENT"
    assert b"Not Bob" not in b"".join(files.values())


def test_a_series_is_its_occurrences_in_the_calendar_file_and_has_its_rule_in_the_json(
    cast: Cast, now: datetime
) -> None:
    calendar = make_calendar(make_connection(cast.acme, cast.bob))
    rule = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2027-03-10"}}
    make_event(calendar, "Standup", kind=Kind.MASTER, graph_id="master", recurrence=rule)
    for day in range(3):
        kind = Kind.EXCEPTION if day == 1 else Kind.OCCURRENCE
        make_event(calendar, "Standup", kind=kind, series_id="master", starts_at=NOON + timedelta(days=day))

    files = made(cast, cast.bob, now=now)

    found = events_in(files)
    assert [event.decoded("DTSTART") for event in found] == [NOON + timedelta(days=day) for day in range(3)]
    assert len({str(event["UID"]) for event in found}) == 3
    [calendar_json] = orjson.loads(files["data.json"])["calendars"]
    assert [event["recurrence"] for event in calendar_json["events"] if event["kind"] == "master"] == [rule]


def test_what_an_event_says_is_plain_text_in_the_calendar_file_and_as_it_is_in_the_json(
    cast: Cast, now: datetime
) -> None:
    calendar = make_calendar(make_connection(cast.acme, cast.bob))
    html = "<html><head><style>p {}</style></head><body><p>Bring&nbsp;<b>coffee</b> &amp; cake</p><script>1</script>Bye"
    make_event(calendar, "Series", kind=Kind.MASTER, graph_id="master", body=html, body_type="html")
    make_event(calendar, "Series", kind=Kind.OCCURRENCE, series_id="master")
    make_event(calendar, "Single", body="Line one\r\nLine two", body_type="text")
    make_event(calendar, "Endless", body="<div>" * 20_000, body_type="html")

    files = made(cast, cast.bob, now=now)

    said = {str(event["SUMMARY"]): str(event.get("DESCRIPTION", "")) for event in events_in(files)}
    assert said == {"Series": "Bring\xa0coffee & cake\nBye", "Single": "Line one\nLine two", "Endless": ""}
    assert html in {event["body"] for event in orjson.loads(files["data.json"])["calendars"][0]["events"]}


# What PostgreSQL stores: no NUL, no lone surrogates; the writer is held to them all the same.
odd = some.text(max_size=40) | some.sampled_from(
    [
        "a\r\nATTENDEE:mailto:x@y.z",
        "\x00",
        "\r",
        "\n",
        "a\rb",
        ";:,\\\"'^n",
        "\ud800",
        "=cmd",
        "BEGIN:VEVENT",
        "\x85\u2028",
    ]
)
addresses = odd | some.sampled_from(
    ["bob@acme.example", "bob@acme.example\r\nX:1", "a b@c.d", '"q"@x.y', "bob@acme.example\x00"]
)


@given(
    subject=odd,
    location=odd,
    name=odd,
    address=addresses,
    link=odd | some.sampled_from(["https://a.b/\r\nX:1", "javascript:1"]),
)
def test_no_text_breaks_the_file_or_says_something_else_in_it(
    subject: str, location: str, name: str, address: str, link: str
) -> None:
    event = Event(
        graph_id="AAMk", kind=Kind.SINGLE, subject=subject, location=location, organizer_name=name,
        organizer_address=address, attendees=[{"name": name, "address": address, "type": "required"}, 7],
        join_url=link, web_link="https://outlook.office.com/1", starts_at=NOON, ends_at=NOON,
    )  # fmt: skip

    written = ics.heading(subject) + ics.written(event, now=NOON) + ics.CLOSING

    [calendar] = icalendar.Calendar.from_ical(written, multiple=True)
    [read] = calendar.walk("VEVENT")
    assert read.errors == []
    assert str(read["SUMMARY"]) == ics._clean(subject)
    assert str(read.get("LOCATION", "")) == ics._clean(location)
    assert not {"\r", "\x00"} & set(str(read["SUMMARY"]))
    assert set(read) <= {
        "UID", "DTSTAMP", "DTSTART", "SUMMARY", "LOCATION", "STATUS", "TRANSP", "CLASS", "ORGANIZER", "ATTENDEE", "URL"
    }  # fmt: skip
    assert str(read["URL"]).startswith("https://")
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))
    assert b"\n" not in written.replace(b"\r\n", b"")


def test_attendees_of_a_form_that_nobody_knows_hold_no_event_back(cast: Cast, now: datetime) -> None:
    calendar = make_calendar(make_connection(cast.acme, cast.bob))
    make_event(calendar, "Fine", attendees="not a list")

    files = made(cast, cast.bob, now=now)

    assert [str(event["SUMMARY"]) for event in events_in(files)] == ["Fine"]


def test_what_no_calendar_file_can_hold_is_refused_by_name() -> None:
    for impossible in (Event(kind=Kind.SINGLE, graph_id="1"), Event(kind=Kind.MASTER, starts_at=NOON, ends_at=NOON)):
        with pytest.raises(ics.NotWritable):
            ics.written(impossible, now=NOON)


def test_a_large_calendar_is_written_in_parts_and_no_part_is_larger_than_one(
    cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = make_calendar(make_connection(cast.acme, cast.bob))
    with organization_scope(cast.acme.pk):
        Event.objects.bulk_create(
            Event(
                organization=cast.acme, calendar=calendar, graph_id=uuid.uuid4().hex, kind=Kind.SINGLE,
                subject=uuid.uuid4().hex * 8, starts_at=NOON, ends_at=NOON + timedelta(hours=1),
            )
            for _ in range(1200)
        )  # fmt: skip
    monkeypatch.setattr(parts, "PART", 64 * 1024)

    export = ask(cast, cast.bob, now=now)
    exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)

    export = again(export)
    assert (export.events, export.skipped) == (1200, 0)
    assert export.parts > 2
    assert max(len(part) for part in exports.read(export)) <= 64 * 1024
    files = opened(export)
    assert len(events_in(files)) == 1200
    assert len(orjson.loads(files["data.json"])["calendars"][0]["events"]) == 1200


def test_an_owner_gets_how_the_organization_stands_and_nothing_of_peoples_calendars(cast: Cast, now: datetime) -> None:
    calendar = make_calendar(make_connection(cast.acme, cast.bob), f"{HUSH} calendar")
    for number in range(3):
        make_event(calendar, f"{HUSH} {number}", location=HUSH)

    files = made(cast, cast.alice, ExportKind.ORGANIZATION, now=now)

    assert set(files) == {
        "organization.json", "people.csv", "connections.csv", "activity.json", "activity.csv", "README.txt"
    }  # fmt: skip
    facts = orjson.loads(files["organization.json"])
    assert {person["email"] for person in facts["people"]} == {f"{n}@acme.example" for n in ("alice", "ada", "bob")}
    [connection] = facts["connections"]
    assert (connection["person"], connection["calendars"], connection["events"]) == ("bob@acme.example", 1, 3)
    assert facts["organization"]["access"] == "read"
    assert [entry["act"] for entry in orjson.loads(files["activity.json"])] == ["organization.founded", "export.asked"]
    assert files["activity.csv"].count(b"\r\n") == 3
    assert HUSH.encode() not in b"".join(files.values())


def test_no_export_has_a_secret_in_it(cast: Cast, now: datetime) -> None:
    connection = make_connection(cast.acme, cast.bob)
    make_calendar(connection, delta_link=f"https://graph.microsoft.com/{HUSH}", page_link=HUSH)
    with organization_scope(cast.acme.pk):
        Secret.objects.create(
            organization=cast.acme, connection=connection, sealed_cache=HUSH.encode(), home_account_id=HUSH,
            refreshed_at=now,
        )  # fmt: skip

    for user, kind in ((cast.bob, ExportKind.PERSON), (cast.alice, ExportKind.ORGANIZATION)):
        files = made(cast, user, kind, now=now)
        assert HUSH.encode() not in b"".join(files.values())
        for name in (name for name in files if name.endswith(".json")):
            assert {key for key in keys_of(orjson.loads(files[name])) if SECRET.search(key)} <= CONTENTS


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def test_every_customers_table_is_in_an_export_or_left_out_with_a_reason() -> None:
    named = {model._meta.label for model in rows.COLUMNS} | set(rows.LEFT_OUT)
    assert named == {model._meta.label for model in walk.customer_models()}
    columns = {column for model in rows.COLUMNS if model is not Event for column in rows.COLUMNS[model]}
    assert {column for column in columns if SECRET.search(column)} == set()
    assert {column for column in rows.EVENT if SECRET.search(column)} <= CONTENTS


# --- who, when, how often -------------------------------------------------------------------------------------


def test_whoever_asked_is_told_by_mail_with_a_link_to_the_page_and_once(cast: Cast, now: datetime) -> None:
    made(cast, cast.bob, now=now)

    for mail_id in tenants_doors.waiting_mails(now):
        mailing.send(mail_id=mail_id, now=now)

    [message] = mail.outbox
    assert (message.to, message.subject) == (["bob@acme.example"], "Your export is ready")
    assert "/o/acme/my-data/" in message.body
    assert message.attachments == []


def test_one_at_a_time_and_a_new_one_replaces_the_old(cast: Cast, now: datetime) -> None:
    first = ask(cast, cast.bob, now=now)
    with pytest.raises(exports.ExportUnderWay):
        ask(cast, cast.bob, now=now)
    exports.make(organization_id=cast.acme.pk, export_id=first.pk, clock=lambda: now)

    second = ask(cast, cast.bob, now=now)

    with organization_scope(cast.acme.pk):
        assert list(Export.objects.of(cast.acme).values_list("pk", flat=True)) == [second.pk]
        assert not ExportPart.objects.of(cast.acme).exists()


def test_nobody_has_more_made_in_a_day_than_anybody_needs(cast: Cast, now: datetime) -> None:
    for _ in range(10):
        made(cast, cast.bob, now=now)

    with pytest.raises(exports.TooManyExports):
        ask(cast, cast.bob, now=now)
    ask(cast, cast.bob, now=now + timedelta(days=1, minutes=1))


def test_only_owners_have_the_organization_exported(cast: Cast, now: datetime) -> None:
    for user in (cast.bob, cast.ada):
        with pytest.raises(exports.NotAllowed):
            ask(cast, user, ExportKind.ORGANIZATION, now=now)


def test_only_who_asked_fetches_it_and_only_for_a_day_and_it_is_kept_that_they_did(cast: Cast, now: datetime) -> None:
    export = ask(cast, cast.bob, now=now)

    def fetched(user: User, at: datetime) -> bool:
        member = membership_of(cast.acme, user)
        with organization_scope(cast.acme.pk):
            return exports.fetch(member=member, export_id=export.pk, by=Actor.person(user), now=at) is not None

    assert not fetched(cast.bob, now)  # not made yet
    exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)
    assert not fetched(cast.alice, now)
    assert fetched(cast.bob, now)
    assert not fetched(cast.bob, now + timedelta(hours=24))
    with organization_scope(cast.acme.pk):
        entries = AuditEntry.objects.of(cast.acme).filter(act=Act.EXPORT_FETCHED.value)
        assert [entry.actor_label for entry in entries] == ["bob@acme.example"]


def test_who_is_no_owner_any_more_does_not_fetch_the_organizations(cast: Cast, now: datetime) -> None:
    export = ask(cast, cast.alice, ExportKind.ORGANIZATION, now=now)
    exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)
    member = membership_of(cast.acme, cast.alice)
    member.role = Role.ADMIN

    with organization_scope(cast.acme.pk):
        assert exports.fetch(member=member, export_id=export.pk, by=Actor.person(cast.alice), now=now) is None


# --- what ends in the middle ----------------------------------------------------------------------------------


def test_an_export_without_a_message_is_found_and_two_makers_make_one(cast: Cast, now: datetime) -> None:
    export = ask(cast, cast.bob, now=now)
    key = (cast.acme.pk, export.pk)
    assert doors.unmade_exports(now=now) == []
    assert doors.unmade_exports(now=now + timedelta(seconds=21)) == [key]
    assert exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)
    assert not exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)
    assert doors.unmade_exports(now=now + timedelta(hours=1)) == []


def test_a_maker_that_ended_is_replaced_and_nothing_of_it_is_left(cast: Cast, now: datetime) -> None:
    make_event(make_calendar(make_connection(cast.acme, cast.bob)))
    export = ask(cast, cast.bob, now=now)
    with organization_scope(cast.acme.pk):
        Export.objects.of(cast.acme).filter(pk=export.pk).update(
            state=ExportState.MAKING, lease_token=uuid.uuid4(), lease_until=now + timedelta(minutes=5)
        )
        ExportPart.objects.create(organization=cast.acme, export=export, number=0, sealed_bytes=b"half")
    assert not exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)

    later = now + timedelta(minutes=6)
    assert doors.unmade_exports(now=later) == [(cast.acme.pk, export.pk)]
    assert exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: later)

    assert len(events_in(opened(again(export)))) == 1


def test_a_maker_that_lost_its_lease_stores_nothing_more(cast: Cast, now: datetime) -> None:
    export = ask(cast, cast.bob, now=now)

    assert not exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=taken_away(export, now))

    assert again(export).state == ExportState.MAKING
    with organization_scope(cast.acme.pk):
        assert not ExportPart.objects.of(cast.acme).exists()


def taken_away(export: Export, now: datetime) -> Callable[[], datetime]:
    """A clock that lets another worker take the export at its second look."""
    looks: list[int] = []

    def clock() -> datetime:
        looks.append(1)
        if len(looks) == 2:
            with organization_scope(export.organization_id):
                Export.objects.of(export.organization_id).update(lease_token=uuid.uuid4())
        return now

    return clock


def test_what_fails_again_and_again_is_given_up_and_said(cast: Cast, now: datetime) -> None:
    export = ask(cast, cast.bob, now=now)
    with organization_scope(cast.acme.pk):
        Export.objects.of(cast.acme).update(attempts=5)

    assert not exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)

    assert again(export).state == ExportState.FAILED
    ask(cast, cast.bob, now=now)


def test_beat_deletes_what_is_older_than_a_day(cast: Cast, now: datetime) -> None:
    long_ago = now - timedelta(hours=25)
    made(cast, cast.bob, now=long_ago)

    tasks.forget_old_exports()

    with organization_scope(cast.acme.pk):
        assert not Export.objects.of(cast.acme).exists()
        assert not ExportPart.objects.of(cast.acme).exists()


def test_a_part_of_another_export_does_not_open(cast: Cast, now: datetime) -> None:
    export = ask(cast, cast.bob, now=now)
    exports.make(organization_id=cast.acme.pk, export_id=export.pk, clock=lambda: now)
    export = again(export)
    export.key = uuid.uuid4()

    with pytest.raises(Exception, match="not sealed for"):
        b"".join(exports.read(export))


def test_mallory_finds_no_export_of_acme(cast: Cast, now: datetime) -> None:
    export = ask(cast, cast.bob, now=now)
    member = membership_of(cast.globex, cast.mallory)

    with organization_scope(cast.globex.pk):
        assert exports.fetch(member=member, export_id=export.pk, by=Actor.person(cast.mallory), now=now) is None
    assert not exports.make(organization_id=cast.globex.pk, export_id=export.pk, clock=lambda: now)


def test_moments_are_read_as_they_are_stored(cast: Cast) -> None:
    moment = datetime(2027, 3, 28, 0, 59, 59, tzinfo=UTC)
    values: dict[str, Any] = {"at": moment, "day": date(2027, 3, 28), "id": uuid.UUID(int=1)}
    assert orjson.loads(rows.dumped(values)) == {
        "at": "2027-03-28T00:59:59Z", "day": "2027-03-28", "id": "00000000-0000-0000-0000-000000000001"
    }  # fmt: skip
