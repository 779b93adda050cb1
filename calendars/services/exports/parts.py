"""
An export's file in sealed parts: written and read piece by piece, so that its size is never in memory, nor on a disk.
"""

import io
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from calendars.models import Export, ExportPart, ExportState
from tenants.crypto import seal, unseal
from tenants.scoping import organization_scope

PART: Final = 1024 * 1024
# Renewed with every part and every batch of events, so it only has to outlast one of those.
LEASE_LASTS: Final = timedelta(minutes=5)

Clock = Callable[[], datetime]


class ExportLost(Exception):
    """Somebody else makes the export now, or it is wanted no more."""


class SealedFile(io.RawIOBase):
    """
    What is written here is stored in sealed parts. Opens its own short scopes, and renews the lease as it goes.

    Raises:
        ExportLost: from any write, when the lease has gone.
    """

    def __init__(self, *, export: Export, token: uuid.UUID, clock: Clock) -> None:
        super().__init__()
        self._export, self._token, self._clock = export, token, clock
        self._waiting = bytearray()
        self.size = self.parts = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        self.size += len(data)
        while len(self._waiting) >= PART:
            self._store(bytes(self._waiting[:PART]))
            del self._waiting[:PART]
        return len(data)

    def finish(self) -> None:
        """Store what has not filled a part."""
        if self._waiting:
            self._store(bytes(self._waiting))
            self._waiting.clear()

    def renew(self) -> None:
        """Go on holding the export, also while little is written."""
        with organization_scope(self._export.organization_id):
            self._hold()

    def _store(self, piece: bytes) -> None:
        with organization_scope(self._export.organization_id):
            self._hold()
            ExportPart.objects.create(
                organization_id=self._export.organization_id,
                export_id=self._export.pk,
                number=self.parts,
                sealed_bytes=seal(piece, place=_place(self._export, self.parts)),
            )
        self.parts += 1

    def _hold(self) -> None:
        held = Export.objects.of(self._export.organization_id).filter(
            pk=self._export.pk, state=ExportState.MAKING, lease_token=self._token
        )
        if not held.update(lease_until=self._clock() + LEASE_LASTS):
            raise ExportLost(self._export.pk)


class Archive:
    """A zip file that is written from its beginning to its end."""

    def __init__(self, file: SealedFile, *, now: datetime) -> None:
        self.file = file
        # Cannot be sought in, so zipfile writes sizes after each entry.
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._date_time = (max(now.year, 1980), now.month, now.day, now.hour, now.minute, now.second)

    @contextmanager
    def entry(self, name: str) -> Iterator[Callable[[bytes], object]]:
        """Write one file of the archive, in pieces."""
        info = ZipInfo(name, self._date_time)
        info.compress_type = ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        # Its size is not known yet, and a large organization's may pass 4 GB.
        with self._zip.open(info, "w", force_zip64=True) as entry:
            yield entry.write

    def close(self) -> None:
        self._zip.close()
        self.file.finish()


def read(export: Export) -> Iterator[bytes]:
    """
    The finished file, part by part; each is read in a short scope of its own.

    Raises:
        ExportLost: a part is not there any more.
        crypto.SealError: a part cannot be opened.
    """
    for number in range(export.parts):
        with organization_scope(export.organization_id):
            rows = ExportPart.objects.of(export.organization_id).filter(export_id=export.pk, number=number)
            sealed = rows.values_list("sealed_bytes", flat=True).first()
        if sealed is None:
            raise ExportLost(export.pk)
        yield unseal(sealed, place=_place(export, number))


def _place(export: Export, number: int) -> str:
    return f"calendars_exportpart.sealed_bytes:{export.key}:{number}"
