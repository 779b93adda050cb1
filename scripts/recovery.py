"""
One launcher for one `var/`, and what to do after one that was killed.

The kernel drops a lock with its holder, however that ended, so a lock cannot be stale. Processes may be left
only where the kernel cannot end them with their launcher (`scripts/child.py`); they are known by number and start time,
because a number alone may be another program's by now.
"""

import fcntl
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from scripts import processes
from scripts.environment import write_private
from scripts.problems import Problem

# Start times are computed from the time since boot, so they may differ a little when the clock is set.
SAME_START = 2.0


class AlreadyRunning(Problem):
    """Another launcher holds this `var/`."""


def lock(var: Path) -> IO[str]:
    """
    Hold `var` until the file that is returned is closed or we end.

    Raises:
        AlreadyRunning: another process holds it; its number is in the sentence.
    """
    var.mkdir(parents=True, exist_ok=True)
    file = (var / "run.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise AlreadyRunning(
            f"Almanac is already running from this directory (process {holder}): stop that one first, with Ctrl-C "
            f"where it runs or `kill {holder}`."
        ) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def remember(var: Path, pids: list[int]) -> None:
    """Write down which processes are ours."""
    known = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            known.append({"pid": pid, "started": psutil.Process(pid).create_time()})
    write_private(var / "processes.json", json.dumps(known))


def end_leftovers(var: Path) -> int:
    """End what a killed launcher left running. Returns how many there were."""
    try:
        known = json.loads((var / "processes.json").read_text())
        recorded = [(int(entry["pid"]), float(entry["started"])) for entry in known]
    except FileNotFoundError:
        return 0
    except (ValueError, TypeError, KeyError):
        # Cut off while it was written, by a machine that went down: then nothing of that time is running.
        return 0
    left = [pid for pid, started in recorded if _is_same(pid, started)]
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    for pid in left:
        processes.wait_gone(pid, within=10)
    return len(left)


def _is_same(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < SAME_START and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
