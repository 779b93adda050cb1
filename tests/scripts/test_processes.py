"""Children end when they should: asked, killed, or with whoever started them."""

import io
import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from scripts import processes
from scripts.console import Console
from scripts.problems import Problem
from scripts.supervisor import Supervisor
from tests.conftest import eventually

IGNORES_SIGTERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)


@pytest.fixture
def out():
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path, out):
    made = Supervisor(tmp_path, Console(out), tmp_path)
    yield made
    made.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_a_killed_launcher_takes_its_children_along():
    launcher = (
        "import subprocess, time; from scripts import processes\n"
        "child = processes.spawn(['sleep', '60'], output=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", launcher], stdout=subprocess.PIPE) as killed:
        child = psutil.Process(int(killed.stdout.readline()))
        # Only once it has become what it should be does it know when to go.
        eventually(lambda: child.name() == "sleep")
        killed.kill()

    eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_ends_everything_at_once(tmp_path, number):
    launcher = (
        "import sys, time; from pathlib import Path; from scripts import launch; from scripts.console import Console\n"
        "from scripts.supervisor import Supervisor\n"
        f"supervisor = Supervisor(Path({str(tmp_path)!r}), Console(), Path({str(tmp_path)!r}))\n"
        "launch.stop_on_signals(supervisor)\n"
        f"child = supervisor.start('web', [sys.executable, '-c', {IGNORES_SIGTERM!r}])\n"
        "print(child.process.pid, flush=True)\n"
        "try: time.sleep(60)\n"
        "except launch.Stopped: print('stopping', flush=True); supervisor.stop()"
    )
    with subprocess.Popen([sys.executable, "-c", launcher], stdout=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline(), process.stdout.readline()]
        child = psutil.Process(next(int(line) for line in said if line.strip().isdigit()))
        process.send_signal(number)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(number)
        assert process.wait(5) == 128 + number

    eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_child_that_does_not_listen_is_killed_after_its_time():
    child = processes.spawn([sys.executable, "-c", IGNORES_SIGTERM], output=subprocess.PIPE)
    assert child.stdout.readline() == b"deaf\n"

    processes.stop(child, within=0.1)

    assert child.returncode == -signal.SIGKILL
    child.stdout.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives rights away")
@pytest.mark.parametrize(("user", "found"), [("65534:65534:reach", True), ("65534:65534", False)])
def test_root_lets_an_unprivileged_program_into_closed_directories_only_when_asked(tmp_path, user, found):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    program = shutil.copy("/usr/bin/test", closed)

    # It looks for itself, as PostgreSQL does.
    child = processes.spawn([program, "-x", program], output=subprocess.DEVNULL, user=user)

    assert (child.wait(10) == 0) is found


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(Problem, match="no-such-program"):
        processes.spawn(["no-such-program"], output=subprocess.DEVNULL)


def test_a_child_that_ends_by_itself_ends_the_run_with_its_last_words(supervisor):
    child = supervisor.start("worker", [sys.executable, "-c", "print('no more memory'); raise SystemExit(3)"])
    child.process.wait(10)

    with pytest.raises(Problem, match=r"worker ended with code 3\..*\n    no more memory"):
        supervisor.check()


def test_a_step_that_fails_says_what_the_step_said(supervisor):
    with pytest.raises(Problem, match=r"migrate ended with code 1\..*\n    cannot"):
        supervisor.run("migrate", [sys.executable, "-c", "raise SystemExit('cannot')"])


def test_a_step_gives_its_output_back_and_shows_it_with_its_name(supervisor, out):
    supervisor.configure({"WORD": "42"})

    said = supervisor.run("demo", [sys.executable, "-c", "import os; print(os.environ['WORD'])"])

    assert said == ["42"]
    assert out.getvalue() == "demo     | 42\n"


def test_stopping_ends_every_child(supervisor):
    children = [supervisor.start(name, ["sleep", "60"]) for name in ("web", "worker", "beat")]

    supervisor.stop()

    assert all(child.process.returncode is not None for child in children)


def test_a_console_that_nobody_reads_any_more_does_not_hold_its_programs_up(tmp_path):
    out = io.StringIO()
    quiet = Supervisor(tmp_path, Console(out), tmp_path)
    out.close()

    said = quiet.run("web", [sys.executable, "-c", "for i in range(50_000): print('line', i)"])

    assert said[-1] == "line 49999"
