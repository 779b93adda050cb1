"""What the buttons of support staff say: what each does, what it never touches, and why it was not done."""

from typing import Final, NamedTuple

from connections.models import Connection, Status
from webhooks.services.supporting import RULES, Deed, Why


class Button(NamedTuple):
    """One deed, in words."""

    deed: Deed
    icon: str
    label: str
    # On the page of the connection, in one short sentence.
    summary: str
    does: tuple[str, ...]
    never: tuple[str, ...]
    # Said when it is done.
    done: str
    is_grave: bool = False


_OUTLOOK: Final = "Outlook: nothing changes there."
_BUTTONS: Final = (
    Button(
        Deed.SYNC, "refresh", "Sync now", "Ask Microsoft what changed.",
        ("Marks every followed calendar of this mailbox, and reads what changed since the last round.",),
        (_OUTLOOK, "What is stored stays, and the subscription stays."),
        "A round of every followed calendar is on its way.",
    ),
    Button(
        Deed.FULL_ROUND, "database", "Full round", "Read every followed calendar from nothing.",
        ("Forgets where our reading stood, and reads every followed calendar from its beginning.",
         "At the end, events that Microsoft did not send are gone here, too."),
        (_OUTLOOK, "What is stored stays visible until the round ends. The subscription stays."),
        "A full round of every followed calendar is on its way.",
    ),
    Button(
        Deed.RESUBSCRIBE, "bell", "Recreate the subscription", "Have Microsoft call us anew.",
        ("Drops the subscription at Microsoft, makes a new one, and reads what changed in between.",
         "Another organization that has connected the same mailbox shares it, and is told by the new one."),
        (_OUTLOOK, "Events, calendars and tokens stay."),
        "The subscription is being made anew. Its dates below change within a minute.",
    ),
    Button(
        Deed.ASK, "mail", "Ask to reconnect", "Mail the person, once a day at most.",
        ("Sends one mail with fixed words to the address by which the person signs in here.",),
        (_OUTLOOK, "Nothing of the connection changes."),
        "The mail is on its way.",
    ),
    Button(
        Deed.PAUSE, "player-pause", "Pause", "Stop reading, keep everything.",
        ("Nobody reads the mailbox until somebody resumes it: support here, or the person on the connection's page.",
         "Microsoft is told to stop calling, unless another organization listens to the same mailbox."),
        (_OUTLOOK, "Events, calendars and tokens stay. What we hold grows old, and pages say so."),
        "The connection is paused.",
    ),
    Button(
        Deed.RESUME, "player-play", "Resume", "Read again, and catch up.",
        ("The connection is active again. Every followed calendar is read, and Microsoft is asked to call us.",),
        (_OUTLOOK, "What is stored stays."),
        "The connection is active again and catches up.",
    ),
    Button(
        Deed.DISCONNECT, "plug-connected-x", "Disconnect", "Forget tokens, calendars and events.",
        ("Calendars and events of this mailbox are deleted in this organization, and our access is forgotten.",
         "Microsoft is told to stop calling, unless another organization listens to the same mailbox.",
         "It cannot be undone here: only the person can connect again, and then everything is read anew."),
        (_OUTLOOK, "The same mailbox in another organization stays connected."),
        "The connection is disconnected. What is here of it is being removed.",
        is_grave=True,
    ),
)  # fmt: skip
BUTTONS: Final = {button.deed: button for button in _BUTTONS}


def buttons_for(connection: Connection) -> list[Button]:
    """What may be done with a connection in its state, in the order of how much it does."""
    return [button for button in _BUTTONS if connection.status in RULES[button.deed].statuses]


def sorry(why: Why, status: str) -> str:
    """Why a deed was not done, and that nothing was."""
    words = {
        Why.STATUS: f"The connection is in the state “{Status(status).label}” now, so this makes no sense.",
        Why.LATELY: "The same was done a moment ago.",
        Why.MAILED_TODAY: "The person was asked within the last day. We ask once a day at most.",
        Why.NOBODY_THERE: "The person has left the organization, so nobody can reconnect it.",
        Why.NOTHING_FOLLOWED: "No calendar of this mailbox is followed, so there is nothing to read.",
        Why.ORGANIZATION_LEAVES: "The organization is being deleted. Its connections can only be disconnected.",
    }
    return f"{words[why]} Nothing was done."
