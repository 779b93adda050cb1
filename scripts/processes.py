"""Start programs that cannot outlive us, and end them within a bound."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from scripts.child import PR_SET_PDEATHSIG
from scripts.problems import Problem

CHILD = Path(__file__).with_name("child.py")


def spawn(
    command: Sequence[str | Path],
    *,
    output: int | IO[bytes],
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    when_orphaned: signal.Signals = signal.SIGTERM,
    user: str = "-",
) -> subprocess.Popen[bytes]:
    """
    Start `command` in a session of its own (a Ctrl-C in our terminal is not theirs), as `user` of `child.py`.

    It gets the signal `when_orphaned` when the thread that called us ends, so call it from the main thread.

    Raises:
        Problem: there is no such program.
    """
    program = shutil.which(command[0])
    if program is None:
        raise Problem(f"The program {command[0]} is not there or may not be run.")
    return subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", str(CHILD)),
            *(str(os.getpid()), str(int(when_orphaned)), user),
            *(program, *map(str, command[1:])),
        ],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=directory,
        env=environment,
        start_new_session=True,
    )


def wait_gone(pid: int, *, within: float) -> None:
    """Wait until a process that need not be our child has ended, and kill it after `within` seconds."""
    deadline = time.monotonic() + within
    try:
        process = psutil.Process(pid)
        # A dead one may stay as a zombie where nobody reaps, as in a container without an init.
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                process.kill()
                return
            time.sleep(0.05)
    except psutil.NoSuchProcess:
        return


def stop(process: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM, within: float = 10) -> None:
    """Ask with `how`, wait `within` seconds, then kill. Harmless when it has ended already."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(within)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def kill_session(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
    """Send `how` to a program that `spawn` started, and with SIGKILL to its own children too. Does not wait."""
    with contextlib.suppress(ProcessLookupError):
        if how == signal.SIGKILL:
            os.killpg(process.pid, how)
        else:
            os.kill(process.pid, how)


def end_with_make() -> None:
    """Under make, ask the kernel to stop us when make is killed: who kills it means us."""
    if sys.platform == "linux" and "MAKELEVEL" in os.environ:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
