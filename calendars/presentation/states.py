"""How a connection and its calendars stand, in one word, one sentence and one next step."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from calendars.models import Calendar
from connections.identity import allow_writing
from connections.models import Connection, Status
from connections.reasons import words_for
from tenants.models import Access, Organization


class State(NamedTuple):
    """
    What a page says about a connection.

    `tone` is one of well, waits, broken, unknown, and is never the only sign: icon and word say the same.
    """

    tone: str
    icon: str
    word: str
    sentence: str
    next_step: str
    # Whether a new sign-in at Microsoft by the connection's own person is the thing to do.
    wants_sign_in: bool = False


_LOOKS = {
    Status.ACTIVE: ("well", "circle-check", "Connected"),
    Status.RECONNECT: ("broken", "alert-circle", "Reconnect needed"),
    Status.APPROVAL: ("waits", "hourglass", "Waits for an administrator"),
    Status.BLOCKED: ("broken", "circle-x", "Blocked"),
    Status.PAUSED: ("unknown", "player-pause", "Paused"),
    Status.DISCONNECTED: ("unknown", "plug-connected-x", "Disconnected"),
}
_MAY_SIGN_IN = frozenset({Status.RECONNECT, Status.APPROVAL, Status.BLOCKED, Status.DISCONNECTED})


class Card(NamedTuple):
    """One connection of the viewer's in a list, with the calendars of it that are shown."""

    connection: Connection
    calendars: list[Calendar]
    state: State


def cards(connections: Iterable[Connection], calendars: Sequence[Calendar], *, now: datetime) -> list[Card]:
    """Each connection with its own of these calendars."""
    listed = []
    for connection in connections:
        own = [calendar for calendar in calendars if calendar.connection_id == connection.pk]
        listed.append(Card(connection, own, connection_state(connection, own, now=now)))
    return listed


def connection_state(connection: Connection, calendars: Sequence[Calendar] | None = None, *, now: datetime) -> State:
    """The state of a connection; where its calendars are given, also whether what we hold is fresh."""
    status = Status(connection.status)
    tone, icon, word = _LOOKS[status]
    if status is not Status.ACTIVE:
        words = words_for(connection.status, connection.reason)
        return State(tone, icon, word, words.sentence, words.next_step, wants_sign_in=status in _MAY_SIGN_IN)
    if calendars is None:
        return State(tone, icon, word, "The calendar is connected.", "")
    return _freshness([calendar for calendar in calendars if calendar.is_followed], now)


_BY_ITSELF = "Nothing to do: we try again by ourselves."


def _freshness(followed: Sequence[Calendar], now: datetime) -> State:
    """How an active connection stands, by when its calendars were read."""
    unread = [calendar for calendar in followed if calendar.synced_at is None]
    if not followed:
        return State("unknown", "calendar-off", "Connected", "No calendar of this mailbox is shown.", "Choose some.")
    if any(calendar.last_error for calendar in unread):
        return State("waits", "clock", "Connected", "Microsoft has not let us read this calendar yet.", _BY_ITSELF)
    if unread:
        return State("waits", "refresh", "First reading", "We are reading this calendar for the first time.", "")
    if is_late(followed, now):
        late = "Microsoft has not answered for a while, so what we hold may be old."
        return State("waits", "clock", "Late", late, _BY_ITSELF)
    return State("well", "circle-check", "Connected", "Almanac keeps this calendar in step with Outlook.", "")


def as_of(calendars: Iterable[Calendar]) -> datetime | None:
    """The moment for which everything shown is true: the oldest of the last readings. None: something is unread."""
    moments = [calendar.synced_at for calendar in calendars if calendar.is_followed]
    known = [moment for moment in moments if moment is not None]
    return min(known) if known and len(known) == len(moments) else None


def is_late(calendars: Iterable[Calendar], now: datetime) -> bool:
    """Whether something was not read for longer than the slow poll explains: twice its pace."""
    limit = now - 2 * settings.POLL_AFTER
    return any(calendar.is_followed and (calendar.synced_at or now) < limit for calendar in calendars)


def banners(listed: Iterable[Card]) -> list[Card]:
    """The connections that explain why what is shown may be old or incomplete; none when all is as it should be."""
    return [card for card in listed if card.state.tone != "well" and (card.calendars or not card.connection.is_active)]


class Changing(NamedTuple):
    """How a mailbox stands to being changed by Almanac: what its organization wants, what its person has granted."""

    # Whether "Allow changes" is to be offered: a new sign-in that asks for one permission more.
    is_wanted: bool
    # Whether the person has granted what nobody may use any more.
    is_idle: bool


def changing(connection: Connection, organization: Organization) -> Changing:
    granted, wanted = allow_writing(connection.scopes), organization.access == Access.WRITE
    return Changing(is_wanted=wanted and not granted and connection.is_active, is_idle=granted and not wanted)


_SCOPES = {
    "calendars.read": "Read your calendars and the events in them",
    "calendars.readbasic": "Read when you are busy, without details",
    "calendars.readwrite": "Read and change your calendars and the events in them",
    "calendars.read.shared": "Read calendars that others share with you",
    "calendars.readwrite.shared": "Read and change calendars that others share with you",
    "user.read": "Read your name and address",
    "mailboxsettings.read": "Read your time zone and working hours",
    "offline_access": "Keep reading while you are away, until you disconnect",
}
# They only say who signs in, and are asked together with every sign-in.
_SIGN_IN_SCOPES = frozenset({"openid", "profile", "email"})


def scopes_in_words(scopes: Iterable[str]) -> list[str]:
    """What Microsoft lets us do, in sentences; what we have no sentence for is named as it is."""
    names = [scope.rsplit("/", 1)[-1] for scope in scopes]
    return [_SCOPES.get(name.casefold(), name) for name in names if name.casefold() not in _SIGN_IN_SCOPES]
