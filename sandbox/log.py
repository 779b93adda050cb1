"""What was asked of the sandbox, kept for tests: who, when, what, and how many at once."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sandbox.clock import iso

KEPT = 50_000


@dataclass(slots=True)
class Entry:
    n: int
    at: datetime
    method: str
    path: str
    mailbox: str | None = None
    status: int | None = None
    in_flight: int | None = None
    # For a member of a batch, the number of the batch.
    batch: int | None = None

    def as_json(self) -> dict[str, object]:
        return {
            "n": self.n,
            "at": iso(self.at),
            "method": self.method,
            "path": self.path,
            "mailbox": self.mailbox,
            "status": self.status,
            "in_flight": self.in_flight,
            "batch": self.batch,
        }


class RequestLog:
    """The last requests in order of arrival; the control doors and the sandbox's pages are left out."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0
        self._open: Counter[str] = Counter()

    def begin(self, *, at: datetime, method: str, path: str, mailbox: str | None, batch: int | None = None) -> Entry:
        """
        Note an arrival. `in_flight` counts the requests for the same mailbox that are open
        just now, this one included; it is null where no mailbox is addressed.
        """
        with self._lock:
            self._count += 1
            entry = Entry(self._count, at, method, path, mailbox, batch=batch)
            if mailbox is not None:
                self._open[mailbox] += 1
                entry.in_flight = self._open[mailbox]
            self._entries.append(entry)
        return entry

    def finish(self, entry: Entry, status: int | None) -> None:
        """Note the end of a request; a status of null says that the connection was closed instead."""
        with self._lock:
            entry.status = status
            if entry.mailbox is not None:
                self._open[entry.mailbox] -= 1

    def since(self, n: int) -> Iterator[Entry]:
        with self._lock:
            return iter([entry for entry in self._entries if entry.n > n])

    def clear(self) -> None:
        """Forget the entries. Numbers go on, so a reader who kept one is never misled."""
        with self._lock:
            self._entries.clear()
