"""
`make test`: all tests, in two runs at once.

Each run starts services of its own on free ports, and the two share nothing. On two cores they take little more than
half the time. Ctrl-C ends both.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts import processes
from scripts.console import Console, Followed
from scripts.environment import ROOT

# From outside: the stand-in of Microsoft, clients that others wrote, browsers, `make run` itself, and settings in
# processes of their own; about half of the time. What is not named here is in the other run, so a new folder of tests
# is never left out.
OUTSIDE = ("tests/sandbox", "tests/contract", "tests/journeys", "tests/scripts", "tests/config")
Command = Sequence[str | Path]


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    commands = {
        "almanac": _pytest("almanac", ["tests", *(f"--ignore={path}" for path in OUTSIDE)]),
        "outside": _pytest("outside", OUTSIDE),
    }
    try:
        return run_together(commands, console)
    except KeyboardInterrupt:
        console.say("Stopped.")
        return 130


def run_together(commands: Mapping[str, Command], console: Console) -> int:
    """Run all of them at once and to their ends; 0 if every one ended with 0, and the worst status otherwise."""
    runs: dict[str, subprocess.Popen[bytes]] = {}
    followed: list[Followed] = []
    try:
        for name, command in commands.items():
            run = processes.spawn(command, output=subprocess.PIPE, directory=ROOT)
            runs[name] = run
            if run.stdout is not None:
                followed.append(console.follow(name, run.stdout))
        while any(run.poll() is None for run in runs.values()):
            time.sleep(0.1)
    finally:
        for run in runs.values():
            processes.stop(run, how=signal.SIGINT, within=30)
    for one in followed:
        one.last_lines()  # waits until everything was shown
    for name, run in runs.items():
        console.tell(name, "passed" if run.returncode == 0 else f"failed with status {run.returncode}")
    return max(abs(int(run.returncode)) for run in runs.values())


def _pytest(name: str, chosen: Sequence[str]) -> Command:
    # Each its own cache, or one would overwrite what the other remembers of its failures.
    return [sys.executable, "-m", "pytest", *chosen, "-o", f"cache_dir={ROOT / '.pytest_cache' / name}"]


if __name__ == "__main__":
    sys.exit(main())
