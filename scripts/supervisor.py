"""The programs of one run: started, watched, and all ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import processes, recovery
from scripts.console import Console
from scripts.problems import Problem

GRACE = 10.0


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]
    last_lines: Callable[[], list[str]]


class Supervisor:
    """
    Children that live as long as the run does: one that ends by itself ends the run.

    Use it from the main thread only (`processes.spawn` says why).
    """

    def __init__(self, var: Path, console: Console, directory: Path) -> None:
        # Lines at once, not when a buffer is full: the console is read while things happen.
        self.environment: dict[str, str] = os.environ | {"PYTHONUNBUFFERED": "1"}
        self._var = var
        self._console = console
        self._directory = directory
        self._children: list[Child] = []

    def configure(self, settings: Mapping[str, str]) -> None:
        """Give children from here on these variables too."""
        self.environment |= settings

    def start(self, name: str, command: Sequence[str | Path]) -> Child:
        """Start a program that should run until we stop it."""
        child = self._spawn(name, command)
        self._children.append(child)
        self._remember()
        return child

    def adopt(self, name: str, process: subprocess.Popen[bytes] | None, log: Path) -> None:
        """Watch a program that others start and stop."""
        if process is not None:
            self._children.append(Child(name, process, lambda: log.read_text(errors="replace").splitlines()[-12:]))
            self._remember()

    def run(self, name: str, command: Sequence[str | Path], *, within: float = 300, shown: bool = True) -> list[str]:
        """
        Run a program that should end by itself; returns its last lines, which only appear if `shown`.

        Raises:
            Problem: it failed, or took longer than `within` seconds, or one that should run on ended meanwhile.
        """
        child = self._spawn(name, command, shown=shown)
        deadline = time.monotonic() + within
        try:
            while child.process.poll() is None:
                self.check()
                if time.monotonic() > deadline:
                    raise Problem(f"{name} did not end within {within:.0f} seconds.")
                time.sleep(0.05)
        finally:
            processes.stop(child.process, within=2)
        if child.process.returncode != 0:
            raise Problem(_obituary(child))
        return child.last_lines()

    def check(self) -> None:
        """
        Look whether all are alive.

        Raises:
            Problem: one has ended; the text names it and what it said last.
        """
        for child in self._children:
            if child.process.poll() is not None:
                raise Problem(_obituary(child))

    def stop(self) -> None:
        """End all that we started, at the same time, and kill those that need longer than `GRACE` seconds."""
        mine = [child.process for child in self._children if child.process.stdout is not None]
        for process in mine:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for process in mine:
            processes.stop(process, within=max(0.1, deadline - time.monotonic()))
        self._children = [child for child in self._children if child.process.poll() is None]
        self._remember()

    def kill(self) -> None:
        """End everything at once, adopted or not."""
        for child in self._children:
            # PostgreSQL's own word for "now" leaves none of its own processes behind; what it must repair, it can.
            processes.kill_session(child.process, signal.SIGQUIT if child.name == "postgres" else signal.SIGKILL)

    def _spawn(self, name: str, command: Sequence[str | Path], *, shown: bool = True) -> Child:
        process = processes.spawn(
            command, output=subprocess.PIPE, directory=self._directory, environment=self.environment
        )
        assert process.stdout is not None  # noqa: S101 - it is a pipe because we said so
        return Child(name, process, self._console.follow(name, process.stdout, shown=shown).last_lines)

    def _remember(self) -> None:
        recovery.remember(self._var, [child.process.pid for child in self._children])


def _obituary(child: Child) -> str:
    code = child.process.returncode
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    said = "".join(f"\n    {line}" for line in child.last_lines())
    return f"Almanac stops, because {child.name} {how}." + (f" The last it said:{said}" if said else "")
