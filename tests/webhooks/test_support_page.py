"""The page on which support staff see why it does not work: each date judged, one sentence, a timeline; no content."""

import re
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from calendars.models import Calendar, Event, Kind
from connections.models import Connection, Secret, Status
from tenants.acts import Act
from tenants.models import MicrosoftTenant
from tenants.scoping import organization_scope, support_scope
from tenants.services.audit import Actor, Target, record
from tests.cast import Cast, signed_in
from tests.webhooks.conftest import CLIENT_STATE, Member, Post, connect, item, listening, some_mailbox
from tests.webhooks.mailboxes import mailbox_of
from tests.webhooks.support_desk import desk, page_of
from webhooks.doors import Speaker
from webhooks.presentation.dates import lines
from webhooks.presentation.sentence import sentence
from webhooks.services import looking

WELL, LATE, BROKEN, STILL = "Well", "Late", "Broken", "Not judged"


@pytest.fixture
def speaker(alice: Member, now: datetime) -> Speaker:
    """Alice's connection in acme, as it should be: read, renewed, listened to, and called."""
    speaker = connect(alice, some_mailbox(), now=now)
    change(speaker, address="alice@contoso.example", connected_at=now - timedelta(days=30), succeeded_at=now)
    change_calendars(speaker, synced_at=now)
    keep_token(speaker, now)
    listening(mailbox_of(speaker), speaker, now=now, notified_at=now)
    return speaker


def change(speaker: Speaker, **fields: object) -> None:
    with organization_scope(speaker.organization_id):
        Connection.objects.of(speaker.organization_id).filter(pk=speaker.connection_id).update(**fields)


def change_calendars(speaker: Speaker, **fields: object) -> None:
    with organization_scope(speaker.organization_id):
        Calendar.objects.of(speaker.organization_id).of_connection(speaker.connection_id).update(**fields)


def keep_token(speaker: Speaker, refreshed_at: datetime) -> None:
    with organization_scope(speaker.organization_id):
        Secret.objects.of(speaker.organization_id).update_or_create(
            connection_id=speaker.connection_id,
            defaults={
                "organization_id": speaker.organization_id,
                "sealed_cache": b"sealed",
                "home_account_id": "hush-home",
                "refreshed_at": refreshed_at,
            },
        )


def seen(speaker: Speaker, now: datetime) -> looking.Seen:
    with support_scope():
        connection = looking.find(speaker.connection_id)
        assert connection is not None
        return looking.look(connection, now=now)


def judged(speaker: Speaker, now: datetime) -> dict[str, str]:
    return {line.label: line.judged.tone.word for line in lines(seen(speaker, now), now)}


def words(speaker: Speaker, now: datetime) -> str:
    found = seen(speaker, now)
    return sentence(found, lines(found, now))


ALL_WELL = {
    "Connected": WELL, "Token last refreshed": WELL, "Subscription": WELL, "Last notification": WELL,
    "Last round": WELL, "Next renewal": WELL, "Last error": WELL,
}  # fmt: skip


def test_a_connection_as_it_should_be_is_green_from_top_to_bottom(speaker: Speaker, now: datetime) -> None:
    assert judged(speaker, now) == ALL_WELL
    assert words(speaker, now).endswith("and everything is as it should be.")


@pytest.mark.parametrize(
    ("label", "age", "word"),
    [
        ("Token last refreshed", timedelta(hours=23), WELL),
        ("Token last refreshed", timedelta(hours=25), LATE),
        ("Token last refreshed", timedelta(days=91), BROKEN),
        ("Last round", 2 * settings.POLL_AFTER - timedelta(minutes=1), WELL),
        ("Last round", 2 * settings.POLL_AFTER + timedelta(minutes=1), LATE),
        ("Last round", timedelta(hours=25), BROKEN),
    ],
)
def test_what_is_older_than_it_should_be_is_late_and_in_the_end_broken(
    speaker: Speaker, now: datetime, label: str, age: timedelta, word: str
) -> None:
    if label == "Last round":
        change_calendars(speaker, synced_at=now - age)
    else:
        keep_token(speaker, now - age)

    assert judged(speaker, now) == ALL_WELL | {label: word}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"renew_at": -timedelta(hours=1)}, {"Next renewal": LATE}),
        ({"renew_at": -timedelta(hours=5)}, {"Next renewal": BROKEN}),
        ({"expires_at": -timedelta(hours=1), "renew_at": -timedelta(days=3)},
         {"Subscription": BROKEN, "Next renewal": BROKEN}),
        ({"notified_at": -timedelta(days=8)}, {"Last notification": STILL}),
    ],
)  # fmt: skip
def test_the_subscription_is_held_against_the_clock(
    alice: Member, now: datetime, fields: dict[str, timedelta], expected: dict[str, str]
) -> None:
    speaker = connect(alice, some_mailbox(), now=now - timedelta(days=30))
    change_calendars(speaker, synced_at=now)
    change(speaker, succeeded_at=now)
    keep_token(speaker, now)
    moments = {"notified_at": timedelta(0)} | fields
    listening(mailbox_of(speaker), speaker, now=now, **{name: now + span for name, span in moments.items()})

    assert judged(speaker, now) == ALL_WELL | expected


def test_without_a_subscription_a_new_connection_is_late_and_an_old_one_broken(alice: Member, now: datetime) -> None:
    young = connect(alice, some_mailbox(), now=now)
    old = connect(alice, some_mailbox(), now=now - timedelta(days=1))

    assert judged(young, now)["Subscription"] == LATE
    assert judged(old, now)["Subscription"] == BROKEN


@pytest.mark.parametrize("status", [Status.PAUSED, Status.DISCONNECTED])
def test_what_somebody_decided_is_grey_and_not_broken(speaker: Speaker, now: datetime, status: Status) -> None:
    change(speaker, status=status, reason="")

    found = judged(speaker, now)

    assert BROKEN not in found.values()
    assert found["Last round"] == found["Last notification"] == found["Next renewal"] == STILL


def test_the_last_error_is_said_in_words_with_microsofts_code_and_request_id(
    cast: Cast, speaker: Speaker, now: datetime
) -> None:
    since = now - timedelta(days=2)
    change(
        speaker, status=Status.RECONNECT, reason="sessions_reset", status_since=since, failed_at=since,
        failed_code="InvalidAuthenticationToken", failed_request_id="4e5f-request", succeeded_at=since,
    )  # fmt: skip

    page = desk(cast).get(page_of(speaker)).content.decode()

    assert "Microsoft no longer accepted our access token." in page
    assert "InvalidAuthenticationToken" in page
    assert "4e5f-request" in page
    assert judged(speaker, now)["Last error"] == BROKEN
    said = words(speaker, now)
    assert said.startswith("alice@contoso.example could not be read since ")
    assert "Your password or your sessions at Microsoft were reset." in said
    assert said in page.replace("&#x27;", "'")


def test_an_error_that_passed_by_itself_is_grey(speaker: Speaker, now: datetime) -> None:
    change(speaker, failed_at=now - timedelta(hours=1), failed_code="ServiceUnavailable", succeeded_at=now)

    assert judged(speaker, now)["Last error"] == STILL


def test_a_code_that_nobody_has_put_into_words_is_shown_as_it_is(cast: Cast, speaker: Speaker, now: datetime) -> None:
    change(speaker, failed_at=now, failed_code="ErrorBrandNew<b>", succeeded_at=now - timedelta(hours=1))

    page = desk(cast).get(page_of(speaker)).content.decode()

    assert "Nobody has put this code into words yet." in page
    assert "ErrorBrandNew&lt;b&gt;" in page


def test_the_timeline_tells_who_did_what_and_when_microsoft_called(
    cast: Cast, speaker: Speaker, post: Post, now: datetime
) -> None:
    graph_id = listening(some_mailbox(), now=now)  # of another mailbox: not on this page
    row = seen(speaker, now).subscription
    assert row is not None
    for _ in range(12):
        post(item(str(row.graph_id), mailbox_of(speaker)))
    with organization_scope(speaker.organization_id):
        record(
            organization_id=speaker.organization_id, act=Act.CONNECTION_RENEWED, by=Actor.person(cast.alice), now=now,
            on=Target("connection", speaker.connection_id, "alice@contoso.example"),
        )  # fmt: skip
        record(
            organization_id=speaker.organization_id, act=Act.CONNECTION_MADE, by=Actor.system(), now=now,
            on=Target("connection", speaker.connection_id + 1, "somebody-else@contoso.example"),
        )  # fmt: skip

    page = desk(cast).get(page_of(speaker)).content.decode()

    assert "Somebody reconnected" in page
    assert page.count("Microsoft called: changes (1)") == 10
    assert "Microsoft called 2 times more that day" in page
    assert "somebody-else@contoso.example" not in page
    assert graph_id not in page
    assert CLIENT_STATE not in page


def test_the_microsoft_tenant_is_named_with_its_state(cast: Cast, speaker: Speaker, now: datetime) -> None:
    tid = mailbox_of(speaker).tid
    assert "nothing is known of its consent" in desk(cast).get(page_of(speaker)).content.decode()
    with organization_scope(speaker.organization_id):
        MicrosoftTenant.objects.create(
            organization_id=speaker.organization_id, tid=tid, domain="contoso.example", state="waiting", state_since=now
        )

    page = desk(cast).get(page_of(speaker)).content.decode()

    assert "Waits for an administrator" in page
    assert "contoso.example" in page


def test_nothing_of_a_calendar_and_no_secret_is_on_it(cast: Cast, speaker: Speaker, now: datetime) -> None:
    change_calendars(speaker, name="Hush calendar", delta_link="https://graph.microsoft.com/hush-link")
    with organization_scope(speaker.organization_id):
        calendar = Calendar.objects.of(speaker.organization_id).get(connection_id=speaker.connection_id)
        Event.objects.create(
            organization_id=speaker.organization_id, calendar=calendar, graph_id="hush-event", kind=Kind.SINGLE,
            starts_at=now, ends_at=now, subject="Hush subject", location="Hush place", organizer_name="Hush organizer",
            attendees=[{"name": "Hush attendee", "address": "hush@contoso.example"}],
        )  # fmt: skip

    page = desk(cast).get(page_of(speaker)).content.decode()

    assert not re.search("hush", page, re.IGNORECASE)
    assert re.search(r'data-label="Events">1<', page)


@pytest.mark.parametrize("status", list(Status))
def test_there_is_a_page_in_every_state_with_the_buttons_that_make_sense(
    cast: Cast, speaker: Speaker, status: Status
) -> None:
    change(speaker, status=status, reason="no-such-reason-any-more")

    page = desk(cast).get(page_of(speaker)).content.decode()

    offered = set(re.findall(rf'href="/admin/connections/connection/{speaker.connection_id}/([a-z-]+)/"', page))
    acting = {"sync", "full-round", "resubscribe", "ask", "pause", "disconnect"}
    assert offered - {"packet"} == {
        Status.ACTIVE: acting,
        Status.PAUSED: {"resume", "disconnect"},
        Status.DISCONNECTED: set(),
    }.get(status, {"ask", "disconnect"})


@pytest.mark.parametrize("named", ["0", "999999", "99999999999999999999", "abc", "-1", "1/2", "%00"])
def test_an_id_that_is_none_gets_a_page_that_says_so(cast: Cast, speaker: Speaker, named: str) -> None:
    answer = desk(cast).get(f"/admin/connections/connection/{named}/change/")

    assert answer.status_code == 404
    assert "No such connection" in answer.content.decode()


def test_it_takes_no_post(cast: Cast, speaker: Speaker) -> None:
    assert desk(cast).post(page_of(speaker), {"status": "active"}).status_code == 403


def test_it_is_for_staff_alone(alice: Member, bob: Member, mallory: Member, speaker: Speaker) -> None:
    for somebody in (alice, bob, mallory):
        assert signed_in(somebody.user).get(page_of(speaker)).status_code == 404


# --- the list and the first page ------------------------------------------------------------------------------------


def listed(cast: Cast, query: str) -> list[str]:
    answer = desk(cast).get(f"/admin/connections/connection/?{query}", follow=True)
    assert answer.status_code == 200
    return re.findall(r"([a-z]+)@list\.example</a>", answer.content.decode())


@pytest.fixture
def several(alice: Member, mallory: Member, now: datetime) -> dict[str, Speaker]:
    """Connections in two organizations and four states, of different ages."""
    made = {}
    for name, owner, status, reason, age in (
        ("well", alice, Status.ACTIVE, "", 40),
        ("fresh", alice, Status.RECONNECT, "token_refused", 0),
        ("old", alice, Status.RECONNECT, "sessions_reset", 3),
        ("ancient", mallory, Status.BLOCKED, "no_mailbox", 30),
        ("paused", mallory, Status.PAUSED, "paused", 9),
    ):
        made[name] = connect(owner, some_mailbox(), now=now, status=status)
        change(made[name], address=f"{name}@list.example", reason=reason, status_since=now - timedelta(days=age))
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("o=-3", ["fresh", "old", "paused", "ancient", "well"]),
        ("o=3", ["well", "ancient", "paused", "old", "fresh"]),
        ("broken=now&o=3", ["ancient", "old", "fresh"]),
        ("broken=day&o=3", ["ancient", "old"]),
        ("broken=week", ["ancient"]),
        ("reason=sessions_reset", ["old"]),
        ("reason=no-such-reason", []),
        ("status__exact=paused", ["paused"]),
        ("organization=0", []),
        ("organization=99999999999999999999999", []),
        ("organization=abc", []),
        ("tid=5e82b9d4-0a6f-4c17-b3d9-72c1f4a8d003", []),
        ("tid=abc", []),
        ("tid=%00", []),
        ("q=OLD%40list", ["old"]),
    ],
)
def test_the_list_is_filtered_and_sorted(cast: Cast, several: dict[str, Speaker], query: str, found: list[str]) -> None:
    assert listed(cast, query) == found


def test_the_list_is_filtered_by_organization_and_by_microsoft_tenant(cast: Cast, several: dict[str, Speaker]) -> None:
    mallorys = several["paused"]

    assert set(listed(cast, f"organization={mallorys.organization_id}")) == {"ancient", "paused"}
    assert len(listed(cast, f"tid={mailbox_of(mallorys).tid}")) == 5
    filters = desk(cast).get("/admin/connections/connection/").content.decode()
    assert f"?tid={mailbox_of(mallorys).tid}" in filters
    assert ">globex<" in filters.replace("\n", "").replace(" ", "")


def test_the_first_page_counts_what_needs_somebody_and_leads_to_the_oldest(
    cast: Cast, several: dict[str, Speaker]
) -> None:
    page = desk(cast).get("/admin/").content.decode()

    assert {words: int(number) for number, words in re.findall(r"<b>(\d+)</b><span>([^<]+)</span>", page)} == {
        "broken for more than a day": 2, "broken now": 3, "waiting for an administrator": 0, "paused": 1, "active": 1,
    }  # fmt: skip
    assert "The oldest 30 days ago." in page
    link = re.search(r'href="/admin/connections/connection/\?(broken=day[^"]*)"', page)
    assert link is not None
    assert listed(cast, link[1].replace("&amp;", "&")) == ["ancient", "old"]
