"""The sandbox's own time: it runs like the machine's, and can be put forward."""

from datetime import UTC, datetime, timedelta


def iso(moment: datetime) -> str:
    """A moment in UTC as the control doors write it."""
    return moment.isoformat().replace("+00:00", "Z")


class Clock:
    """Everything in the sandbox that expires or ages asks this clock, never the machine's."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        """Put the clock forward. Going back is refused with `ValueError`: tokens would rise from the dead."""
        if by < timedelta(0):
            raise ValueError("The clock only goes forward.")
        self._ahead += by

    def reset(self) -> None:
        self._ahead = timedelta(0)
