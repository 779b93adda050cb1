"""
Ids and versions that look like Exchange's and can be taken apart again.

A plain id holds the mailbox and a number that changes when the item moves; an immutable id
holds a number that stays. Instances of a series add the day of their slot, so that changing
an occurrence never changes its id. A calendar has a plain id only.
"""

import base64
import binascii
import struct
import uuid
import zlib
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final

_PLAIN: Final = bytes.fromhex("00032400")
_IMMUTABLE: Final = bytes.fromhex("0009002e00000000001d840311aa6611cd9bc800aa002f845a0d00")
_PLAIN_BODY: Final = struct.Struct(">36sxBQQ4s8x")
_IMMUTABLE_BODY: Final = struct.Struct(">16sBQQ4s14x")
_TICKS: Final = 10_000_000
# What Graph puts in front of an immutable id of Exchange.
_IMMUTABLE_HEAD: Final = 4
# What stands between the id of an item and that of its attachment, in the ids of Exchange.
_ATTACHED: Final = bytes.fromhex("0112001000")
_ATTACHMENT_TAIL: Final = len(_ATTACHED) + 16
_COPY_SHIFT: Final = 42


class Malformed(ValueError):
    """Not an id, or cut off, or of another mailbox: Exchange does not tell these apart."""


class Kind(IntEnum):
    CALENDAR = 1
    EVENT = 2
    CALENDAR_GROUP = 3
    # Somebody else's event, seen through the copy of a shared calendar: the number names both.
    SHARED_EVENT = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """What an id says: `number` is the moving one for plain ids, the staying one for immutable ids."""

    kind: Kind
    number: int
    slot: date | None
    immutable: bool

    @property
    def copy(self) -> int:
        """For a shared event, the number of the copy through which it is seen."""
        return self.number >> _COPY_SHIFT

    @property
    def beyond(self) -> int:
        """For a shared event, its number in the mailbox of its owner."""
        return self.number & ((1 << _COPY_SHIFT) - 1)


def _ticks(slot: date | None) -> int:
    if slot is None:
        return 0
    return (slot.toordinal() - 1) * 86_400 * _TICKS


def _slot(ticks: int) -> date | None:
    return date.fromordinal(ticks // (86_400 * _TICKS) + 1) if ticks else None


def _bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise Malformed(text) from error


def _check(key: bytes, kind: int, number: int, ticks: int) -> bytes:
    return zlib.crc32(key + struct.pack(">BQQ", kind, number, ticks)).to_bytes(4, "big")


class Ids:
    """Writes and reads the ids of one mailbox. `key` differs by person and seed, so old worlds' ids are refused."""

    def __init__(self, key: uuid.UUID) -> None:
        self.key = key
        self._text = str(key).encode()

    def plain(self, kind: Kind, number: int, slot: date | None = None) -> str:
        ticks = _ticks(slot)
        check = _check(self._text, kind, number, ticks)
        body = _PLAIN_BODY.pack(self._text, kind, number, ticks, check)
        return base64.urlsafe_b64encode(_PLAIN + body).decode()

    def immutable(self, number: int, slot: date | None = None, kind: Kind = Kind.EVENT) -> str:
        ticks = _ticks(slot)
        check = _check(self.key.bytes, kind, number, ticks)
        body = _IMMUTABLE_BODY.pack(self.key.bytes, kind, number, ticks, check)
        return base64.urlsafe_b64encode(_IMMUTABLE + body).decode()

    def read(self, text: str) -> Reference:
        """
        Raises:
            Malformed: it is not an id of this mailbox.
        """
        raw = _bytes_of(text)
        if len(raw) == len(_PLAIN) + _PLAIN_BODY.size and raw.startswith(_PLAIN):
            key, kind, number, ticks, check = _PLAIN_BODY.unpack(raw[len(_PLAIN) :])
        elif len(raw) == len(_IMMUTABLE) + _IMMUTABLE_BODY.size and raw.startswith(_IMMUTABLE):
            key, kind, number, ticks, check = _IMMUTABLE_BODY.unpack(raw[len(_IMMUTABLE) :])
        else:
            raise Malformed(text)
        immutable = raw.startswith(_IMMUTABLE)
        mine = self.key.bytes if immutable else self._text
        if key != mine or check != _check(key, kind, number, ticks):
            raise Malformed(text)
        slot = _slot(ticks)
        same = self.immutable(number, slot, Kind(kind)) if immutable else self.plain(Kind(kind), number, slot)
        if same != text:
            raise Malformed(text)
        return Reference(Kind(kind), number, slot, immutable)

    def attachment(self, item: str, key: uuid.UUID) -> str:
        """The id of an attachment: that of its item, in either form, and what tells it from its neighbours."""
        return base64.urlsafe_b64encode(_bytes_of(item) + _ATTACHED + key.bytes).decode()

    def read_attachment(self, text: str) -> tuple[str, uuid.UUID]:
        """
        The id of the item, and the attachment's own key.

        Raises:
            Malformed: it is not the id of an attachment.
        """
        raw = _bytes_of(text)
        item, tail = raw[:-_ATTACHMENT_TAIL], raw[-_ATTACHMENT_TAIL:]
        if not item or not tail.startswith(_ATTACHED) or base64.urlsafe_b64encode(raw).decode() != text:
            raise Malformed(text)
        return base64.urlsafe_b64encode(item).decode(), uuid.UUID(bytes=tail[len(_ATTACHED) :])

    def without_head(self, text: str) -> bytes:
        """
        The binary id inside one of Graph's ids.

        Raises:
            Malformed: it is no id, or of another mailbox.
        """
        raw = _bytes_of(text)
        for head in (self._head(immutable=False), self._head(immutable=True)):
            if raw.startswith(head):
                return raw[len(head) :]
        raise Malformed(text)

    def with_head(self, binary: bytes, *, immutable: bool) -> str:
        """Graph's id around a binary id."""
        return base64.urlsafe_b64encode(self._head(immutable=immutable) + binary).decode()

    def _head(self, *, immutable: bool) -> bytes:
        return _IMMUTABLE[:_IMMUTABLE_HEAD] if immutable else _PLAIN + self._text

    def change_key(self, version: int) -> str:
        """A version as Exchange writes it: the mailbox and a counter of its changes."""
        return base64.b64encode(self.key.bytes + version.to_bytes(6, "big")).decode()

    def etag(self, version: int) -> str:
        return f'W/"{self.change_key(version)}"'

    def long_etag(self, version: int) -> str:
        """The same version in the spelling of notifications and of instances in delta."""
        key = self.key.bytes + version.to_bytes(6, "big")
        return f'W/"{base64.b64encode(struct.pack("<BxxxI", 15, len(key)) + key).decode()}"'


class SharedIds(Ids):
    """
    The ids that an owner's events have in the mailbox of somebody with a copy of the calendar. They are
    that mailbox's (`inside`) and name the copy; versions stay the owner's, whose `key` this is.
    """

    def __init__(self, key: uuid.UUID, inside: Ids, copy: int) -> None:
        super().__init__(key)
        self._inside = inside
        self._copy = copy << _COPY_SHIFT

    def plain(self, kind: Kind, number: int, slot: date | None = None) -> str:
        if kind is Kind.EVENT:
            return self._inside.plain(Kind.SHARED_EVENT, self._copy | number, slot)
        return self._inside.plain(kind, number, slot)

    def immutable(self, number: int, slot: date | None = None, kind: Kind = Kind.EVENT) -> str:
        if kind is Kind.EVENT:
            return self._inside.immutable(self._copy | number, slot, Kind.SHARED_EVENT)
        return self._inside.immutable(number, slot, kind)

    def read(self, text: str) -> Reference:
        return self._inside.read(text)
