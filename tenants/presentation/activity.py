"""The audit log in words: who did what to what, when and from where."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.dateformat import format as format_date

from tenants.acts import SENTENCES, Act
from tenants.models import ActorKind, AuditEntry

# The icon and the word for each kind of actor; the word is what is said where nobody is named.
ACTORS: dict[str, tuple[str, str]] = {
    ActorKind.PERSON: ("user", "Somebody"),
    ActorKind.SUPPORT: ("lifebuoy", "Almanac's support"),
    ActorKind.ADMINISTRATOR: ("shield-check", "A Microsoft administrator"),
    ActorKind.SYSTEM: ("settings", "Almanac"),
}
# Sentences that are whole without saying again who it was.
_ALONE = frozenset({Act.MEMBER_JOINED, Act.MEMBER_LEFT, Act.PERSON_DELETION_ASKED})
_CODE_WORD = re.compile(r"[a-z]+(?:_[a-z]+)+")

COLUMNS = ("When (UTC)", "Who", "Kind of actor", "Did what", "To what", "Details", "Network address", "Act")


class Line(NamedTuple):
    """One entry as a page shows it. `label` is who it was in the words of that moment, if `who` does not say it."""

    icon: str
    who: str
    label: str
    kind: str
    did: str
    target: str
    details: str
    at: datetime
    ip: str


class Day(NamedTuple):
    day: date
    lines: list[Line]


def days(entries: Iterable[AuditEntry], *, names: Mapping[int, str]) -> list[Day]:
    """The entries by day of the viewer's zone, in their order. `names`: how people are called now, by user id."""
    lines = [line(entry, names=names) for entry in entries]
    return [Day(day, list(of_day)) for day, of_day in groupby(lines, key=_day)]


def _day(shown: Line) -> date:
    return timezone.localtime(shown.at).date()


def line(entry: AuditEntry, *, names: Mapping[int, str]) -> Line:
    icon, kind = ACTORS.get(entry.actor_kind, ACTORS[ActorKind.PERSON])
    name = names.get(entry.actor_id or 0, "") if entry.actor_kind == ActorKind.PERSON else ""
    # Of our own staff the organization reads that it was support; the address below says who.
    who = kind if entry.actor_kind == ActorKind.SUPPORT else name or entry.actor_label or kind
    return Line(
        icon=icon,
        who=who,
        label="" if entry.actor_label == who else entry.actor_label,
        kind=kind if entry.actor_kind != ActorKind.PERSON and kind != who else "",
        did=did(entry.act),
        target=_target(entry),
        details=in_words(entry.details),
        at=entry.at,
        ip=entry.ip or "",
    )


def did(act: str) -> str:
    """The words for an act; for one that this version does not know, its name."""
    return SENTENCES[Act(act)] if act in set(Act) else f"did “{act}”"


def _target(entry: AuditEntry) -> str:
    if entry.act in _ALONE and entry.target_label in {"", entry.actor_label}:
        return ""
    return entry.target_label


def in_words(details: Mapping[str, Any]) -> str:
    """
    What is known besides, as the rest of a sentence: "from member to admin (reason: expired)".

    `former` and `new` are a change, whatever it is that changed; everything else is named by its own word.
    """
    rest = dict(details)
    change = ""
    if "former" in rest and "new" in rest:
        change = f"from {_value(rest.pop('former'))} to {_value(rest.pop('new'))}"
    said = [f"{name.replace('_', ' ')}: {_value(value)}" for name, value in rest.items() if value not in (None, "")]
    return f"{change} ({', '.join(said)})".strip() if said else change


def _value(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " and ".join(f"{str(name).replace('_', ' ')} {_value(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return " and ".join(map(_value, value))
    text = str(value)
    # Words of our code, such as "password_expired"; anything else is said as it is.
    return text.replace("_", " ") if _CODE_WORD.fullmatch(text) else text


def cells(entry: AuditEntry) -> list[str]:
    """One row of the file, by `COLUMNS`."""
    _, kind = ACTORS.get(entry.actor_kind, ACTORS[ActorKind.PERSON])
    if entry.actor_kind == ActorKind.PERSON:
        kind = "Member"
    return [
        entry.at.strftime("%Y-%m-%d %H:%M:%S"),
        entry.actor_label or kind,
        kind,
        did(entry.act),
        _target(entry),
        in_words(entry.details),
        entry.ip or "",
        entry.act,
    ]


def file_name(slug: str, now: datetime) -> str:
    return f"activity-{slug}-{format_date(now, 'Y-m-d')}.csv"
