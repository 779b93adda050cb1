"""One console for many programs: every line with the name of who said it."""

import os
import sys
import threading
from collections import deque
from typing import IO, TextIO

REMEMBERED_LINES = 12
NAME_WIDTH = 8
# Of the sixteen colours that every terminal has, those that can be read on black and on white.
COLOURS = ("36", "35", "33", "32", "34", "31")


class Console:
    """Writes whole lines, from any thread. Colours only where somebody looks."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._is_terminal = out.isatty()
        self._coloured = self._is_terminal and "NO_COLOR" not in os.environ
        self._colours: dict[str, str] = {}
        self._gone = False

    @property
    def lost_its_terminal(self) -> bool:
        """Whether somebody closed the window. A closed pipe is another matter: whoever reads may have read enough."""
        return self._is_terminal and not self._out.isatty()

    def say(self, line: str) -> None:
        """A line of our own, as it is."""
        with self._lock:
            self._write(line)

    def tell(self, name: str, line: str) -> None:
        """A line that `name` said."""
        with self._lock:
            self._write(f"{self._prefix(name)} {line}")

    def follow(self, name: str, stream: IO[bytes], *, shown: bool = True) -> "Followed":
        """Read what comes out of a program until it closes its end, and show it if `shown`."""
        return Followed(self if shown else None, name, stream)

    def _prefix(self, name: str) -> str:
        prefix = f"{name:<{NAME_WIDTH}} |"
        if not self._coloured:
            return prefix
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\033[{colour}m{prefix}\033[0m"

    def _write(self, line: str) -> None:
        if self._gone:
            return
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except (OSError, ValueError):
            # Nobody reads any more. Go on without words: a program whose lines nobody takes would stand still.
            self._gone = True


class Followed:
    """A program's output: shown on a console as it comes, if there is one, and its end remembered."""

    def __init__(self, console: Console | None, name: str, stream: IO[bytes]) -> None:
        self._console = console
        self._name = name
        self._stream = stream
        self._last: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self._thread = threading.Thread(target=self._read, name=f"console-{name}", daemon=True)
        self._thread.start()

    def last_lines(self) -> list[str]:
        """What it said last, after it has ended."""
        self._thread.join(timeout=1)
        return list(self._last)

    def _read(self) -> None:
        for raw in self._stream:
            line = raw.decode(errors="replace").rstrip()
            if not line:
                continue
            self._last.append(line)
            if self._console is not None:
                self._console.tell(self._name, line)
